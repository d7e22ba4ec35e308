#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

pub mod bus;
pub mod fabric;
pub mod memory;
pub mod peripheral;
pub mod plug;
mod time;

pub use time::Time;
