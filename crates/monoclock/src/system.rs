//! The host's clock.

use core::time::Duration;

use crate::{Clock, Instant};

/// The host's monotonic clock; its origin is the moment of its making.
///
/// ```
/// use monoclock::{Clock, Millis, SystemClock};
///
/// let clock = SystemClock::new();
/// let deadline = clock.now() + Millis(2);
/// while !clock.now().has_reached(deadline) {
///     clock.wait(deadline);
/// }
/// ```
#[derive(Clone, Copy, Debug)]
pub struct SystemClock {
    origin: std::time::Instant,
}

impl SystemClock {
    /// Longest sleep of one [`Clock::wait`]: input that no interrupt announces is seen within it.
    const NAP: Duration = Duration::from_millis(1);

    /// Makes a clock whose origin is now.
    #[must_use]
    pub fn new() -> Self {
        Self { origin: std::time::Instant::now() }
    }
}

impl Default for SystemClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for SystemClock {
    fn now(&self) -> Instant {
        let wrapped = self.origin.elapsed().as_millis() & u128::from(u32::MAX);
        Instant::from_millis(u32::try_from(wrapped).unwrap_or(0))
    }

    fn wait(&self, until: Instant) {
        let left = self.now().until(until);
        std::thread::sleep(Self::NAP.min(Duration::from_millis(u64::from(left.0))));
    }
}
