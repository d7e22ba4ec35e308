//! Cycles of the core to time and back, at a frequency that changes.

use crate::time::Time;

/// Fraction bits of the length of a cycle.
const FRACTION: u32 = 32;

/// Counts cycles since power-on; each stretch of one frequency begins at an anchor.
#[derive(Clone, Copy, Debug)]
pub(super) struct Clockwork {
    anchor: Time,
    anchor_cycle: u64,
    hz: u32,
    /// Picoseconds of a cycle, with a binary fraction.
    length: u64,
}

/// The slowest core clock: the length of its cycle still fits.
const SLOWEST_HZ: u32 = 500;

const fn length_of(hz: u32) -> u64 {
    let hz = if hz < SLOWEST_HZ { SLOWEST_HZ } else { hz } as u64;
    let (whole, rest) = (Time::SECOND / hz, Time::SECOND % hz);
    (whole << FRACTION) + ((rest << FRACTION) / hz)
}

impl Clockwork {
    pub(super) const fn new(hz: u32) -> Self {
        Self { anchor: Time::ZERO, anchor_cycle: 0, hz, length: length_of(hz) }
    }

    /// Tells the time at `cycle`.
    #[inline]
    pub(super) const fn time_at(&self, cycle: u64) -> Time {
        // The length in two parts, so that the product of neither overflows within the range of time.
        let cycles = cycle - self.anchor_cycle;
        let (whole, fraction) = (self.length >> FRACTION, self.length & ((1 << FRACTION) - 1));
        let (high, low) = (cycles >> FRACTION, cycles & ((1 << FRACTION) - 1));
        let span = cycles * whole + high * fraction + ((low * fraction) >> FRACTION);
        Time::from_picos(self.anchor.as_picos() + span)
    }

    /// Tells the first cycle that is not before `time`.
    pub(super) fn cycle_of(&self, time: Time) -> u64 {
        if time == Time::NEVER {
            return u64::MAX;
        }
        let span = u128::from(time.since(self.anchor).as_picos()) << FRACTION;
        let cycles = u64::try_from(span.div_ceil(u128::from(self.length))).unwrap_or(u64::MAX);
        self.anchor_cycle.saturating_add(cycles)
    }

    /// Changes the frequency at `cycle`.
    pub(super) const fn set_hz(&mut self, cycle: u64, hz: u32) {
        if hz == self.hz {
            return;
        }
        self.anchor = self.time_at(cycle);
        self.anchor_cycle = cycle;
        self.hz = hz;
        self.length = length_of(hz);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cycles_and_times_agree() {
        let mut clockwork = Clockwork::new(1_000_000);
        assert_eq!(clockwork.time_at(5), Time::from_micros(5));
        clockwork.set_hz(1_000_000, 48_000_000);
        let second = clockwork.time_at(49_000_000);
        assert!(second.since(Time::from_millis(2000)) < Time::from_picos(20));
        for cycle in [1_000_001, 1_234_567, 987_654_321_012] {
            let time = clockwork.time_at(cycle);
            assert_eq!(clockwork.cycle_of(time), cycle, "the first cycle that is not before its own time");
            assert_eq!(clockwork.cycle_of(time + Time::from_picos(1)), cycle + 1);
        }
        assert_eq!(clockwork.cycle_of(Time::NEVER), u64::MAX);
        clockwork.set_hz(49_000_000, 1000);
        assert_eq!(clockwork.time_at(49_002_000).since(second), Time::from_millis(2000));
    }
}
