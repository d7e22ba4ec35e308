//! SecureBoot (0x80, ATECC608): checks the digest of a firmware image.

use super::{Command, Verdict};
use crate::error::ReplyError;
use crate::opcode::Opcode;
use crate::packet::Packet;

/// SecureBoot; what it does is set up in the configuration zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SecureBoot<'a> {
    mode: u8,
    digest: &'a [u8; 32],
    signature: Option<&'a [u8; 64]>,
}

impl<'a> SecureBoot<'a> {
    /// Verifies the signature of a digest.
    #[must_use]
    pub const fn full(digest: &'a [u8; 32], signature: &'a [u8; 64]) -> Self {
        Self { mode: 0x05, digest, signature: Some(signature) }
    }

    /// Compares a digest with the one that is stored.
    #[must_use]
    pub const fn full_store(digest: &'a [u8; 32]) -> Self {
        Self { mode: 0x06, digest, signature: None }
    }

    /// Verifies the signature of a digest and stores the digest.
    #[must_use]
    pub const fn full_copy(digest: &'a [u8; 32], signature: &'a [u8; 64]) -> Self {
        Self { mode: 0x07, digest, signature: Some(signature) }
    }
}

impl Command for SecureBoot<'_> {
    type Response = Verdict;
    const OPCODE: Opcode = Opcode::SecureBoot;

    fn encode(&self, packet: &mut Packet) {
        let signature = self.signature.map_or(&[][..], |signature| signature);
        packet.put(Self::OPCODE, self.mode, 0, &[self.digest, signature]);
    }

    fn decode(&self, payload: &[u8]) -> Result<Verdict, ReplyError> {
        Verdict::decode(payload)
    }

    fn result_bits(&self) -> u8 {
        Verdict::BITS
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chip::Chip;
    use crate::command::tests::encoded;

    #[test]
    fn modes() {
        let full = SecureBoot::full(&[1; 32], &[2; 64]);
        assert_eq!(encoded(&full)[..7], [0x03, 103, 0x80, 0x05, 0x00, 0x00, 1]);
        assert_eq!(encoded(&SecureBoot::full_store(&[1; 32]))[..4], [0x03, 39, 0x80, 0x06]);
        assert_eq!(encoded(&SecureBoot::full_copy(&[1; 32], &[2; 64]))[3], 0x07);
        assert!(!full.is_on(Chip::Atecc508a));
        assert_eq!(full.decode(&[1]), Ok(Verdict::Mismatch));
    }
}
