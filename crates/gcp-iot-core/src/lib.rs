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
mod async_connection;
mod backoff;
mod connection;
mod credential;
mod device_path;
mod endpoint;
mod error;
mod event;
#[cfg(feature = "flash")]
mod flash_outbox;
mod flush;
mod gateway;
mod json;
mod link;
mod outbox;
mod rules;
mod session;
mod topic;

#[cfg(feature = "async")]
pub use async_connection::AsyncConnection;
pub use backoff::Backoff;
pub use connection::Connection;
pub use credential::{Credential, DEFAULT_LIFETIME, InvalidLifetime, MAXIMUM_LIFETIME, TokenError};
pub use device_path::{DevicePath, InvalidDevicePath, is_device_id, is_registry_id};
pub use endpoint::{ClientId, Endpoint};
pub use error::{ConnectError, Error, Refusal};
pub use event::{Command, Config, Event, Head, Subscription};
#[cfg(feature = "flash")]
pub use flash_outbox::{FlashOutbox, FlashOutboxError, FlushError};
pub use json::Json;
pub use jwt_signer::KeyId;
#[cfg(all(feature = "minimq", feature = "async"))]
pub use link::minimq::AsyncMinimqConnection;
#[cfg(feature = "minimq")]
pub use link::minimq::{MinimqConnection, MinimqError, MinimqLink, MinimqPlace};
#[cfg(feature = "mqtt-lite")]
pub use link::mqtt_lite::MqttLite;
#[cfg(feature = "async")]
pub use link::{AsyncMqttConnection, AsyncMqttLink, AsyncStream};
pub use link::{
    LinkConnectError, LinkError, LinkEvent, Login, MqttConnection, MqttLink, QoS, Stream, WithStream,
};
pub use outbox::{DropPolicy, Outbox, OutboxError};
pub use session::Session;
