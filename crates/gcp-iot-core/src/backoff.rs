//! When to try again.

use monoclock::{Instant, Millis};

/// Delays between attempts: twice as long after each failure up to a cap, and half of it at random.
///
/// The delay is a value: nothing sleeps here.
///
/// ```
/// use gcp_iot_core::Backoff;
/// use monoclock::{Instant, Millis};
///
/// let mut backoff = Backoff::new(Millis::from_secs(1), Millis::from_secs(64), 7);
/// let now = Instant::from_millis(0);
/// let first = backoff.next(now) - now;
/// assert!((500..=1000).contains(&first.0));
/// let second = backoff.next(now) - now;
/// assert!((1000..=2000).contains(&second.0));
/// backoff.reset();
/// assert!((backoff.next(now) - now).0 <= 1000);
/// ```
#[derive(Clone, Debug)]
pub struct Backoff {
    shortest: Millis,
    longest: Millis,
    current: Millis,
    jitter: Jitter,
}

impl Backoff {
    /// Starts with a delay of `shortest`, and stops growing at `longest`.
    ///
    /// Devices that are switched on together should have different `seed`s.
    #[must_use]
    pub const fn new(shortest: Millis, longest: Millis, seed: u32) -> Self {
        Self { shortest, longest, current: shortest, jitter: Jitter::new(seed) }
    }

    /// Counts a failure at `now`; tells when to try again.
    pub fn next(&mut self, now: Instant) -> Instant {
        let half = Millis(self.current.0 / 2);
        let delay = half.saturating_add(self.jitter.up_to(self.current.saturating_sub(half)));
        self.current = Millis(self.current.0.saturating_mul(2)).min(self.longest);
        now + delay
    }

    /// Forgets the failures: an attempt has succeeded.
    pub const fn reset(&mut self) {
        self.current = self.shortest;
    }

    /// Replaces the source of randomness.
    pub(crate) const fn seed(&mut self, seed: u32) {
        self.jitter = Jitter::new(seed);
    }

    pub(crate) const fn jitter(&mut self) -> &mut Jitter {
        &mut self.jitter
    }
}

/// Random spans that keep a crowd of devices apart (xorshift, not for secrets).
#[derive(Clone, Debug)]
pub(crate) struct Jitter(u32);

impl Jitter {
    const fn new(seed: u32) -> Self {
        // Zero is the one state that xorshift never leaves.
        Self(if seed == 0 { 0x9E37_79B9 } else { seed })
    }

    /// Draws a span from zero to `most`.
    pub(crate) fn up_to(&mut self, most: Millis) -> Millis {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 17;
        self.0 ^= self.0 << 5;
        // The remainder favours short spans by less than one part in a thousand; a 64-bit product would not,
        // for 0.1 KB of flash.
        Millis(most.0.checked_add(1).map_or(self.0, |spans| self.0 % spans))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_double_to_the_cap_and_half_is_random() {
        let mut backoff = Backoff::new(Millis(1000), Millis(64_000), 1);
        let now = Instant::from_millis(u32::MAX - 10);
        for exponent in [0, 1, 2, 3, 4, 5, 6, 6, 6] {
            let whole = 1000 << exponent;
            let delay = (backoff.next(now) - now).0;
            assert!((whole / 2..=whole).contains(&delay), "{delay} of {whole}");
        }
        backoff.reset();
        assert!((backoff.next(now) - now).0 <= 1000);
    }

    #[test]
    fn jitter_covers_its_range() {
        let mut jitter = Jitter::new(0);
        let draws: std::vec::Vec<_> = (0..1000).map(|_| jitter.up_to(Millis(9)).0).collect();
        for value in 0..=9 {
            assert!(draws.contains(&value), "{value} never came");
        }
        assert!(draws.iter().all(|draw| *draw <= 9));
        assert_eq!(jitter.up_to(Millis::ZERO), Millis::ZERO);
    }
}
