//! The clock of a world with a person in it.

use core::cell::RefCell;
use core::fmt;
use core::sync::atomic::{AtomicU64, Ordering};
use core::time::Duration;
use std::rc::Rc;
use std::sync::Arc;

use monoclock::{Clock, Instant, ManualClock, Millis};
use sara_u201_sim::SimClock;

/// Called as time passes, with the time since the virtual start.
pub type Hook = Box<dyn FnMut(Duration)>;

/// The longest span between two calls of the hook.
const GLANCE: Millis = Millis(50);

/// The clock that the drivers wait on: it moves the models, and lets somebody act as time passes.
pub struct WorldClock {
    models: SimClock,
    time: Rc<ManualClock>,
    hook: Rc<RefCell<Hook>>,
    /// Where other threads read the virtual time, in nanoseconds.
    shown: Option<Arc<AtomicU64>>,
}

impl WorldClock {
    pub(crate) fn new(models: SimClock, time: Rc<ManualClock>, hook: Rc<RefCell<Hook>>) -> Self {
        Self { models, time, hook, shown: None }
    }

    /// Lets virtual time pass no faster than real time, and shows it to other threads.
    pub(crate) fn in_real_time(self, shown: Arc<AtomicU64>) -> Self {
        Self { models: self.models.paced(1.0), shown: Some(shown), ..self }
    }
}

impl Clock for WorldClock {
    fn now(&self) -> Instant {
        self.models.now()
    }

    fn wait(&self, until: Instant) {
        self.models.wait(until.earlier(self.models.now() + GLANCE));
        let now = self.time.elapsed();
        if let Some(shown) = &self.shown {
            shown.store(u64::try_from(now.as_nanos()).unwrap_or(u64::MAX), Ordering::Relaxed);
        }
        (self.hook.borrow_mut())(now);
    }
}

impl fmt::Debug for WorldClock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WorldClock").field("models", &self.models).finish_non_exhaustive()
    }
}
