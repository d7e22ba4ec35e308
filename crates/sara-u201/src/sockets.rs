//! What is known about the modem's sockets.

use monoclock::{Instant, Millis};

use crate::command::SOCKETS;
use crate::config::Probe;

/// How a socket stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum State {
    /// Not ours.
    #[default]
    Free,
    /// Open, as far as is known.
    Open,
    /// Closed by the peer; what it has sent may still be read.
    Closing,
    /// Closed by the peer, and all is read.
    Ended,
    /// Over: nothing can be read or written.
    Dead,
}

/// One of the modem's sockets.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Entry {
    pub(crate) state: State,
    /// Told apart from earlier sockets of the same number.
    pub(crate) generation: u8,
    /// Bytes that wait in the modem.
    pub(crate) pending: u32,
    /// The URC may be older than what was read since: nothing may wait.
    pub(crate) unsure: bool,
    /// The peer owes an answer.
    pub(crate) answer_awaited: bool,
    /// To be closed at the next opportunity.
    pub(crate) abandoned: bool,
    /// The number was another socket's before, whose close may still be told.
    pub(crate) reused: bool,
    /// When the modem is asked what waits, should no URC come.
    probe_at: Option<Instant>,
    probe_wait: Millis,
}

impl Entry {
    const FREE: Self = Self {
        state: State::Free,
        generation: 0,
        pending: 0,
        unsure: false,
        answer_awaited: false,
        abandoned: false,
        reused: false,
        probe_at: None,
        probe_wait: Millis::ZERO,
    };

    fn close(&mut self) {
        if self.state == State::Open {
            self.state = State::Closing;
        }
    }

    /// Notes that a read was answered and brought nothing; tells whether that was the end.
    ///
    /// A modem refuses to read a socket that is closed: the close that was told may have been that of an
    /// earlier socket of the number. It is doubted once.
    pub(crate) fn note_empty(&mut self) -> bool {
        if self.state == State::Closing {
            self.state = if core::mem::take(&mut self.reused) { State::Open } else { State::Ended };
        }
        self.state == State::Ended
    }

    /// Whether it may be written to.
    pub(crate) fn is_writable(&self) -> bool {
        self.state == State::Open || (self.state == State::Closing && self.reused)
    }

    /// Something was heard, or an answer is awaited from now on: the next probe is due later.
    pub(crate) fn schedule_probe(&mut self, probe: Probe, now: Instant) {
        self.probe_wait = if self.answer_awaited { probe.first } else { probe.idle };
        self.probe_at = Some(now + self.probe_wait);
    }

    /// Nothing was heard: waits longer before the next probe.
    pub(crate) fn back_off(&mut self, probe: Probe, now: Instant) {
        if self.answer_awaited {
            let doubled = Millis(self.probe_wait.0.saturating_mul(2));
            self.probe_wait = doubled.min(probe.longest);
        } else {
            self.probe_wait = probe.idle;
        }
        self.probe_at = Some(now + self.probe_wait);
    }

    pub(crate) fn probe_due(&self, now: Instant) -> bool {
        self.probe_at.is_some_and(|at| now.has_reached(at))
    }

    pub(crate) const fn probe_at(&self) -> Option<Instant> {
        self.probe_at
    }
}

/// The modem's sockets, by number.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sockets {
    entries: [Entry; SOCKETS],
}

impl Sockets {
    pub(crate) const fn new() -> Self {
        Self { entries: [Entry::FREE; SOCKETS] }
    }

    /// Notes a socket that the modem has just created, and gives its generation.
    pub(crate) fn open(&mut self, number: u8) -> Option<u8> {
        let entry = self.entries.get_mut(usize::from(number))?;
        let generation = entry.generation.wrapping_add(1);
        *entry = Entry { state: State::Open, generation, reused: entry.generation > 0, ..Entry::FREE };
        Some(generation)
    }

    /// The socket `number`, if it is still the one of that generation.
    #[inline(never)]
    pub(crate) fn live(&mut self, number: u8, generation: u8) -> Option<&mut Entry> {
        let entry = self.entries.get_mut(usize::from(number))?;
        (entry.generation == generation && matches!(entry.state, State::Open | State::Closing | State::Ended))
            .then_some(entry)
    }

