//! Why an exchange failed, in one word: the inside of the driver's errors.

use embedded_io::ErrorKind;

use crate::at::{Cause, FinalResult};
use crate::engine::Outcome;
use crate::error::Error;

/// Why an exchange failed; which command it was, the engine knows.
///
/// Four bytes, so that results of the driver's inner functions travel in registers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// A parameter cannot be sent.
    Argument,
    Busy,
    Closed,
    Garbled,
    ModemLost,
    Restarted,
    Refused(Cause),
    Serial(ErrorKind),
    Timeout,
}

impl Fault {
    /// The error that the program sees.
    pub(crate) const fn named(self, command: &'static str) -> Error {
        match self {
            Self::Argument => Error::Argument(command),
            Self::Busy => Error::Busy,
            Self::Closed => Error::Closed,
            Self::Garbled => Error::Garbled { command },
            Self::ModemLost => Error::ModemLost,
            Self::Restarted => Error::Restarted,
            Self::Refused(cause) => Error::Refused { command, cause },
            Self::Serial(kind) => Error::Serial(kind),
            Self::Timeout => Error::Timeout { command },
        }
    }
}

/// Makes a fault of an outcome that is not OK.
pub(crate) const fn expect(outcome: Outcome) -> Result<(), Fault> {
    match outcome {
        Outcome::Final(FinalResult::Refused(cause)) => Err(Fault::Refused(cause)),
        Outcome::Final(_) => Ok(()),
        Outcome::TimedOut { .. } => Err(Fault::Timeout),
        Outcome::Garbled | Outcome::AnswerMissing => Err(Fault::Garbled),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_fit_registers() {
        assert_eq!(size_of::<Fault>(), 4);
        assert_eq!(size_of::<Result<u16, Fault>>(), 4);
    }
}
