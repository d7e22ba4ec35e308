//! Sequences: commands that must run in one awake window, since each needs what the last one left behind.

mod detect;
#[cfg(feature = "encrypted")]
mod encrypted;
mod read_config;
mod sign_digest;
mod single;
mod verify_digest;

pub(crate) use detect::Detect;
#[cfg(feature = "encrypted")]
pub use encrypted::{ReadEncrypted, WriteBlockEncrypted, WritePrivateKey};
pub use read_config::ReadConfig;
pub use sign_digest::SignDigest;
pub use single::{Kept, Single};
pub use verify_digest::VerifyDigest;

use crate::address::Zone;
use crate::chip::{Chip, Identity};
use crate::command::Command;
use crate::error::{Error, ReplyError};
use crate::opcode::{ExecutionTime, Opcode, Times};
use crate::packet::Packet;

/// What a sequence does next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step<T> {
    /// It has put a command into the outbox.
    Send,
    /// It is at its end.
    Done(T),
}

/// Commands that run in one awake window.
///
/// The driver wakes the element, carries the commands, puts the element to rest on every way out, and
/// begins the whole sequence again when the element has lost its state on the way.
pub trait Sequence {
    /// What comes out at the end.
    type Output;

    /// Takes the reply to the last command and gives the next one.
    ///
    /// `reply` is `None` at the beginning, *and again* when the sequence must start over. All commands
    /// should be checked against the chip then, so that an unsupported one is refused before a byte is sent.
    ///
    /// # Errors
    /// When a reply does not fit or a command is not supported; the sequence is over then.
    fn advance(&mut self, reply: Option<&[u8]>, outbox: &mut Outbox) -> Result<Step<Self::Output>, Error>;

    /// Tells whether the element must keep its volatile memory afterwards: it is put to idle, not to sleep.
    fn keeps_state(&self) -> bool {
        false
    }
}

/// Where a sequence puts its next command.
#[derive(Debug)]
pub struct Outbox {
    identity: Identity,
    packet: Packet,
    opcode: Opcode,
    times: &'static Times,
    repeatable: bool,
    result_bits: u8,
}

impl Outbox {
    pub(crate) const fn new(identity: Identity) -> Self {
        Self {
            identity,
            packet: Packet::new(),
            opcode: Opcode::Info,
            times: Opcode::Info.times(),
            repeatable: true,
            result_bits: 0,
        }
    }

    /// Tells which element the commands go to.
    #[must_use]
    pub const fn chip(&self) -> Chip {
        self.identity.chip
    }

    /// Checks that the element has `command`, without sending it.
    ///
    /// # Errors
    /// [`Error::Unsupported`] when it has not.
    pub fn require<C: Command>(&self, command: &C) -> Result<(), Error> {
        if command.is_on(self.identity.chip) {
            Ok(())
        } else {
            Err(Error::Unsupported { opcode: C::OPCODE, chip: self.identity.chip })
        }
    }

    /// Puts in the next command.
    ///
    /// # Errors
    /// [`Error::Unsupported`] when the element lacks it.
    pub fn send<C: Command, T>(&mut self, command: &C) -> Result<Step<T>, Error> {
        self.require(command)?;
        command.encode(&mut self.packet);
        self.opcode = C::OPCODE;
        self.times = C::OPCODE.times();
        self.repeatable = command.is_repeatable();
        self.result_bits = command.result_bits();
        Ok(Step::Send)
    }

    /// Puts in a command that must not be repeated by itself, in a sequence whose beginning undoes it.
    ///
    /// # Errors
    /// [`Error::Unsupported`] when the element lacks it.
    pub fn send_undoable<C: Command, T>(&mut self, command: &C) -> Result<Step<T>, Error> {
        let step = self.send(command)?;
        self.repeatable = true;
        Ok(step)
    }

    /// Reads the reply to `command`.
    ///
    /// # Errors
    /// [`Error::Reply`] when it does not fit, [`Error::Unlocked`] when it shows an unlocked element.
    pub fn receive<C: Command>(&self, command: &C, reply: &[u8]) -> Result<C::Response, Error> {
        command.decode(reply).map_err(|cause| match cause {
            ReplyError::Pattern => Error::Unlocked { opcode: C::OPCODE, zone: Zone::Config },
            cause => Error::Reply { opcode: C::OPCODE, cause },
        })
    }

    pub(crate) fn packet(&self) -> &[u8] {
        self.packet.as_bytes()
    }

    pub(crate) const fn opcode(&self) -> Opcode {
        self.opcode
    }

    pub(crate) const fn time(&self) -> ExecutionTime {
        self.times.on(self.identity)
    }

    pub(crate) const fn is_repeatable(&self) -> bool {
        self.repeatable
    }

    /// Tells whether a one-byte reply is a result and not a status of failure.
    pub(crate) const fn is_result(&self, byte: u8) -> bool {
        byte & !self.result_bits == 0
    }

    pub(crate) fn wipe(&mut self) {
        self.packet.wipe();
    }
}
