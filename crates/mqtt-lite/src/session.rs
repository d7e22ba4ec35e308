//! The protocol as a state machine without I/O and without a clock.

mod inbound_packets;

use core::ops::Range;

use monoclock::{Instant, Millis};

use crate::error::{ConnectError, Error, Misuse, ResourceError, Waiting};
use crate::event::{Event, Message};
use crate::identifier::PacketIdentifier;
use crate::in_flight::{Awaited, InFlight};
use crate::inbound::Inbound;
use crate::packet::connect::{Connect, Password};
use crate::packet::publish::{self, DUP, Publish};
use crate::packet::suback::Granted;
use crate::packet::subscribe::{self, Filter};
use crate::packet::{DISCONNECT, PINGREQ, acknowledge, first_byte, unsubscribe};
use crate::qos::QoS;
use crate::wire::Writer;

/// How long the server may take for an answer, unless told otherwise.
const RESPONSE_TIMEOUT: Millis = Millis::from_secs(30);

/// An MQTT session: what outlives a single connection, and the rules of the connection that is open.
///
/// It does no I/O and has no clock. Its methods are of four kinds:
///
/// - *Commands* put one packet into the transmit buffer: [`begin`](Self::begin),
///   [`publish`](Self::publish), [`subscribe`](Self::subscribe), [`unsubscribe`](Self::unsubscribe),
///   [`finish`](Self::finish).
/// - *Inputs* tell what happened: [`handle_transmitted`](Self::handle_transmitted),
///   [`handle_received`](Self::handle_received) after reading into
///   [`receive_space`](Self::receive_space), and [`handle_timeout`](Self::handle_timeout).
/// - *Outputs* say what to do: [`poll_transmit`](Self::poll_transmit) until it is empty, then
///   [`poll_event`](Self::poll_event), and wait no longer than until
///   [`poll_timeout`](Self::poll_timeout).
/// - *Settings* and questions.
///
/// [`Connection`](crate::Connection) does all this over a byte stream and a clock. The session lends
/// itself to one connection at a time, and is free for the next when that is dropped.
#[derive(Debug)]
pub struct Session<'b> {
    inbound: Inbound<'b>,
    in_flight: InFlight<'b>,
    transmit: &'b mut [u8],
    /// Bytes of `transmit` that are still to be sent.
    pending: Range<usize>,
    /// Payload bytes of a streamed PUBLISH that follow the pending ones.
    streaming: usize,
    /// The acknowledgement that is owed for the message lent last.
    owed: Option<(u8, PacketIdentifier)>,
    /// Identifiers of QoS 2 messages that PUBREL has not released yet.
    #[cfg(feature = "qos2")]
    received: heapless::Vec<PacketIdentifier, { crate::IN_FLIGHT }>,
    /// The large message that is being received; acknowledged after its last chunk.
    large: Large,
    phase: Phase,
    clean: bool,
    session_present: bool,
    keep_alive: Millis,
    response_timeout: Millis,
    last_transmit: Instant,
    /// When the answer to CONNECT, or to the packets in flight, is overdue.
    response: Option<Instant>,
    ping: Ping,
    /// The next retained packet to be sent again.
    resend: Option<usize>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Closed,
    Connecting,
    Connected,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ping {
    Idle,
    Due,
    /// PINGREQ lies in the transmit buffer.
    Queued,
    /// PINGRESP is overdue at this time.
    Sent(Instant),
}

#[derive(Clone, Copy, Debug, Default)]
struct Large {
    acknowledgement: Option<(u8, PacketIdentifier)>,
    #[cfg(feature = "qos2")]
    skip: bool,
}

/// An event by its places in the receive buffer; [`Session::event`] makes it readable.
#[derive(Clone, Debug)]
pub(crate) enum Incoming {
    Message { head: publish::Head, body: Range<usize> },
    Large { head: publish::Head, body: Range<usize>, length: usize },
    Chunk { bytes: Range<usize>, left: usize },
    Published(PacketIdentifier),
    Subscribed(PacketIdentifier, Range<usize>),
    Unsubscribed(PacketIdentifier),
}

impl<'b> Session<'b> {
    /// Makes a session with its two buffers.
    ///
    /// `receive` holds one packet from the server; a message that is larger comes in pieces, but for its
    /// topic. `transmit` holds one packet to the server: the login is the longest as a rule.
    #[must_use]
    pub const fn new(receive: &'b mut [u8], transmit: &'b mut [u8]) -> Self {
        Self::with_retention(receive, transmit, &mut [])
    }

