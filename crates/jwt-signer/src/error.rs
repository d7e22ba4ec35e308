//! What can go wrong, by who is to blame.

use core::error::Error;
use core::fmt;

/// Why claims could not be written as JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ClaimsError {
    /// The JSON text is longer than the payload's capacity.
    TooLong {
        /// Bytes that were there.
        capacity: usize,
        /// The serialiser's own words.
        cause: serde_json_core::ser::Error,
    },
}

impl fmt::Display for ClaimsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong { capacity, .. } => write!(f, "claims do not fit {capacity} bytes of JSON"),
        }
    }
}

impl Error for ClaimsError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::TooLong { cause, .. } => Some(cause),
        }
    }
}

/// The key id would need escapes in JSON: it has a quote, a backslash or a control character.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidKeyId;

impl fmt::Display for InvalidKeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("key id has a quote, a backslash or a control character")
    }
}

impl Error for InvalidKeyId {}

/// Why a text or some bytes are no public key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum InvalidPublicKey {
    /// There is no PEM text with the label PUBLIC KEY, or its base64 is broken.
    NotPem,
    /// It is a key of another kind, on another curve, compressed, or incomplete.
    NotP256,
}

impl fmt::Display for InvalidPublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotPem => "not a public key in PEM",
            Self::NotP256 => "not an uncompressed public key on P-256",
        })
    }
}

impl Error for InvalidPublicKey {}

/// Why a token was not written: the output, the hash engine or the signer failed.
///
/// What went out before the failure is the beginning of a token, and worthless. There is nobody else to
/// blame, so that a `match` may be complete.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WriteError<Output, Hash, Signer> {
    /// The output refused text.
    Output(Output),
    /// The hash engine failed.
    Hash(Hash),
    /// The signer failed.
    Signer(Signer),
}

impl<Output, Hash, Signer> fmt::Display for WriteError<Output, Hash, Signer> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Output(_) => "the output refused the token",
            Self::Hash(_) => "the token's SHA-256 digest could not be computed",
            Self::Signer(_) => "the token could not be signed",
        })
    }
}

impl<Output, Hash, Signer> Error for WriteError<Output, Hash, Signer>
where
    Output: Error + 'static,
    Hash: Error + 'static,
    Signer: Error + 'static,
{
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Output(cause) => Some(cause),
            Self::Hash(cause) => Some(cause),
            Self::Signer(cause) => Some(cause),
        }
    }
}

/// Why a token could not be signed into a buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SignError<Signer> {
    /// The buffer is shorter than the token.
    BufferTooSmall {
        /// Length of the token.
        needed: usize,
    },
    /// The signer failed.
    Signer(Signer),
}

impl<Signer> fmt::Display for SignError<Signer> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BufferTooSmall { needed } => write!(f, "the token needs a buffer of {needed} bytes"),
            Self::Signer(_) => f.write_str("the token could not be signed"),
        }
    }
}

impl<Signer: Error + 'static> Error for SignError<Signer> {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::BufferTooSmall { .. } => None,
            Self::Signer(cause) => Some(cause),
        }
    }
}
