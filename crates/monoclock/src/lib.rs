#![doc = include_str!("../README.md")]
#![no_std]
#![forbid(unsafe_code)]
#![warn(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::as_conversions
)]

#[cfg(any(test, feature = "std"))]
extern crate std;

mod instant;
mod manual;
#[cfg(feature = "std")]
mod system;

pub use instant::{Instant, Millis};
pub use manual::ManualClock;
#[cfg(feature = "std")]
pub use system::SystemClock;

/// A source of monotonic time.
///
/// Drivers take it by value; a shared clock is passed as `&C`, which is a `Clock` too.
pub trait Clock {
    /// Tells the time.
    fn now(&self) -> Instant;

    /// Waits until something may have happened, at most until `until`.
    ///
    /// A blocking driver calls this whenever it has nothing to do, in a loop that checks its own
    /// condition. A board sleeps until the next interrupt, a model moves its virtual time to the next
    /// event; both may return early, and the default returns at once.
    fn wait(&self, until: Instant) {
        let _ = until;
        core::hint::spin_loop();
    }
}

/// A clock that a task can wait on, while others run.
///
/// The future needs no executor of a certain kind. Dropping it ends the wait and nothing else.
pub trait AsyncClock: Clock {
    /// Waits until `until`; it may end early, as [`Clock::wait`] may.
    fn wait_until(&self, until: Instant) -> impl Future<Output = ()>;
}

impl<C: Clock + ?Sized> Clock for &C {
    fn now(&self) -> Instant {
        (**self).now()
    }

    fn wait(&self, until: Instant) {
        (**self).wait(until);
    }
}

impl<C: AsyncClock + ?Sized> AsyncClock for &C {
    fn wait_until(&self, until: Instant) -> impl Future<Output = ()> {
        (**self).wait_until(until)
    }
}

#[cfg(feature = "std")]
impl<C: Clock + ?Sized> Clock for std::rc::Rc<C> {
    fn now(&self) -> Instant {
        (**self).now()
    }

    fn wait(&self, until: Instant) {
        (**self).wait(until);
    }
}

#[cfg(feature = "std")]
impl<C: AsyncClock + ?Sized> AsyncClock for std::rc::Rc<C> {
    fn wait_until(&self, until: Instant) -> impl Future<Output = ()> {
        (**self).wait_until(until)
    }
}