    /// Bytes that wait on a socket, whosever it is.
    pub(crate) fn waiting(&self, number: u8) -> u32 {
        self.entries.get(usize::from(number)).map_or(0, |entry| entry.pending)
    }

    /// Frees a number; what was lent of it is over.
    pub(crate) fn free(&mut self, number: u8) {
        if let Some(entry) = self.entries.get_mut(usize::from(number)) {
            entry.state = State::Free;
            entry.abandoned = false;
        }
    }

    /// Declares every socket over: the modem restarted, or the packet data context is gone.
    ///
    /// `freed` tells that the modem holds none of them any more.
    pub(crate) fn kill_all(&mut self, freed: bool) {
        for entry in &mut self.entries {
            if entry.state == State::Free {
                continue;
            }
            entry.state = if freed { State::Free } else { State::Dead };
            entry.abandoned = !freed;
        }
    }

    /// Marks a socket to be closed at the next opportunity.
    pub(crate) fn abandon(&mut self, number: u8, generation: u8) {
        if let Some(entry) = self.live(number, generation) {
            entry.abandoned = entry.state != State::Ended;
            entry.state = State::Dead;
        }
    }

    /// The number of a socket that is to be closed.
    pub(crate) fn abandoned(&self) -> Option<u8> {
        let place = self.entries.iter().position(|entry| entry.abandoned)?;
        u8::try_from(place).ok()
    }

    /// Notes that so many bytes wait on a socket.
    pub(crate) fn handle_data(&mut self, socket: u8, length: u32) {
        let Some(entry) = self.entries.get_mut(usize::from(socket)) else { return };
        if length == u32::MAX {
            // TLS: closed or failed.
            entry.close();
        } else {
            entry.pending = length;
            entry.unsure = true;
        }
    }

    /// Notes that a socket was closed by the peer or the network; the modem has freed it.
    pub(crate) fn handle_closed(&mut self, socket: u8) {
        let Some(entry) = self.entries.get_mut(usize::from(socket)) else { return };
        entry.close();
        entry.abandoned &= entry.reused;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_used_again_is_another_socket() {
        let mut sockets = Sockets::default();
        let first = sockets.open(2).unwrap();
        sockets.handle_data(2, 9);
        assert_eq!(sockets.live(2, first).unwrap().pending, 9);
        sockets.free(2);
        let second = sockets.open(2).unwrap();
        assert_ne!(first, second);
        assert!(sockets.live(2, first).is_none());
        assert_eq!(sockets.live(2, second).unwrap().pending, 0);
    }

    #[test]
    fn a_late_close_is_doubted_once() {
        let mut sockets = Sockets::default();
        let first = sockets.open(0).unwrap();
        sockets.handle_closed(0);
        assert!(sockets.live(0, first).unwrap().note_empty());
        sockets.free(0);
        let second = sockets.open(0).unwrap();
        sockets.handle_closed(0);
        let entry = sockets.live(0, second).unwrap();
        assert!(entry.is_writable());
        assert!(!entry.note_empty());
        sockets.handle_closed(0);
        let entry = sockets.live(0, second).unwrap();
        assert!(!entry.is_writable());
        assert!(entry.note_empty());
    }

    #[test]
    fn a_probe_backs_off_while_an_answer_is_awaited() {
        let mut entry = Entry { answer_awaited: true, ..Entry::default() };
        let mut now = Instant::from_millis(0);
        entry.schedule_probe(Probe::DEFAULT, now);
        for wait in [250, 500, 1000, 2000, 2000] {
            assert!(!entry.probe_due(now));
            now += Millis(wait);
            assert!(entry.probe_due(now), "{wait}");
            entry.back_off(Probe::DEFAULT, now);
        }
        entry.answer_awaited = false;
        entry.schedule_probe(Probe::DEFAULT, now);
        assert!(!entry.probe_due(now + Millis(29_999)));
        assert!(entry.probe_due(now + Millis(30_000)));
    }
}
