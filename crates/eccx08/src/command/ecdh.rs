//! ECDH (0x43): the Diffie-Hellman secret of a private key inside and a public key outside.

use super::{Command, bytes, success};
use crate::address::Slot;
use crate::chip::Chip;
use crate::error::ReplyError;
use crate::opcode::Opcode;
use crate::packet::Packet;

/// ECDH that gives the secret out in clear: the X coordinate, 32 bytes.
///
/// The policy of the slot must allow it; on an ATECC608 so must ChipOptions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ecdh<'a> {
    /// The slot of the private key.
    pub slot: Slot,
    /// X and Y of the other side.
    pub public_key: &'a [u8; 64],
}

impl Command for Ecdh<'_> {
    type Response = [u8; 32];
    const OPCODE: Opcode = Opcode::Ecdh;

    fn encode(&self, packet: &mut Packet) {
        packet.put(Self::OPCODE, 0x00, self.slot.param(), &[self.public_key]);
    }

    fn decode(&self, payload: &[u8]) -> Result<[u8; 32], ReplyError> {
        bytes(payload)
    }
}

/// ECDH whose secret stays inside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EcdhInside<'a> {
    mode: u8,
    key: u16,
    public_key: &'a [u8; 64],
}

impl<'a> EcdhInside<'a> {
    const TEMP_KEY_SOURCE: u8 = 0x01;
    const TO_TEMP_KEY: u8 = 0x08;

    /// Puts the secret into the slot above the key's (`slot` | 1), as its policy says (ReadKey bit 3).
    #[must_use]
    pub fn to_next_slot(slot: Slot, public_key: &'a [u8; 64]) -> Self {
        Self { mode: 0x00, key: slot.param(), public_key }
    }

    /// Puts the secret into TempKey (ATECC608).
    #[must_use]
    pub fn to_temp_key(slot: Slot, public_key: &'a [u8; 64]) -> Self {
        Self { mode: Self::TO_TEMP_KEY, key: slot.param(), public_key }
    }

    /// Uses the ephemeral key in TempKey (see [`GenKey::ephemeral`](super::GenKey::ephemeral)) and puts the
    /// secret into TempKey (ATECC608).
    #[must_use]
    pub const fn ephemeral(public_key: &'a [u8; 64]) -> Self {
        Self { mode: Self::TO_TEMP_KEY | Self::TEMP_KEY_SOURCE, key: 0xFFFF, public_key }
    }
}

impl Command for EcdhInside<'_> {
    type Response = ();
    const OPCODE: Opcode = Opcode::Ecdh;

    fn encode(&self, packet: &mut Packet) {
        packet.put(Self::OPCODE, self.mode, self.key, &[self.public_key]);
    }

    fn decode(&self, payload: &[u8]) -> Result<(), ReplyError> {
        success(payload)
    }

    fn is_on(&self, chip: Chip) -> bool {
        self.mode == 0 || chip.is_608()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::tests::encoded;

    /// Computed from the packet layout with another implementation of the CRC.
    #[test]
    fn vector() {
        let packet = encoded(&Ecdh { slot: Slot::S1, public_key: &[0; 64] });
        assert_eq!(packet[..6], [0x03, 0x47, 0x43, 0x00, 0x01, 0x00]);
        assert_eq!(packet[70..], [0x7E, 0xCF]);
    }

    #[test]
    fn modes() {
        let key = [0; 64];
        assert_eq!(encoded(&EcdhInside::to_next_slot(Slot::S2, &key))[3..6], [0x00, 0x02, 0x00]);
        assert_eq!(encoded(&EcdhInside::to_temp_key(Slot::S2, &key))[3..6], [0x08, 0x02, 0x00]);
        assert_eq!(encoded(&EcdhInside::ephemeral(&key))[3..6], [0x09, 0xFF, 0xFF]);
        assert!(EcdhInside::to_next_slot(Slot::S2, &key).is_on(Chip::Atecc508a));
        assert!(!EcdhInside::to_temp_key(Slot::S2, &key).is_on(Chip::Atecc508a));
    }
}
