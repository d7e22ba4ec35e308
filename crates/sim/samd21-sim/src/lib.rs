#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

pub mod armv6m;
pub mod board;
pub mod bus;
pub mod chip;
pub mod fabric;
pub mod gdb;
pub mod image;
pub mod loader;
pub mod machine;
pub mod memory;
pub mod peripheral;
pub mod peripherals;
pub mod plug;
pub mod report;
pub mod run;
pub mod symbols;
mod time;
pub mod trace;
pub mod watch;

pub use time::Time;
