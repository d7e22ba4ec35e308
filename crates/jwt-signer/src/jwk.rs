//! A public key as a JSON Web Key (RFC 7517), and its thumbprint (RFC 7638).

use core::fmt;

use crate::base64url::encoded_len;
use crate::cursor::Cursor;
use crate::{KeyId, PublicKey, Sha256Engine, SoftwareSha256};

/// A public key as JSON: the required members in lexical order and nothing else, so that it is at the
/// same time what a thumbprint is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Jwk([u8; Self::LENGTH]);

impl Jwk {
    /// Length of the text.
    pub const LENGTH: usize = BEFORE_X.len() + encoded_len(32) + BEFORE_Y.len() + encoded_len(32) + END.len();

    /// The JSON text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        // Always UTF-8: it is ASCII.
        core::str::from_utf8(&self.0).unwrap_or_default()
    }

    /// The SHA-256 thumbprint (RFC 7638 section 3).
    #[must_use]
    pub fn thumbprint(&self) -> Thumbprint {
        let mut engine = SoftwareSha256::new();
        let Ok(()) = engine.update(&self.0);
        let Ok(digest) = engine.finish();
        let mut text = [0; Thumbprint::LENGTH];
        let Ok(()) = Cursor::new(&mut text).put_base64url(&digest);
        Thumbprint(text)
    }
}

impl From<&PublicKey> for Jwk {
    fn from(key: &PublicKey) -> Self {
        let (x, y) = key.as_bytes().split_at(32);
        let mut text = [0; Self::LENGTH];
        let mut cursor = Cursor::new(&mut text);
        let Ok(()) = cursor.put(BEFORE_X);
        let Ok(()) = cursor.put_base64url(x);
        let Ok(()) = cursor.put(BEFORE_Y);
        let Ok(()) = cursor.put_base64url(y);
        let Ok(()) = cursor.put(END);
        Self(text)
    }
}

impl fmt::Display for Jwk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The SHA-256 thumbprint of a public key, in base64url: a name for the key that anybody can compute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Thumbprint([u8; Self::LENGTH]);

impl Thumbprint {
    /// Length of the text.
    pub const LENGTH: usize = encoded_len(32);

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        // Always UTF-8: it is ASCII.
        core::str::from_utf8(&self.0).unwrap_or_default()
    }

    /// The thumbprint as the `kid` of a token's header.
    #[must_use]
    pub fn key_id(&self) -> KeyId<'_> {
        KeyId::from_base64url(self.as_str())
    }
}

impl fmt::Display for Thumbprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

const BEFORE_X: &[u8] = br#"{"crv":"P-256","kty":"EC","x":""#;
const BEFORE_Y: &[u8] = br#"","y":""#;
const END: &[u8] = br#""}"#;
