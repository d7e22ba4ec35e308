//! The protocol as a state machine without I/O and without a clock.

mod commands;
mod inbound_packets;
mod transmission;

use monoclock::{Instant, Millis};

use crate::identifier::PacketIdentifier;
use crate::in_flight::{IN_FLIGHT, InFlight};
use crate::inbound::Inbound;
use crate::outbound::Outbound;

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
    out: Outbound<'b>,
    /// Payload bytes of a streamed PUBLISH that follow what `out` has.
    streaming: usize,
    /// First byte and identifier of the acknowledgement that is owed for the message received last.
    owed: Option<(u8, PacketIdentifier)>,
    /// Identifiers of QoS 2 messages that PUBREL has not released yet.
    #[cfg(feature = "qos2")]
    received: heapless::Vec<PacketIdentifier, IN_FLIGHT>,
    /// The large message that is being received was delivered before.
    #[cfg(feature = "qos2")]
    skip: bool,
    phase: Phase,
    clean: bool,
    session_present: bool,
    ping: Ping,
    /// How much silence makes a PINGREQ due; zero for none.
    ping_after: Millis,
    response_timeout: Millis,
    last_transmit: Instant,
    /// When what the server owes is overdue.
    response: Option<Instant>,
    /// Payload bytes of a large message since that was set.
    progress: usize,
    /// Looks at the stream since then.
    late: u8,
    /// The retained packet to be sent again next.
    resend: usize,
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
    /// PINGRESP is awaited.
    Sent,
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
            out: Outbound::new(transmit),
            streaming: 0,
            owed: None,
            #[cfg(feature = "qos2")]
            received: heapless::Vec::new(),
            #[cfg(feature = "qos2")]
            skip: false,
            phase: Phase::Closed,
            clean: true,
            session_present: false,
            ping: Ping::Idle,
            ping_after: Millis::ZERO,
            response_timeout: RESPONSE_TIMEOUT,
            last_transmit: Instant::from_millis(0),
            response: None,
            progress: 0,
            late: 0,
            resend: IN_FLIGHT,
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
    #[cfg_attr(target_os = "none", inline(never))] // several callers
    pub fn is_answer_awaited(&self) -> bool {
        match self.phase {
            Phase::Closed => false,
            Phase::Connecting => true,
            Phase::Connected => self.in_flight.len() > 0 || self.ping == Ping::Sent,
        }
    }

    /// Counts the packets that wait for their acknowledgement.
    #[must_use]
    pub const fn in_flight(&self) -> usize {
        self.in_flight.len()
    }

    /// Forgets the connection; only what a persistent session keeps remains.
    #[cfg_attr(target_os = "none", inline(never))] // several callers
    pub const fn close(&mut self) {
        self.phase = Phase::Closed;
        self.out.clear();
        self.streaming = 0;
        (self.owed, self.response) = (None, None);
        (self.ping, self.resend) = (Ping::Idle, IN_FLIGHT);
    }
}