    /// Makes a session that can be persistent: `retained` keeps what waits for its acknowledgement.
    ///
    /// A connection with `clean_session(false)` keeps a copy of every message of QoS 1 there and sends
    /// it again, marked DUP, over the next connection [MQTT-4.4.0-1].
    #[must_use]
    pub const fn with_retention(
        receive: &'b mut [u8],
        transmit: &'b mut [u8],
        retained: &'b mut [u8],
    ) -> Self {
        Self {
            inbound: Inbound::new(receive),
            in_flight: InFlight::new(retained),
            transmit,
            pending: 0..0,
            streaming: 0,
            owed: None,
            #[cfg(feature = "qos2")]
            received: heapless::Vec::new(),
            large: Large {
                acknowledgement: None,
                #[cfg(feature = "qos2")]
                skip: false,
            },
            phase: Phase::Closed,
            clean: true,
            session_present: false,
            keep_alive: Millis::ZERO,
            response_timeout: RESPONSE_TIMEOUT,
            last_transmit: Instant::from_millis(0),
            response: None,
            ping: Ping::Idle,
            resend: None,
        }
    }

    /// Sets how long the server may take for an answer; 30 s at first.
    pub const fn set_response_timeout(&mut self, timeout: Millis) {
        self.response_timeout = timeout;
    }

    /// Refuses packets that have more than `length` bytes after their fixed header.
    pub const fn limit_message(&mut self, length: usize) {
        self.inbound.limit = length;
    }

    /// Tells whether CONNACK has come and nothing has gone wrong since.
    #[must_use]
    pub fn is_connected(&self) -> bool {
        self.phase == Phase::Connected
    }

    /// Tells whether the server has resumed the session before (Session Present in CONNACK).
    #[must_use]
    pub const fn session_present(&self) -> bool {
        self.session_present
    }

    /// Counts the packets that wait for their acknowledgement.
    #[must_use]
    pub fn in_flight(&self) -> usize {
        self.in_flight.len()
    }

    /// Begins a connection over a new stream: CONNECT is put into the transmit buffer.
    ///
    /// # Errors
    /// When the password cannot be made, `connect` breaks a rule, or the packet does not fit. The
    /// session is closed then.
    pub fn begin<P: Password>(
        &mut self,
        connect: Connect<'_, P>,
    ) -> Result<(), ConnectError<core::convert::Infallible, P::Error>> {
        self.close();
        let (clean, keep_alive) = (connect.clean_session, connect.keep_alive);
        let length = connect.encode(self.transmit)?;
        self.pending = 0..length;
        self.inbound.reset();
        (self.clean, self.session_present) = (clean, false);
        if clean {
            self.in_flight.clear();
            #[cfg(feature = "qos2")]
            self.received.clear();
        } else {
            self.in_flight.forget_subscriptions();
        }
        self.keep_alive = Millis::from_secs(u32::from(keep_alive));
        self.phase = Phase::Connecting;
        Ok(())
    }

    /// Puts a PUBLISH into the transmit buffer; tells its identifier unless it is of QoS 0.
    ///
    /// # Errors
    /// [`Error::Misuse`] and [`Error::Resource`]; nothing is sent then.
    pub fn publish(&mut self, message: &Publish<'_>) -> Result<Option<PacketIdentifier>, Error> {
        self.check_ready()?;
        let identifier = self.identifier_for(message.qos)?;
        let length = message.encode(identifier, self.transmit)?;
        if let Some(identifier) = identifier {
            if !self.clean {
                self.in_flight.retain(identifier, self.transmit.get(..length).unwrap_or_default())?;
            }
            self.in_flight.insert(identifier, awaited(message.qos));
        }
        self.pending = 0..length;
        Ok(identifier)
    }

    /// Puts a PUBLISH without its payload into the transmit buffer; `length` bytes of payload must
    /// follow on the stream, each reported to [`handle_streamed`](Self::handle_streamed).
    ///
    /// The payload of `message` is not looked at.
    ///
    /// # Errors
    /// [`Error::Misuse`], also for QoS 1 in a persistent session, and [`Error::Resource`].
    pub fn publish_streamed(
        &mut self,
        message: &Publish<'_>,
        length: usize,
    ) -> Result<Option<PacketIdentifier>, Error> {
        self.check_ready()?;
        let identifier = self.identifier_for(message.qos)?;
        if identifier.is_some() && !self.clean {
            return Err(Misuse::StreamedRetention.into());
        }
        let mut writer = Writer::new(self.transmit);
        message.encode_header(identifier, length, &mut writer)?;
        let header = writer.finish().map_err(|needed| ResourceError::TransmitBuffer { needed })?;
        if let Some(identifier) = identifier {
            self.in_flight.insert(identifier, awaited(message.qos));
        }
        self.pending = 0..header;
        self.streaming = length;
        Ok(identifier)
    }

