//! SHA-256 and ES256 in software.

use core::convert::Infallible;

use sha2::{Digest, Sha256};

use crate::Sha256Engine;

/// SHA-256 by the sha2 crate.
///
/// On a small board build with `RUSTFLAGS='--cfg sha2_backend_soft="compact"'`: 1.7 KB of flash instead
/// of 10.6 KB.
#[derive(Clone, Debug, Default)]
pub struct SoftwareSha256(Sha256);

impl SoftwareSha256 {
    /// An engine that has seen nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}

impl Sha256Engine for SoftwareSha256 {
    type Error = Infallible;

    fn update(&mut self, data: &[u8]) -> Result<(), Infallible> {
        self.0.update(data);
        Ok(())
    }

    fn finish(&mut self) -> Result<[u8; 32], Infallible> {
        Ok(self.0.finalize_reset().into())
    }
}

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
