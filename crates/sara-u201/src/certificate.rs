//! Certificates and keys in the modem's store.

use embedded_io::{Read, ReadReady, Write};
use monoclock::Clock;

use crate::command::{CertificateMd5, CertificateUpload, RemoveCertificate};
use crate::device::Discard;
use crate::engine::Payload;
use crate::error::Error;
use crate::fault::Fault;
use crate::md5::md5;
use crate::modem::Modem;
use crate::power::Wiring;

/// Greatest size of a certificate or key in the store.
const MAX_SIZE: u16 = 8192;

/// What is stored under a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CertificateKind {
    /// A trusted root (or intermediate) certificate.
    Root,
    /// The client's own certificate.
    Client,
    /// The client's private key. It leaves the program's hands and lies in the modem's flash.
    PrivateKey,
}

impl CertificateKind {
    /// Its number in `AT+USECMNG`.
    #[must_use]
    pub const fn number(self) -> u8 {
        match self {
            Self::Root => 0,
            Self::Client => 1,
            Self::PrivateKey => 2,
        }
    }
}

/// A certificate or key to be stored, with the digest by which the modem knows it.
///
/// Made as a `const`, the digest is computed at compile time and costs no code in the program:
///
/// ```
/// use sara_u201::Certificate;
///
/// const ROOT: Certificate<'_> = Certificate::root("my-root", b"\x30\x03...");
/// assert_eq!(ROOT.name, "my-root");
/// ```
#[derive(Clone, Copy)]
pub struct Certificate<'d> {
    /// What it is.
    pub kind: CertificateKind,
    /// Its name in the modem, at most 32 characters.
    pub name: &'d str,
    /// Its bytes, DER or PEM.
    pub bytes: &'d [u8],
    /// The MD5 digest of its DER form: the modem stores DER, whatever was sent.
    pub md5: [u8; 16],
}

impl core::fmt::Debug for Certificate<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "Certificate {{ kind: {:?}, name: {:?}, .. }}", self.kind, self.name)
    }
}

impl<'d> Certificate<'d> {
    /// A trusted root in DER form.
    #[must_use]
    pub const fn root(name: &'d str, der: &'d [u8]) -> Self {
        Self { kind: CertificateKind::Root, name, bytes: der, md5: md5(der) }
    }

    /// A client certificate in DER form.
    #[must_use]
    pub const fn client(name: &'d str, der: &'d [u8]) -> Self {
        Self { kind: CertificateKind::Client, name, bytes: der, md5: md5(der) }
    }

    /// A client's private key in DER form, not encrypted.
    #[must_use]
    pub const fn private_key(name: &'d str, der: &'d [u8]) -> Self {
        Self { kind: CertificateKind::PrivateKey, name, bytes: der, md5: md5(der) }
    }

    /// The same in PEM form; `md5` is the digest of the DER form.
    #[must_use]
    pub const fn pem(kind: CertificateKind, name: &'d str, pem: &'d [u8], md5: [u8; 16]) -> Self {
        Self { kind, name, bytes: pem, md5 }
    }

    /// Its length, if the store takes so much.
    pub(crate) fn length(&self) -> Result<u16, Error> {
        let length = u16::try_from(self.bytes.len()).ok().filter(|&length| length <= MAX_SIZE);
        length.ok_or(Error::Argument("the certificate"))
    }
}

/// What [`Modem::store_certificate`] found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Upload {
    /// The same certificate was there: nothing was sent.
    Present,
    /// It was sent, and the modem's digest agrees.
    Stored,
}

impl<S, P, C> Modem<S, P, C>
where
    S: Read + Write + ReadReady,
    P: Wiring<S>,
    C: Clock,
{
    /// Stores a certificate or key, unless the modem has the very same one under that name.
    ///
    /// # Errors
    /// [`Error::CertificateMismatch`] when the modem stored something else than was sent,
    /// [`Error::Refused`] when the store is full or the bytes are no certificate.
    pub fn store_certificate(&mut self, certificate: &Certificate<'_>) -> Result<Upload, Error> {
        let (length, md5) = (certificate.length()?, certificate.md5);
        match self.store(certificate, length).map_err(|fault| fault.named("+USECMNG="))? {
            None => Ok(Upload::Present),
            Some(stored) if stored == md5 => Ok(Upload::Stored),
            Some(_) => Err(Error::CertificateMismatch),
        }
    }

    /// Gives the digest that the modem tells after an upload, or nothing where none was needed.
    fn store(&mut self, certificate: &Certificate<'_>, length: u16) -> Result<Option<[u8; 16]>, Fault> {
        let Certificate { kind, name, bytes, md5 } = *certificate;
        match self.ask(&CertificateMd5 { kind, name }) {
            Ok(stored) if stored == md5 => return Ok(None),
            Ok(_) => self.ask(&RemoveCertificate { kind, name })?,
            Err(Fault::Refused(_)) => {}
            Err(fault) => return Err(fault),
        }
        let upload = CertificateUpload { kind, name, length };
        let stored = self.ask_with(&upload, Payload::Prompted(bytes.len()), bytes, &mut Discard)?;
        Ok(Some(stored.unwrap_or(md5)))
    }

    /// Removes a certificate or key from the store.
    ///
    /// # Errors
    /// [`Error::Refused`] when there is none under that name.
    pub fn remove_certificate(&mut self, kind: CertificateKind, name: &str) -> Result<(), Error> {
        self.execute(&RemoveCertificate { kind, name })
    }
}
