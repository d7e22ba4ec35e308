//! Virtual time, in picoseconds since power-on.

use core::fmt;
use core::ops::{Add, Sub};
use core::time::Duration;

/// A point in virtual time, or a span of it, in picoseconds: a bit of a bus and a cycle of the core are
/// both whole numbers to within a few millionths, and the range is 213 days.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time(u64);

impl Time {
    /// Power-on.
    pub const ZERO: Self = Self(0);
    /// The end of time: later than anything that happens.
    pub const NEVER: Self = Self(u64::MAX);
    /// Picoseconds of one second.
    pub const SECOND: u64 = 1_000_000_000_000;

    /// Makes a time of picoseconds.
    #[must_use]
    pub const fn from_picos(picos: u64) -> Self {
        Self(picos)
    }

    /// Makes a time of nanoseconds.
    #[must_use]
    pub const fn from_nanos(nanos: u64) -> Self {
        Self(nanos.saturating_mul(1_000))
    }

    /// Makes a time of microseconds.
    #[must_use]
    pub const fn from_micros(micros: u64) -> Self {
        Self(micros.saturating_mul(1_000_000))
    }

    /// Makes a time of milliseconds.
    #[must_use]
    pub const fn from_millis(millis: u64) -> Self {
        Self(millis.saturating_mul(1_000_000_000))
    }

    /// Makes a time of a duration; what is too long is [`Time::NEVER`].
    #[must_use]
    pub fn from_duration(duration: Duration) -> Self {
        u64::try_from(duration.as_nanos()).map_or(Self::NEVER, Self::from_nanos)
    }

    /// Measures `ticks` of a clock of `hz`, rounded up so that at its end all of them are over; a clock
    /// that stands still never gets there.
    #[must_use]
    pub fn of_ticks(ticks: u64, hz: u32) -> Self {
        if hz == 0 {
            return Self::NEVER;
        }
        let picos = (u128::from(ticks) * u128::from(Self::SECOND)).div_ceil(u128::from(hz));
        u64::try_from(picos).map_or(Self::NEVER, Self)
    }

    /// Counts the ticks of a clock of `hz` that are over at this time.
    #[must_use]
    pub fn ticks(self, hz: u32) -> u64 {
        let ticks = u128::from(self.0) * u128::from(hz) / u128::from(Self::SECOND);
        u64::try_from(ticks).unwrap_or(u64::MAX)
    }

    /// Tells the picoseconds.
    #[must_use]
    pub const fn as_picos(self) -> u64 {
        self.0
    }

    /// Converts to a duration: whole nanoseconds.
    #[must_use]
    pub const fn as_duration(self) -> Duration {
        Duration::from_nanos(self.0 / 1_000)
    }

    /// Subtracts; what would be before power-on is [`Time::ZERO`].
    #[must_use]
    pub const fn since(self, earlier: Self) -> Self {
        Self(self.0.saturating_sub(earlier.0))
    }
}

impl Add for Time {
    type Output = Self;

    fn add(self, span: Self) -> Self {
        Self(self.0.saturating_add(span.0))
    }
}

impl Sub for Time {
    type Output = Self;

    fn sub(self, earlier: Self) -> Self {
        self.since(earlier)
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:06} s", self.0 / Self::SECOND, self.0 % Self::SECOND / 1_000_000)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_over_at_their_end_and_not_before() {
        for hz in [1000, 32_768, 47_972_352, 48_000_000] {
            for ticks in [1, 7, 1000, 123_456_789] {
                let end = Time::of_ticks(ticks, hz);
                assert_eq!(end.ticks(hz), ticks);
                assert_eq!(Time::from_picos(end.as_picos() - 1).ticks(hz), ticks - 1);
            }
        }
        assert_eq!(Time::of_ticks(1, 0), Time::NEVER);
    }

    #[test]
    fn times_are_shown_in_seconds() {
        assert_eq!(Time::from_micros(1_500_001).to_string(), "1.500001 s");
        assert_eq!(Time::from_duration(Duration::from_millis(2)), Time::from_millis(2));
        assert_eq!(Time::NEVER + Time::from_nanos(1), Time::NEVER);
    }
}
