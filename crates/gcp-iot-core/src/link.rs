//! The MQTT client under the session: a seam, so that there can be more than one.

#[cfg(feature = "async")]
pub(crate) mod asynch;
#[cfg(feature = "minimq")]
pub(crate) mod minimq;
#[cfg(feature = "mqtt-lite")]
pub(crate) mod mqtt_lite;

use embedded_io::{Read, ReadReady, Write};
use jwt_signer::{Es256Signer, Token};
use monoclock::{Clock, Instant};

#[cfg(feature = "async")]
pub use self::asynch::{AsyncMqttConnection, AsyncMqttLink, AsyncStream};
use crate::error::Refusal;

/// An open byte stream, such as a TLS socket of the modem.
pub trait Stream: Read + Write + ReadReady {}

impl<S: Read + Write + ReadReady + ?Sized> Stream for S {}

/// How hard both sides try to deliver a message. The bridge has no QoS 2.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum QoS {
    /// QoS 0: once or not at all.
    #[default]
    AtMostOnce,
    /// QoS 1: until it is acknowledged.
    AtLeastOnce,
}

/// An MQTT client: what outlives a connection.
pub trait MqttLink {
    /// Why a connection failed; `T` is the stream's error.
    type Error<T>;

    /// Room that a connection needs beside the client itself, and that the caller gives; mostly nothing.
    type Place<'s>
    where
        Self: 's;

    /// A connection of this client.
    type Connection<'s, T: Stream, C: Clock>: MqttConnection<Error = Self::Error<T::Error>>
    where
        Self: 's;

    /// Logs in over `stream`, which is open, and waits for the answer; not for ever.
    ///
    /// # Errors
    /// When the token cannot be signed, the server refuses, or the connection fails.
    #[expect(clippy::type_complexity, reason = "the errors of link and signer are kept whole")]
    fn connect<'s, T: Stream, C: Clock, S: Es256Signer>(
        &'s mut self,
        place: Self::Place<'s>,
        stream: T,
        clock: C,
        login: Login<'_>,
        signer: &mut S,
    ) -> Result<Self::Connection<'s, T, C>, LinkConnectError<Self::Error<T::Error>, S::Error>>;
}

/// What a device says of itself when it logs in; the password is the token, signed on the way.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Login<'a> {
    /// Client Identifier, in parts.
    pub client_id: &'a [&'a str],
    /// User name.
    pub user_name: &'a str,
    /// Keep Alive in seconds.
    pub keep_alive: u16,
    /// The token, not yet signed.
    pub token: &'a Token<'a>,
}

/// Why a login failed: `E` is the link's own error, `S` the signer's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LinkConnectError<E, S> {
    /// The token could not be signed; nothing was sent.
    Signer(S),
    /// The server said no.
    Refused(Refusal),
    /// The connection failed.
    Link(E),
}

/// Why something failed on an MQTT connection.
pub trait LinkError {
    /// Tells whether the connection is over; otherwise the message was not sent, and others can be.
    fn is_over(&self) -> bool;
}

/// An open MQTT connection.
pub trait MqttConnection {
    /// Why it failed.
    type Error: LinkError;

    /// Publishes; tells the Packet Identifier of a message of QoS 1.
    ///
    /// # Errors
    /// When the message cannot be sent.
    fn publish(&mut self, topic: &[&str], payload: &[u8], qos: QoS) -> Result<Option<u16>, Self::Error>;

    /// Subscribes to topic filters, which are given in parts, in one packet.
    ///
    /// # Errors
    /// When the packet cannot be sent.
    fn subscribe<const N: usize>(&mut self, filters: [(&[&str], QoS); N]) -> Result<u16, Self::Error>;

    /// Waits for the next event, at most until `until`, and keeps the connection alive meanwhile.
    ///
    /// # Errors
    /// When the connection is over.
    fn wait(&mut self, until: Instant) -> Result<Option<LinkEvent<'_>>, Self::Error>;

    /// Tells whether the server owes an answer.
    fn is_answer_awaited(&self) -> bool;

    /// Says goodbye.
    ///
    /// # Errors
    /// When the connection fails first.
    fn disconnect(self) -> Result<(), Self::Error>;
}

/// A connection that gives access to the stream underneath.
pub trait WithStream {
    /// The stream.
    type Stream;

    /// The stream underneath, for settings of its own.
    fn stream_mut(&mut self) -> &mut Self::Stream;
}

/// What an MQTT connection reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LinkEvent<'a> {
    /// A message.
    Message {
        /// Topic Name.
        topic: &'a str,
        /// The message itself; empty when it comes in chunks.
        payload: &'a [u8],
        /// Length of a payload that follows in chunks, zero for none.
        chunked: usize,
    },
    /// The next piece of a large message.
    Chunk {
        /// Part of its payload.
        payload: &'a [u8],
        /// Bytes that follow.
        left: usize,
    },
    /// A message of QoS 1 has arrived.
    Published(u16),
    /// The answer to a subscription; the number of the first filter that was refused, if any.
    Subscribed {
        /// Packet Identifier of the subscription.
        identifier: u16,
        /// Index of the first refused filter.
        refused: Option<usize>,
    },
    /// The end of a subscription was confirmed.
    Unsubscribed(u16),
}
