#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod accept;
mod builder;
mod bus;
mod chip;
mod commands;
mod counter;
mod crypto;
mod decisions;
mod delay;
mod element_file;
mod faults;
mod frame;
mod machine;
mod nv;
mod profile;
mod ram;
pub mod remote;
mod report;
mod sha;
mod sim;
mod target;
mod timing;
mod zones;

pub use builder::Builder;
pub use bus::{BusError, NackKind, SimBus};
pub use crypto::SignatureNonce;
pub use decisions::Decisions;
pub use delay::SimDelay;
pub use element_file::{ElementFile, ElementFileError};
pub use faults::{Fault, FaultRates, Torn, Trigger};
pub use frame::{Status, crc16};
pub use nv::NvImage;
pub use profile::Profile;
pub use report::{CommandRecord, Outcome, Report};
pub use sim::Sim;
pub use target::Target;
pub use timing::Execution;
