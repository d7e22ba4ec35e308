//! Verify (0x45): checks an ECDSA signature over a digest that a Nonce has loaded.

use super::{Command, DigestSource, Verdict};
use crate::address::Slot;
use crate::chip::Chip;
use crate::error::ReplyError;
use crate::opcode::Opcode;
use crate::packet::Packet;

/// Param1 when the digest is in the message digest buffer.
const MESSAGE_DIGEST_BUFFER: u8 = 0x20;

const fn mode(mode: u8, source: DigestSource) -> u8 {
    match source {
        DigestSource::TempKey => mode,
        DigestSource::MessageDigestBuffer => mode | MESSAGE_DIGEST_BUFFER,
    }
}

const fn has(source: DigestSource, chip: Chip) -> bool {
    matches!(source, DigestSource::TempKey) || chip.is_608()
}

/// Verify in mode External: with a public key that comes along.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VerifyExternal<'a> {
    /// Where the digest is.
    pub source: DigestSource,
    /// r and s.
    pub signature: &'a [u8; 64],
    /// X and Y.
    pub public_key: &'a [u8; 64],
}

impl VerifyExternal<'_> {
    /// Param2 for a key on P-256.
    const P256: u16 = 0x0004;
}

impl Command for VerifyExternal<'_> {
    type Response = Verdict;
    const OPCODE: Opcode = Opcode::Verify;

    fn encode(&self, packet: &mut Packet) {
        packet.put(Self::OPCODE, mode(0x02, self.source), Self::P256, &[self.signature, self.public_key]);
    }

    fn decode(&self, payload: &[u8]) -> Result<Verdict, ReplyError> {
        Verdict::decode(payload)
    }

    fn is_on(&self, chip: Chip) -> bool {
        has(self.source, chip)
    }

    fn result_bits(&self) -> u8 {
        Verdict::BITS
    }
}

/// Verify in mode Stored: with a public key in a slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VerifyStored<'a> {
    /// Where the digest is.
    pub source: DigestSource,
    /// The slot of the public key.
    pub slot: Slot,
    /// r and s.
    pub signature: &'a [u8; 64],
}

impl Command for VerifyStored<'_> {
    type Response = Verdict;
    const OPCODE: Opcode = Opcode::Verify;

    fn encode(&self, packet: &mut Packet) {
        packet.put(Self::OPCODE, mode(0x00, self.source), self.slot.param(), &[self.signature]);
    }

    fn decode(&self, payload: &[u8]) -> Result<Verdict, ReplyError> {
        Verdict::decode(payload)
    }

    fn is_on(&self, chip: Chip) -> bool {
        has(self.source, chip)
    }

    fn result_bits(&self) -> u8 {
        Verdict::BITS
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::tests::encoded;

    /// Computed from the packet layout with another implementation of the CRC.
    #[test]
    fn external_vector() {
        let source = DigestSource::TempKey;
        let packet = encoded(&VerifyExternal { source, signature: &[0; 64], public_key: &[0; 64] });
        assert_eq!(packet.len(), 136);
        assert_eq!(packet[..6], [0x03, 0x87, 0x45, 0x02, 0x04, 0x00]);
        assert_eq!(packet[134..], [0x2E, 0x85]);
    }

    #[test]
    fn stored() {
        let source = DigestSource::MessageDigestBuffer;
        let verify = VerifyStored { source, slot: Slot::S10, signature: &[9; 64] };
        assert_eq!(encoded(&verify)[..6], [0x03, 71, 0x45, 0x20, 0x0A, 0x00]);
        assert!(!verify.is_on(Chip::Atecc508a) && verify.is_on(Chip::Atecc608a));
    }

    #[test]
    fn a_difference_is_a_result() {
        let verify = VerifyStored { source: DigestSource::TempKey, slot: Slot::S10, signature: &[9; 64] };
        assert_eq!(verify.decode(&[0]), Ok(Verdict::Match));
        assert_eq!(verify.decode(&[1]), Ok(Verdict::Mismatch));
        assert_eq!(verify.decode(&[2]), Err(ReplyError::Value));
    }
}
