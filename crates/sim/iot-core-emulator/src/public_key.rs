//! The devices' public keys: P-256 in a SubjectPublicKeyInfo, as the element's tool prints them.

use core::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::{agreement, rand::SystemRandom, signature};

/// DER of a SubjectPublicKeyInfo for `id-ecPublicKey` on `prime256v1`, up to the point (RFC 5480, section 2).
const SPKI_PREFIX: [u8; 26] = [
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86,
    0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
];
const BEGIN: &str = "-----BEGIN PUBLIC KEY-----";
const END: &str = "-----END PUBLIC KEY-----";

/// A P-256 public key, known to lie on the curve.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct PublicKey([u8; 65]);

/// Says why a text is not a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum KeyError {
    /// No `-----BEGIN PUBLIC KEY-----` and `-----END PUBLIC KEY-----` around one key.
    NotPem,
    /// What lies between is not base64.
    NotBase64,
    /// Not the SubjectPublicKeyInfo of an uncompressed P-256 key.
    NotP256,
    /// The point is not on the curve.
    NotOnCurve,
}

impl PublicKey {
    /// Reads a key as the console takes it (format `ES256_PEM`), with lines of any length.
    ///
    /// # Errors
    /// Says why the text is not a key.
    pub fn from_pem(pem: &str) -> Result<Self, KeyError> {
        let body =
            pem.trim().strip_prefix(BEGIN).and_then(|rest| rest.strip_suffix(END)).ok_or(KeyError::NotPem)?;
        if body.contains("-----") {
            return Err(KeyError::NotPem);
        }
        let base64: String = body.chars().filter(|c| !c.is_ascii_whitespace()).collect();
        Self::from_der(&STANDARD.decode(base64).map_err(|_| KeyError::NotBase64)?)
    }

    /// Reads a SubjectPublicKeyInfo in DER.
    ///
    /// # Errors
    /// `NotP256` or `NotOnCurve`.
    pub fn from_der(der: &[u8]) -> Result<Self, KeyError> {
        let point = der.strip_prefix(&SPKI_PREFIX).ok_or(KeyError::NotP256)?;
        let point: [u8; 65] = point.try_into().map_err(|_| KeyError::NotP256)?;
        if point[0] != 4 {
            return Err(KeyError::NotP256);
        }
        // ring checks a point when it agrees on a secret with it, and offers no other way.
        let own = agreement::EphemeralPrivateKey::generate(&agreement::ECDH_P256, &SystemRandom::new());
        let peer = agreement::UnparsedPublicKey::new(&agreement::ECDH_P256, point);
        own.and_then(|own| agreement::agree_ephemeral(own, &peer, |_| ()))
            .map_err(|_| KeyError::NotOnCurve)?;
        Ok(Self(point))
    }

    /// Writes the key as PEM with lines of 64 columns.
    #[must_use]
    pub fn to_pem(&self) -> String {
        let base64 = STANDARD.encode([&SPKI_PREFIX[..], &self.0].concat());
        let (first, second) = base64.split_at(64);
        format!("{BEGIN}\n{first}\n{second}\n{END}\n")
    }

    /// Tells whether `signature` (r then s, 64 bytes) over SHA-256 of `message` was made with this key's secret.
    #[must_use]
    pub fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        signature::UnparsedPublicKey::new(&signature::ECDSA_P256_SHA256_FIXED, self.0)
            .verify(message, signature)
            .is_ok()
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({})", STANDARD.encode(self.0))
    }
}

impl fmt::Display for KeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotPem => "not one PEM block labelled PUBLIC KEY",
            Self::NotBase64 => "the PEM block is not base64",
            Self::NotP256 => "not the SubjectPublicKeyInfo of an uncompressed P-256 key",
            Self::NotOnCurve => "the point is not on the curve P-256",
        })
    }
}

impl core::error::Error for KeyError {}

/// RFC 6979, appendix A.2.5, as PEM.
#[cfg(test)]
pub(crate) const RFC_6979_PEM: &str = concat!(
    "-----BEGIN PUBLIC KEY-----\n",
    "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEYP7UuiVanTHJYet0xjVtaMBJuJI7\n",
    "Yfps5mliLmDyn7Z5A/4QCLi8maQa6elWKLxk8vGyDC1+n1F3o8KU1EYimQ==\n",
    "-----END PUBLIC KEY-----\n",
);

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 6979, appendix A.2.5: the public key of the P-256 vectors.
    const UX: &str = "60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6";
    const UY: &str = "7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299";

    fn hex(text: &str) -> Vec<u8> {
        (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
    }

    fn der() -> Vec<u8> {
        [&SPKI_PREFIX[..], &[4], &hex(UX), &hex(UY)].concat()
    }

    fn pem(columns: usize, newline: &str) -> String {
        let base64 = STANDARD.encode(der());
        let lines: Vec<&str> =
            base64.as_bytes().chunks(columns).map(|line| core::str::from_utf8(line).unwrap()).collect();
        format!("{BEGIN}{newline}{}{newline}{END}{newline}", lines.join(newline))
    }

    #[test]
    fn pem_lines_may_have_64_or_76_columns() {
        let key = PublicKey::from_der(&der()).unwrap();
        for text in [pem(64, "\n"), pem(76, "\n"), pem(64, "\r\n"), pem(124, "\n")] {
            assert_eq!(PublicKey::from_pem(&text), Ok(key), "{text}");
        }
        assert_eq!(key.to_pem(), pem(64, "\n"));
    }

    #[test]
    fn the_der_is_taken_literally() {
        let at = |index: usize, value: u8| {
            let mut der = der();
            der[index] = value;
            PublicKey::from_der(&der)
        };
        assert_eq!(at(1, 0x58), Err(KeyError::NotP256));
        assert_eq!(at(22, 0x08), Err(KeyError::NotP256)); // another curve
        assert_eq!(at(26, 0x02), Err(KeyError::NotP256)); // compressed
        assert_eq!(at(90, 0x98), Err(KeyError::NotOnCurve));
        assert_eq!(PublicKey::from_der(&der()[..90]), Err(KeyError::NotP256));
        assert_eq!(PublicKey::from_der(&[der(), vec![0]].concat()), Err(KeyError::NotP256));
    }

    #[test]
    fn anything_else_is_named() {
        assert_eq!(PublicKey::from_pem(""), Err(KeyError::NotPem));
        assert_eq!(PublicKey::from_pem(&pem(64, "\n").replace("PUBLIC", "EC PUBLIC")), Err(KeyError::NotPem));
        assert_eq!(PublicKey::from_pem(&pem(64, "\n").repeat(2)), Err(KeyError::NotPem));
        assert_eq!(PublicKey::from_pem(&pem(64, "\n").replace("MFkw", "M*kw")), Err(KeyError::NotBase64));
    }

    #[test]
    fn rfc_6979_signature_of_sample_verifies() {
        let key = PublicKey::from_der(&der()).unwrap();
        let signature = hex(concat!(
            "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716",
            "f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8",
        ));
        assert!(key.verifies(b"sample", &signature));
        assert!(!key.verifies(b"Sample", &signature));
    }
}
