//! PEM, 64 columns wide (RFC 7468 section 2).

use core::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// DER under a label; it displays as PEM, with a line feed after each line.
///
/// ```
/// use jwt_signer::Pem;
///
/// assert_eq!(
///     Pem::certificate(&[0x30, 0x00]).to_string(),
///     "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n"
/// );
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pem<'a> {
    label: &'static str,
    der: &'a [u8],
}

impl<'a> Pem<'a> {
    /// A certificate (RFC 7468 section 5).
    #[must_use]
    pub const fn certificate(der: &'a [u8]) -> Self {
        Self { label: "CERTIFICATE", der }
    }

    /// A request for a certificate (RFC 7468 section 7).
    #[must_use]
    pub const fn certificate_request(der: &'a [u8]) -> Self {
        Self { label: "CERTIFICATE REQUEST", der }
    }

    /// A SubjectPublicKeyInfo (RFC 7468 section 13).
    pub(crate) const fn public_key(der: &'a [u8]) -> Self {
        Self { label: "PUBLIC KEY", der }
    }

    /// Hands the text to `put`, in pieces.
    pub(crate) fn write<E>(&self, mut put: impl FnMut(&[u8]) -> Result<(), E>) -> Result<(), E> {
        put(b"-----BEGIN ")?;
        put(self.label.as_bytes())?;
        put(b"-----\n")?;
        for line in self.der.chunks(LINE) {
            // By halves: base64 has a fast way for more than 24 bytes, which costs 0.5 KB of flash.
            for half in line.chunks(LINE / 2) {
                let mut text = [0; LINE / 2 / 3 * 4];
                // Cannot fail: half a line fills the text exactly.
                let length = STANDARD.encode_slice(half, &mut text).unwrap_or_default();
                put(text.get(..length).unwrap_or_default())?;
            }
            put(b"\n")?;
        }
        put(b"-----END ")?;
        put(self.label.as_bytes())?;
        put(b"-----\n")
    }
}

impl fmt::Display for Pem<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write(|piece| f.write_str(core::str::from_utf8(piece).map_err(|_| fmt::Error)?))
    }
}

/// Bytes in a line of 64 columns.
const LINE: usize = 48;
