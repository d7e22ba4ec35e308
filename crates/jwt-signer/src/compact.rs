//! JWS compact serialisation (RFC 7515 section 3.1): encoded and hashed in one pass.

use core::convert::Infallible;

use crate::base64url::{Encoder, encoded_len};
use crate::cursor::Cursor;
use crate::{Es256Signer, InvalidKeyId, Sha256Engine, SignError, SoftwareSha256, WriteError};

/// Characters of an encoded signature: 64 bytes, r and s (RFC 7518 section 3.4).
pub const SIGNATURE_LENGTH: usize = encoded_len(64);

/// A key id, `kid` (RFC 7515 section 4.1.4), that goes into JSON as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyId<'a>(&'a str);

impl<'a> KeyId<'a> {
    /// Takes any text without quotes, backslashes and control characters.
    ///
    /// # Errors
    /// [`InvalidKeyId`] if there is one.
    pub const fn new(key_id: &'a str) -> Result<Self, InvalidKeyId> {
        let mut rest = key_id.as_bytes();
        while let Some((byte, more)) = rest.split_first() {
            if *byte < b' ' || *byte == b'"' || *byte == b'\\' {
                return Err(InvalidKeyId);
            }
            rest = more;
        }
        Ok(Self(key_id))
    }

    /// Takes a text in base64url, which has none of these.
    pub(crate) const fn from_base64url(text: &'a str) -> Self {
        Self(text)
    }
}

/// The protected header (RFC 7515 section 4): `alg` is ES256, always.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header<'a> {
    start: &'static str,
    key_id: Option<KeyId<'a>>,
}

impl<'a> Header<'a> {
    /// `{"alg":"ES256","typ":"JWT"}`, as IoT Core wants it.
    pub const JWT: Self = Self { start: r#"{"alg":"ES256","typ":"JWT""#, key_id: None };

    /// `{"alg":"ES256"}`, for a JWS that is no JWT.
    pub const JWS: Self = Self { start: r#"{"alg":"ES256""#, key_id: None };

    /// The same header that also names the key: `"kid":"..."`.
    #[must_use]
    pub const fn with_key_id(self, key_id: KeyId<'a>) -> Self {
        Self { key_id: Some(key_id), ..self }
    }

    /// Length of the JSON text.
    const fn len(&self) -> usize {
        self.start.len()
            + match self.key_id {
                Some(KeyId(key_id)) => KEY_ID.len() + key_id.len() + KEY_ID_END.len(),
                None => END.len(),
            }
    }

    /// Hands the JSON text to `put`, in pieces.
    fn write<E>(&self, mut put: impl FnMut(&str) -> Result<(), E>) -> Result<(), E> {
        put(self.start)?;
        if let Some(KeyId(key_id)) = self.key_id {
            put(KEY_ID)?;
            put(key_id)?;
            put(KEY_ID_END)
        } else {
            put(END)
        }
    }
}

const END: &str = "}";
const KEY_ID: &str = r#","kid":""#;
const KEY_ID_END: &str = "\"}";

/// A token before it is signed: its header and its payload.
///
/// The length of the signed token is known beforehand, so that it can go straight into a packet that
/// starts with a length.
#[derive(Clone, Copy, Debug)]
pub struct Token<'a> {
    header: Header<'a>,
    payload: &'a [u8],
}

impl<'a> Token<'a> {
    /// A JSON Web Token with the claims in `payload`, JSON text such as [`Payload`](crate::Payload) makes.
    #[must_use]
    pub const fn new(payload: &'a [u8]) -> Self {
        Self { header: Header::JWT, payload }
    }

    /// The same token under another header.
    #[must_use]
    pub const fn with_header(self, header: Header<'a>) -> Self {
        Self { header, ..self }
    }

    /// Length of the signed token in bytes, which are all ASCII.
    #[must_use]
    #[expect(clippy::len_without_is_empty, reason = "no token is empty")]
    pub fn len(&self) -> usize {
        self.signing_input_len() + 1 + SIGNATURE_LENGTH
    }

