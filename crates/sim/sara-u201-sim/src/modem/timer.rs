//! What happens by itself, and when.

use core::time::Duration;

use super::{ModemCore, Urc};
use crate::fault::Effect;
use crate::sockets::Socket;

/// What is going to happen by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Timer {
    BootDone,
    CardReady,
    Registered,
    PacketRegistered,
    NetworkTime,
    /// A socket whose handshake failed is closed.
    HandshakeClose {
        socket: usize,
        generation: u64,
    },
    ResetTaken,
    Restart,
    PowerDown,
    Urc(String),
    Fault(Effect, u32),
    /// The module restarts by itself.
    Crash {
        greeting: String,
    },
    /// The call takes its next step.
    Call {
        generation: u64,
    },
}

impl ModemCore {
    /// Lets `timer` fire at `at`.
    pub(crate) fn schedule(&mut self, at: Duration, timer: Timer) {
        self.timer_count += 1;
        self.timers.push((at, self.timer_count, timer));
    }

    pub(crate) fn cancel(&mut self, unwanted: impl Fn(&Timer) -> bool) {
        self.timers.retain(|(_, _, timer)| !unwanted(timer));
    }

    /// Whether a line that begins so is going to be told.
    pub(crate) fn awaits(&self, beginning: &str) -> bool {
        self.timers.iter().any(|timer| matches!(&timer.2, Timer::Urc(line) if line.starts_with(beginning)))
    }

    pub(super) fn due_timer(&mut self, now: Duration) -> Option<Timer> {
        let due = self.timers.iter().enumerate().filter(|(_, timer)| timer.0 <= now);
        let (index, _) = due.min_by_key(|(_, timer)| (timer.0, timer.1))?;
        Some(self.timers.swap_remove(index).2)
    }

    pub(super) fn fire(&mut self, timer: Timer, now: Duration) {
        match timer {
            Timer::BootDone => self.boot_done(now),
            Timer::CardReady => self.card_ready(now),
            Timer::Registered => self.registered(now),
            Timer::PacketRegistered => self.packet_registered(),
            Timer::NetworkTime => self.network_time(now),
            Timer::HandshakeClose { socket, generation } => {
                let is_same = |s: &Socket| s.generation == generation;
                if self.sockets.get(socket).and_then(Option::as_ref).is_some_and(is_same) {
                    self.urcs.push_back(Urc::Closed { socket, generation });
                }
            }
            Timer::ResetTaken => self.reset_taken(now),
            Timer::Restart => self.start_up(now),
            Timer::PowerDown => self.power_down(now),
            Timer::Fault(effect, times) => self.strike(effect, times, now),
            Timer::Crash { greeting } => {
                self.start_up(now);
                if !greeting.is_empty() {
                    self.schedule(now + self.profile.boot, Timer::Urc(greeting));
                }
            }
            Timer::Urc(text) => self.announce(text),
            Timer::Call { generation } => self.call_moves(generation, now),
        }
    }
}
