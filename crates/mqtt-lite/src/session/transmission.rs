//! Bytes and time: what goes out, what came in, and when something is due.

use monoclock::Instant;

use super::{Phase, Ping, Session};
use crate::error::{Error, Waiting};
use crate::in_flight::IN_FLIGHT;
use crate::packet::first_byte;
use crate::packet::publish::DUP;

/// Bytes that have arrived count even if nobody looked at them in time, but for no more looks than this: a
/// server that sends a byte now and then cannot put the end off for ever.
const LATE_LOOKS: u8 = 32;

impl Session<'_> {
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
        self.out.sent(count);
        self.note_transmit(now);
    }

    /// Takes note that `bytes` of a streamed payload were sent.
    pub fn handle_streamed(&mut self, bytes: &[u8], now: Instant) {
        self.streaming = self.streaming.saturating_sub(bytes.len());
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
        if self.is_answer_overdue(now) {
            let waiting = match self.phase {
                Phase::Connecting => Waiting::ConnectAcknowledgement,
                _ if self.in_flight.len() > 0 => Waiting::Acknowledgement,
                _ => Waiting::PingResponse,
            };
            self.close();
            return Err(Error::Timeout(waiting));
        }
        self.await_answer(now);
        if self.ping_time().is_some_and(|time| now.has_reached(time)) {
            self.ping = Ping::Due;
        }
        Ok(())
    }

    /// Tells whether [`handle_timeout`](Self::handle_timeout) would give the connection up: look first at
    /// what has arrived meanwhile.
    #[must_use]
    pub fn is_answer_overdue(&self, now: Instant) -> bool {
        self.response.is_some_and(|deadline| now.has_reached(deadline))
    }

    /// Tells whether an overdue answer may still lie unread in the stream.
    pub(crate) fn is_excused(&mut self, now: Instant) -> bool {
        let overdue = self.is_answer_overdue(now);
        self.late = if overdue { self.late.saturating_add(1) } else { 0 };
        overdue && self.late < LATE_LOOKS
    }

    /// Takes note that the stream has nothing to be read.
    #[cfg(feature = "async")]
    pub(crate) const fn handle_nothing_unread(&mut self) {
        self.late = LATE_LOOKS;
    }

    /// Shows the bytes to be sent next; tell [`handle_transmitted`](Self::handle_transmitted) how many
    /// went out.
    ///
    /// They belong to one packet; a transport that takes them all sends one packet per write.
    pub fn poll_transmit(&mut self) -> Option<&[u8]> {
        if self.has_transmit() { Some(self.out.pending()) } else { None }
    }

    /// Tells whether [`poll_transmit`](Self::poll_transmit) has something.
    #[cfg_attr(target_os = "none", inline(never))] // several callers
    pub fn has_transmit(&mut self) -> bool {
        if self.out.is_empty() && self.streaming == 0 {
            self.refill();
        }
        !self.out.is_empty()
    }

    /// Tells whether the packet that [`poll_transmit`](Self::poll_transmit) began is not out yet.
    #[must_use]
    pub const fn is_packet_pending(&self) -> bool {
        !self.out.is_empty() || self.streaming > 0
    }

    /// Tells when [`handle_timeout`](Self::handle_timeout) has something to do.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        match (self.ping_time(), self.response) {
            (Some(ping), Some(response)) => Some(ping.earlier(response)),
            (ping, response) => ping.or(response),
        }
    }

    /// Tells when silence makes a PINGREQ due.
    fn ping_time(&self) -> Option<Instant> {
        let on = self.phase == Phase::Connected && self.ping == Ping::Idle && self.ping_after.0 > 0;
        on.then(|| self.last_transmit + self.ping_after)
    }

    fn note_transmit(&mut self, now: Instant) {
        self.last_transmit = now;
        self.await_answer(now);
    }

    /// Sets the time by which the server must have answered, if it owes an answer and has no such time yet.
    #[cfg_attr(target_os = "none", inline(never))]
    fn await_answer(&mut self, now: Instant) {
        if self.response.is_none() && self.is_answer_awaited() {
            self.response = Some(now + self.response_timeout);
            self.progress = 0;
        }
    }

    /// Puts in what the session itself has to send: an acknowledgement, a packet again, or PINGREQ.
    fn refill(&mut self) {
        if !self.inbound.is_streaming()
            && let Some((first, identifier)) = self.owed.take()
        {
            self.out.short(first, Some(identifier));
            return;
        }
        while let Some(packet) = self.in_flight.packet(self.resend) {
            self.resend += 1;
            if let Some(first) = packet.first() {
                // [MQTT-3.3.1-1]
                let flags = if first_byte::is_publish(*first) { DUP } else { 0 };
                self.out.again(packet, flags);
                return;
            }
        }
        self.resend = IN_FLIGHT;
        if self.ping == Ping::Due {
            self.ping = Ping::Sent;
            self.out.short(first_byte::PINGREQ, None);
        }
    }
}
