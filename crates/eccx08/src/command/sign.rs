//! Sign (0x41): ECDSA over P-256 with a private key that stays inside.

use super::{Command, Target, bytes};
use crate::address::Slot;
use crate::chip::Chip;
use crate::error::ReplyError;
use crate::opcode::Opcode;
use crate::packet::Packet;

/// Which buffer holds the digest that is signed or verified.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DigestSource {
    /// TempKey, on every element.
    #[default]
    TempKey,
    /// The message digest buffer (ATECC608).
    MessageDigestBuffer,
}

impl DigestSource {
    /// Tells where the Nonce must put the digest.
    #[must_use]
    pub const fn target(self) -> Target {
        match self {
            Self::TempKey => Target::TempKey,
            Self::MessageDigestBuffer => Target::MessageDigestBuffer,
        }
    }
}

/// Sign; the answer is r and s, 32 bytes each, big-endian.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sign {
    mode: u8,
    slot: Slot,
}

impl Sign {
    const EXTERNAL: u8 = 0x80;
    const MESSAGE_DIGEST_BUFFER: u8 = 0x20;
    const FULL_SERIAL_NUMBER: u8 = 0x40;

    /// Signs the digest that a Nonce has loaded.
    #[must_use]
    pub const fn external(slot: Slot, source: DigestSource) -> Self {
        match source {
            DigestSource::TempKey => Self { mode: Self::EXTERNAL, slot },
            DigestSource::MessageDigestBuffer => {
                Self { mode: Self::EXTERNAL | Self::MESSAGE_DIGEST_BUFFER, slot }
            }
        }
    }

    /// Signs a message that the element builds from TempKey (of a GenDig or GenKey) and its configuration.
    #[must_use]
    pub const fn internal(slot: Slot) -> Self {
        Self { mode: 0x00, slot }
    }

    /// Signs an internal message that names the whole serial number.
    #[must_use]
    pub const fn internal_with_serial_number(slot: Slot) -> Self {
        Self { mode: Self::FULL_SERIAL_NUMBER, slot }
    }
}

impl Command for Sign {
    type Response = [u8; 64];
    const OPCODE: Opcode = Opcode::Sign;

    fn encode(&self, packet: &mut Packet) {
        packet.put(Self::OPCODE, self.mode, self.slot.param(), &[]);
    }

    fn decode(&self, payload: &[u8]) -> Result<[u8; 64], ReplyError> {
        bytes(payload)
    }

    fn is_on(&self, chip: Chip) -> bool {
        self.mode & Self::MESSAGE_DIGEST_BUFFER == 0 || chip.is_608()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::tests::encoded;

    /// Computed from the packet layout with another implementation of the CRC.
    #[test]
    fn vectors() {
        let temp_key = |slot| encoded(&Sign::external(slot, DigestSource::TempKey));
        assert_eq!(temp_key(Slot::S0), [0x03, 0x07, 0x41, 0x80, 0x00, 0x00, 0x28, 0x05]);
        assert_eq!(temp_key(Slot::S1), [0x03, 0x07, 0x41, 0x80, 0x01, 0x00, 0x21, 0x85]);
        let buffer = Sign::external(Slot::S0, DigestSource::MessageDigestBuffer);
        assert_eq!(encoded(&buffer), [0x03, 0x07, 0x41, 0xA0, 0x00, 0x00, 0x7B, 0x85]);
        assert_eq!(encoded(&Sign::internal(Slot::S0)), [0x03, 0x07, 0x41, 0x00, 0x00, 0x00, 0x3F, 0x85]);
        assert_eq!(encoded(&Sign::internal_with_serial_number(Slot::S0))[3], 0x40);
        assert!(!buffer.is_on(Chip::Atecc508a));
    }

    #[test]
    fn a_signature_has_64_bytes() {
        let sign = Sign::internal(Slot::S0);
        assert_eq!(sign.decode(&[7; 64]), Ok([7; 64]));
        assert_eq!(sign.decode(&[7; 32]), Err(ReplyError::Length { expected: 64, received: 32 }));
    }
}
