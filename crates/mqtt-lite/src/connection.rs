//! The session over a byte stream: the only file with I/O.

use embedded_io::{Read, ReadReady, Write};
use monoclock::{Clock, Instant, Millis};

use crate::error::{ConnectError, Error, Misuse};
use crate::event::Event;
use crate::identifier::PacketIdentifier;
use crate::packet::connect::{Connect, Password};
use crate::packet::publish::Publish;
use crate::packet::subscribe::Filter;
use crate::session::Session;

/// An open byte stream: a TCP or TLS connection that somebody else has made.
///
/// [`Read::read`] is called only when [`ReadReady::read_ready`] says that it will not block, and an end
/// of the stream counts as ready. Every packet is one [`Write::write`], if the stream takes it whole,
/// and one [`Write::flush`].
pub trait Stream: Read + Write + ReadReady {}

impl<S: Read + Write + ReadReady + ?Sized> Stream for S {}

/// A session that is connected; made by [`Session::connect`].
///
/// Dropping it drops the stream without a DISCONNECT, so that the server publishes the will.
#[derive(Debug)]
pub struct Connection<'s, 'b, S, C> {
    session: &'s mut Session<'b>,
    stream: S,
    clock: C,
}

/// Longer than any wait of the session.
const FAR: Millis = Millis(1 << 30);

impl<'b> Session<'b> {
    /// Connects over `stream`, and waits for the server's answer.
    ///
    /// A message that a persistent session still owes the server is sent again at once.
    ///
    /// # Errors
    /// When the password cannot be made, the server refuses or does not answer within the response
    /// timeout, or the transport fails.
    pub fn connect<S: Stream, C: Clock, P: Password>(
        &mut self,
        stream: S,
        clock: C,
        connect: Connect<'_, P>,
    ) -> Result<Connection<'_, 'b, S, C>, ConnectError<S::Error, P::Error>> {
        self.begin(connect).map_err(ConnectError::of)?;
        let mut connection = Connection { session: self, stream, clock };
        while !connection.session.is_connected() {
            // The session gives up in time.
            connection.drive(connection.clock.now() + FAR)?;
        }
        connection.transmit()?;
        Ok(connection)
    }
}

impl<'s, 'b, S: Stream, C: Clock> Connection<'s, 'b, S, C> {
    /// Publishes a message; tells its identifier unless it is of QoS 0.
    ///
    /// [`Event::Published`] tells of its arrival later.
    ///
    /// # Errors
    /// [`Error::Misuse`] and [`Error::Resource`] leave the connection alone; after others it is over.
    pub fn publish(&mut self, message: &Publish<'_>) -> Result<Option<PacketIdentifier>, Error<S::Error>> {
        self.transmit()?;
        let identifier = self.session.publish(message).map_err(Error::of)?;
        self.transmit()?;
        Ok(identifier)
    }

