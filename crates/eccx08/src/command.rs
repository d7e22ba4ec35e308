//! Commands as values: each knows its bytes, the meaning of its reply, and where it exists.
//!
//! A command does no I/O. [`Eccx08::execute`](crate::Eccx08::execute) carries it to the element; tests
//! compare its bytes with vectors.

mod aes;
mod check_mac;
mod counter;
mod derive_key;
mod ecdh;
mod gen_dig;
mod gen_key;
mod hmac;
mod info;
mod kdf;
mod lock;
mod mac;
mod nonce;
mod pause;
mod priv_write;
mod random;
mod read;
mod secure_boot;
mod self_test;
mod sha;
mod sign;
mod update_extra;
mod verify;
mod write;

pub use aes::{Aes, AesGfm, AesKey};
pub use check_mac::CheckMac;
pub use counter::{Counter, CounterId};
pub use derive_key::DeriveKey;
pub use ecdh::{Ecdh, EcdhInside};
pub use gen_dig::GenDig;
pub use gen_key::{GenKey, GenKeyDigest};
pub use hmac::Hmac;
pub use info::{InfoKeyValid, InfoRevision, InfoState};
pub use kdf::{Kdf, KdfInput, KdfOutput, KdfSource, KdfTarget};
pub use lock::Lock;
pub use mac::{Challenge, Mac, TempKeySource};
pub use nonce::{NoncePassThrough, NonceRandom, Target};
pub use pause::Pause;
pub use priv_write::PrivWrite;
pub use random::{Random, RefreshSeed};
pub use read::{ReadBlock, ReadWord};
pub use secure_boot::SecureBoot;
pub use self_test::{Engines, SelfTest};
pub use sha::{ShaEnd, ShaStart, ShaUpdate};
pub use sign::{DigestSource, Sign};
pub use update_extra::UpdateExtra;
pub use verify::{VerifyExternal, VerifyStored};
pub use write::{WriteBlock, WriteEncrypted, WriteWord};

use crate::chip::{Chip, Identity};
use crate::error::ReplyError;
use crate::opcode::{ExecutionTime, Opcode};
use crate::packet::Packet;

/// One command of the element.
pub trait Command {
    /// What the element answers.
    type Response;

    /// Its operation code.
    const OPCODE: Opcode;

    /// Writes the command into `packet`.
    fn encode(&self, packet: &mut Packet);

    /// Reads the payload of the reply: without count and CRC, and no status of failure.
    ///
    /// # Errors
    /// When the payload is not what this command is answered with.
    fn decode(&self, payload: &[u8]) -> Result<Self::Response, ReplyError>;

    /// Tells whether `chip` has this command in this mode.
    fn is_on(&self, chip: Chip) -> bool {
        Self::OPCODE.is_on(chip)
    }

    /// Tells how long it takes on an element.
    fn execution_time(&self, identity: Identity) -> ExecutionTime {
        Self::OPCODE.execution_time(identity)
    }

    /// Tells whether sending it twice does the same as sending it once.
    ///
    /// The driver repeats such a command when its reply is lost, and no other.
    fn is_repeatable(&self) -> bool {
        true
    }

    /// Tells which bits of a one-byte reply are a result; any other bit makes it a status of failure.
    fn result_bits(&self) -> u8 {
        0
    }
}

/// What a comparison inside the element has found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "a mismatch is no error"]
pub enum Verdict {
    /// The signature or MAC is right.
    Match,
    /// It is not.
    Mismatch,
}

impl Verdict {
    /// The status that stands for a mismatch is a result.
    const BITS: u8 = 0x01;

    /// Tells whether it is a match.
    #[must_use]
    pub const fn is_match(self) -> bool {
        matches!(self, Self::Match)
    }

    fn decode(payload: &[u8]) -> Result<Self, ReplyError> {
        match payload {
            [0] => Ok(Self::Match),
            [1] => Ok(Self::Mismatch),
            [_] => Err(ReplyError::Value),
            _ => Err(ReplyError::Length { expected: 1, received: payload.len() }),
        }
    }
}

/// Reads the reply of a command that answers with a status.
pub(crate) fn success(payload: &[u8]) -> Result<(), ReplyError> {
    match payload {
        [0] => Ok(()),
        [_] => Err(ReplyError::Value),
        _ => Err(ReplyError::Length { expected: 1, received: payload.len() }),
    }
}

/// Reads the reply of a command that answers with `N` bytes.
pub(crate) fn bytes<const N: usize>(payload: &[u8]) -> Result<[u8; N], ReplyError> {
    payload.try_into().map_err(|_| ReplyError::Length { expected: N, received: payload.len() })
}

/// Shared by the tests at the foot of each command's file.
#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// Gives the bytes of a command, word address included.
    pub(crate) fn encoded(command: &impl Command) -> Vec<u8> {
        let mut packet = Packet::new();
        command.encode(&mut packet);
        packet.as_bytes().to_vec()
    }

    /// Gives `N` bytes that count up from `first`.
    pub(crate) fn counting<const N: usize>(first: u8) -> [u8; N] {
        core::array::from_fn(|i| first + u8::try_from(i).unwrap())
    }

    /// Reads hexadecimal digits, blanks between them allowed.
    pub(crate) fn hex(digits: &str) -> Vec<u8> {
        let digits: Vec<u8> = digits.bytes().filter(|b| !b.is_ascii_whitespace()).collect();
        digits
            .chunks(2)
            .map(|pair| u8::from_str_radix(core::str::from_utf8(pair).unwrap(), 16).unwrap())
            .collect()
    }

    #[test]
    fn replies_of_another_length() {
        assert_eq!(success(&[0]), Ok(()));
        assert_eq!(success(&[1]), Err(ReplyError::Value));
        assert_eq!(success(&[]), Err(ReplyError::Length { expected: 1, received: 0 }));
        assert_eq!(bytes::<2>(&[1, 2]), Ok([1, 2]));
        assert_eq!(bytes::<2>(&[1]), Err(ReplyError::Length { expected: 2, received: 1 }));
    }
}