    /// Length of the signing input, the part before the second dot.
    #[must_use]
    pub fn signing_input_len(&self) -> usize {
        encoded_len(self.header.len()) + 1 + encoded_len(self.payload.len())
    }

    /// Signs with `signer` and writes the token to `put`, piece by piece.
    ///
    /// Each piece is hashed as it goes out, and then the signature follows: neither the signing input
    /// nor the token is ever held in memory. The pieces are ASCII, at most 32 bytes long, and add up to
    /// [`len`](Self::len).
    ///
    /// # Errors
    /// The first failure of `put`, `hash` or `signer`. The text that went out by then is no token.
    pub fn write<O, H: Sha256Engine, S: Es256Signer>(
        &self,
        mut put: impl FnMut(&[u8]) -> Result<(), O>,
        hash: &mut H,
        signer: &mut S,
    ) -> Result<(), WriteError<O, H::Error, S::Error>> {
        let digest = self.encode_and_hash(&mut put, hash)?;
        let signature = signer.sign_digest(&digest).map_err(WriteError::Signer)?;
        Self::encode_signature(&signature, &mut put).map_err(WriteError::Output)
    }

    /// Writes the signing input to `put` and returns its SHA-256 digest.
    ///
    /// With [`write_signature`](Self::write_signature) it is [`write`](Self::write) in two steps, for
    /// whoever signs on their own: later, elsewhere, or asynchronously.
    ///
    /// # Errors
    /// The first failure of `put` or `hash`.
    pub fn write_signing_input<O, H: Sha256Engine>(
        &self,
        mut put: impl FnMut(&[u8]) -> Result<(), O>,
        hash: &mut H,
    ) -> Result<[u8; 32], WriteError<O, H::Error, Infallible>> {
        self.encode_and_hash(&mut put, hash)
    }

    /// Writes what follows the signing input: the dot and the signature, r and s.
    ///
    /// # Errors
    /// The first failure of `put`.
    pub fn write_signature<O>(
        signature: &[u8; 64],
        mut put: impl FnMut(&[u8]) -> Result<(), O>,
    ) -> Result<(), O> {
        Self::encode_signature(signature, &mut put)
    }

    /// Signs with `signer`, hashing in software, and returns the token at the beginning of `buffer`.
    ///
    /// # Errors
    /// [`SignError::BufferTooSmall`] before anything is signed, or the signer's own error.
    pub fn sign<'b, S: Es256Signer>(
        &self,
        signer: &mut S,
        buffer: &'b mut [u8],
    ) -> Result<&'b str, SignError<S::Error>> {
        let needed = self.len();
        let too_small = SignError::BufferTooSmall { needed };
        let Some(token) = buffer.get_mut(..needed) else { return Err(too_small) };
        let mut cursor = Cursor::new(token);
        match self.write(|text| cursor.put(text), &mut SoftwareSha256::new(), signer) {
            // Always UTF-8: the token is ASCII.
            Ok(()) => core::str::from_utf8(token).map_err(|_| too_small),
            Err(WriteError::Signer(cause)) => Err(SignError::Signer(cause)),
        }
    }

    fn encode_and_hash<O, H: Sha256Engine, S>(
        &self,
        put: &mut impl FnMut(&[u8]) -> Result<(), O>,
        hash: &mut H,
    ) -> Result<[u8; 32], WriteError<O, H::Error, S>> {
        let mut both = |text: &[u8]| {
            hash.update(text).map_err(WriteError::Hash)?;
            put(text).map_err(WriteError::Output)
        };
        let mut encoder = Encoder::new();
        self.header.write(|piece| encoder.push(piece.as_bytes(), &mut both))?;
        encoder.flush(&mut both)?;
        both(b".")?;
        encoder.push(self.payload, &mut both)?;
        encoder.flush(&mut both)?;
        hash.finish().map_err(WriteError::Hash)
    }

    fn encode_signature<O>(
        signature: &[u8; 64],
        put: &mut impl FnMut(&[u8]) -> Result<(), O>,
    ) -> Result<(), O> {
        put(b".")?;
        let mut encoder = Encoder::new();
        encoder.push(signature, put)?;
        encoder.flush(put)
    }
}
