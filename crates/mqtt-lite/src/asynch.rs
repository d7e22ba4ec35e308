//! The async face: the same session over an `embedded_io_async` stream.
//!
//! It needs no executor of a certain kind, and no timer but an [`AsyncClock`].
//!
//! Every future can be dropped half way, if the stream's own `read` and `write` can: no byte is lost, and a
//! packet that was begun is finished by the next call. A command that was dropped may still be sent.

use core::future::poll_fn;
use core::pin::pin;
use core::task::Poll;

use embedded_io_async::{Read, Write};
use monoclock::{AsyncClock, Instant, Millis};

use crate::error::{ConnectError, Error, Misuse};
use crate::event::Event;
use crate::identifier::PacketIdentifier;
use crate::packet::connect::{Connect, Password};
use crate::packet::publish::Publish;
use crate::packet::subscribe::Filter;
use crate::session::Session;

/// An open byte stream. A read waits until there is something; an end of the stream reads as nothing.
pub trait Stream: Read + Write {}

impl<S: Read + Write + ?Sized> Stream for S {}

/// A session that is connected; made by [`Session::connect_async`].
///
/// It behaves as [`crate::Connection`] does.
#[derive(Debug)]
pub struct Connection<'s, 'b, S, C> {
    session: &'s mut Session<'b>,
    stream: S,
    clock: C,
    /// Bytes were written since the last flush.
    unflushed: bool,
}

impl<'b> Session<'b> {
    /// Connects over `stream`, and waits for the server's answer.
    ///
    /// A message that a persistent session still owes the server is sent again at once.
    ///
    /// # Errors
    /// When the password cannot be made, the server refuses or does not answer within the response
    /// timeout, or the transport fails.
    pub async fn connect_async<S: Stream, C: AsyncClock, P: Password>(
        &mut self,
        stream: S,
        clock: C,
        connect: Connect<'_, P>,
    ) -> Result<Connection<'_, 'b, S, C>, ConnectError<S::Error, P::Error>> {
        self.begin(connect).map_err(ConnectError::of)?;
        let mut connection = Connection { session: self, stream, clock, unflushed: false };
        while !connection.session.is_connected() {
            // The session gives up in time.
            connection.drive(connection.clock.now() + FAR).await?;
        }
        connection.transmit().await?;
        Ok(connection)
    }
}

/// Longer than any wait of the session.
const FAR: Millis = Millis(1 << 30);

impl<'s, 'b, S: Stream, C: AsyncClock> Connection<'s, 'b, S, C> {
    /// Publishes a message; tells its identifier unless it is of QoS 0.
    ///
    /// [`Event::Published`] tells of its arrival later.
    ///
    /// # Errors
    /// [`Error::Misuse`] and [`Error::Resource`] leave the connection alone; after others it is over.
    pub async fn publish(
        &mut self,
        message: &Publish<'_>,
    ) -> Result<Option<PacketIdentifier>, Error<S::Error>> {
        self.transmit().await?;
        let identifier = self.session.publish(message).map_err(Error::of)?;
        self.transmit().await?;
        Ok(identifier)
    }

