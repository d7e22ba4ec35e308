//! Bytes and time: what goes out, what came in, and when something is due.

use monoclock::{Instant, Millis};

use super::{Phase, Ping, Session};
use crate::error::{Error, Waiting};
use crate::event::Event;
use crate::packet::publish::DUP;
use crate::packet::{PINGREQ, acknowledge, first_byte};

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

    /// Tells whether [`handle_timeout`](Self::handle_timeout) would give the connection up: look first at
    /// what has arrived meanwhile.
    #[must_use]
    pub fn is_answer_overdue(&self, now: Instant) -> bool {
        let ping = matches!(self.ping, Ping::Sent(deadline) if now.has_reached(deadline));
        ping || self.response.is_some_and(|deadline| now.has_reached(deadline))
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
    #[inline(never)] // several callers: 0.2 KB of flash
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

    /// Tells when silence makes a PINGREQ due: after three quarters of the Keep Alive, so that there is
    /// time for it to arrive [MQTT-3.1.2-23].
    fn ping_time(&self) -> Option<Instant> {
        let on = self.phase == Phase::Connected && self.ping == Ping::Idle && self.keep_alive.0 > 0;
        on.then(|| self.last_transmit + Millis(self.keep_alive.0 / 4 * 3))
    }

    fn note_transmit(&mut self, now: Instant) {
        self.last_transmit = now;
        let waits = self.phase == Phase::Connecting || self.in_flight.len() > 0;
        if waits && self.response.is_none() {
            self.response = Some(now + self.response_timeout);
        }
    }

    /// Puts a short packet into the transmit buffer.
    pub(super) fn queue(&mut self, packet: &[u8]) {
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
