//! What the server tells the application.

use crate::identifier::PacketIdentifier;
use crate::packet::suback::Granted;
use crate::qos::QoS;
use crate::topic::Topic;

/// Something that happened on the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event<'a> {
    /// A message, whole.
    Message(Message<'a>),
    /// A message that is too large for the receive buffer; its payload follows in chunks.
    LargeMessage {
        /// The message; its payload is empty here.
        message: Message<'a>,
        /// Length of the payload that follows.
        length: usize,
    },
    /// The next piece of a large message.
    Chunk {
        /// Part of its payload.
        payload: &'a [u8],
        /// Bytes that follow after this piece; zero ends the message.
        left: usize,
    },
    /// The server has taken responsibility for a message of QoS 1 (or completed QoS 2).
    Published(PacketIdentifier),
    /// SUBACK: what was granted, filter by filter.
    Subscribed(PacketIdentifier, Granted<'a>),
    /// UNSUBACK.
    Unsubscribed(PacketIdentifier),
}

/// A message from the server.
///
/// It is acknowledged, exactly once, by the next call that transmits: `poll`, `wait`, `publish`, or
/// `disconnect`. What was not handled before a loss of power is delivered again that way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Message<'a> {
    /// Topic Name.
    pub topic: Topic<'a>,
    /// The message itself.
    pub payload: &'a [u8],
    /// QoS of this delivery.
    pub qos: QoS,
    /// The server may have delivered it before.
    pub duplicate: bool,
    /// It was published before the subscription, and kept.
    pub retain: bool,
}
