#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod checksum;
mod error;
mod flasher;
mod image;
mod loader;
mod part;
mod port;
mod settings;
mod uf2;

pub use checksum::crc16;
pub use error::Error;
pub use flasher::{Failure, Flasher, Progress, Report, SettingsAfter, Step};
pub use image::{Image, ImageError};
pub use loader::{Loader, Version};
pub use part::{APPLICATION_START, FLASH_END, PAGE, RAM_END, RAM_START, ROW, SAMD21G18A};
pub use port::Port;
pub use settings::{Region, RegionError, Settings};
pub use uf2::uf2;
