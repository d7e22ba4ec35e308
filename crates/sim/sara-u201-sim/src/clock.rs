//! The driver's view of the shared clock.

use core::cell::Cell;
use core::time::Duration;

use monoclock::{Clock, Instant};

use crate::simulation::Simulation;

/// A [`Clock`] whose `wait` moves virtual time to the model's next event, at most to the deadline.
///
/// In virtual mode time jumps; a paced clock never lets virtual time run ahead of real time (times a
/// factor), which peers behind real sockets need.
#[derive(Debug)]
pub struct SimClock {
    simulation: Simulation,
    pace: Option<Pace>,
}

#[derive(Debug)]
struct Pace {
    /// Virtual seconds per real second.
    speed: f64,
    real_start: Cell<std::time::Instant>,
    virtual_start: Cell<Duration>,
}

impl SimClock {
    /// The longest real sleep between two looks at the host's sockets.
    const NAP: Duration = Duration::from_millis(2);

    pub(crate) const fn new(simulation: Simulation) -> Self {
        Self { simulation, pace: None }
    }

    pub(crate) const fn simulation(&self) -> &Simulation {
        &self.simulation
    }

    /// Lets virtual time advance no faster than `speed` times real time.
    #[must_use]
    pub fn paced(self, speed: f64) -> Self {
        let virtual_start = Cell::new(self.simulation.shared_clock().elapsed());
        let real_start = Cell::new(std::time::Instant::now());
        Self { pace: Some(Pace { speed, real_start, virtual_start }), ..self }
    }

    /// Moves to the next event, at most to `until` since the virtual start.
    pub fn wait_until(&self, until: Duration) {
        let clock = self.simulation.shared_clock();
        let now = clock.elapsed();
        if until <= now {
            return;
        }
        let event = self.simulation.next_event().filter(|at| *at > now);
        let target = event.map_or(until, |at| at.min(until));
        match &self.pace {
            None => clock.advance_to(target),
            Some(pace) => clock.advance_to(pace.sleep_towards(target).min(target).max(now)),
        }
        self.simulation.catch_up();
    }
}

impl Pace {
    /// Sleeps a little and tells which virtual time real time has reached.
    fn sleep_towards(&self, target: Duration) -> Duration {
        let reached = self.reached();
        if reached < target {
            let left = (target - reached).div_f64(self.speed);
            std::thread::sleep(left.min(SimClock::NAP));
        }
        self.reached()
    }

    fn reached(&self) -> Duration {
        self.virtual_start.get() + self.real_start.get().elapsed().mul_f64(self.speed)
    }
}

impl Clock for SimClock {
    fn now(&self) -> Instant {
        self.simulation.shared_clock().now()
    }

    fn wait(&self, until: Instant) {
        self.wait_until(self.simulation.shared_clock().time_of(until));
    }
}
