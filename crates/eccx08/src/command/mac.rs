//! MAC (0x08): SHA-256 over a key, a challenge and what the element is.

use super::{Command, bytes};
use crate::address::Slot;
use crate::error::ReplyError;
use crate::opcode::Opcode;
use crate::packet::Packet;

/// How TempKey got its value, where a command uses it: the element compares.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TempKeySource {
    /// From a random Nonce.
    #[default]
    Random,
    /// From a pass-through Nonce.
    Input,
}

impl TempKeySource {
    /// Bit 2 of param1.
    pub(super) const fn bit(self) -> u8 {
        match self {
            Self::Random => 0x00,
            Self::Input => 0x04,
        }
    }
}

/// The second block of a MAC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Challenge<'a> {
    /// These 32 bytes.
    Given(&'a [u8; 32]),
    /// TempKey.
    TempKey(TempKeySource),
}

/// MAC with the key in a slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mac<'a> {
    /// The slot of the key.
    pub slot: Slot,
    /// What is challenged.
    pub challenge: Challenge<'a>,
    /// Whether the whole serial number enters.
    pub with_serial_number: bool,
}

impl Mac<'_> {
    const CHALLENGE_IS_TEMP_KEY: u8 = 0x01;
    const SERIAL_NUMBER: u8 = 0x40;

    /// Param1, which enters the MAC.
    #[must_use]
    pub const fn mode(&self) -> u8 {
        let serial_number = if self.with_serial_number { Self::SERIAL_NUMBER } else { 0 };
        match self.challenge {
            Challenge::Given(_) => serial_number,
            Challenge::TempKey(source) => serial_number | Self::CHALLENGE_IS_TEMP_KEY | source.bit(),
        }
    }
}

impl Command for Mac<'_> {
    type Response = [u8; 32];
    const OPCODE: Opcode = Opcode::Mac;

    fn encode(&self, packet: &mut Packet) {
        let data = match self.challenge {
            Challenge::Given(challenge) => &challenge[..],
            Challenge::TempKey(_) => &[],
        };
        packet.put(Self::OPCODE, self.mode(), self.slot.param(), &[data]);
    }

    fn decode(&self, payload: &[u8]) -> Result<[u8; 32], ReplyError> {
        bytes(payload)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::tests::encoded;

    #[test]
    fn modes() {
        let slot = Slot::S4;
        let given = Mac { slot, challenge: Challenge::Given(&[3; 32]), with_serial_number: true };
        assert_eq!(encoded(&given)[..7], [0x03, 39, 0x08, 0x40, 0x04, 0x00, 3]);
        let temp_key = Challenge::TempKey(TempKeySource::Input);
        let inside = Mac { slot, challenge: temp_key, with_serial_number: false };
        assert_eq!(encoded(&inside)[..6], [0x03, 0x07, 0x08, 0x05, 0x04, 0x00]);
    }
}
