//! SHA-256 and ES256 in software.

use core::convert::Infallible;

use sha2::block_api::compress256;

use crate::Sha256Engine;

/// SHA-256 with the sha2 crate's compression function.
///
/// On a small board build with `RUSTFLAGS='--cfg sha2_backend_soft="compact"'`: 0.9 KB of flash instead of
/// about 10. The blocks are cut and padded here, byte by byte, which saves another quarter of a
/// kilobyte over sha2's own `Digest`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SoftwareSha256 {
    hash: [u32; 8],
    block: [u8; BLOCK],
    /// Bytes in `block`.
    filled: usize,
    /// Blocks that are hashed already; enough for 256 GiB.
    blocks: u32,
}

impl SoftwareSha256 {
    /// An engine that has seen nothing yet.
    #[must_use]
    pub const fn new() -> Self {
        Self { hash: INITIAL_HASH, block: [0; BLOCK], filled: 0, blocks: 0 }
    }

    // Inlined four times it would cost what was saved.
    #[inline(never)]
    fn put(&mut self, byte: u8) {
        if let Some(place) = self.block.get_mut(self.filled) {
            *place = byte;
            self.filled += 1;
        }
        if self.filled == BLOCK {
            compress256(&mut self.hash, core::slice::from_ref(&self.block));
            self.filled = 0;
            self.blocks = self.blocks.wrapping_add(1);
        }
    }
}

impl Default for SoftwareSha256 {
    fn default() -> Self {
        Self::new()
    }
}

impl Sha256Engine for SoftwareSha256 {
    type Error = Infallible;

    fn update(&mut self, data: &[u8]) -> Result<(), Infallible> {
        data.iter().for_each(|byte| self.put(*byte));
        Ok(())
    }

    /// Pads the message (FIPS 180-4 section 5.1.1): a one, zeros, and the length in bits.
    fn finish(&mut self) -> Result<[u8; 32], Infallible> {
        let tail = u64::try_from(self.filled * 8).unwrap_or_default();
        let bits = u64::from(self.blocks) << 9 | tail;
        self.put(0x80);
        while self.filled != BLOCK - 8 {
            self.put(0);
        }
        bits.to_be_bytes().into_iter().for_each(|byte| self.put(byte));
        let mut digest = [0; 32];
        for (bytes, word) in digest.chunks_exact_mut(4).zip(self.hash) {
            bytes.copy_from_slice(&word.to_be_bytes());
        }
        *self = Self::new();
        Ok(digest)
    }
}

/// Bytes of a block (FIPS 180-4 section 5.2.1).
const BLOCK: usize = 64;

/// H(0) (FIPS 180-4 section 5.3.3).
const INITIAL_HASH: [u32; 8] =
    [0x6A09_E667, 0xBB67_AE85, 0x3C6E_F372, 0xA54F_F53A, 0x510E_527F, 0x9B05_688C, 0x1F83_D9AB, 0x5BE0_CD19];

#[cfg(feature = "p256")]
pub use self::signer::SoftwareSigner;

#[cfg(feature = "p256")]
mod signer {
    use p256::ecdsa::signature::hazmat::PrehashSigner;
    use p256::ecdsa::{Signature, SigningKey};

    use crate::{Es256Signer, PublicKey};

    /// A signer around any `PrehashSigner` of the p256 ecosystem, such as its own `SigningKey`.
    ///
    /// For tests, hosts and boards without a secure element: the private key lies in memory.
    #[derive(Clone, Debug)]
    pub struct SoftwareSigner<K = SigningKey>(K);

    impl<K: PrehashSigner<Signature>> SoftwareSigner<K> {
        /// Wraps `key`.
        pub const fn new(key: K) -> Self {
            Self(key)
        }

        /// Gives the key back.
        pub fn into_inner(self) -> K {
            self.0
        }
    }

    impl SoftwareSigner<SigningKey> {
        /// The public half of the key.
        #[must_use]
        pub fn public_key(&self) -> PublicKey {
            PublicKey::from(self.0.verifying_key())
        }
    }

    impl<K: PrehashSigner<Signature>> Es256Signer for SoftwareSigner<K> {
        type Error = p256::ecdsa::Error;

        fn sign_digest(&mut self, digest: &[u8; 32]) -> Result<[u8; 64], Self::Error> {
            Ok(self.0.sign_prehash(digest)?.to_bytes().into())
        }
    }
}

#[cfg(test)]
mod tests {
    use std::vec::Vec;

    use sha2::{Digest, Sha256};

    use super::*;

    fn digest(pieces: &[&[u8]]) -> [u8; 32] {
        let mut engine = SoftwareSha256::new();
        for piece in pieces {
            let Ok(()) = engine.update(piece);
        }
        let Ok(digest) = engine.finish();
        assert_eq!(engine, SoftwareSha256::new());
        digest
    }

    /// The examples of FIPS 180-4: NIST's "SHA256.pdf", and nothing at all.
    #[test]
    fn the_examples_of_the_standard() {
        for (message, start) in [
            ("", [0xE3, 0xB0, 0xC4, 0x42]),
            ("abc", [0xBA, 0x78, 0x16, 0xBF]),
            ("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", [0x24, 0x8D, 0x6A, 0x61]),
        ] {
            assert_eq!(digest(&[message.as_bytes()])[..4], start);
        }
    }

    #[test]
    fn messages_of_every_length_and_cut() {
        let message: Vec<u8> = (0..=200).collect();
        for length in 0..=message.len() {
            let (message, _) = message.split_at(length);
            let (head, tail) = message.split_at(length / 3);
            assert_eq!(digest(&[head, tail])[..], Sha256::digest(message)[..], "{length} bytes");
        }
    }
}
