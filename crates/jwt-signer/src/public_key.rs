//! P-256 public keys and how they are written.

use core::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// A public key on P-256: X and Y, 32 bytes each, big-endian.
///
/// Nothing here asks whether the point lies on the curve: the key comes from the element or the library
/// that made it. It displays as PEM.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PublicKey([u8; 64]);

impl PublicKey {
    /// Length of the key as a DER-encoded SubjectPublicKeyInfo.
    pub const SPKI_LENGTH: usize = SPKI_PREFIX.len() + 64;

    /// Takes X and Y, as the secure element puts them out.
    #[must_use]
    pub const fn from_bytes(x_and_y: [u8; 64]) -> Self {
        Self(x_and_y)
    }

    /// X and Y.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 64] {
        &self.0
    }

    /// The key as a SubjectPublicKeyInfo in DER (RFC 5480 section 2).
    #[must_use]
    pub fn to_spki_der(&self) -> [u8; Self::SPKI_LENGTH] {
        let mut der = [0; Self::SPKI_LENGTH];
        let (prefix, point) = der.split_at_mut(SPKI_PREFIX.len());
        prefix.copy_from_slice(&SPKI_PREFIX);
        point.copy_from_slice(&self.0);
        der
    }

    /// The key in PEM, 64 columns wide (RFC 7468 sections 2 and 13), with a line feed after each line.
    #[must_use]
    pub fn to_pem(&self) -> Pem {
        Pem::new(&self.to_spki_der())
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.to_pem().as_str())
    }
}

#[cfg(feature = "p256")]
impl From<&p256::ecdsa::VerifyingKey> for PublicKey {
    fn from(key: &p256::ecdsa::VerifyingKey) -> Self {
        let mut x_and_y = [0; 64];
        // Uncompressed (SEC 1 section 2.3.3): 04, X, Y.
        for (to, from) in x_and_y.iter_mut().zip(key.to_sec1_point(false).as_bytes().iter().skip(1)) {
            *to = *from;
        }
        Self(x_and_y)
    }
}

/// A public key in PEM.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pem([u8; Self::LENGTH]);

impl Pem {
    /// Length of the text.
    pub const LENGTH: usize = BEGIN.len() + 64 + 1 + 60 + 1 + END.len();

    fn new(der: &[u8; PublicKey::SPKI_LENGTH]) -> Self {
        let mut pem = [0; Self::LENGTH];
        let mut base64 = [0; 124];
        let _ = STANDARD.encode_slice(der, &mut base64);
        let (first, second) = base64.split_at(64);
        let pieces = [BEGIN, first, b"\n", second, b"\n", END];
        for (to, from) in pem.iter_mut().zip(pieces.into_iter().flatten()) {
            *to = *from;
        }
        Self(pem)
    }

    /// The text, five lines with their line feeds.
    #[must_use]
    pub fn as_str(&self) -> &str {
        // Always UTF-8: PEM is ASCII.
        core::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl fmt::Display for Pem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

const BEGIN: &[u8] = b"-----BEGIN PUBLIC KEY-----\n";
const END: &[u8] = b"-----END PUBLIC KEY-----\n";

/// SubjectPublicKeyInfo up to X (RFC 5480 section 2): SEQUENCE { SEQUENCE { id-ecPublicKey, secp256r1 },
/// BIT STRING without unused bits, which starts with 04 for an uncompressed point }.
const SPKI_PREFIX: [u8; 27] = [
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x02, 0x01, 0x06, 0x08, 0x2A, 0x86,
    0x48, 0xCE, 0x3D, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00, 0x04,
];

#[cfg(test)]
mod tests {
    use super::*;

    /// The public key that the Arduino tutorial shows, as X and Y and with lines of 76 columns there.
    const TUTORIAL: [u8; 64] = [
        0x16, 0x5e, 0x3e, 0x0d, 0x7b, 0x9f, 0x53, 0xce, 0x00, 0x84, 0x31, 0xa2, 0x6f, 0xb6, 0x8c, 0xc2, 0x66,
        0x30, 0x51, 0x50, 0x29, 0xf5, 0xca, 0x11, 0x74, 0x2f, 0x63, 0x39, 0xdc, 0xd1, 0x7b, 0x69, 0x2a, 0x19,
        0x61, 0x44, 0x6f, 0xe4, 0x0f, 0xe1, 0x5e, 0x18, 0x50, 0xaf, 0x59, 0xcb, 0xb3, 0xec, 0x99, 0x10, 0x01,
        0x8b, 0x5b, 0x16, 0x83, 0x18, 0x80, 0xa0, 0x48, 0x60, 0xd4, 0x51, 0x10, 0x82,
    ];

    #[test]
    fn the_tutorials_key_in_pem() {
        let pem = PublicKey::from_bytes(TUTORIAL).to_pem();
        assert_eq!(
            pem.as_str(),
            "-----BEGIN PUBLIC KEY-----\n\
             MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEFl4+DXufU84AhDGib7aMwmYwUVAp\n\
             9coRdC9jOdzRe2kqGWFEb+QP4V4YUK9Zy7PsmRABi1sWgxiAoEhg1FEQgg==\n\
             -----END PUBLIC KEY-----\n"
        );
        assert_eq!(std::format!("{}", PublicKey::from_bytes(TUTORIAL)), pem.as_str());
    }

    #[test]
    fn der_is_what_another_encoder_makes() {
        use p256::pkcs8::EncodePublicKey as _;

        let key = p256::ecdsa::SigningKey::from_slice(&[3; 32]).unwrap();
        let theirs = key.verifying_key().to_public_key_der().unwrap();
        assert_eq!(PublicKey::from(key.verifying_key()).to_spki_der(), theirs.as_bytes());
    }
}
