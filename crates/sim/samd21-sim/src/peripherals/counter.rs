//! Counting ticks of a clock without error over any span.

use crate::time::Time;

/// Ticks since an epoch, and how many of them have been dealt with.
#[derive(Clone, Copy, Debug, Default)]
pub struct Ticks {
    epoch: Time,
    hz: u32,
    done: u64,
}

impl Ticks {
    /// Begins at `now` with a clock of `hz`; 0 stands still.
    #[must_use]
    pub const fn begin(now: Time, hz: u32) -> Self {
        Self { epoch: now, hz, done: 0 }
    }

    /// Tells the rate.
    #[must_use]
    pub const fn hz(&self) -> u32 {
        self.hz
    }

    /// Counts the ticks that are over at `now` and not dealt with.
    #[must_use]
    pub fn due(&self, now: Time) -> u64 {
        (now - self.epoch).ticks(self.hz).saturating_sub(self.done)
    }

    /// Takes note that `ticks` have been dealt with.
    pub const fn deal(&mut self, ticks: u64) {
        self.done += ticks;
    }

    /// Tells when the `ticks`-th tick from here is over.
    #[must_use]
    pub fn at(&self, ticks: u64) -> Time {
        match Time::of_ticks(self.done.saturating_add(ticks), self.hz) {
            Time::NEVER => Time::NEVER,
            span => self.epoch + span,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_counted_once_and_without_drift() {
        let mut ticks = Ticks::begin(Time::from_micros(7), 32_768);
        let mut now = Time::ZERO;
        let mut total = 0;
        while total < 32_768 * 3 {
            now = ticks.at(5);
            assert_eq!(ticks.due(now), 5);
            ticks.deal(5);
            total += 5;
        }
        assert_eq!(ticks.due(now), 0);
        assert_eq!(now, Time::from_micros(7) + Time::of_ticks(total, 32_768));
        assert_eq!(Ticks::begin(now, 0).at(1), Time::NEVER);
    }
}
