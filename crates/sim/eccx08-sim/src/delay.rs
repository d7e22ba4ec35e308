//! Waiting, on the same virtual clock.

use core::time::Duration;
use std::rc::Rc;

use embedded_hal::delay::DelayNs;
use monoclock::ManualClock;

/// A delay that moves the shared clock.
#[derive(Clone, Debug)]
pub struct SimDelay {
    clock: Rc<ManualClock>,
}

impl SimDelay {
    /// Makes a delay on a clock.
    #[must_use]
    pub const fn new(clock: Rc<ManualClock>) -> Self {
        Self { clock }
    }
}

impl DelayNs for SimDelay {
    fn delay_ns(&mut self, ns: u32) {
        self.clock.advance(Duration::from_nanos(u64::from(ns)));
    }
}

#[cfg(feature = "async")]
impl embedded_hal_async::delay::DelayNs for SimDelay {
    async fn delay_ns(&mut self, ns: u32) {
        self.clock.advance(Duration::from_nanos(u64::from(ns)));
    }
}
