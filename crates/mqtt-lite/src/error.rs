//! What can go wrong, by who is to blame.

use core::convert::Infallible;
use core::fmt;

use crate::identifier::PacketIdentifier;
use crate::packet::connack::Refusal;

/// Why an operation failed; `T` is the transport's own error.
///
/// After [`Error::Misuse`] and [`Error::Resource`] of the transmit side the connection lives on; after
/// everything else it is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error<T = Infallible> {
    /// The transport failed.
    Transport(T),
    /// The server closed the stream and gave no reason: MQTT 3.1.1 has none for it.
    Closed,
    /// The server refused the connection.
    Refused(Refusal),
    /// The server broke the rules.
    Peer(PeerError),
    /// Something did not fit into the memory it was given.
    Resource(ResourceError),
    /// The server did not answer in time.
    Timeout(Waiting),
    /// The caller broke the rules; nothing was sent.
    Misuse(Misuse),
}

/// Why [`Session::connect`](crate::Session::connect) failed; `P` is the password's own error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConnectError<T, P = Infallible> {
    /// The password could not be made; nothing was sent.
    Password(P),
    /// The connection failed.
    Link(Error<T>),
}

/// How the server broke the rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PeerError {
    /// SUBACK has a return code that is reserved, or a QoS that nobody asked for.
    GrantedQoS(u8),
    /// SUBACK has more or fewer return codes than SUBSCRIBE had filters.
    GrantedCount,
    /// A packet's body does not fit its type.
    MalformedPacket,
    /// The Remaining Length has more than four bytes.
    MalformedRemainingLength,
    /// A PUBLISH has QoS 3, or QoS 2 which was never asked for.
    QoS(u8),
    /// Reserved bits are not zero.
    ReservedFlags,
    /// CONNACK speaks of a session where there can be none.
    SessionPresent,
    /// The Topic Name of a PUBLISH is not UTF-8, empty, or has wildcards.
    TopicName,
    /// A packet came that has no place here; its first byte.
    UnexpectedPacket(u8),
    /// An acknowledgement of something that was not sent, or was acknowledged before.
    UnknownIdentifier(PacketIdentifier),
    /// A Packet Identifier is zero.
    ZeroIdentifier,
}

/// What did not fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ResourceError {
    /// As many packets as the session can track wait for their acknowledgement.
    InFlight,
    /// A received packet is longer than [`Session::limit_message`](crate::Session::limit_message) allows.
    MessageLimit {
        /// Bytes it has after its fixed header.
        needed: usize,
    },
    /// A received packet does not fit the receive buffer and cannot be taken in pieces.
    ReceiveBuffer {
        /// Bytes it has, at least.
        needed: usize,
    },
    /// A message of a persistent session does not fit beside those that wait for their acknowledgement.
    Retention {
        /// Bytes it has.
        needed: usize,
    },
    /// A packet does not fit the transmit buffer.
    TransmitBuffer {
        /// Bytes that the buffer must have.
        needed: usize,
    },
}

/// How the caller broke the rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Misuse {
    /// A field has more than 65535 bytes.
    FieldTooLong,
    /// SUBSCRIBE or UNSUBSCRIBE without a filter.
    NoTopicFilter,
    /// The session is not connected (any more).
    NotConnected,
    /// Client Identifier or user name with U+0000 [MQTT-1.5.3-2].
    NullCharacter,
    /// A packet has more than 268435455 bytes.
    PacketTooLong,
    /// A persistent session needs a Client Identifier [MQTT-3.1.3-7].
    PersistentSessionWithoutClientId,
    /// A streamed message of QoS 1 in a persistent session could not be sent again.
    StreamedRetention,
    /// Not a valid Topic Filter.
    TopicFilter,
    /// Not a valid Topic Name.
    TopicName,
    /// Bytes of an earlier packet have not been transmitted yet.
    TransmitPending,
}

/// What the server did not send in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Waiting {
    /// PUBACK, SUBACK, UNSUBACK and their kin.
    Acknowledgement,
    /// CONNACK.
    ConnectAcknowledgement,
    /// PINGRESP: the link is dead.
    PingResponse,
}

impl Error {
    /// Gives the error of a session, which has no transport, the type of one that has.
    #[cfg_attr(target_os = "none", inline(never))]
    pub(crate) fn of<T>(self) -> Error<T> {
        match self {
            Self::Transport(never) => match never {},
            Self::Closed => Error::Closed,
            Self::Refused(refusal) => Error::Refused(refusal),
            Self::Peer(error) => Error::Peer(error),
            Self::Resource(error) => Error::Resource(error),
            Self::Timeout(waiting) => Error::Timeout(waiting),
            Self::Misuse(misuse) => Error::Misuse(misuse),
        }
    }
}

