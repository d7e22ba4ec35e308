//! What can go wrong with certificates, by who is to blame.

use core::error::Error;
use core::fmt;

/// Why a certificate, or a request for one, could not be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CertificateError {
    /// The subject has no attribute at all.
    EmptySubject,
    /// The country is not two capital letters.
    InvalidCountry,
    /// An attribute of the subject is longer than RFC 5280 appendix A.1 allows.
    AttributeTooLong {
        /// Its name there.
        attribute: &'static str,
        /// The longest that it may be, in bytes.
        limit: usize,
    },
    /// The serial number is zero or has more than 20 bytes.
    InvalidSerialNumber,
    /// There is no such day, or it is outside of what the compressed form can hold.
    InvalidDate,
    /// The buffer is shorter than the document.
    BufferTooSmall {
        /// Length of the document.
        needed: usize,
    },
    /// DER cannot hold it.
    Encoding(der::Error),
}

impl fmt::Display for CertificateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::EmptySubject => f.write_str("the subject has no name"),
            Self::InvalidCountry => f.write_str("the country is not two capital letters"),
            Self::AttributeTooLong { attribute, limit } => {
                write!(f, "the subject's {attribute} is longer than {limit} bytes")
            }
            Self::InvalidSerialNumber => f.write_str("the serial number is zero or has more than 20 bytes"),
            Self::InvalidDate => {
                f.write_str("no such day between 2000 and 2031, or no such day when it ends")
            }
            Self::BufferTooSmall { needed } => write!(f, "the document needs a buffer of {needed} bytes"),
            Self::Encoding(_) => f.write_str("the document cannot be written in DER"),
        }
    }
}

impl Error for CertificateError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Encoding(cause) => Some(cause),
            _ => None,
        }
    }
}

impl From<der::Error> for CertificateError {
    fn from(cause: der::Error) -> Self {
        Self::Encoding(cause)
    }
}

/// Why a certificate, or a request for one, could not be signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SignCertificateError<Signer> {
    /// The document could not be made.
    Certificate(CertificateError),
    /// The signer failed.
    Signer(Signer),
}

impl<Signer> fmt::Display for SignCertificateError<Signer> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Certificate(cause) => cause.fmt(f),
            Self::Signer(_) => f.write_str("the document could not be signed"),
        }
    }
}

impl<Signer: Error + 'static> Error for SignCertificateError<Signer> {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Certificate(cause) => cause.source(),
            Self::Signer(cause) => Some(cause),
        }
    }
}

impl<Signer> From<CertificateError> for SignCertificateError<Signer> {
    fn from(cause: CertificateError) -> Self {
        Self::Certificate(cause)
    }
}
