//! SHA (0x47): SHA-256 and HMAC-SHA-256, in steps of 64 bytes.

use super::{Command, bytes, success};
use crate::address::Slot;
use crate::chip::Chip;
use crate::error::ReplyError;
use crate::opcode::Opcode;
use crate::packet::Packet;

/// SHA in mode Start, or HMAC Start: begins a digest. On an ATECC508A TempKey is lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ShaStart {
    mode: u8,
    key: u16,
}

impl ShaStart {
    /// Begins a SHA-256 digest.
    #[must_use]
    pub const fn sha256() -> Self {
        Self { mode: 0x00, key: 0 }
    }

    /// Begins an HMAC with the key in `slot`.
    #[must_use]
    pub fn hmac(slot: Slot) -> Self {
        Self { mode: 0x04, key: slot.param() }
    }

    /// Begins an HMAC with TempKey as the key (ATECC608).
    #[must_use]
    pub const fn hmac_with_temp_key() -> Self {
        Self { mode: 0x04, key: 0xFFFF }
    }
}

impl Command for ShaStart {
    type Response = ();
    const OPCODE: Opcode = Opcode::Sha;

    fn encode(&self, packet: &mut Packet) {
        packet.put(Self::OPCODE, self.mode, self.key, &[]);
    }

    fn decode(&self, payload: &[u8]) -> Result<(), ReplyError> {
        success(payload)
    }

    fn is_on(&self, chip: Chip) -> bool {
        self.key != 0xFFFF || chip.is_608()
    }
}

/// SHA in mode Update: the next 64 bytes. It must not be repeated, they would count twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ShaUpdate<'a> {
    /// The bytes.
    pub block: &'a [u8; 64],
}

impl Command for ShaUpdate<'_> {
    type Response = ();
    const OPCODE: Opcode = Opcode::Sha;

    fn encode(&self, packet: &mut Packet) {
        packet.put(Self::OPCODE, 0x01, 64, &[self.block]);
    }

    fn decode(&self, payload: &[u8]) -> Result<(), ReplyError> {
        success(payload)
    }

    fn is_repeatable(&self) -> bool {
        false
    }
}

/// SHA in mode End, or HMAC End: the last 0 to 63 bytes; the answer is the digest.
///
/// A message whose length is a multiple of 64 ends with no bytes at all, not with 64.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ShaEnd<'a> {
    mode: u8,
    rest: &'a [u8],
}

impl<'a> ShaEnd<'a> {
    const SHA256: u8 = 0x02;
    const HMAC_508: u8 = 0x05;
    /// Most bytes in the last step.
    pub const MAX_REST: usize = 63;

    /// Ends a digest with the first `length` bytes of a block that is not full.
    pub(crate) fn with_part(block: &'a [u8; 64], length: usize, hmac_on: Option<Chip>) -> Self {
        let mode = match hmac_on {
            Some(Chip::Atecc508a) => Self::HMAC_508,
            _ => Self::SHA256,
        };
        Self { mode, rest: block.get(..length.min(Self::MAX_REST)).unwrap_or_default() }
    }

    /// Ends a SHA-256 digest; `None` when `rest` has 64 bytes or more.
    #[must_use]
    pub const fn sha256(rest: &'a [u8]) -> Option<Self> {
        if rest.len() <= Self::MAX_REST { Some(Self { mode: Self::SHA256, rest }) } else { None }
    }

    /// Ends an HMAC, which the two families do in different modes; `None` when `rest` has 64 bytes or more.
    #[must_use]
    pub const fn hmac(chip: Chip, rest: &'a [u8]) -> Option<Self> {
        let mode = if chip.is_608() { Self::SHA256 } else { Self::HMAC_508 };
        if rest.len() <= Self::MAX_REST { Some(Self { mode, rest }) } else { None }
    }
}

impl Command for ShaEnd<'_> {
    type Response = [u8; 32];
    const OPCODE: Opcode = Opcode::Sha;

    fn encode(&self, packet: &mut Packet) {
        let length = u16::try_from(self.rest.len()).unwrap_or(0);
        packet.put(Self::OPCODE, self.mode, length, &[self.rest]);
    }

    fn decode(&self, payload: &[u8]) -> Result<[u8; 32], ReplyError> {
        bytes(payload)
    }

    fn is_on(&self, chip: Chip) -> bool {
        self.mode != Self::HMAC_508 || !chip.is_608()
    }

    fn is_repeatable(&self) -> bool {
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::tests::{encoded, hex};
    use crate::packet::parse_reply;

    /// Computed from the packet layout with another implementation of the CRC.
    #[test]
    fn vectors() {
        assert_eq!(encoded(&ShaStart::sha256()), [0x03, 0x07, 0x47, 0x00, 0x00, 0x00, 0x2E, 0x85]);
        let update = encoded(&ShaUpdate { block: &[0; 64] });
        assert_eq!(update[..6], [0x03, 0x47, 0x47, 0x01, 0x40, 0x00]);
        assert_eq!(update[70..], [0x7E, 0xD2]);
        let empty = encoded(&ShaEnd::sha256(&[]).unwrap());
        assert_eq!(empty, [0x03, 0x07, 0x47, 0x02, 0x00, 0x00, 0x2D, 0x00]);
        let abc = encoded(&ShaEnd::sha256(b"abc").unwrap());
        assert_eq!(abc, [0x03, 0x0A, 0x47, 0x02, 0x03, 0x00, 0x61, 0x62, 0x63, 0x70, 0x53]);
        assert_eq!(encoded(&ShaStart::hmac(Slot::S4)), [0x03, 0x07, 0x47, 0x04, 0x04, 0x00, 0xAE, 0x47]);
    }

    /// FIPS 180-4, "abc"; the frame around it computed.
    #[test]
    fn digest_of_abc() {
        let reply = hex("23 BA7816BF 8F01CFEA 414140DE 5DAE2223 B00361A3 96177A9C B410FF61 F20015AD B3FF");
        let digest = ShaEnd::sha256(b"abc").unwrap().decode(parse_reply(&reply).unwrap()).unwrap();
        assert_eq!(digest[..4], [0xBA, 0x78, 0x16, 0xBF]);
    }

    #[test]
    fn the_last_step_has_63_bytes_at_most() {
        assert!(ShaEnd::sha256(&[0; 63]).is_some());
        assert!(ShaEnd::sha256(&[0; 64]).is_none());
        assert!(ShaEnd::hmac(Chip::Atecc508a, &[0; 64]).is_none());
    }

    #[test]
    fn hmac_ends_differently_on_the_two_families() {
        assert_eq!(encoded(&ShaEnd::hmac(Chip::Atecc508a, &[]).unwrap())[3], 0x05);
        assert_eq!(encoded(&ShaEnd::hmac(Chip::Atecc608b, &[]).unwrap())[3], 0x02);
        assert!(!ShaEnd::hmac(Chip::Atecc508a, &[]).unwrap().is_on(Chip::Atecc608a));
        assert!(!ShaStart::hmac_with_temp_key().is_on(Chip::Atecc508a));
        assert!(ShaStart::hmac(Slot::S15).is_on(Chip::Atecc508a));
    }
}