    /// Puts a SUBSCRIBE into the transmit buffer.
    ///
    /// # Errors
    /// [`Error::Misuse`] and [`Error::Resource`]; nothing is sent then.
    pub fn subscribe(&mut self, filters: &[Filter<'_>]) -> Result<PacketIdentifier, Error> {
        self.check_ready()?;
        let identifier = self.in_flight.unused_identifier()?;
        let length = subscribe::encode(identifier, filters, self.transmit)?;
        self.in_flight.insert(identifier, Awaited::Suback(filters.len()));
        self.pending = 0..length;
        Ok(identifier)
    }

    /// Puts an UNSUBSCRIBE into the transmit buffer.
    ///
    /// # Errors
    /// [`Error::Misuse`] and [`Error::Resource`]; nothing is sent then.
    pub fn unsubscribe(&mut self, filters: &[&[&str]]) -> Result<PacketIdentifier, Error> {
        self.check_ready()?;
        let identifier = self.in_flight.unused_identifier()?;
        let length = unsubscribe::encode(identifier, filters, self.transmit)?;
        self.in_flight.insert(identifier, Awaited::Unsuback);
        self.pending = 0..length;
        Ok(identifier)
    }

    /// Puts a DISCONNECT into the transmit buffer: the will is discarded, the stream can be closed.
    ///
    /// # Errors
    /// [`Error::Misuse`] when there is no connection.
    pub fn finish(&mut self) -> Result<(), Error> {
        self.check_ready()?;
        self.queue(&DISCONNECT);
        Ok(())
    }

    /// Forgets the connection; only what a persistent session keeps remains.
    pub fn close(&mut self) {
        self.phase = Phase::Closed;
        self.pending = 0..0;
        self.streaming = 0;
        (self.owed, self.large) = (None, Large::default());
        (self.response, self.ping, self.resend) = (None, Ping::Idle, None);
    }

    /// Lends room for bytes to be received; tell [`handle_received`](Self::handle_received) how many.
    pub fn receive_space(&mut self) -> &mut [u8] {
        self.inbound.space()
    }

    /// Takes the first `count` bytes of [`receive_space`](Self::receive_space) as received.
    pub fn handle_received(&mut self, count: usize) {
        self.inbound.received(count);
    }

    /// Takes note that the first `count` bytes of [`poll_transmit`](Self::poll_transmit) were sent.
    pub fn handle_transmitted(&mut self, count: usize, now: Instant) {
        self.pending.start = self.pending.start.saturating_add(count).min(self.pending.end);
        self.note_transmit(now);
        if self.pending.is_empty() && self.ping == Ping::Queued {
            self.ping = Ping::Sent(now + self.response_timeout);
        }
    }

    /// Takes note that `count` bytes of a streamed payload were sent.
    pub fn handle_streamed(&mut self, count: usize, now: Instant) {
        self.streaming = self.streaming.saturating_sub(count);
        self.note_transmit(now);
    }

    /// Counts the bytes that a streamed payload still has.
    #[must_use]
    pub const fn streaming(&self) -> usize {
        self.streaming
    }

    /// Looks at the time: a ping may become due, an answer overdue.
    ///
    /// # Errors
    /// [`Error::Timeout`]; the connection is over then.
    pub fn handle_timeout(&mut self, now: Instant) -> Result<(), Error> {
        let overdue = |deadline: Instant| now.has_reached(deadline);
        if let Ping::Sent(deadline) = self.ping
            && overdue(deadline)
        {
            self.close();
            return Err(Error::Timeout(Waiting::PingResponse));
        }
        if self.response.is_some_and(overdue) {
            let waiting = match self.phase {
                Phase::Connecting => Waiting::ConnectAcknowledgement,
                _ => Waiting::Acknowledgement,
            };
            self.close();
            return Err(Error::Timeout(waiting));
        }
        if self.response.is_none() && self.phase == Phase::Connected && self.in_flight.len() > 0 {
            self.response = Some(now + self.response_timeout);
        }
        if self.ping_time().is_some_and(overdue) {
            self.ping = Ping::Due;
        }
        Ok(())
    }

    /// Shows the bytes to be sent next; tell [`handle_transmitted`](Self::handle_transmitted) how many
    /// went out.
    ///
    /// They belong to one packet; a transport that takes them all sends one packet per write.
    pub fn poll_transmit(&mut self) -> Option<&[u8]> {
        if self.pending.is_empty() && self.streaming == 0 {
            if let Some((first, identifier)) = self.owed.take() {
                self.queue(&acknowledge::encode(first, identifier));
            } else if let Some(place) = self.resend {
                self.queue_retained(place);
            } else if self.ping == Ping::Due {
                self.ping = Ping::Queued;
                self.queue(&PINGREQ);
            }
        }
        self.transmit.get(self.pending.clone()).filter(|bytes| !bytes.is_empty())
    }

    /// Tells whether [`poll_transmit`](Self::poll_transmit) has something.
    #[must_use]
    pub fn has_transmit(&self) -> bool {
        !self.pending.is_empty() || self.owed.is_some() || self.resend.is_some() || self.ping == Ping::Due
    }

    /// Tells whether the packet that [`poll_transmit`](Self::poll_transmit) began is not out yet.
    #[must_use]
    pub fn is_packet_pending(&self) -> bool {
        !self.pending.is_empty() || self.streaming > 0
    }

    /// Takes the next event from what was received; `None` when more bytes are needed, or when
    /// something must be transmitted first.
    ///
    /// # Errors
    /// When the server refuses the connection or breaks the rules, or a packet does not fit: the
    /// connection is over then.
    pub fn poll_event(&mut self) -> Result<Option<Event<'_>>, Error> {
        match self.next_incoming()? {
            Some(incoming) => Ok(Some(self.event(incoming))),
            None => Ok(None),
        }
    }

