//! What signs and what hashes: the two seams of the crate.

/// Signs SHA-256 digests with one P-256 private key (ES256, RFC 7518 section 3.4).
///
/// It takes `&mut self`, since a secure element on a bus is one, and keeps the cause of a failure.
pub trait Es256Signer {
    /// Why a signature could not be made.
    type Error: core::error::Error;

    /// Signs `digest` (32 bytes, SHA-256 of the message); returns r and s, 32 bytes each, big-endian.
    ///
    /// # Errors
    /// When the key cannot be used; the cause is the signer's own.
    fn sign_digest(&mut self, digest: &[u8; 32]) -> Result<[u8; 64], Self::Error>;
}

impl<S: Es256Signer + ?Sized> Es256Signer for &mut S {
    type Error = S::Error;

    fn sign_digest(&mut self, digest: &[u8; 32]) -> Result<[u8; 64], Self::Error> {
        (**self).sign_digest(digest)
    }
}

/// Computes one SHA-256 digest (FIPS 180-4) over data that comes in pieces.
pub trait Sha256Engine {
    /// Why a digest could not be computed; [`core::convert::Infallible`] in software.
    type Error: core::error::Error;

    /// Takes the next piece of the message.
    ///
    /// # Errors
    /// When the engine fails; the digest is lost then.
    fn update(&mut self, data: &[u8]) -> Result<(), Self::Error>;

    /// Returns the digest of all pieces, and is ready for a new message.
    ///
    /// # Errors
    /// When the engine fails; the digest is lost then.
    fn finish(&mut self) -> Result<[u8; 32], Self::Error>;
}
