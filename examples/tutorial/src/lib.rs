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

mod causes;
pub mod cloud;
mod console;
mod failure;
pub mod menu;
pub mod provision;
mod settings;
mod store;
pub mod telemetry;

pub use causes::Explain;
pub use console::{Causes, Console};
pub use failure::Failure;
pub use settings::Settings;
pub use store::{Key, Store};
