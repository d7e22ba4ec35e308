//! What can go wrong between host and loader, by who is to blame.

use core::fmt;
use std::io;

/// Why a loader command failed.
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// The port failed; a board that was unplugged shows here.
    Port(io::Error),
    /// The loader did not answer a command in time.
    Timeout {
        /// The command's letter.
        command: char,
    },
    /// The loader answered something else than the protocol has.
    Answer {
        /// The command's letter.
        command: char,
        /// What came.
        answer: Vec<u8>,
    },
    /// The loader cannot do what is needed: its version does not announce the extension.
    Extension {
        /// The command's letter.
        command: char,
        /// What the loader says of itself.
        version: String,
    },
    /// The part behind the loader is another one.
    Part {
        /// Its device id, with the revision masked.
        device_id: u32,
    },
    /// The flash does not hold what was written.
    Verify {
        /// Where the block begins.
        address: u32,
        /// Its length.
        length: u32,
        /// The checksum that it should have.
        expected: u16,
        /// The checksum that the loader found.
        found: u16,
    },
    /// The caller asked for an address that belongs to the loader, or is not of the kind that the command needs.
    Address {
        /// The command's letter.
        command: char,
        /// The address.
        address: u32,
    },
    /// The caller asked to stop.
    Interrupted,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Port(_) => f.write_str("the port failed"),
            Self::Timeout { command } => write!(f, "the loader did not answer the command {command}"),
            Self::Answer { command, answer } => {
                write!(f, "the loader answered the command {command} with \"{}\"", answer.escape_ascii())
            }
            Self::Extension { command, version } => {
                write!(f, "the loader has no command {command}: it is \"{version}\"")
            }
            Self::Part { device_id } => {
                write!(f, "the part is no ATSAMD21G18A: its device id is 0x{device_id:08X}")
            }
            Self::Verify { address, length, expected, found } => write!(
                f,
                "the flash from 0x{address:05X} on ({length} bytes) has the checksum 0x{found:04X} and not 0x{expected:04X}"
            ),
            Self::Address { command, address } => {
                write!(f, "the address 0x{address:X} is not allowed for the command {command}")
            }
            Self::Interrupted => f.write_str("interrupted"),
        }
    }
}

impl core::error::Error for Error {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::Port(error) => Some(error),
            _ => None,
        }
    }
}
