//! Requests for certificates, and self-signed certificates (feature `x509`).
//!
//! What is to be signed is hashed while it is encoded, and encoded once more around the signature, so that
//! a buffer for the finished DER is all the memory it takes.

mod certificate;
mod compressed;
mod document;
mod error;
mod name;
mod request;
mod validity;

pub use certificate::{SelfSignedCertificate, Style};
pub use compressed::CompressedCertificate;
pub use error::{CertificateError, SignCertificateError};
pub use name::DistinguishedName;
pub use request::CertificationRequest;
pub use validity::Validity;
