#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod board;
mod loader;
mod memory;
mod nvm;
mod profile;
mod terminal;
mod usb;

pub use board::{Board, Options};
pub use loader::{Hang, Loader, Statistics, Status};
pub use memory::{FLASH_SIZE, LOADER_SIZE, RAM_SIZE, RAM_START};
pub use profile::{AfterData, Faults, LongRead, Profile, Timing};
pub use usb::{PACKET, Usb};
