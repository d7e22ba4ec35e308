//! Points in time and spans between them.

use core::fmt;
use core::ops::{Add, AddAssign, Sub};

/// A span of time in milliseconds, at most 2³² - 1 (49.7 days).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Millis(pub u32);

impl Millis {
    /// No time at all.
    pub const ZERO: Self = Self(0);

    /// Makes a span of whole seconds; saturates at the greatest span.
    #[must_use]
    pub const fn from_secs(seconds: u32) -> Self {
        Self(seconds.saturating_mul(1000))
    }

    /// Counts the whole seconds in the span.
    #[must_use]
    pub const fn as_secs(self) -> u32 {
        self.0 / 1000
    }

    /// Adds without wrapping: the greatest span at most.
    #[must_use]
    pub const fn saturating_add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }

    /// Subtracts without wrapping: zero at least.
    #[must_use]
    pub const fn saturating_sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

impl fmt::Display for Millis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ms", self.0)
    }
}

/// A point in monotonic time, in milliseconds since an arbitrary origin.
///
/// It wraps after 2³² ms (49.7 days). Two instants compare correctly while they are less than 2³¹ ms
/// (24.8 days) apart; there is no `Ord`, since wrapping time has no total order.
///
/// ```
/// use monoclock::{Instant, Millis};
///
/// let start = Instant::from_millis(u32::MAX - 5);
/// let deadline = start + Millis(10);
/// assert!(!start.has_reached(deadline));
/// assert!((start + Millis(10)).has_reached(deadline));
/// assert_eq!(deadline - start, Millis(10));
/// assert_eq!(start.until(deadline), Millis(10));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Instant(u32);

impl Instant {
    /// Makes the instant `millis` after the origin.
    #[must_use]
    pub const fn from_millis(millis: u32) -> Self {
        Self(millis)
    }

    /// Counts the milliseconds since the origin, modulo 2³².
    #[must_use]
    pub const fn as_millis(self) -> u32 {
        self.0
    }

    /// Tells whether `deadline` is now or past.
    #[must_use]
    pub const fn has_reached(self, deadline: Self) -> bool {
        self.0.wrapping_sub(deadline.0) < 1 << 31
    }

    /// Measures the time left until `deadline`: zero when it is reached.
    #[must_use]
    pub const fn until(self, deadline: Self) -> Millis {
        if self.has_reached(deadline) { Millis::ZERO } else { Millis(deadline.0.wrapping_sub(self.0)) }
    }

    /// Picks the earlier of two instants.
    #[must_use]
    pub const fn earlier(self, other: Self) -> Self {
        if other.has_reached(self) { self } else { other }
    }
}

impl Add<Millis> for Instant {
    type Output = Self;

    fn add(self, span: Millis) -> Self {
        Self(self.0.wrapping_add(span.0))
    }
}

impl AddAssign<Millis> for Instant {
    fn add_assign(&mut self, span: Millis) {
        *self = *self + span;
    }
}

impl Sub for Instant {
    type Output = Millis;

    /// Measures the time since `earlier`, modulo 2³² ms.
    fn sub(self, earlier: Self) -> Millis {
        Millis(self.0.wrapping_sub(earlier.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comparison_survives_the_wrap() {
        let before = Instant::from_millis(u32::MAX);
        let after = before + Millis(1);
        assert_eq!(after.as_millis(), 0);
        assert!(after.has_reached(before));
        assert!(!before.has_reached(after));
        assert_eq!(before.earlier(after), before);
        assert_eq!(after.earlier(before), before);
        assert_eq!(after.until(before), Millis::ZERO);
        assert_eq!(before.until(after), Millis(1));
    }

    #[test]
    fn half_the_range_is_the_limit_of_comparison() {
        let origin = Instant::from_millis(7);
        assert!((origin + Millis((1 << 31) - 1)).has_reached(origin));
        assert!(!(origin + Millis(1 << 31)).has_reached(origin));
    }

    #[test]
    fn spans_saturate() {
        assert_eq!(Millis::from_secs(u32::MAX), Millis(u32::MAX));
        assert_eq!(Millis(1).saturating_sub(Millis(2)), Millis::ZERO);
        assert_eq!(Millis(u32::MAX).saturating_add(Millis(2)), Millis(u32::MAX));
        assert_eq!(Millis(1999).as_secs(), 1);
        assert_eq!(std::format!("{}", Millis(20)), "20 ms");
    }
}
