//! PKCS #10: a request for a certificate (RFC 2986).

use der::Encode;

use super::document::{self, Encoded, Sequence};
use super::{CertificateError, DistinguishedName, SignCertificateError, Style};
use crate::{Es256Signer, PublicKey};

/// A request for a certificate, without attributes.
///
/// ```
/// use jwt_signer::x509::{CertificationRequest, DistinguishedName};
/// use jwt_signer::{Pem, SoftwareSigner};
///
/// let mut signer = SoftwareSigner::new(p256::ecdsa::SigningKey::from_slice(&[1; 32])?);
/// let subject = DistinguishedName { common_name: "MyMKRGSM1400", ..Default::default() };
/// let mut buffer = [0; 512];
/// let der = CertificationRequest::new(subject, signer.public_key()).sign(&mut signer, &mut buffer)?;
/// assert!(Pem::certificate_request(der).to_string().starts_with("-----BEGIN CERTIFICATE REQUEST-----"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct CertificationRequest<'a> {
    subject: DistinguishedName<'a>,
    public_key: PublicKey,
}

impl<'a> CertificationRequest<'a> {
    /// A request of `subject`, who holds the private half of `public_key`.
    #[must_use]
    pub const fn new(subject: DistinguishedName<'a>, public_key: PublicKey) -> Self {
        Self { subject, public_key }
    }

    /// Signs with `signer` and returns the request in DER, at the beginning of `buffer`.
    ///
    /// # Errors
    /// [`SignCertificateError`]: the subject, the buffer or the signer.
    pub fn sign<'b, S: Es256Signer>(
        &self,
        signer: &mut S,
        buffer: &'b mut [u8],
    ) -> Result<&'b [u8], SignCertificateError<S::Error>> {
        let public_key = self.public_key.to_spki_der();
        document::sign(&self.certification_request_info(&public_key)?, signer, buffer)
    }

    /// CertificationRequestInfo (RFC 2986 section 4.1).
    fn certification_request_info<'k>(
        &'k self,
        public_key: &'k [u8],
    ) -> Result<impl Encode + 'k, CertificateError> {
        Ok(Sequence((
            VERSION_1,
            self.subject.encoder(Style::Rfc5280)?,
            Encoded(public_key),
            Encoded(&NO_ATTRIBUTES),
        )))
    }
}

/// Version 1 is written as 0.
const VERSION_1: u8 = 0;
/// An empty SET under the tag [0].
const NO_ATTRIBUTES: [u8; 2] = [0xA0, 0x00];
