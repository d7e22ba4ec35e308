//! Why a CONNECT is refused, and why a connection ends.

use core::fmt;

use serde::{Serialize, Serializer};

use super::Rate;
use crate::frame::FrameError;
use crate::{PathError, TokenError};

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

fn as_text<T: fmt::Display, S: Serializer>(value: &T, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(value)
}
