//! Faults of the service that a test can order.

use core::time::Duration;

/// What is wrong with the service. The default is nothing.
///
/// Times are virtual time since the start. A counter falls by one with each message that it hits.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Faults {
    /// Until then, transports are turned away at once.
    pub down_until: Option<Duration>,
    /// Until then, every CONNECT is answered with CONNACK 3 (server unavailable).
    pub unavailable_until: Option<Duration>,
    /// Until then, the service neither hears nor says anything, and then catches up.
    pub silent_until: Option<Duration>,
    /// At each of these moments every connection is dropped without a word.
    pub drop_at: Vec<Duration>,
    /// PUBACK leaves this much later.
    pub puback_delay: Duration,
    /// So many QoS 1 messages are taken and their PUBACK is lost.
    pub lose_pubacks: u32,
    /// So many messages are neither taken nor acknowledged, as when the bridge's retry buffer is full.
    pub lose_publishes: u32,
}

impl Faults {
    pub(crate) fn is_silent(&self, now: Duration) -> bool {
        self.silent_until.is_some_and(|until| now < until)
    }

    /// Takes one from a counter; tells whether there was one.
    pub(crate) const fn hit(counter: &mut u32) -> bool {
        let hit = *counter > 0;
        *counter = counter.saturating_sub(1);
        hit
    }

    /// The next moment at which connections are dropped.
    pub(crate) fn next_drop(&self) -> Option<Duration> {
        self.drop_at.iter().min().copied()
    }

    /// Forgets the drops up to `now`; answers the last of them.
    pub(crate) fn take_drops(&mut self, now: Duration) -> Option<Duration> {
        let due = self.drop_at.iter().filter(|at| **at <= now).max().copied();
        self.drop_at.retain(|at| *at > now);
        due
    }
}
