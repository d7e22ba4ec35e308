#![doc = include_str!("../README.md")]
#![cfg_attr(not(test), no_std)]
#![forbid(unsafe_code)]
#![warn(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::as_conversions
)]

mod address;
#[cfg(feature = "async")]
pub mod asynch;
#[cfg(feature = "cert")]
pub mod cert;
mod chip;
pub mod command;
pub mod config;
mod crc;
mod device;
mod error;
mod exchange;
mod hash;
mod key;
mod opcode;
mod packet;
pub mod provision;
#[cfg(feature = "rand_core")]
mod rng;
pub mod sequence;
#[cfg(feature = "encrypted")]
pub mod shared_key;
mod status;

pub use address::{Location, Slot, Zone};
pub use chip::{Chip, ClockDivider, Identity};
pub use command::Command;
pub use config::{Config, Image, SerialNumber};
pub use crc::Crc16;
pub use device::{DEFAULT_ADDRESS, Eccx08, FACTORY_ADDRESSES, GeneralCall, WakePulse};
pub use error::{Error, ReplyError};
pub use hash::ChipSha256;
pub use key::Key;
pub use opcode::{ExecutionTime, Micros, Opcode};
pub use packet::{Packet, parse_reply};
pub use provision::{Consent, ProvisionError};
#[cfg(feature = "rand_core")]
pub use rng::ChipRng;
pub use sequence::Sequence;
#[cfg(feature = "encrypted")]
pub use shared_key::SharedKey;
pub use status::Status;