impl<T, P> From<Error<T>> for ConnectError<T, P> {
    fn from(error: Error<T>) -> Self {
        Self::Link(error)
    }
}

impl<P> ConnectError<Infallible, P> {
    /// Gives the error of a session the type of one that has a transport.
    pub(crate) fn of<T>(self) -> ConnectError<T, P> {
        match self {
            Self::Password(error) => ConnectError::Password(error),
            Self::Link(error) => ConnectError::Link(error.of()),
        }
    }
}

impl<T> From<PeerError> for Error<T> {
    fn from(error: PeerError) -> Self {
        Self::Peer(error)
    }
}

impl<T> From<ResourceError> for Error<T> {
    fn from(error: ResourceError) -> Self {
        Self::Resource(error)
    }
}

impl<T> From<Misuse> for Error<T> {
    fn from(error: Misuse) -> Self {
        Self::Misuse(error)
    }
}

impl<T> fmt::Display for Error<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Transport(_) => "the transport failed",
            Self::Closed => "the server closed the connection",
            Self::Refused(_) => "the server refused the connection",
            Self::Peer(_) => "the server broke the rules of MQTT 3.1.1",
            Self::Resource(_) => "out of memory for MQTT",
            Self::Timeout(Waiting::Acknowledgement) => "the server did not acknowledge in time",
            Self::Timeout(Waiting::ConnectAcknowledgement) => "the server did not answer CONNECT in time",
            Self::Timeout(Waiting::PingResponse) => "the server did not answer PINGREQ in time",
            Self::Misuse(_) => "wrong use of the MQTT client",
        })
    }
}

impl<T: core::error::Error + 'static> core::error::Error for Error<T> {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::Transport(error) => Some(error),
            Self::Refused(refusal) => Some(refusal),
            Self::Peer(error) => Some(error),
            Self::Resource(error) => Some(error),
            Self::Misuse(misuse) => Some(misuse),
            Self::Closed | Self::Timeout(_) => None,
        }
    }
}

impl<T, P> fmt::Display for ConnectError<T, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Password(_) => f.write_str("no password could be made"),
            Self::Link(error) => error.fmt(f),
        }
    }
}

impl<T, P> core::error::Error for ConnectError<T, P>
where
    T: core::error::Error + 'static,
    P: core::error::Error + 'static,
{
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::Password(error) => Some(error),
            Self::Link(error) => error.source(),
        }
    }
}

impl fmt::Display for PeerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::GrantedQoS(code) => write!(f, "SUBACK has the return code {code}"),
            Self::GrantedCount => f.write_str("SUBACK has the wrong number of return codes"),
            Self::MalformedPacket => f.write_str("malformed packet"),
            Self::MalformedRemainingLength => f.write_str("malformed Remaining Length"),
            Self::QoS(bits) => write!(f, "PUBLISH with QoS {bits}"),
            Self::ReservedFlags => f.write_str("reserved flags are set"),
            Self::SessionPresent => f.write_str("CONNACK speaks of a session that cannot be"),
            Self::TopicName => f.write_str("PUBLISH with a malformed Topic Name"),
            Self::UnexpectedPacket(first) => write!(f, "unexpected packet of type {}", first >> 4),
            Self::UnknownIdentifier(identifier) => {
                write!(f, "acknowledgement of unknown packet {identifier}")
            }
            Self::ZeroIdentifier => f.write_str("Packet Identifier 0"),
        }
    }
}

impl core::error::Error for PeerError {}

impl fmt::Display for ResourceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (what, needed) = match self {
            Self::InFlight => return f.write_str("too many packets wait for their acknowledgement"),
            Self::MessageLimit { needed } => ("limit of messages", needed),
            Self::ReceiveBuffer { needed } => ("receive buffer", needed),
            Self::Retention { needed } => ("memory for unacknowledged messages", needed),
            Self::TransmitBuffer { needed } => ("transmit buffer", needed),
        };
        write!(f, "the {what} has no room for {needed} bytes")
    }
}

impl core::error::Error for ResourceError {}

impl fmt::Display for Misuse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::FieldTooLong => "a field is longer than 65535 bytes",
            Self::NoTopicFilter => "no Topic Filter",
            Self::NotConnected => "not connected",
            Self::NullCharacter => "Client Identifier or user name with U+0000",
            Self::PacketTooLong => "the packet is longer than 268435455 bytes",
            Self::PersistentSessionWithoutClientId => "a persistent session needs a Client Identifier",
            Self::StreamedRetention => "a streamed message cannot be kept for a persistent session",
            Self::TopicFilter => "malformed Topic Filter",
            Self::TopicName => "malformed Topic Name",
            Self::TransmitPending => "the packet before has not been transmitted yet",
        })
    }
}

impl core::error::Error for Misuse {}
