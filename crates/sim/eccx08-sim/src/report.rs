//! What happened on the bus, in counts and as a log.

use core::fmt;
use core::time::Duration;

use crate::{Fault, Status};

/// Counts since the start or since `Sim::clear_report`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Report {
    /// Commands that arrived whole, refused ones included.
    pub commands: u64,
    /// Bytes to the chip that it acknowledged, without address bytes.
    pub bytes_written: u64,
    /// Bytes from the chip, without address bytes.
    pub bytes_read: u64,
    /// Address bytes with the chip's address, acknowledged or not.
    pub addressed: u64,
    /// Times the chip was addressed while it was busy, plus the one that found it ready.
    pub polls: u64,
    /// Wake pulses that woke the chip.
    pub wakes: u64,
    /// Times the chip was told to idle.
    pub idles: u64,
    /// Times the chip was told to sleep.
    pub sleeps: u64,
    /// Times the watchdog put the chip to sleep.
    pub watchdogs: u64,
    /// Faults that struck.
    pub faults: u64,
    /// Transfers that no controller can do: reads of no bytes.
    pub misuses: u64,
}

/// What the chip answered to a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// A status byte.
    Status(Status),
    /// A payload of this many bytes; the log does not keep it.
    Payload(usize),
    /// Nothing: the chip fell asleep or lost its supply.
    Lost,
}

/// One line of the log. It holds no data, since data may be secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CommandRecord {
    /// Virtual time at which the last byte of the command had arrived.
    pub at: Duration,
    /// Opcode; 0 when count or CRC were wrong.
    pub opcode: u8,
    /// First parameter.
    pub param1: u8,
    /// Second parameter.
    pub param2: u16,
    /// Bytes of data in the command.
    pub data: usize,
    /// Execution time that the model drew.
    pub execution: Duration,
    /// What the chip answered.
    pub outcome: Outcome,
    /// Times the chip was addressed until it was found ready, that time included.
    pub polls: u32,
    /// The fault that struck, if any.
    pub fault: Option<Fault>,
}

impl fmt::Display for CommandRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { at, opcode, param1, param2, data, execution, outcome, polls, fault } = self;
        let name = crate::commands::name(*opcode);
        write!(f, "{at:?} {name} {param1:02X} {param2:04X} +{data} bytes, {execution:?}, {polls} polls: ")?;
        match outcome {
            Outcome::Status(status) => write!(f, "status {status}")?,
            Outcome::Payload(length) => write!(f, "{length} bytes")?,
            Outcome::Lost => f.write_str("no answer")?,
        }
        match fault {
            Some(fault) => write!(f, " ({fault:?})"),
            None => Ok(()),
        }
    }
}
