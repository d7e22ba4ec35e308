//! GenKey (0x40): creates private keys inside the element, and computes public ones.

use super::{Command, bytes, success};
use crate::address::Slot;
use crate::chip::Chip;
use crate::error::ReplyError;
use crate::opcode::Opcode;
use crate::packet::Packet;

/// GenKey on a private key; the answer is the public key, X and Y, 32 bytes each, big-endian.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GenKey {
    mode: u8,
    key: u16,
}

impl GenKey {
    const CREATE: u8 = 0x04;
    const DIGEST: u8 = 0x08;
    const TEMP_KEY: u16 = 0xFFFF;

    /// Creates a new private key in `slot`. What was in the slot is lost for ever.
    #[must_use]
    pub fn create(slot: Slot) -> Self {
        Self { mode: Self::CREATE, key: slot.param() }
    }

    /// Computes the public key of the private key in `slot`.
    #[must_use]
    pub fn derive(slot: Slot) -> Self {
        Self { mode: 0x00, key: slot.param() }
    }

    /// Creates a private key in TempKey, for one ECDH (ATECC608).
    #[must_use]
    pub const fn ephemeral() -> Self {
        Self { mode: Self::CREATE, key: Self::TEMP_KEY }
    }

    /// Hashes the public key into TempKey besides, for an internal Sign.
    #[must_use]
    pub const fn with_digest(self) -> Self {
        Self { mode: self.mode | Self::DIGEST, key: self.key }
    }
}

impl Command for GenKey {
    type Response = [u8; 64];
    const OPCODE: Opcode = Opcode::GenKey;

    fn encode(&self, packet: &mut Packet) {
        packet.put(Self::OPCODE, self.mode, self.key, &[]);
    }

    fn decode(&self, payload: &[u8]) -> Result<[u8; 64], ReplyError> {
        bytes(payload)
    }

    fn is_on(&self, chip: Chip) -> bool {
        self.key != Self::TEMP_KEY || chip.is_608()
    }

    fn is_repeatable(&self) -> bool {
        self.mode & Self::CREATE == 0 || self.key == Self::TEMP_KEY
    }
}

/// GenKey in mode Digest: hashes the public key stored in a slot into TempKey.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GenKeyDigest {
    /// The slot of the public key.
    pub slot: Slot,
    /// Three bytes of the caller's that enter the digest.
    pub other_data: [u8; 3],
}

impl Command for GenKeyDigest {
    type Response = ();
    const OPCODE: Opcode = Opcode::GenKey;

    fn encode(&self, packet: &mut Packet) {
        packet.put(Self::OPCODE, 0x10, self.slot.param(), &[&self.other_data]);
    }

    fn decode(&self, payload: &[u8]) -> Result<(), ReplyError> {
        success(payload)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::tests::encoded;

    /// Computed from the packet layout with another implementation of the CRC.
    #[test]
    fn vectors() {
        assert_eq!(encoded(&GenKey::create(Slot::S0)), [0x03, 0x07, 0x40, 0x04, 0x00, 0x00, 0x83, 0x87]);
        assert_eq!(encoded(&GenKey::derive(Slot::S0)), [0x03, 0x07, 0x40, 0x00, 0x00, 0x00, 0x00, 0x05]);
        assert_eq!(encoded(&GenKey::create(Slot::S2)), [0x03, 0x07, 0x40, 0x04, 0x02, 0x00, 0x85, 0x07]);
        assert_eq!(encoded(&GenKey::ephemeral()), [0x03, 0x07, 0x40, 0x04, 0xFF, 0xFF, 0x8E, 0x07]);
    }

    #[test]
    fn modes() {
        assert_eq!(encoded(&GenKey::create(Slot::S0).with_digest())[3], 0x0C);
        assert_eq!(encoded(&GenKey::derive(Slot::S0).with_digest())[3], 0x08);
        let digest = encoded(&GenKeyDigest { slot: Slot::S9, other_data: [1, 2, 3] });
        assert_eq!(digest[..9], [0x03, 0x0A, 0x40, 0x10, 0x09, 0x00, 1, 2, 3]);
    }

    #[test]
    fn a_key_is_not_created_twice() {
        assert!(!GenKey::create(Slot::S0).is_repeatable());
        assert!(GenKey::derive(Slot::S0).is_repeatable());
        assert!(GenKey::ephemeral().is_repeatable());
        assert!(!GenKey::ephemeral().is_on(Chip::Atecc508a));
    }
}