    /// Publishes a message of `length` bytes whose payload is written to the returned [`Payload`].
    ///
    /// # Errors
    /// As [`Connection::publish`]; QoS 1 in a persistent session is a misuse.
    pub fn publish_streamed(
        &mut self,
        message: &Publish<'_>,
        length: usize,
    ) -> Result<Payload<'_, 's, 'b, S, C>, Error<S::Error>> {
        self.transmit()?;
        let identifier = self.session.publish_streamed(message, length).map_err(Error::of)?;
        self.transmit()?;
        Ok(Payload { connection: self, identifier })
    }

    /// Asks for the messages of all `filters` in one packet.
    ///
    /// [`Event::Subscribed`] tells what was granted later; messages may come before it.
    ///
    /// # Errors
    /// [`Error::Misuse`] and [`Error::Resource`] leave the connection alone; after others it is over.
    pub fn subscribe(&mut self, filters: &[Filter<'_>]) -> Result<PacketIdentifier, Error<S::Error>> {
        self.transmit()?;
        let identifier = self.session.subscribe(filters).map_err(Error::of)?;
        self.transmit()?;
        Ok(identifier)
    }

    /// Ends subscriptions; [`Event::Unsubscribed`] confirms it later.
    ///
    /// # Errors
    /// [`Error::Misuse`] and [`Error::Resource`] leave the connection alone; after others it is over.
    pub fn unsubscribe(&mut self, filters: &[&[&str]]) -> Result<PacketIdentifier, Error<S::Error>> {
        self.transmit()?;
        let identifier = self.session.unsubscribe(filters).map_err(Error::of)?;
        self.transmit()?;
        Ok(identifier)
    }

    /// Takes the next event if there is one; does not wait.
    ///
    /// # Errors
    /// When the connection is over, and why.
    pub fn poll(&mut self) -> Result<Option<Event<'_>>, Error<S::Error>> {
        self.wait(self.clock.now())
    }

    /// Waits for the next event, at most until `until`; keeps the connection alive meanwhile.
    ///
    /// # Errors
    /// When the connection is over, and why.
    pub fn wait(&mut self, until: Instant) -> Result<Option<Event<'_>>, Error<S::Error>> {
        if !self.session.is_connected() {
            return Err(Misuse::NotConnected.into());
        }
        if self.drive(until)? { Ok(Some(self.session.event())) } else { Ok(None) }
    }

    /// Says goodbye, so that the server discards the will; returns the stream to be closed.
    ///
    /// # Errors
    /// When the transport fails first.
    pub fn disconnect(mut self) -> Result<S, Error<S::Error>> {
        self.transmit()?;
        self.session.finish().map_err(Error::of)?;
        self.transmit()?;
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
    fn drive(&mut self, until: Instant) -> Result<bool, Error<S::Error>> {
        let mut received = false;
        loop {
            let now = self.clock.now();
            // An answer that has arrived counts, even if nobody looked at it in time.
            if !(self.session.is_excused(now) && (received || self.stream_ready()?)) {
                self.session.handle_timeout(now).map_err(Error::of)?;
            }
            self.transmit()?;
            if self.session.next().map_err(Error::of)? {
                return Ok(true);
            }
            if self.session.has_transmit() {
                continue;
            }
            let over = now.has_reached(until);
            if over && received {
                return Ok(false);
            }
            received = self.receive()?;
            if !received {
                if over {
                    return Ok(false);
                }
                let deadline = self.session.poll_timeout().map_or(until, |timeout| timeout.earlier(until));
                self.clock.wait(deadline);
            }
        }
    }

    /// Sends what there is to be sent.
    fn transmit(&mut self) -> Result<(), Error<S::Error>> {
        while let Some(bytes) = self.session.poll_transmit() {
            match self.stream.write(bytes) {
                Ok(0) => return Err(self.over(Error::Closed)),
                Ok(count) => self.session.handle_transmitted(count, self.clock.now()),
                Err(error) => return Err(self.over(Error::Transport(error))),
            }
            if !self.session.is_packet_pending() {
                self.stream.flush().map_err(|error| self.over(Error::Transport(error)))?;
            }
        }
        Ok(())
    }

    /// Reads once if that does not block; tells whether it did.
    fn receive(&mut self) -> Result<bool, Error<S::Error>> {
        if !self.stream_ready()? {
            return Ok(false);
        }
        match self.stream.read(self.session.receive_space()) {
            Ok(0) => Err(self.over(Error::Closed)),
            Ok(count) => {
                self.session.handle_received(count);
                Ok(true)
            }
            Err(error) => Err(self.over(Error::Transport(error))),
        }
    }

    /// Tells whether a read would not block.
    fn stream_ready(&mut self) -> Result<bool, Error<S::Error>> {
        self.stream.read_ready().map_err(|error| self.over(Error::Transport(error)))
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

impl<S: Stream, C: Clock> Payload<'_, '_, '_, S, C> {
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

    /// Writes the next piece; bytes past the announced length are left out. Tells how many were taken.
    ///
    /// # Errors
    /// When the transport fails; the connection is over then.
    pub fn write(&mut self, piece: &[u8]) -> Result<usize, Error<S::Error>> {
        let Connection { session, stream, clock } = &mut *self.connection;
        let take = piece.len().min(session.streaming());
        let mut rest = piece.get(..take).unwrap_or_default();
        while !rest.is_empty() {
            let error = match stream.write(rest) {
                Ok(0) => Error::Closed,
                Ok(count) => {
                    let (sent, after) = rest.split_at_checked(count).unwrap_or((rest, &[]));
                    session.handle_streamed(sent, clock.now());
                    rest = after;
                    continue;
                }
                Err(error) => Error::Transport(error),
            };
            session.close();
            return Err(error);
        }
        if session.streaming() == 0 {
            stream.flush().map_err(|error| {
                session.close();
                Error::Transport(error)
            })?;
        }
        Ok(take)
    }
}

impl<S, C> Drop for Payload<'_, '_, '_, S, C> {
    fn drop(&mut self) {
        if self.connection.session.streaming() > 0 {
            self.connection.session.close();
        }
    }
}
