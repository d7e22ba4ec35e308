//! The events of the journal.

use core::fmt;

use serde::Serialize;

use super::{CloseReason, CommandId, Refusal};
use crate::Timestamp;

/// What can happen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Event {
    /// A transport was accepted.
    Opened {
        /// With TLS.
        tls: bool,
    },
    /// A transport was turned away while the service was down.
    TurnedAway,
    /// The TLS handshake is done.
    TlsEstablished {
        /// The protocol version, such as `TLSv1_2`.
        version: String,
        /// The name the client asked for (SNI).
        server_name: Option<String>,
    },
    /// A CONNECT arrived.
    Connect {
        /// Its client id.
        client_id: String,
        /// Its keep alive in seconds.
        keep_alive: u16,
    },
    /// The token in the password is good.
    TokenVerified {
        /// `iat`.
        issued: Timestamp,
        /// `exp`.
        expires: Timestamp,
    },
    /// CONNACK 0 was sent.
    Connected,
    /// CONNACK with another code was sent, and the connection closed.
    Refused {
        /// The return code.
        code: u8,
        /// Why.
        reason: Refusal,
    },
    /// A subscription was granted.
    Subscribed {
        /// The topic filter.
        filter: String,
        /// The granted QoS.
        qos: u8,
    },
    /// A subscription was refused with 128.
    SubscriptionRefused {
        /// The topic filter.
        filter: String,
    },
    /// A subscription ended.
    Unsubscribed {
        /// The topic filter.
        filter: String,
    },
    /// A configuration was sent.
    ConfigSent {
        /// Its version.
        version: u64,
        /// QoS of the message.
        qos: u8,
        /// DUP flag.
        duplicate: bool,
    },
    /// The device acknowledged a configuration.
    ConfigAcknowledged {
        /// Its version.
        version: u64,
    },
    /// A command was sent.
    CommandSent {
        /// Which.
        command: CommandId,
        /// QoS of the message.
        qos: u8,
        /// DUP flag.
        duplicate: bool,
    },
    /// The device acknowledged a command.
    CommandAcknowledged {
        /// Which.
        command: CommandId,
    },
    /// A command was given up, since nothing acknowledged it in time or the connection ended.
    CommandLost {
        /// Which.
        command: CommandId,
    },
    /// A state was stored.
    StateReceived {
        /// QoS of the message.
        qos: u8,
        /// Bytes.
        length: usize,
        /// DUP flag.
        duplicate: bool,
    },
    /// An event went to Pub/Sub.
    EventReceived {
        /// The Pub/Sub topic.
        topic: String,
        /// What follows `/events/`.
        subfolder: String,
        /// QoS of the message.
        qos: u8,
        /// Bytes.
        length: usize,
        /// DUP flag.
        duplicate: bool,
    },
    /// A device is attached to the gateway.
    Attached {
        /// Its id.
        #[serde(rename = "attached_device")]
        device: String,
    },
    /// A device is detached from the gateway.
    Detached {
        /// Its id.
        #[serde(rename = "attached_device")]
        device: String,
    },
    /// A device could not be attached.
    AttachRefused {
        /// Its id.
        #[serde(rename = "attached_device")]
        device: String,
        /// Why.
        reason: String,
    },
    /// PINGREQ was answered.
    Ping,
    /// A PUBACK answered nothing that was sent.
    UnexpectedPuback {
        /// Its packet identifier.
        packet_id: u16,
    },
    /// A rate was exceeded.
    RateExceeded {
        /// Which.
        rate: Rate,
    },
    /// The connection is over.
    Closed {
        /// Why.
        reason: CloseReason,
    },
}

/// Rates that are watched.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Rate {
    /// States of one device: 1/s.
    State,
    /// Configurations of one device: 1/s.
    Configs,
    /// Commands to one device: 100/s.
    Commands,
    /// Messages of one connection: 100/s.
    Messages,
    /// Payload bytes of one connection: 512 KB/s.
    Bytes,
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let again = |duplicate: &bool| if *duplicate { " again" } else { "" };
        match self {
            Self::Opened { tls } => write!(f, "transport {} TLS", if *tls { "with" } else { "without" }),
            Self::TurnedAway => f.write_str("turned away, the service is down"),
            Self::TlsEstablished { version, server_name } => {
                write!(f, "{version} for {}", server_name.as_deref().unwrap_or("no name"))
            }
            Self::Connect { client_id, keep_alive } => {
                write!(f, "CONNECT as {client_id:?}, keep alive {keep_alive} s")
            }
            Self::TokenVerified { issued, expires } => {
                write!(f, "token verified, from {issued} to {expires}")
            }
            Self::Connected => f.write_str("connected"),
            Self::Refused { code, reason } => write!(f, "CONNACK {code}: {reason}"),
            Self::Subscribed { filter, qos } => write!(f, "subscribed to {filter}, QoS {qos}"),
            Self::SubscriptionRefused { filter } => write!(f, "subscription to {filter:?} refused"),
            Self::Unsubscribed { filter } => write!(f, "unsubscribed from {filter}"),
            Self::ConfigSent { version, qos, duplicate } => {
                write!(f, "configuration {version} sent{}, QoS {qos}", again(duplicate))
            }
            Self::ConfigAcknowledged { version } => write!(f, "configuration {version} acknowledged"),
            Self::CommandSent { command, qos, duplicate } => {
                write!(f, "command {} sent{}, QoS {qos}", command.0, again(duplicate))
            }
            Self::CommandAcknowledged { command } => write!(f, "command {} acknowledged", command.0),
            Self::CommandLost { command } => write!(f, "command {} lost", command.0),
            Self::StateReceived { qos, length, duplicate } => {
                write!(f, "state of {length} bytes received{}, QoS {qos}", again(duplicate))
            }
            Self::EventReceived { topic, subfolder, qos, length, duplicate } => {
                let folder = if subfolder.is_empty() { "" } else { " in " };
                let again = again(duplicate);
                write!(f, "event of {length} bytes{folder}{subfolder} received{again}, to {topic}, QoS {qos}")
            }
            Self::Attached { device } => write!(f, "{device} attached"),
            Self::Detached { device } => write!(f, "{device} detached"),
            Self::AttachRefused { device, reason } => write!(f, "{device} not attached: {reason}"),
            Self::Ping => f.write_str("ping"),
            Self::UnexpectedPuback { packet_id } => write!(f, "PUBACK {packet_id} answers nothing"),
            Self::RateExceeded { rate } => write!(f, "rate exceeded: {rate:?}"),
            Self::Closed { reason } => write!(f, "closed: {reason}"),
        }
    }
}
