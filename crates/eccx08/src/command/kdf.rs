//! KDF (0x56, ATECC608): derives keys with PRF, AES or HKDF.

use super::{Command, bytes, success};
use crate::address::Slot;
use crate::error::ReplyError;
use crate::opcode::Opcode;
use crate::packet::Packet;

/// Where the key comes from that another is derived from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KdfSource {
    /// TempKey.
    TempKey,
    /// The upper half of TempKey.
    TempKeyUpper,
    /// A slot.
    Slot(Slot),
    /// The alternate key buffer.
    AlternateKeyBuffer,
}

/// Where a derived key goes, when it stays inside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KdfTarget {
    /// TempKey.
    TempKey,
    /// The upper half of TempKey.
    TempKeyUpper,
    /// A slot.
    Slot(Slot),
    /// The alternate key buffer.
    AlternateKeyBuffer,
}

/// How a key is derived. The 32 bits of details are those of the data sheet.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct KdfInput<'a> {
    algorithm: u8,
    details: [u8; 4],
    message: &'a [u8],
}

impl<'a> KdfInput<'a> {
    /// Longest message.
    pub const MAX_MESSAGE: usize = 128;

    /// The pseudorandom function of TLS 1.2, over label and seed; `None` for a message that is too long.
    #[must_use]
    pub fn prf(details: u32, message: &'a [u8]) -> Option<Self> {
        Self::with_length(0x00, details, message)
    }

    /// HKDF, over the message; `None` for a message that is too long.
    #[must_use]
    pub fn hkdf(details: u32, message: &'a [u8]) -> Option<Self> {
        Self::with_length(0x40, details, message)
    }

    /// AES, which encrypts a message of 16 bytes.
    #[must_use]
    pub const fn aes(details: u32, message: &'a [u8; 16]) -> Self {
        Self { algorithm: 0x20, details: details.to_le_bytes(), message }
    }

    /// The length of the message goes into the highest byte of the details.
    fn with_length(algorithm: u8, details: u32, message: &'a [u8]) -> Option<Self> {
        let length = u8::try_from(message.len()).ok().filter(|_| message.len() <= Self::MAX_MESSAGE)?;
        let [low, middle, high, _] = details.to_le_bytes();
        Some(Self { algorithm, details: [low, middle, high, length], message })
    }

    fn put(&self, packet: &mut Packet, source: KdfSource, target: u8, target_slot: u8) {
        let (source, source_slot) = match source {
            KdfSource::TempKey => (0x00, 0),
            KdfSource::TempKeyUpper => (0x01, 0),
            KdfSource::Slot(slot) => (0x02, slot.number()),
            KdfSource::AlternateKeyBuffer => (0x03, 0),
        };
        let slots = u16::from_le_bytes([source_slot, target_slot]);
        packet.put(Opcode::Kdf, source | target | self.algorithm, slots, &[&self.details, self.message]);
    }
}

impl core::fmt::Debug for KdfInput<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("KdfInput").field("algorithm", &self.algorithm).finish_non_exhaustive()
    }
}

/// KDF whose result stays inside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kdf<'a> {
    /// Where the key comes from.
    pub source: KdfSource,
    /// Where the new key goes.
    pub target: KdfTarget,
    /// How it is derived.
    pub input: KdfInput<'a>,
}

impl Command for Kdf<'_> {
    type Response = ();
    const OPCODE: Opcode = Opcode::Kdf;

    fn encode(&self, packet: &mut Packet) {
        let (target, slot) = match self.target {
            KdfTarget::TempKey => (0x00, 0),
            KdfTarget::TempKeyUpper => (0x04, 0),
            KdfTarget::Slot(slot) => (0x08, slot.number()),
            KdfTarget::AlternateKeyBuffer => (0x0C, 0),
        };
        self.input.put(packet, self.source, target, slot);
    }

    fn decode(&self, payload: &[u8]) -> Result<(), ReplyError> {
        success(payload)
    }

    /// A key that was derived in place would be derived once more.
    fn is_repeatable(&self) -> bool {
        matches!(self.source, KdfSource::Slot(source) if self.target != KdfTarget::Slot(source))
    }
}

/// KDF whose result comes out in clear: `N` is 32, or 64 where the details ask for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KdfOutput<'a, const N: usize> {
    /// Where the key comes from.
    pub source: KdfSource,
    /// How it is derived.
    pub input: KdfInput<'a>,
}

impl<const N: usize> Command for KdfOutput<'_, N> {
    type Response = [u8; N];
    const OPCODE: Opcode = Opcode::Kdf;

    fn encode(&self, packet: &mut Packet) {
        self.input.put(packet, self.source, 0x10, 0);
    }

    fn decode(&self, payload: &[u8]) -> Result<[u8; N], ReplyError> {
        bytes(payload)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chip::Chip;
    use crate::command::tests::encoded;

    #[test]
    fn modes_and_slots() {
        let input = KdfInput::hkdf(0x0000_0002, b"message").unwrap();
        let kdf = Kdf { source: KdfSource::Slot(Slot::S4), target: KdfTarget::Slot(Slot::S5), input };
        let packet = encoded(&kdf);
        assert_eq!(packet[..6], [0x03, 18, 0x56, 0x4A, 0x04, 0x05]);
        assert_eq!(packet[6..10], [0x02, 0x00, 0x00, 0x07]);
        assert_eq!(packet[10..17], *b"message");
        assert!(!kdf.is_on(Chip::Atecc508a));
        let aes = KdfOutput::<32> { source: KdfSource::TempKey, input: KdfInput::aes(0, &[0; 16]) };
        assert_eq!(encoded(&aes)[3..6], [0x30, 0x00, 0x00]);
        let prf = KdfInput::prf(0, &[]).unwrap();
        let prf = Kdf { source: KdfSource::AlternateKeyBuffer, target: KdfTarget::TempKeyUpper, input: prf };
        assert_eq!(encoded(&prf)[3], 0x07);
    }

    #[test]
    fn a_long_message_is_refused() {
        assert!(KdfInput::prf(0, &[0; 128]).is_some());
        assert!(KdfInput::prf(0, &[0; 129]).is_none());
    }

    #[test]
    fn a_key_derived_in_place_is_not_derived_twice() {
        let input = KdfInput::prf(0, &[]).unwrap();
        let kdf = |source, target| Kdf { source, target, input };
        assert!(kdf(KdfSource::Slot(Slot::S4), KdfTarget::TempKey).is_repeatable());
        assert!(!kdf(KdfSource::Slot(Slot::S4), KdfTarget::Slot(Slot::S4)).is_repeatable());
        assert!(!kdf(KdfSource::TempKey, KdfTarget::TempKey).is_repeatable());
    }
}
