//! The 72 bytes of a certificate that an element keeps in a slot.

use super::{CertificateError, Style, Validity};

/// A certificate's signature and dates; everything else is known to whoever rebuilds it.
///
/// In 72 bytes, the size of the element's slots 9 to 15: the signature (r and s), the dates, and zeros.
/// The dates depend on the [`Style`]:
/// - cryptoauthlib's are 24 bits, the most significant first: year since 2000 (5), month (4), day (5),
///   hour (5), years of validity (5).
/// - The Arduino library declares bit fields of the same widths, but in a structure that is not packed, so
///   that its compiler gives each a byte of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CompressedCertificate([u8; Self::LENGTH]);

impl CompressedCertificate {
    /// Length of the compressed form.
    pub const LENGTH: usize = 72;

    /// Compresses a certificate of this `style`.
    #[must_use]
    pub fn new(signature: &[u8; 64], validity: &Validity, style: Style) -> Self {
        let [year, month, day, hour, years] = validity.fields();
        let dates = match style {
            Style::Rfc5280 => {
                [year << 3 | month >> 1, month << 7 | day << 2 | hour >> 3, hour << 5 | years, 0, 0]
            }
            Style::Arduino => [year, month, day, hour, years],
        };
        let mut bytes = [0; Self::LENGTH];
        for (place, byte) in bytes.iter_mut().zip(signature.iter().chain(&dates)) {
            *place = *byte;
        }
        Self(bytes)
    }

    /// Takes what a slot held.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; Self::LENGTH]) -> Self {
        Self(bytes)
    }

    /// What is to be stored.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; Self::LENGTH] {
        &self.0
    }

    /// The signature, r and s.
    #[must_use]
    pub fn signature(&self) -> &[u8; 64] {
        self.0.first_chunk().unwrap_or(&[0; 64])
    }

    /// The dates of a certificate of this `style`.
    ///
    /// # Errors
    /// [`CertificateError::InvalidDate`] if they are no dates: nothing was stored, or in the other style.
    pub fn validity(&self, style: Style) -> Result<Validity, CertificateError> {
        let dates: &[u8; 8] = self.0.last_chunk().unwrap_or(&[0; 8]);
        let [year, month, day, hour, years] = match (style, dates) {
            (Style::Rfc5280, [a, b, c, ..]) => {
                [a >> 3, (a & 0x07) << 1 | b >> 7, b >> 2 & 0x1F, (b & 0x03) << 3 | c >> 5, c & 0x1F]
            }
            (Style::Arduino, [year, month, day, hour, years, ..]) => {
                [year & 0x1F, month & 0x0F, day & 0x1F, hour & 0x1F, years & 0x1F]
            }
        };
        Validity::new(2000 + u16::from(year), month, day, hour, years)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SIGNATURE: [u8; 64] = [0x5A; 64];

    /// cryptoauthlib test/atcacert/test_atcacert_date.c: the vectors of `atcacert_date_enc_compcert`.
    #[test]
    fn dates_as_cryptoauthlib_packs_them() {
        for ((year, month, day, hour, years), packed) in [
            ((2021, 3, 7, 10, 28), [0xA9, 0x9D, 0x5C]),
            ((2000, 1, 1, 0, 0), [0x00, 0x84, 0x00]),
            ((2031, 12, 31, 23, 31), [0xFE, 0x7E, 0xFF]),
        ] {
            let validity = Validity::new(year, month, day, hour, years).unwrap();
            let compressed = CompressedCertificate::new(&SIGNATURE, &validity, Style::Rfc5280);
            assert_eq!(compressed.as_bytes()[64..67], packed);
            assert_eq!(compressed.as_bytes()[67..], [0; 5]);
            assert_eq!(compressed.signature(), &SIGNATURE);
            assert_eq!(compressed.validity(Style::Rfc5280), Ok(validity));
        }
    }

    /// What g++ makes of the Arduino library's structure, on x86-64 and by the same rule on ARM.
    #[test]
    fn dates_as_the_arduino_library_lays_them_out() {
        let validity = Validity::new(2021, 3, 7, 10, 28).unwrap();
        let compressed = CompressedCertificate::new(&SIGNATURE, &validity, Style::Arduino);
        assert_eq!(compressed.as_bytes()[64..], [0x15, 0x03, 0x07, 0x0A, 0x1C, 0, 0, 0]);
        assert_eq!(compressed.validity(Style::Arduino), Ok(validity));
    }

    #[test]
    fn an_empty_slot_has_no_dates() {
        for byte in [0x00, 0xFF] {
            let compressed = CompressedCertificate::from_bytes([byte; 72]);
            for style in [Style::Rfc5280, Style::Arduino] {
                assert_eq!(compressed.validity(style), Err(CertificateError::InvalidDate));
            }
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_a_validity_that_compresses_to_them_or_an_error(dates: [u8; 3]) {
            let mut bytes = [0; 72];
            bytes[64..67].copy_from_slice(&dates);
            let compressed = CompressedCertificate::from_bytes(bytes);
            if let Ok(validity) = compressed.validity(Style::Rfc5280) {
                let again = CompressedCertificate::new(&[0; 64], &validity, Style::Rfc5280);
                prop_assert_eq!(again, compressed);
                let other = CompressedCertificate::new(&[0; 64], &validity, Style::Arduino);
                prop_assert_eq!(other.validity(Style::Arduino), Ok(validity));
            }
        }
    }
}
