//! AES (0x51, ATECC608): one block, or one multiplication of GCM.

use super::{Command, bytes};
use crate::address::Slot;
use crate::error::ReplyError;
use crate::opcode::Opcode;
use crate::packet::Packet;

/// Which AES key is used: 16 bytes out of a slot or of TempKey.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AesKey {
    id: u16,
    block: u8,
}

impl AesKey {
    /// Takes the 16 bytes at 16 x `index` of a slot, 0 to 3.
    #[must_use]
    pub fn slot(slot: Slot, index: u8) -> Option<Self> {
        (index < 4).then(|| Self { id: slot.param(), block: index })
    }

    /// Takes the 16 bytes at 16 x `index` of TempKey, 0 to 3.
    #[must_use]
    pub fn temp_key(index: u8) -> Option<Self> {
        (index < 4).then_some(Self { id: 0xFFFF, block: index })
    }
}

/// AES in mode ECB: one block.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Aes<'a> {
    mode: u8,
    key: AesKey,
    block: &'a [u8; 16],
}

impl<'a> Aes<'a> {
    /// Encrypts a block.
    #[must_use]
    pub const fn encrypt(key: AesKey, block: &'a [u8; 16]) -> Self {
        Self { mode: 0x00, key, block }
    }

    /// Decrypts a block.
    #[must_use]
    pub const fn decrypt(key: AesKey, block: &'a [u8; 16]) -> Self {
        Self { mode: 0x01, key, block }
    }
}

impl Command for Aes<'_> {
    type Response = [u8; 16];
    const OPCODE: Opcode = Opcode::Aes;

    fn encode(&self, packet: &mut Packet) {
        packet.put(Self::OPCODE, self.mode | self.key.block << 6, self.key.id, &[self.block]);
    }

    fn decode(&self, payload: &[u8]) -> Result<[u8; 16], ReplyError> {
        bytes(payload)
    }
}

impl core::fmt::Debug for Aes<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Aes").field("mode", &self.mode).field("key", &self.key).finish_non_exhaustive()
    }
}

/// AES in mode GFM: a multiplication in the field of GCM.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct AesGfm<'a> {
    /// The hash key H.
    pub hash_key: &'a [u8; 16],
    /// The block that is multiplied by it.
    pub block: &'a [u8; 16],
}

impl Command for AesGfm<'_> {
    type Response = [u8; 16];
    const OPCODE: Opcode = Opcode::Aes;

    fn encode(&self, packet: &mut Packet) {
        packet.put(Self::OPCODE, 0x03, 0, &[self.hash_key, self.block]);
    }

    fn decode(&self, payload: &[u8]) -> Result<[u8; 16], ReplyError> {
        bytes(payload)
    }
}

impl core::fmt::Debug for AesGfm<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("AesGfm").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chip::Chip;
    use crate::command::tests::encoded;

    /// Computed from the packet layout with another implementation of the CRC.
    #[test]
    fn vector() {
        let aes = Aes::encrypt(AesKey::slot(Slot::S9, 0).unwrap(), &[0; 16]);
        let packet = encoded(&aes);
        assert_eq!(packet[..6], [0x03, 0x17, 0x51, 0x00, 0x09, 0x00]);
        assert_eq!(packet[22..], [0xAC, 0x62]);
        assert!(!aes.is_on(Chip::Atecc508a) && aes.is_on(Chip::Atecc608b));
    }

    #[test]
    fn modes() {
        assert_eq!(encoded(&Aes::decrypt(AesKey::temp_key(3).unwrap(), &[0; 16]))[3..6], [0xC1, 0xFF, 0xFF]);
        let gfm = encoded(&AesGfm { hash_key: &[1; 16], block: &[2; 16] });
        assert_eq!(gfm[..7], [0x03, 39, 0x51, 0x03, 0x00, 0x00, 1]);
        assert_eq!(AesKey::slot(Slot::S9, 4), None);
        assert_eq!(AesKey::temp_key(4), None);
    }
}
