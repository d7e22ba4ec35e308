//! What can go wrong, by who is to blame.

use core::convert::Infallible;
use core::fmt;

use crate::address::Zone;
use crate::chip::Chip;
use crate::opcode::Opcode;
use crate::status::Status;

/// Why a command, or a sequence of commands, did not come to its end.
///
/// `E` is the error of the bus. Before an error is returned the element has been put to rest again, as far
/// as it listens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error<E = Infallible> {
    /// Nothing answers at the address, however often it is woken: no element there, no power, wrong
    /// address, or a bus so fast that the wake pulse is too short (above 133 kHz).
    Absent {
        /// The last error of the bus.
        cause: Option<E>,
    },
    /// The element took the command and did not answer before the deadline, in any of the attempts.
    /// The command changes nothing when repeated.
    NoReply {
        /// The command.
        opcode: Opcode,
        /// The last error of the bus.
        cause: Option<E>,
    },
    /// The reply of a command that must not be repeated blindly was lost: it may have been carried out.
    /// Read back what it changes before sending it again.
    Unconfirmed {
        /// The command.
        opcode: Opcode,
        /// The last error of the bus.
        cause: Option<E>,
    },
    /// The element refuses the command.
    Refused {
        /// The command.
        opcode: Opcode,
        /// What it says.
        status: Status,
    },
    /// The element refuses because a zone is not locked yet: it has not been provisioned.
    ///
    /// Random is refused by the driver: before the lock the element gives a fixed pattern.
    Unlocked {
        /// The command.
        opcode: Opcode,
        /// The zone that must be locked first.
        zone: Zone,
    },
    /// The element answers in a way that its data sheet does not allow.
    Reply {
        /// The command.
        opcode: Opcode,
        /// What is wrong with the reply.
        cause: ReplyError,
    },
    /// The element is of a family that this crate does not know.
    UnknownRevision {
        /// The answer of Info.
        revision: [u8; 4],
    },
    /// The element lacks the command or the mode. No byte was sent.
    Unsupported {
        /// The command.
        opcode: Opcode,
        /// The element.
        chip: Chip,
    },
}

impl Error<Infallible> {
    /// Adds the error of the bus, which the protocol does not see.
    pub(crate) fn with_cause<E>(self, cause: Option<E>) -> Error<E> {
        match self {
            Self::Absent { .. } => Error::Absent { cause },
            Self::NoReply { opcode, .. } => Error::NoReply { opcode, cause },
            Self::Unconfirmed { opcode, .. } => Error::Unconfirmed { opcode, cause },
            Self::Refused { opcode, status } => Error::Refused { opcode, status },
            Self::Unlocked { opcode, zone } => Error::Unlocked { opcode, zone },
            Self::Reply { opcode, cause } => Error::Reply { opcode, cause },
            Self::UnknownRevision { revision } => Error::UnknownRevision { revision },
            Self::Unsupported { opcode, chip } => Error::Unsupported { opcode, chip },
        }
    }
}

impl<E: fmt::Debug> fmt::Display for Error<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Absent { cause } => {
                f.write_str("no secure element answers")?;
                bus(f, cause)
            }
            Self::NoReply { opcode, cause } => {
                write!(f, "the secure element does not answer {opcode}")?;
                bus(f, cause)
            }
            Self::Unconfirmed { opcode, cause } => {
                write!(f, "the reply to {opcode} was lost, it may have been carried out")?;
                bus(f, cause)
            }
            Self::Refused { opcode, status } => write!(f, "the secure element refuses {opcode}: {status}"),
            Self::Unlocked { opcode, zone } => {
                write!(f, "{opcode} needs a locked {zone} zone: provision the secure element first")
            }
            Self::Reply { opcode, cause } => write!(f, "bad reply to {opcode}: {cause}"),
            Self::UnknownRevision { revision } => {
                write!(f, "a secure element of an unknown revision, {revision:02X?}")
            }
            Self::Unsupported { opcode, chip } => write!(f, "the {chip} has no such {opcode}"),
        }
    }
}

fn bus<E: fmt::Debug>(f: &mut fmt::Formatter<'_>, cause: &Option<E>) -> fmt::Result {
    match cause {
        Some(cause) => write!(f, " (bus: {cause:?})"),
        None => Ok(()),
    }
}

impl<E: fmt::Debug> core::error::Error for Error<E> {}

/// What is wrong with a reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ReplyError {
    /// The count byte is no possible length, or more than arrived.
    Count(u8),
    /// The CRC differs.
    Crc,
    /// The payload has another length than the command asks for.
    Length {
        /// Bytes that the command asks for.
        expected: usize,
        /// Bytes that came.
        received: usize,
    },
    /// The random number is the fixed pattern of an element whose configuration zone is not locked.
    Pattern,
    /// The payload has the right length and a value that cannot be.
    Value,
}

impl fmt::Display for ReplyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Count(count) => write!(f, "impossible count byte 0x{count:02X}"),
            Self::Crc => f.write_str("wrong CRC"),
            Self::Length { expected, received } => write!(f, "{received} bytes instead of {expected}"),
            Self::Pattern => {
                f.write_str("the fixed pattern of an unlocked element in place of a random number")
            }
            Self::Value => f.write_str("impossible value"),
        }
    }
}

impl core::error::Error for ReplyError {}
