//! P-256 public keys and how they are written.

use core::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::cursor::Cursor;
use crate::{InvalidPublicKey, Pem};

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

    /// Takes a SubjectPublicKeyInfo in DER.
    ///
    /// # Errors
    /// [`InvalidPublicKey::NotP256`] if it is anything but an uncompressed point of P-256.
    pub fn from_spki_der(der: &[u8]) -> Result<Self, InvalidPublicKey> {
        let point = der.strip_prefix(&SPKI_PREFIX).ok_or(InvalidPublicKey::NotP256)?;
        point.try_into().map(Self).map_err(|_| InvalidPublicKey::NotP256)
    }

    /// Takes a key in PEM, whatever the width of its lines: the Arduino library writes 76 columns.
    ///
    /// # Errors
    /// [`InvalidPublicKey`] if the text is no PEM, or holds no P-256 key.
    pub fn from_pem(text: &str) -> Result<Self, InvalidPublicKey> {
        let (_, text) = text.split_once(BEGIN).ok_or(InvalidPublicKey::NotPem)?;
        let (text, _) = text.split_once(END).ok_or(InvalidPublicKey::NotPem)?;

        let mut base64 = [0; Self::BASE64_LENGTH];
        let mut places = base64.iter_mut();
        for byte in text.bytes().filter(|byte| !byte.is_ascii_whitespace()) {
            *places.next().ok_or(InvalidPublicKey::NotP256)? = byte;
        }
        let unused = places.len();
        let base64 = base64.get(..Self::BASE64_LENGTH - unused).unwrap_or_default();
        let mut der = [0; Self::BASE64_LENGTH / 4 * 3];
        let length = STANDARD.decode_slice(base64, &mut der).map_err(|_| InvalidPublicKey::NotPem)?;
        Self::from_spki_der(der.get(..length).unwrap_or_default())
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
    pub fn to_pem(&self) -> PublicKeyPem {
        let mut text = [0; PublicKeyPem::LENGTH];
        let mut cursor = Cursor::new(&mut text);
        let Ok(()) = Pem::public_key(&self.to_spki_der()).write(|piece| cursor.put(piece));
        PublicKeyPem(text)
    }

    const BASE64_LENGTH: usize = Self::SPKI_LENGTH.div_ceil(3) * 4;
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Pem::public_key(&self.to_spki_der()).fmt(f)
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
pub struct PublicKeyPem([u8; Self::LENGTH]);

impl PublicKeyPem {
    /// Length of the text: two whole lines of base64 between two lines of their own.
    pub const LENGTH: usize = BEGIN.len() + 1 + PublicKey::BASE64_LENGTH + 2 + END.len() + 1;

    /// The text, four lines with their line feeds.
    #[must_use]
    pub fn as_str(&self) -> &str {
        // Always UTF-8: PEM is ASCII.
        core::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl fmt::Display for PublicKeyPem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

const BEGIN: &str = "-----BEGIN PUBLIC KEY-----";
const END: &str = "-----END PUBLIC KEY-----";

/// SubjectPublicKeyInfo up to X (RFC 5480 section 2): SEQUENCE { SEQUENCE { id-ecPublicKey, secp256r1 },
/// BIT STRING without unused bits, which starts with 04 for an uncompressed point }.
const SPKI_PREFIX: [u8; 27] = [
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x02, 0x01, 0x06, 0x08, 0x2A, 0x86,
    0x48, 0xCE, 0x3D, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00, 0x04,
];

#[cfg(test)]
mod tests {
    use std::string::ToString;

    use proptest::prelude::*;

    use super::*;

    /// The public key that the Arduino tutorial shows, as X and Y.
    const TUTORIAL: [u8; 64] = [
        0x16, 0x5e, 0x3e, 0x0d, 0x7b, 0x9f, 0x53, 0xce, 0x00, 0x84, 0x31, 0xa2, 0x6f, 0xb6, 0x8c, 0xc2, 0x66,
        0x30, 0x51, 0x50, 0x29, 0xf5, 0xca, 0x11, 0x74, 0x2f, 0x63, 0x39, 0xdc, 0xd1, 0x7b, 0x69, 0x2a, 0x19,
        0x61, 0x44, 0x6f, 0xe4, 0x0f, 0xe1, 0x5e, 0x18, 0x50, 0xaf, 0x59, 0xcb, 0xb3, 0xec, 0x99, 0x10, 0x01,
        0x8b, 0x5b, 0x16, 0x83, 0x18, 0x80, 0xa0, 0x48, 0x60, 0xd4, 0x51, 0x10, 0x82,
    ];

    /// As the Arduino library prints it.
    const TUTORIAL_76_COLUMNS: &str = "-----BEGIN PUBLIC KEY-----\n\
        MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEFl4+DXufU84AhDGib7aMwmYwUVAp9coRdC9jOdzR\n\
        e2kqGWFEb+QP4V4YUK9Zy7PsmRABi1sWgxiAoEhg1FEQgg==\n\
        -----END PUBLIC KEY-----\n";

    #[test]
    fn the_tutorials_key_in_pem() {
        let key = PublicKey::from_bytes(TUTORIAL);
        assert_eq!(
            key.to_pem().as_str(),
            "-----BEGIN PUBLIC KEY-----\n\
             MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEFl4+DXufU84AhDGib7aMwmYwUVAp\n\
             9coRdC9jOdzRe2kqGWFEb+QP4V4YUK9Zy7PsmRABi1sWgxiAoEhg1FEQgg==\n\
             -----END PUBLIC KEY-----\n"
        );
        assert_eq!(key.to_string(), key.to_pem().as_str());
        assert_eq!(key.to_pem().to_string(), key.to_pem().as_str());
    }

    #[test]
    fn pem_of_any_width_is_read() {
        let key = PublicKey::from_bytes(TUTORIAL);
        assert_eq!(PublicKey::from_pem(TUTORIAL_76_COLUMNS), Ok(key));
        assert_eq!(PublicKey::from_pem(key.to_pem().as_str()), Ok(key));
        let windows = TUTORIAL_76_COLUMNS.replace('\n', "\r\n");
        assert_eq!(PublicKey::from_pem(&std::format!("Subject: MKR\n{windows}\n")), Ok(key));
    }

    #[test]
    fn what_is_no_key_is_told_apart() {
        let truncated = TUTORIAL_76_COLUMNS.replace("1FEQgg==", "");
        let longer = TUTORIAL_76_COLUMNS.replace("EQgg==", "EQggAA");
        let other_curve = TUTORIAL_76_COLUMNS.replace("zj0DAQcD", "zj0DAQgD");
        for (text, error) in [
            ("", InvalidPublicKey::NotPem),
            ("-----BEGIN PUBLIC KEY-----\nMFkw\n", InvalidPublicKey::NotPem),
            ("-----BEGIN PUBLIC KEY-----\n!\n-----END PUBLIC KEY-----", InvalidPublicKey::NotPem),
            ("-----BEGIN PUBLIC KEY-----\n-----END PUBLIC KEY-----", InvalidPublicKey::NotP256),
            (&truncated, InvalidPublicKey::NotP256),
            (&longer, InvalidPublicKey::NotP256),
            (&other_curve, InvalidPublicKey::NotP256),
        ] {
            assert_eq!(PublicKey::from_pem(text), Err(error), "{text}");
        }
    }

    #[test]
    fn der_is_what_another_encoder_makes() {
        use p256::pkcs8::EncodePublicKey as _;

        let key = p256::ecdsa::SigningKey::from_slice(&[3; 32]).unwrap();
        let theirs = key.verifying_key().to_public_key_der().unwrap();
        assert_eq!(PublicKey::from(key.verifying_key()).to_spki_der(), theirs.as_bytes());
    }

    proptest! {
        #[test]
        fn any_key_survives_pem(x_and_y: [[u8; 32]; 2]) {
            let key = PublicKey::from_bytes(core::array::from_fn(|index| x_and_y[index / 32][index % 32]));
            prop_assert_eq!(PublicKey::from_pem(key.to_pem().as_str()), Ok(key));
            prop_assert_eq!(PublicKey::from_spki_der(&key.to_spki_der()), Ok(key));
        }

        #[test]
        fn any_text_is_read_without_a_panic(text in "(-----BEGIN PUBLIC KEY-----)?[A-Za-z0-9+/=\n-]{0,200}(-----END PUBLIC KEY-----)?") {
            let _ = PublicKey::from_pem(&text);
        }
    }
}
