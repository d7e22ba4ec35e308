//! What the engine is given and what it tells.

use crate::at::{Cause, FinalResult};

/// Data that goes with a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Payload {
    /// None.
    None,
    /// So many bytes, as they are, once the modem asks for them.
    Prompted(usize),
    /// So many bytes, in hexadecimal digits and quotes, as the last parameter.
    Hex(usize),
}

/// How an exchange ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Outcome {
    /// With the modem's final result code.
    Final(FinalResult),
    /// No final result came within the command's time, or the serial line took nothing.
    TimedOut {
        /// Whether the modem may still wait for data that it has asked for, or would have.
        owes_data: bool,
    },
    /// Bytes were lost inside the data of the response.
    Garbled,
    /// OK came, but never the information response that belongs to it.
    AnswerMissing,
}

/// Something to tell about received bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event<'e> {
    /// Nothing that concerns anybody.
    Nothing,
    /// An information response of the running command, or a piece of a long one.
    Line {
        /// The characters.
        text: &'e [u8],
        /// Whether the line ends here.
        last: bool,
    },
    /// Data of the running command.
    Data(&'e [u8]),
    /// A URC, to be read by [`crate::Urc::parse`].
    Urc(&'e [u8]),
    /// The modem echoed a command: it does so only after a restart.
    Echo,
    /// The exchange is over; [`crate::Engine::finish`] tells how.
    Finished,
}

/// Why a command was not started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum StartError {
    /// Another command is running.
    Busy,
    /// A parameter is too long, or cannot be written in quotes.
    Unsendable,
}

impl Outcome {
    /// The cause of a refusal.
    #[must_use]
    pub const fn cause(self) -> Option<Cause> {
        match self {
            Self::Final(FinalResult::Refused(cause)) => Some(cause),
            _ => None,
        }
    }
}
