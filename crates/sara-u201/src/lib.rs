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

#[cfg(feature = "async")]
pub mod asynch;
pub mod at;
mod bringup;
mod certificate;
pub mod command;
mod config;
mod device;
mod engine;
mod error;
mod fault;
mod file;
mod http;
mod identity;
mod lifecycle;
mod listener;
mod location;
mod lookup;
mod md5;
mod modem;
mod nal;
mod network;
mod passthrough;
mod pdu;
mod poll;
mod power;
mod registration;
mod settle;
mod sim;
mod sms;
mod socket;
mod sockets;
mod time;
mod tls;
mod trace;
mod transfer;
mod udp;
mod urc;
mod urcs;
mod voice;

pub use certificate::{Certificate, CertificateKind, Upload};
pub use config::{Apn, Authentication, Config, DataMode, PowerUp, Probe};
pub use engine::{Engine, Event, Outcome, Payload, StartError};
pub use error::{ConnectError, ConnectReason, Error, SimError};
pub use file::FileName;
pub use http::{HttpError, HttpRequest};
pub use identity::Identity;
pub use lifecycle::PowerSaving;
pub use lookup::Pong;
pub use md5::md5;
pub use modem::Modem;
pub use nal::{TcpSocket, UdpSocket};
pub use network::{Availability, Bands, Operator, RadioAccess, Signal};
pub use pdu::{Deliver, Part};
pub use power::{NoWiring, Wiring};
pub use registration::{Domain, Registration, RegistrationStatus, Technology};
pub use socket::{Socket, SocketHandle};
pub use time::{NetworkTime, Validity};
pub use tls::{MinimumVersion, TlsProfile, Verification};
pub use trace::{Redactor, Trace, Traced};
pub use urc::{Location, Urc};
pub use voice::{Call, CallState, SampleRate};
