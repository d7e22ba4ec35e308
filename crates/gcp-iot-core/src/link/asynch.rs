//! The MQTT client under the session, for tasks that run beside others.

use core::future::Future;

use embedded_io_async::{Read, Write};
use jwt_signer::Es256Signer;
use monoclock::{AsyncClock, Instant};

use super::{LinkConnectError, LinkError, LinkEvent, Login, QoS};

/// An open byte stream, such as a TLS socket of the modem. Its reads and writes may be dropped half-way:
/// what they have not told was not done.
pub trait AsyncStream: Read + Write {}

impl<S: Read + Write + ?Sized> AsyncStream for S {}

/// An MQTT client: what outlives a connection. The asynchronous face of [`MqttLink`](super::MqttLink).
pub trait AsyncMqttLink {
    /// Why a connection failed; `T` is the stream's error.
    type Error<T>;

    /// Room that a connection needs beside the client itself, and that the caller gives; mostly nothing.
    type Place<'s>
    where
        Self: 's;

    /// A connection of this client.
    type Connection<'s, T: AsyncStream, C: AsyncClock>: AsyncMqttConnection<Error = Self::Error<T::Error>>
    where
        Self: 's;

    /// Logs in over `stream`, which is open, and waits for the answer; not for ever.
    ///
    /// # Errors
    /// When the token cannot be signed, the server refuses, or the connection fails.
    #[expect(clippy::type_complexity, reason = "the errors of link and signer are kept whole")]
    fn connect_async<'s, T: AsyncStream, C: AsyncClock, S: Es256Signer>(
        &'s mut self,
        place: Self::Place<'s>,
        stream: T,
        clock: C,
        login: Login<'_>,
        signer: &mut S,
    ) -> impl Future<Output = Result<Self::Connection<'s, T, C>, LinkConnectError<Self::Error<T::Error>, S::Error>>>;
}

/// An open MQTT connection. The asynchronous face of [`MqttConnection`](super::MqttConnection).
///
/// Only [`wait`](Self::wait) may be dropped half-way.
pub trait AsyncMqttConnection {
    /// Why it failed.
    type Error: LinkError;

    /// Publishes; tells the Packet Identifier of a message of QoS 1.
    ///
    /// # Errors
    /// When the message cannot be sent.
    fn publish(
        &mut self,
        topic: &[&str],
        payload: &[u8],
        qos: QoS,
    ) -> impl Future<Output = Result<Option<u16>, Self::Error>>;

    /// Subscribes to topic filters, which are given in parts.
    ///
    /// # Errors
    /// When the packet cannot be sent.
    fn subscribe<const N: usize>(
        &mut self,
        filters: [(&[&str], QoS); N],
    ) -> impl Future<Output = Result<u16, Self::Error>>;

    /// Waits for the next event, at most until `until`, and keeps the connection alive meanwhile.
    ///
    /// # Errors
    /// When the connection is over.
    fn wait(&mut self, until: Instant) -> impl Future<Output = Result<Option<LinkEvent<'_>>, Self::Error>>;

    /// Tells whether the server owes an answer.
    fn is_answer_awaited(&self) -> bool;

    /// Says goodbye.
    ///
    /// # Errors
    /// When the connection fails first.
    fn disconnect(self) -> impl Future<Output = Result<(), Self::Error>>;
}
