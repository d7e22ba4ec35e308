//! Why an exchange failed, in one word: the inside of the driver's errors.

use embedded_io::ErrorKind;

use crate::at::{Cause, FinalResult};
use crate::engine::Outcome;
use crate::error::{Error, SimError};

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
    Sim(SimFault),
    Timeout,
    /// The time to register is over.
    Unregistered,
}

/// Why the SIM is not ready; how many tries are left, the bring-up knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SimFault {
    Busy,
    Locked,
    PinRequired,
    PinWithheld,
    PukRequired,
    WrongPin,
}

impl Fault {
    /// The error that the program sees.
    #[inline(never)]
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
            Self::Sim(sim) => Error::Sim(sim.with_tries(None)),
            Self::Timeout | Self::Unregistered => Error::Timeout { command },
        }
    }
}

impl SimFault {
    /// The error that the program sees.
    pub(crate) const fn with_tries(self, tries_left: Option<u8>) -> SimError {
        match self {
            Self::Busy => SimError::Busy,
            Self::Locked => SimError::Locked,
            Self::PinRequired => SimError::PinRequired { tries_left },
            Self::PinWithheld => SimError::PinWithheld { tries_left },
            Self::PukRequired => SimError::PukRequired { tries_left },
            Self::WrongPin => SimError::WrongPin { tries_left },
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
