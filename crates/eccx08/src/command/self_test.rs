//! SelfTest (0x77, ATECC608): tests the engines of the element.

use super::Command;
use crate::error::ReplyError;
use crate::opcode::Opcode;
use crate::packet::Packet;

/// A set of engines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Engines(u8);

impl Engines {
    /// None.
    pub const NONE: Self = Self(0);
    /// The random number generator.
    pub const RANDOM: Self = Self(0x01);
    /// ECDSA, signing and verifying.
    pub const ECDSA: Self = Self(0x02);
    /// ECDH.
    pub const ECDH: Self = Self(0x08);
    /// AES.
    pub const AES: Self = Self(0x10);
    /// SHA.
    pub const SHA: Self = Self(0x20);
    /// All of them.
    pub const ALL: Self = Self(0x3B);

    /// Adds the engines of another set.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Tells whether all engines of another set are in this one.
    #[must_use]
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Tells whether it is empty.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }
}

/// SelfTest; the answer is the set of engines that failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SelfTest {
    /// The engines to test.
    pub engines: Engines,
}

impl Command for SelfTest {
    type Response = Engines;
    const OPCODE: Opcode = Opcode::SelfTest;

    fn encode(&self, packet: &mut Packet) {
        packet.put(Self::OPCODE, self.engines.0, 0, &[]);
    }

    fn decode(&self, payload: &[u8]) -> Result<Engines, ReplyError> {
        match payload {
            [failed] if self.engines.contains(Engines(*failed)) => Ok(Engines(*failed)),
            [_] => Err(ReplyError::Value),
            _ => Err(ReplyError::Length { expected: 1, received: payload.len() }),
        }
    }

    /// The reply of one byte is a set of engines: a status only when it names one that was not asked for.
    fn result_bits(&self) -> u8 {
        self.engines.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::tests::encoded;

    /// Computed from the packet layout with another implementation of the CRC.
    #[test]
    fn vector() {
        let engines = Engines::ALL;
        let single = [Engines::RANDOM, Engines::ECDSA, Engines::ECDH, Engines::AES, Engines::SHA];
        assert_eq!(single.into_iter().fold(Engines::NONE, Engines::and), engines);
        assert_eq!(encoded(&SelfTest { engines }), [0x03, 0x07, 0x77, 0x3B, 0x00, 0x00, 0x9D, 0xFB]);
    }

    #[test]
    fn failures_are_a_result() {
        let test = SelfTest { engines: Engines::RANDOM.and(Engines::AES) };
        assert_eq!(test.decode(&[0x00]), Ok(Engines::NONE));
        assert_eq!(test.decode(&[0x11]), Ok(test.engines));
        assert_eq!(test.decode(&[0x20]), Err(ReplyError::Value));
        assert!(Engines::NONE.is_empty() && !test.engines.is_empty());
    }
}
