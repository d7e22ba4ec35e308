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

#[cfg(test)]
extern crate std;

pub mod at;
mod bringup;
mod certificate;
pub mod command;
mod config;
mod device;
mod engine;
mod error;
mod md5;
mod modem;
mod power;
mod registration;
mod socket;
mod sockets;
mod time;
mod tls;
mod urc;

pub use certificate::{Certificate, CertificateKind, Upload};
pub use config::{Apn, Authentication, Config, DataMode, PowerUp, Probe};
pub use engine::{Engine, Event, Outcome, Payload, StartError};
pub use error::{ConnectError, ConnectReason, Error, SimError};
pub use md5::md5;
pub use modem::Modem;
pub use power::{NoWiring, Wiring};
pub use registration::{Domain, Registration, RegistrationStatus, Technology};
pub use socket::{Socket, SocketHandle};
pub use time::{NetworkTime, Validity};
pub use tls::{MinimumVersion, TlsProfile, Verification};
pub use urc::{Location, Urc};
