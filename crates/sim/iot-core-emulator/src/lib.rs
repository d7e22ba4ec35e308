#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod authority;
mod bridge;
mod cloud;
mod codec;
mod connection;
mod device_path;
mod emulator;
mod faults;
mod frame;
mod journal;
mod public_key;
mod registry;
mod server;
mod session;
mod settings;
mod timestamp;
mod token;
mod topic;

pub use authority::{RootCertificate, SetupError};
pub use cloud::Telemetry;
pub use connection::Connection;
pub use device_path::{DevicePath, PathError, RegistryPath};
pub use emulator::{CommandError, Emulator};
pub use faults::Faults;
pub use frame::FrameError;
pub use journal::{CloseReason, CommandId, ConnectionId, Event, Rate, Record, Refusal, Summary};
pub use public_key::{KeyError, PublicKey};
pub use registry::{
    Activity, ConfigVersion, Credential, Device, DeviceError, DeviceSettings, EventTopic, GatewayAuth,
    MemoryRegistry, Registry, RegistryError, RegistrySettings, State,
};
pub use server::{RealTime, Server};
pub use settings::{Limits, Profile, RateRule, Rules, Settings, Takeover};
pub use timestamp::Timestamp;
pub use token::{Token, TokenError};
