//! Self-signed certificates (RFC 5280 section 4.1).

use der::Encode;
use der::asn1::UintRef;

use super::document::{self, ECDSA_WITH_SHA256, Encoded, Sequence};
use super::{CertificateError, CompressedCertificate, DistinguishedName, SignCertificateError, Validity};
use crate::{Es256Signer, PublicKey};

/// Whose certificate it is to be, byte by byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Style {
    /// As RFC 5280 has it: basic constraints that say it is no authority's, text in UTF-8 where needed.
    /// The dates of its compressed form are those of Microchip's cryptoauthlib.
    Rfc5280,
    /// As the Arduino library ArduinoECCX08 writes it, so that a certificate that it stored can be rebuilt:
    /// an empty list of extensions, which RFC 5280 section 4.1.2.9 forbids, and all text as
    /// PrintableString.
    Arduino,
}

/// A certificate that its own key signs.
///
/// ```
/// use jwt_signer::x509::{DistinguishedName, SelfSignedCertificate, Style, Validity};
/// use jwt_signer::{Es256Signer, Pem, SoftwareSigner};
///
/// let mut signer = SoftwareSigner::new(p256::ecdsa::SigningKey::from_slice(&[1; 32])?);
/// let subject = DistinguishedName { common_name: "MyMKRGSM1400", ..Default::default() };
/// let validity = Validity::new(2026, 11, 23, 7, 10)?;
/// let certificate = SelfSignedCertificate::new(subject, signer.public_key(), validity);
///
/// // Sign once, and keep 72 bytes in a slot of the element.
/// let signature = signer.sign_digest(&certificate.digest()?)?;
/// let stored: [u8; 72] = *certificate.compress(&signature).as_bytes();
///
/// // Later: the same certificate from the slot, the key and the name.
/// let stored = jwt_signer::x509::CompressedCertificate::from_bytes(stored);
/// let certificate =
///     SelfSignedCertificate::new(subject, signer.public_key(), stored.validity(Style::Rfc5280)?);
/// let mut buffer = [0; 512];
/// let der = certificate.encode(stored.signature(), &mut buffer)?;
/// assert!(Pem::certificate(der).to_string().starts_with("-----BEGIN CERTIFICATE-----"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct SelfSignedCertificate<'a> {
    subject: DistinguishedName<'a>,
    public_key: PublicKey,
    validity: Validity,
    serial_number: &'a [u8],
    style: Style,
}

impl<'a> SelfSignedCertificate<'a> {
    /// A certificate of `subject`, who holds the private half of `public_key`; its serial number is 1.
    #[must_use]
    pub const fn new(subject: DistinguishedName<'a>, public_key: PublicKey, validity: Validity) -> Self {
        Self { subject, public_key, validity, serial_number: &[1], style: Style::Rfc5280 }
    }

    /// The same certificate with another serial number: up to 20 bytes, big-endian, not all zero.
    #[must_use]
    pub const fn with_serial_number(self, serial_number: &'a [u8]) -> Self {
        Self { serial_number, ..self }
    }

    /// The same certificate in another style.
    #[must_use]
    pub const fn with_style(self, style: Style) -> Self {
        Self { style, ..self }
    }

    /// The digest to be signed.
    ///
    /// # Errors
    /// [`CertificateError`] if the subject or the serial number cannot be in a certificate.
    pub fn digest(&self) -> Result<[u8; 32], CertificateError> {
        let public_key = self.public_key.to_spki_der();
        document::digest(&self.tbs_certificate(&public_key)?)
    }

    /// Returns the certificate with `signature` in DER, at the beginning of `buffer`.
    ///
    /// # Errors
    /// [`CertificateError`]: the subject, the serial number, or the buffer.
    pub fn encode<'b>(
        &self,
        signature: &[u8; 64],
        buffer: &'b mut [u8],
    ) -> Result<&'b [u8], CertificateError> {
        let public_key = self.public_key.to_spki_der();
        document::signed(&self.tbs_certificate(&public_key)?, signature, buffer)
    }

    /// Signs with `signer` and returns the certificate in DER, at the beginning of `buffer`.
    ///
    /// # Errors
    /// [`SignCertificateError`]: the subject, the serial number, the buffer or the signer.
    pub fn sign<'b, S: Es256Signer>(
        &self,
        signer: &mut S,
        buffer: &'b mut [u8],
    ) -> Result<&'b [u8], SignCertificateError<S::Error>> {
        let public_key = self.public_key.to_spki_der();
        document::sign(&self.tbs_certificate(&public_key)?, signer, buffer)
    }

    /// What of the certificate with `signature` an element keeps: the signature and the dates.
    #[must_use]
    pub fn compress(&self, signature: &[u8; 64]) -> CompressedCertificate {
        CompressedCertificate::new(signature, &self.validity, self.style)
    }

    /// TBSCertificate (RFC 5280 section 4.1).
    fn tbs_certificate<'k>(&'k self, public_key: &'k [u8]) -> Result<impl Encode + 'k, CertificateError> {
        let significant = self.serial_number.iter().skip_while(|byte| **byte == 0).count();
        if !(1..=20).contains(&significant) {
            return Err(CertificateError::InvalidSerialNumber);
        }
        Ok(Sequence((
            Encoded(&VERSION_3),
            UintRef::new(self.serial_number)?,
            ECDSA_WITH_SHA256,
            self.subject.encoder(self.style)?,
            self.validity.encoder(self.style)?,
            self.subject.encoder(self.style)?,
            Encoded(public_key),
            Encoded(match self.style {
                Style::Rfc5280 => &BASIC_CONSTRAINTS,
                Style::Arduino => &NO_EXTENSIONS,
            }),
        )))
    }
}

/// Under the tag [0]: INTEGER 2, which is version 3.
const VERSION_3: [u8; 5] = [0xA0, 0x03, 0x02, 0x01, 0x02];
/// Under the tag [3]: basicConstraints, critical, and empty, which says: no authority (section 4.2.1.9).
const BASIC_CONSTRAINTS: [u8; 18] = [
    0xA3, 0x10, 0x30, 0x0E, 0x30, 0x0C, 0x06, 0x03, 0x55, 0x1D, 0x13, 0x01, 0x01, 0xFF, 0x04, 0x02, 0x30,
    0x00,
];
/// Under the tag [3]: a list with nothing in it.
const NO_EXTENSIONS: [u8; 4] = [0xA3, 0x02, 0x30, 0x00];
