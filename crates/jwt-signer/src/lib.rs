#![no_std]
#![forbid(unsafe_code)]
#![warn(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::as_conversions)]
//! ES256 tokens.

mod signer;

pub use signer::{Es256Signer, Sha256Engine};