    /// Tells when [`handle_timeout`](Self::handle_timeout) has something to do.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        let ping = match self.ping {
            Ping::Sent(deadline) => Some(deadline),
            _ => self.ping_time(),
        };
        match (ping, self.response) {
            (Some(ping), Some(response)) => Some(ping.earlier(response)),
            (ping, response) => ping.or(response),
        }
    }

    /// Makes an event readable.
    pub(crate) fn event(&self, incoming: Incoming) -> Event<'_> {
        match incoming {
            Incoming::Message { head, body } => Event::Message(self.message(&head, body)),
            Incoming::Large { head, body, length } => {
                Event::LargeMessage { message: self.message(&head, body), length }
            }
            Incoming::Chunk { bytes, left } => Event::Chunk { payload: self.inbound.bytes(bytes), left },
            Incoming::Published(identifier) => Event::Published(identifier),
            Incoming::Subscribed(identifier, codes) => {
                Event::Subscribed(identifier, Granted::checked(self.inbound.bytes(codes)))
            }
            Incoming::Unsubscribed(identifier) => Event::Unsubscribed(identifier),
        }
    }

    fn message(&self, head: &publish::Head, body: Range<usize>) -> Message<'_> {
        let topic = self.inbound.bytes(body.start + head.topic.start..body.start + head.topic.end);
        Message {
            topic: core::str::from_utf8(topic).unwrap_or_default(),
            payload: self.inbound.bytes(body.start + head.payload..body.end),
            qos: head.qos,
            duplicate: head.duplicate,
            retain: head.retain,
        }
    }

    /// Tells when silence makes a PINGREQ due: after three quarters of the Keep Alive, so that there is
    /// time for it to arrive [MQTT-3.1.2-23].
    fn ping_time(&self) -> Option<Instant> {
        let on = self.phase == Phase::Connected && self.ping == Ping::Idle && self.keep_alive.0 > 0;
        on.then(|| self.last_transmit + Millis(self.keep_alive.0 / 4 * 3))
    }

    fn identifier_for(&self, qos: QoS) -> Result<Option<PacketIdentifier>, ResourceError> {
        if qos == QoS::AtMostOnce { Ok(None) } else { self.in_flight.unused_identifier().map(Some) }
    }

    fn check_ready(&self) -> Result<(), Misuse> {
        if self.phase != Phase::Connected {
            Err(Misuse::NotConnected)
        } else if self.has_transmit() || self.streaming > 0 {
            Err(Misuse::TransmitPending)
        } else {
            Ok(())
        }
    }

    fn note_transmit(&mut self, now: Instant) {
        self.last_transmit = now;
        let waits = self.phase == Phase::Connecting || self.in_flight.len() > 0;
        if waits && self.response.is_none() {
            self.response = Some(now + self.response_timeout);
        }
    }

    /// Puts a short packet into the transmit buffer.
    fn queue(&mut self, packet: &[u8]) {
        for (to, from) in self.transmit.iter_mut().zip(packet) {
            *to = *from;
        }
        self.pending = 0..packet.len();
    }

    /// Puts the retained packet at `place` into the transmit buffer, marked DUP [MQTT-3.3.1-1].
    fn queue_retained(&mut self, place: usize) {
        self.resend = None;
        if let Some((length, next)) = self.in_flight.retained(place, self.transmit) {
            if let Some(first) = self.transmit.first_mut()
                && first_byte::is_publish(*first)
            {
                *first |= DUP;
            }
            self.pending = 0..length;
            self.resend = Some(next);
        }
    }
}

const fn awaited(qos: QoS) -> Awaited {
    match qos {
        #[cfg(feature = "qos2")]
        QoS::ExactlyOnce => Awaited::Pubrec,
        _ => Awaited::Puback,
    }
}
