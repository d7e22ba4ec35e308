#![doc = include_str!("../README.md")]
#![no_std]
#![warn(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::as_conversions
)]

#[cfg(target_os = "none")]
mod board;
#[cfg(target_os = "none")]
mod clocks;
#[cfg(target_os = "none")]
mod handoff;
#[cfg(target_os = "none")]
mod led;
#[cfg(target_os = "none")]
mod pins;
#[cfg(target_os = "none")]
pub mod reset;
#[cfg(target_os = "none")]
mod timer;

#[cfg(target_os = "none")]
pub use atsamd_hal as hal;
#[cfg(target_os = "none")]
pub use board::Board;
#[cfg(target_os = "none")]
pub use clocks::Clocks;
#[cfg(target_os = "none")]
pub use cortex_m_rt::entry;
#[cfg(target_os = "none")]
pub use led::Led;
#[cfg(target_os = "none")]
pub use pins::Pins;
#[cfg(target_os = "none")]
pub use timer::Timer;
