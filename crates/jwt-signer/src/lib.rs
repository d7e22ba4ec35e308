#![doc = include_str!("../README.md")]
#![no_std]
#![forbid(unsafe_code)]
#![warn(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::as_conversions
)]

#[cfg(test)]
extern crate std;

mod base64url;
mod claims;
mod compact;
mod cursor;
mod error;
mod jwk;
mod low_s;
mod pem;
mod public_key;
mod signer;
mod software;
#[cfg(feature = "x509")]
pub mod x509;

pub use claims::{IotCoreClaims, Payload};
pub use compact::{Header, KeyId, SIGNATURE_LENGTH, Token};
pub use error::{ClaimsError, InvalidKeyId, InvalidPublicKey, SignError, WriteError};
pub use jwk::{Jwk, Thumbprint};
pub use low_s::LowS;
pub use pem::Pem;
pub use public_key::{PublicKey, PublicKeyPem};
pub use signer::{Es256Signer, Sha256Engine};
pub use software::SoftwareSha256;
#[cfg(feature = "p256")]
pub use software::SoftwareSigner;
