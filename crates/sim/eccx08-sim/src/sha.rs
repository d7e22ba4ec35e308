//! SHA-256 whose state can be looked at, for the context commands of the 608.

use sha2::block_api::compress256;

/// Start values of SHA-256 (FIPS 180-4, 5.3.3).
const START: [u32; 8] =
    [0x6A09_E667, 0xBB67_AE85, 0x3C6E_F372, 0xA54F_F53A, 0x510E_527F, 0x9B05_688C, 0x1F83_D9AB, 0x5BE0_CD19];

/// A running SHA-256.
#[derive(Clone)]
pub(crate) struct Hasher {
    state: [u32; 8],
    length: u64,
    pending: Vec<u8>,
}

impl Hasher {
    pub(crate) const fn new() -> Self {
        Self { state: START, length: 0, pending: Vec::new() }
    }

    pub(crate) fn update(&mut self, bytes: &[u8]) {
        self.length += u64::try_from(bytes.len()).unwrap_or(0);
        self.pending.extend_from_slice(bytes);
        self.compress();
    }

    pub(crate) fn finish(mut self) -> [u8; 32] {
        let bits = self.length.wrapping_mul(8);
        self.pending.push(0x80);
        while self.pending.len() % 64 != 56 {
            self.pending.push(0);
        }
        self.pending.extend_from_slice(&bits.to_be_bytes());
        self.compress();
        let mut digest = [0; 32];
        for (bytes, word) in digest.chunks_exact_mut(4).zip(self.state) {
            bytes.copy_from_slice(&word.to_be_bytes());
        }
        digest
    }

    /// Decision: The context as bytes: state and length little-endian, then the pending bytes.
    pub(crate) fn context(&self) -> Vec<u8> {
        let state = self.state.iter().flat_map(|word| word.to_le_bytes());
        state.chain(self.length.to_le_bytes()).chain(self.pending.iter().copied()).collect()
    }

    /// Takes a context back; nothing when it is malformed.
    pub(crate) fn from_context(bytes: &[u8]) -> Option<Self> {
        let (state, rest) = bytes.split_first_chunk::<32>()?;
        let (length, pending) = rest.split_first_chunk::<8>()?;
        let length = u64::from_le_bytes(*length);
        if u64::try_from(pending.len()).ok()? != length % 64 {
            return None;
        }
        let mut words = [0; 8];
        for (word, bytes) in words.iter_mut().zip(state.chunks_exact(4)) {
            *word = u32::from_le_bytes(bytes.try_into().ok()?);
        }
        Some(Self { state: words, length, pending: pending.to_vec() })
    }

    fn compress(&mut self) {
        let whole = self.pending.len() / 64 * 64;
        for block in self.pending[..whole].chunks_exact(64) {
            let mut bytes = [0; 64];
            bytes.copy_from_slice(block);
            compress256(&mut self.state, &[bytes]);
        }
        self.pending.drain(..whole);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::sha256;

    #[test]
    fn it_is_sha_256_at_every_length() {
        let message: Vec<u8> = (0..200_u8).collect();
        for length in 0..message.len() {
            let mut hasher = Hasher::new();
            hasher.update(&message[..length / 3]);
            let mut hasher = Hasher::from_context(&hasher.context()).unwrap();
            hasher.update(&message[length / 3..length]);
            assert_eq!(hasher.finish(), sha256(&[&message[..length]]), "{length} bytes");
        }
        assert!(Hasher::from_context(&[0; 41]).is_none());
    }
}
