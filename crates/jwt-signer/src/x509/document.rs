//! The DER that both documents share: sequences, the signature, hashing on the way.

use der::asn1::{BitStringRef, ObjectIdentifier, UintRef};
use der::{Encode, EncodeValue, FixedTag, Length, Tag, Writer};
use spki::AlgorithmIdentifierRef;

use super::{CertificateError, SignCertificateError};
use crate::cursor::Cursor;
use crate::{Es256Signer, Sha256Engine, SoftwareSha256};

/// ecdsa-with-SHA256 (RFC 5758 section 3.2).
pub(super) const ECDSA_WITH_SHA256: AlgorithmIdentifierRef<'static> =
    AlgorithmIdentifierRef { oid: ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.2"), parameters: None };

/// A SEQUENCE of the fields in the tuple.
pub(super) struct Sequence<T>(pub(super) T);

impl<T> FixedTag for Sequence<T> {
    const TAG: Tag = Tag::Sequence;
}

macro_rules! sequence_of {
    ($($field:ident)+) => {
        #[expect(non_snake_case, reason = "each field is named as its type")]
        impl<$($field: Encode),+> EncodeValue for Sequence<($($field,)+)> {
            fn value_len(&self) -> der::Result<Length> {
                let ($($field,)+) = &self.0;
                Ok(Length::ZERO)$(.and_then(|length| length + $field.encoded_len()?))+
            }

            fn encode_value(&self, writer: &mut impl Writer) -> der::Result<()> {
                let ($($field,)+) = &self.0;
                $($field.encode(writer)?;)+
                Ok(())
            }
        }
    };
}

sequence_of!(A B);
sequence_of!(A B C);
sequence_of!(A B C D);
sequence_of!(A B C D E F G H);

/// DER that is already there.
pub(super) struct Encoded<'a>(pub(super) &'a [u8]);

impl Encode for Encoded<'_> {
    fn encoded_len(&self) -> der::Result<Length> {
        Length::try_from(self.0.len())
    }

    fn encode(&self, writer: &mut impl Writer) -> der::Result<()> {
        writer.write(self.0)
    }
}

/// A field by reference.
struct Borrowed<'a, T>(&'a T);

impl<T: Encode> Encode for Borrowed<'_, T> {
    fn encoded_len(&self) -> der::Result<Length> {
        self.0.encoded_len()
    }

    fn encode(&self, writer: &mut impl Writer) -> der::Result<()> {
        self.0.encode(writer)
    }
}

/// Where DER goes: one type for all, since what encodes is compiled once for each.
enum Output<'b> {
    Hash(&'b mut SoftwareSha256),
    Buffer(Cursor<'b>),
}

impl Writer for Output<'_> {
    fn write(&mut self, der: &[u8]) -> der::Result<()> {
        let Ok(()) = match self {
            Self::Hash(hash) => hash.update(der),
            Self::Buffer(cursor) => cursor.put(der),
        };
        Ok(())
    }
}

/// The SHA-256 digest of what `body` encodes to.
pub(super) fn digest(body: &impl Encode) -> Result<[u8; 32], CertificateError> {
    let mut hash = SoftwareSha256::new();
    body.encode(&mut Output::Hash(&mut hash))?;
    let Ok(digest) = hash.finish();
    Ok(digest)
}

/// Writes `body` with its signature to `buffer`: SEQUENCE { body, algorithm, signature }.
pub(super) fn signed<'b>(
    body: &impl Encode,
    signature: &[u8; 64],
    buffer: &'b mut [u8],
) -> Result<&'b [u8], CertificateError> {
    let (r, s) = signature.split_at(32);
    let mut encoded = [0; MAX_SIGNATURE];
    // Ecdsa-Sig-Value (RFC 3279 section 2.2.3).
    let encoded = encode(&Sequence((UintRef::new(r)?, UintRef::new(s)?)), &mut encoded)?;
    encode(&Sequence((Borrowed(body), ECDSA_WITH_SHA256, BitStringRef::from_bytes(encoded)?)), buffer)
}

fn encode<'b>(document: &impl Encode, buffer: &'b mut [u8]) -> Result<&'b [u8], CertificateError> {
    let needed = document.encoded_len()?.try_into()?;
    let Some(buffer) = buffer.get_mut(..needed) else {
        return Err(CertificateError::BufferTooSmall { needed });
    };
    document.encode(&mut Output::Buffer(Cursor::new(buffer)))?;
    Ok(buffer)
}

/// Signs `body` with `signer` and writes both to `buffer`.
pub(super) fn sign<'b, S: Es256Signer>(
    body: &impl Encode,
    signer: &mut S,
    buffer: &'b mut [u8],
) -> Result<&'b [u8], SignCertificateError<S::Error>> {
    let signature = signer.sign_digest(&digest(body)?).map_err(SignCertificateError::Signer)?;
    Ok(signed(body, &signature, buffer)?)
}

/// SEQUENCE { INTEGER, INTEGER }, both of 32 bytes with a zero in front.
const MAX_SIGNATURE: usize = 2 + 2 * (2 + 33);
