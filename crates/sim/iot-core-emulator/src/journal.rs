//! What happened, in order: the reports and the tests are made from it.

use core::fmt;
use core::time::Duration;
use std::collections::VecDeque;

use serde::{Serialize, Serializer};

use crate::frame::FrameError;
use crate::{PathError, Timestamp, TokenError};

/// Names a connection for as long as the emulator lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct ConnectionId(pub(crate) u64);

/// Names a command for as long as the emulator lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct CommandId(pub(crate) u64);

/// One line of the journal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Record {
    /// Virtual time since the start.
    #[serde(rename = "seconds", serialize_with = "as_seconds")]
    pub at: Duration,
    /// The connection that it happened on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connection: Option<ConnectionId>,
    /// The device's id, once it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device: Option<String>,
    /// What happened.
    #[serde(flatten)]
    pub event: Event,
}

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
        device: String,
    },
    /// A device is detached from the gateway.
    Detached {
        /// Its id.
        device: String,
    },
    /// A device could not be attached.
    AttachRefused {
        /// Its id.
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
    /// Messages of one connection: 100/s.
    Messages,
    /// Payload bytes of one connection: 512 KB/s.
    Bytes,
}

/// Why a CONNECT was refused with a CONNACK.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Refusal {
    /// Another protocol level than 4.
    ProtocolLevel(u8),
    /// The client id is no device path.
    #[serde(serialize_with = "as_text")]
    ClientId(PathError),
    /// There is no such registry.
    NoRegistry,
    /// There is no such device.
    NoDevice,
    /// The device is blocked.
    Blocked,
    /// The token is not good.
    Token(TokenError),
    /// Another connection has this client id, and keeps it.
    IdInUse,
    /// The service is unavailable.
    Unavailable,
}

/// Why a connection is over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum CloseReason {
    /// The device sent DISCONNECT.
    Disconnect,
    /// The device closed the transport.
    ByPeer,
    /// CONNACK refused it.
    Refused,
    /// TLS failed.
    Tls(String),
    /// The bytes are no control packet.
    Frame(FrameError),
    /// The packet breaks the protocol.
    Protocol(String),
    /// The first packet is not CONNECT.
    NotConnect,
    /// No CONNECT came in time.
    ConnectTimeout,
    /// CONNECT has a will, which the bridge does not support.
    Will,
    /// QoS 2 is not supported.
    Qos2,
    /// The topic is not one of this device's.
    ForeignTopic(String),
    /// A device that is no gateway published to attach or detach.
    NotGateway,
    /// The payload is too large for its topic.
    PayloadTooLarge(usize),
    /// The registry has no Pub/Sub topic for this event.
    NoEventTopic,
    /// A gateway without a subscription to errors made an error.
    GatewayError(String),
    /// A rate was exceeded.
    Rate(Rate),
    /// A PUBACK answered nothing.
    UnexpectedPuback,
    /// Nothing came for 1.5 times the keep alive.
    KeepAlive,
    /// Nothing came for 20 minutes.
    Idle,
    /// The token expired more than the skew ago.
    TokenExpired,
    /// The connection reached its greatest age.
    TooOld,
    /// Another connection has taken the client id over.
    TakenOver,
    /// The device was blocked or deleted.
    DeviceGone,
    /// The service dropped it.
    Dropped,
    /// The registry's storage failed.
    Registry(String),
}

/// Counts of what happened since the start, independent of how much of the journal is kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Summary {
    /// Transports accepted.
    pub transports: u64,
    /// CONNECT packets that arrived.
    pub connect_attempts: u64,
    /// Tokens that verified.
    pub tokens_verified: u64,
    /// CONNACK 0 sent.
    pub connections: u64,
    /// CONNACK with another code sent.
    pub refusals: u64,
    /// States stored.
    pub states_received: u64,
    /// Events that went to Pub/Sub.
    pub events_received: u64,
    /// Configurations sent, again included.
    pub configs_sent: u64,
    /// Configurations acknowledged.
    pub configs_acknowledged: u64,
    /// Commands sent, again included.
    pub commands_sent: u64,
    /// Commands acknowledged.
    pub commands_acknowledged: u64,
    /// PUBACK that answered nothing.
    pub unexpected_pubacks: u64,
    /// PINGREQ answered.
    pub pings: u64,
}

#[derive(Debug, Default)]
pub(crate) struct Journal {
    records: VecDeque<Record>,
    kept: usize,
    summary: Summary,
}

