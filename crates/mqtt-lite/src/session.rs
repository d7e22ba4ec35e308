//! The protocol as a state machine without I/O and without a clock.

mod commands;
mod inbound_packets;
mod transmission;

use core::ops::Range;

use monoclock::{Instant, Millis};

use crate::event::{Event, Message};
use crate::identifier::PacketIdentifier;
use crate::in_flight::InFlight;
use crate::inbound::Inbound;
use crate::packet::publish;
use crate::packet::suback::Granted;

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
    /// With the length of the payload that follows, when it is large.
    Message {
        head: publish::Head,
        body: Range<usize>,
        follows: Option<usize>,
    },
    Chunk {
        bytes: Range<usize>,
        left: usize,
    },
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

    /// Tells whether the server owes an answer: CONNACK, an acknowledgement, or PINGRESP.
    ///
    /// Whoever must poll a transport to notice its bytes polls more often then.
    #[must_use]
    pub fn is_answer_awaited(&self) -> bool {
        let waits = self.phase != Phase::Closed && self.in_flight.len() > 0;
        waits || self.phase == Phase::Connecting || matches!(self.ping, Ping::Queued | Ping::Sent(_))
    }

    /// Counts the packets that wait for their acknowledgement.
    #[must_use]
    pub fn in_flight(&self) -> usize {
        self.in_flight.len()
    }

    /// Forgets the connection; only what a persistent session keeps remains.
    pub fn close(&mut self) {
        self.phase = Phase::Closed;
        self.pending = 0..0;
        self.streaming = 0;
        (self.owed, self.large) = (None, Large::default());
        (self.response, self.ping, self.resend) = (None, Ping::Idle, None);
    }

    /// Makes an event readable.
    pub(crate) fn event(&self, incoming: Incoming) -> Event<'_> {
        match incoming {
            Incoming::Message { head, body, follows } => {
                let message = self.message(&head, body);
                match follows {
                    None => Event::Message(message),
                    Some(length) => Event::LargeMessage { message, length },
                }
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
}
