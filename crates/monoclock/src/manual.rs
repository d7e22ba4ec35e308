//! Virtual time.

use core::cell::Cell;
use core::future::poll_fn;
use core::task::Poll;
use core::time::Duration;

use crate::{AsyncClock, Clock, Instant};

/// A clock that stands still until it is moved: the virtual time of tests and models.
///
/// It counts nanoseconds, so that a model of a bus can charge single bits. It is shared by reference
/// (or as `Rc<ManualClock>`): whoever spends time moves it, and everybody sees the same time.
///
/// ```
/// use core::time::Duration;
/// use monoclock::{Clock, Instant, ManualClock, Millis};
///
/// let clock = ManualClock::new();
/// clock.advance(Duration::from_micros(1500));
/// assert_eq!(clock.now(), Instant::from_millis(1));
/// assert_eq!(clock.elapsed(), Duration::from_micros(1500));
/// clock.wait(clock.now() + Millis(20)); // a wait moves it to the deadline
/// assert_eq!(clock.now(), Instant::from_millis(21));
/// ```
#[derive(Debug, Default)]
pub struct ManualClock {
    elapsed: Cell<Duration>,
    /// The earliest time that a task waits for.
    awaited: Cell<Option<Duration>>,
}

impl ManualClock {
    /// Makes a clock that stands at its origin.
    #[must_use]
    pub const fn new() -> Self {
        Self { elapsed: Cell::new(Duration::ZERO), awaited: Cell::new(None) }
    }

    /// Measures the virtual time since the origin; it does not wrap.
    #[must_use]
    pub const fn elapsed(&self) -> Duration {
        self.elapsed.get()
    }

    /// Moves the clock by `span`.
    pub fn advance(&self, span: Duration) {
        self.elapsed.set(self.elapsed.get().saturating_add(span));
    }

    /// Moves the clock to `elapsed` since the origin; a time that is past leaves it alone.
    pub fn advance_to(&self, elapsed: Duration) {
        self.elapsed.set(self.elapsed.get().max(elapsed));
    }

    /// Moves the clock to the earliest time that a task [waits](AsyncClock::wait_until) for; tells whether
    /// there was one.
    ///
    /// A waiting task is not woken by it: when no task can go on, the executor of a test calls this and
    /// polls all of them again.
    ///
    /// ```
    /// use core::pin::pin;
    /// use core::task::{Context, Waker};
    /// use monoclock::{AsyncClock, Clock, ManualClock, Millis};
    ///
    /// let clock = ManualClock::new();
    /// let mut task = pin!(clock.wait_until(clock.now() + Millis(20)));
    /// let mut context = Context::from_waker(Waker::noop());
    /// while task.as_mut().poll(&mut context).is_pending() {
    ///     assert!(clock.advance_to_awaited());
    /// }
    /// assert_eq!(clock.now().as_millis(), 20);
    /// ```
    pub fn advance_to_awaited(&self) -> bool {
        let awaited = self.awaited.take();
        self.advance_to(awaited.unwrap_or_default());
        awaited.is_some()
    }

    /// Tells when, on this clock, `instant` comes (or the present, when it is past).
    ///
    /// A model uses this to turn the deadline of [`Clock::wait`] into a time of its own.
    #[must_use]
    pub fn time_of(&self, instant: Instant) -> Duration {
        let left = self.now().until(instant);
        if left.0 == 0 {
            return self.elapsed();
        }
        let whole = self.elapsed.get().as_millis();
        let millis = u64::try_from(whole).unwrap_or(u64::MAX);
        Duration::from_millis(millis.saturating_add(u64::from(left.0)))
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Instant {
        let wrapped = self.elapsed.get().as_millis() & u128::from(u32::MAX);
        Instant::from_millis(u32::try_from(wrapped).unwrap_or(0))
    }

    fn wait(&self, until: Instant) {
        self.advance_to(self.time_of(until));
    }
}

impl AsyncClock for ManualClock {
    fn wait_until(&self, until: Instant) -> impl Future<Output = ()> {
        poll_fn(move |_| {
            if self.now().has_reached(until) {
                return Poll::Ready(());
            }
            let until = self.time_of(until);
            self.awaited.set(Some(self.awaited.get().map_or(until, |other| other.min(until))));
            Poll::Pending
        })
    }
}

#[cfg(test)]
mod tests {
    use core::pin::pin;
    use core::task::{Context, Waker};

    use super::*;
    use crate::Millis;

    #[test]
    fn the_clock_moves_to_the_earliest_time_that_is_waited_for() {
        let clock = ManualClock::new();
        assert!(!clock.advance_to_awaited(), "nobody waits");
        let mut context = Context::from_waker(Waker::noop());
        let mut later = pin!(clock.wait_until(Instant::from_millis(9)));
        let shared = &clock;
        let mut sooner = pin!(AsyncClock::wait_until(&shared, Instant::from_millis(5)));
        assert!(later.as_mut().poll(&mut context).is_pending());
        assert!(sooner.as_mut().poll(&mut context).is_pending());
        assert!(clock.advance_to_awaited());
        assert_eq!(clock.now(), Instant::from_millis(5));
        assert!(sooner.as_mut().poll(&mut context).is_ready());
        assert!(later.as_mut().poll(&mut context).is_pending());
        assert!(clock.advance_to_awaited());
        assert!(later.as_mut().poll(&mut context).is_ready());
        assert!(!clock.advance_to_awaited());
    }

    #[test]
    fn the_clock_never_goes_back() {
        let clock = ManualClock::new();
        clock.advance_to(Duration::from_millis(5));
        clock.advance_to(Duration::from_millis(3));
        assert_eq!(clock.elapsed(), Duration::from_millis(5));
        clock.wait(Instant::from_millis(4));
        assert_eq!(clock.elapsed(), Duration::from_millis(5));
    }

    #[test]
    fn instants_wrap_while_elapsed_time_does_not() {
        let clock = ManualClock::new();
        let wrap = Duration::from_millis(u64::from(u32::MAX) + 1);
        clock.advance(wrap - Duration::from_millis(2));
        let deadline = clock.now() + Millis(5);
        clock.wait(deadline);
        assert_eq!(clock.now(), Instant::from_millis(3));
        assert_eq!(clock.elapsed(), wrap + Duration::from_millis(3));
    }
}