impl Journal {
    pub(crate) fn new(kept: usize) -> Self {
        Self { kept, ..Self::default() }
    }

    pub(crate) fn record(
        &mut self,
        at: Duration,
        connection: Option<ConnectionId>,
        device: Option<&str>,
        event: Event,
    ) {
        self.summary.count(&event);
        if self.records.len() >= self.kept {
            self.records.pop_front();
        }
        if self.kept > 0 {
            self.records.push_back(Record { at, connection, device: device.map(String::from), event });
        }
    }

    pub(crate) const fn records(&self) -> &VecDeque<Record> {
        &self.records
    }

    pub(crate) fn drain(&mut self) -> Vec<Record> {
        self.records.drain(..).collect()
    }

    pub(crate) const fn summary(&self) -> Summary {
        self.summary
    }
}

impl Summary {
    const fn count(&mut self, event: &Event) {
        match event {
            Event::Opened { .. } => self.transports += 1,
            Event::Connect { .. } => self.connect_attempts += 1,
            Event::TokenVerified { .. } => self.tokens_verified += 1,
            Event::Connected => self.connections += 1,
            Event::Refused { .. } => self.refusals += 1,
            Event::StateReceived { .. } => self.states_received += 1,
            Event::EventReceived { .. } => self.events_received += 1,
            Event::ConfigSent { .. } => self.configs_sent += 1,
            Event::ConfigAcknowledged { .. } => self.configs_acknowledged += 1,
            Event::CommandSent { .. } => self.commands_sent += 1,
            Event::CommandAcknowledged { .. } => self.commands_acknowledged += 1,
            Event::UnexpectedPuback { .. } => self.unexpected_pubacks += 1,
            Event::Ping => self.pings += 1,
            _ => {}
        }
    }
}

impl fmt::Display for ConnectionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{}", self.0)
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ProtocolLevel(level) => write!(f, "protocol level {level}, only 4 is spoken"),
            Self::ClientId(error) => write!(f, "client id: {error}"),
            Self::NoRegistry => f.write_str("no such registry"),
            Self::NoDevice => f.write_str("no such device"),
            Self::Blocked => f.write_str("the device is blocked"),
            Self::Token(error) => write!(f, "token: {error}"),
            Self::IdInUse => f.write_str("the client id is in use"),
            Self::Unavailable => f.write_str("the service is unavailable"),
        }
    }
}

impl fmt::Display for CloseReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Disconnect => f.write_str("DISCONNECT"),
            Self::ByPeer => f.write_str("closed by the device"),
            Self::Refused => f.write_str("refused"),
            Self::Tls(cause) => write!(f, "TLS: {cause}"),
            Self::Frame(error) => write!(f, "no control packet: {error}"),
            Self::Protocol(cause) => write!(f, "protocol error: {cause}"),
            Self::NotConnect => f.write_str("the first packet is not CONNECT"),
            Self::ConnectTimeout => f.write_str("no CONNECT in time"),
            Self::Will => f.write_str("a will is not supported"),
            Self::Qos2 => f.write_str("QoS 2 is not supported"),
            Self::ForeignTopic(topic) => write!(f, "topic {topic:?} is not this device's"),
            Self::NotGateway => f.write_str("only a gateway attaches and detaches"),
            Self::PayloadTooLarge(length) => write!(f, "a payload of {length} bytes is too large"),
            Self::NoEventTopic => f.write_str("the registry has no Pub/Sub topic for this event"),
            Self::GatewayError(cause) => write!(f, "gateway error: {cause}"),
            Self::Rate(rate) => write!(f, "rate exceeded: {rate:?}"),
            Self::UnexpectedPuback => f.write_str("PUBACK answers nothing"),
            Self::KeepAlive => f.write_str("nothing came for 1.5 times the keep alive"),
            Self::Idle => f.write_str("idle"),
            Self::TokenExpired => f.write_str("the token has expired"),
            Self::TooOld => f.write_str("the connection is too old"),
            Self::TakenOver => f.write_str("another connection took over"),
            Self::DeviceGone => f.write_str("the device was blocked or deleted"),
            Self::Dropped => f.write_str("dropped by the service"),
            Self::Registry(cause) => write!(f, "registry: {cause}"),
        }
    }
}

fn as_seconds<S: Serializer>(at: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64(at.as_secs_f64())
}

fn as_text<T: fmt::Display, S: Serializer>(value: &T, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(value)
}
