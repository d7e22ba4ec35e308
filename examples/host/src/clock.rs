//! The clock of a world with a person in it.

use core::cell::RefCell;
use core::time::Duration;
use std::rc::Rc;

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
}

impl WorldClock {
    pub(crate) fn new(models: SimClock, time: Rc<ManualClock>, hook: Rc<RefCell<Hook>>) -> Self {
        Self { models, time, hook }
    }
}

impl Clock for WorldClock {
    fn now(&self) -> Instant {
        self.models.now()
    }

    fn wait(&self, until: Instant) {
        self.models.wait(until.earlier(self.models.now() + GLANCE));
        (self.hook.borrow_mut())(self.time.elapsed());
    }
}

impl core::fmt::Debug for WorldClock {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("WorldClock").field("models", &self.models).finish_non_exhaustive()
    }
}
