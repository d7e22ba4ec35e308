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
mod connection;
mod error;
mod event;
mod identifier;
mod in_flight;
mod inbound;
mod outbound;
mod packet;
mod qos;
mod session;
mod topic;
mod wire;

pub use connection::{Connection, Payload, Stream};
pub use error::{ConnectError, Error, Misuse, PeerError, ResourceError, Waiting};
pub use event::{Event, Message};
pub use identifier::PacketIdentifier;
pub use in_flight::IN_FLIGHT;
pub use packet::connack::Refusal;
pub use packet::connect::{Connect, Password, Will};
pub use packet::publish::Publish;
pub use packet::suback::Granted;
pub use packet::subscribe::Filter;
pub use qos::QoS;
pub use session::Session;
pub use topic::{Topic, is_topic_filter, is_topic_name};