    /// Publishes a message whose payload goes on with `length` bytes that are written to the returned
    /// [`Payload`].
    ///
    /// # Errors
    /// As [`Connection::publish`].
    pub async fn publish_streamed(
        &mut self,
        message: &Publish<'_>,
        length: usize,
    ) -> Result<Payload<'_, 's, 'b, S, C>, Error<S::Error>> {
        self.transmit().await?;
        let identifier = self.session.publish_streamed(message, length).map_err(Error::of)?;
        let payload = Payload { connection: self, identifier };
        payload.connection.transmit().await?;
        Ok(payload)
    }

    /// Asks for the messages of all `filters` in one packet.
    ///
    /// [`Event::Subscribed`] tells what was granted later; messages may come before it.
    ///
    /// # Errors
    /// [`Error::Misuse`] and [`Error::Resource`] leave the connection alone; after others it is over.
    pub async fn subscribe(&mut self, filters: &[Filter<'_>]) -> Result<PacketIdentifier, Error<S::Error>> {
        self.transmit().await?;
        let identifier = self.session.subscribe(filters).map_err(Error::of)?;
        self.transmit().await?;
        Ok(identifier)
    }

    /// Ends subscriptions; [`Event::Unsubscribed`] confirms it later.
    ///
    /// # Errors
    /// [`Error::Misuse`] and [`Error::Resource`] leave the connection alone; after others it is over.
    pub async fn unsubscribe(&mut self, filters: &[&[&str]]) -> Result<PacketIdentifier, Error<S::Error>> {
        self.transmit().await?;
        let identifier = self.session.unsubscribe(filters).map_err(Error::of)?;
        self.transmit().await?;
        Ok(identifier)
    }

    /// Waits for the next event, at most until `until`; keeps the connection alive meanwhile.
    ///
    /// # Errors
    /// When the connection is over, and why.
    pub async fn wait(&mut self, until: Instant) -> Result<Option<Event<'_>>, Error<S::Error>> {
        if !self.session.is_connected() {
            return Err(Misuse::NotConnected.into());
        }
        if self.drive(until).await? { Ok(Some(self.session.event())) } else { Ok(None) }
    }

    /// Says goodbye, so that the server discards the will; returns the stream to be closed.
    ///
    /// # Errors
    /// When the transport fails first.
    pub async fn disconnect(mut self) -> Result<S, Error<S::Error>> {
        self.transmit().await?;
        self.session.finish().map_err(Error::of)?;
        self.transmit().await?;
        self.session.close();
        Ok(self.stream)
    }

    /// Tells whether the server owes an answer; see [`Session::is_answer_awaited`].
    #[must_use]
    pub fn is_answer_awaited(&self) -> bool {
        self.session.is_answer_awaited()
    }

    /// The stream underneath, for settings of its own.
    pub const fn stream_mut(&mut self) -> &mut S {
        &mut self.stream
    }

    /// The session that is connected.
    #[must_use]
    pub const fn session(&self) -> &Session<'b> {
        self.session
    }

    /// Works until there is an event (or CONNACK has come), at most until `until`; tells which.
    async fn drive(&mut self, until: Instant) -> Result<bool, Error<S::Error>> {
        let mut received = false;
        loop {
            let now = self.clock.now();
            // An answer that has arrived counts, even if nobody looked at it in time.
            if !self.session.is_excused(now) {
                self.session.handle_timeout(now).map_err(Error::of)?;
            }
            self.transmit().await?;
            if self.session.next().map_err(Error::of)? {
                return Ok(true);
            }
            if self.session.has_transmit() {
                continue;
            }
            if received && now.has_reached(until) {
                return Ok(false);
            }
            let deadline = self.session.poll_timeout().map_or(until, |timeout| timeout.earlier(until));
            let read = self.stream.read(self.session.receive_space());
            match before(read, self.clock.wait_until(deadline)).await {
                Some(Ok(0)) => return Err(self.over(Error::Closed)),
                Some(Ok(count)) => self.session.handle_received(count),
                Some(Err(error)) => return Err(self.over(Error::Transport(error))),
                None if self.clock.now().has_reached(until) => return Ok(false),
                None => {
                    self.session.handle_nothing_unread();
                    continue;
                }
            }
            received = true;
        }
    }

    /// Sends what there is to be sent.
    async fn transmit(&mut self) -> Result<(), Error<S::Error>> {
        while let Some(bytes) = self.session.poll_transmit() {
            // Even if this future is dropped in the middle: a flush too many does no harm.
            self.unflushed = true;
            match self.stream.write(bytes).await {
                Ok(0) => return Err(self.over(Error::Closed)),
                Ok(count) => self.session.handle_transmitted(count, self.clock.now()),
                Err(error) => return Err(self.over(Error::Transport(error))),
            }
        }
        if self.unflushed && self.session.streaming() == 0 {
            self.stream.flush().await.map_err(|error| self.over(Error::Transport(error)))?;
            self.unflushed = false;
        }
        Ok(())
    }

    fn over(&mut self, error: Error<S::Error>) -> Error<S::Error> {
        self.session.close();
        error
    }
}

/// The payload of a message that is written piece by piece; made by [`Connection::publish_streamed`].
///
/// Dropping it before all bytes are written ends the connection: the server would take whatever came
/// next for the rest of the payload.
#[derive(Debug)]
pub struct Payload<'c, 's, 'b, S, C> {
    connection: &'c mut Connection<'s, 'b, S, C>,
    identifier: Option<PacketIdentifier>,
}

impl<S: Stream, C: AsyncClock> Payload<'_, '_, '_, S, C> {
    /// Identifier of the message, unless it is of QoS 0.
    #[must_use]
    pub const fn identifier(&self) -> Option<PacketIdentifier> {
        self.identifier
    }

    /// Counts the bytes that are still to be written.
    #[must_use]
    pub const fn left(&self) -> usize {
        self.connection.session.streaming()
    }

    /// Writes the next bytes of `piece`, as many as the stream takes at once; bytes past the announced length
    /// are left out. Tells how many were taken.
    ///
    /// # Errors
    /// When the transport fails; the connection is over then.
    pub async fn write(&mut self, piece: &[u8]) -> Result<usize, Error<S::Error>> {
        let connection = &mut *self.connection;
        let take = piece.len().min(connection.session.streaming());
        let bytes = piece.get(..take).unwrap_or_default();
        if bytes.is_empty() {
            return Ok(0);
        }
        connection.unflushed = true;
        let count = match connection.stream.write(bytes).await {
            Ok(0) => return Err(connection.over(Error::Closed)),
            Ok(count) => count.min(take),
            Err(error) => return Err(connection.over(Error::Transport(error))),
        };
        connection.session.handle_streamed(bytes.get(..count).unwrap_or_default(), connection.clock.now());
        connection.transmit().await?;
        Ok(count)
    }
}

impl<S, C> Drop for Payload<'_, '_, '_, S, C> {
    fn drop(&mut self) {
        if self.connection.session.streaming() > 0 {
            self.connection.session.close();
        }
    }
}

/// Runs `work`, but no longer than until `end` is there; `work` is looked at first.
async fn before<W: Future>(work: W, end: impl Future<Output = ()>) -> Option<W::Output> {
    let (mut work, mut end) = (pin!(work), pin!(end));
    poll_fn(|context| match work.as_mut().poll(context) {
        Poll::Ready(output) => Poll::Ready(Some(output)),
        Poll::Pending => end.as_mut().poll(context).map(|()| None),
    })
    .await
}
