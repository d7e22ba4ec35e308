//! The secure element on the board's I2C bus.

use eccx08_sim::{Sim, Target};

use crate::plug::I2cTarget;
use crate::time::Time;

/// The element's side of the wires.
#[derive(Debug)]
pub struct Element {
    target: Target,
    selected: bool,
}

impl Element {
    /// Puts an element on the bus.
    #[must_use]
    pub fn new(sim: &Sim) -> Self {
        Self { target: sim.target(), selected: false }
    }
}

impl I2cTarget for Element {
    fn clocked_at(&mut self, hz: u32, _now: Time) {
        self.target.set_hz(hz);
    }

    fn start(&mut self, address: u8, read: bool, now: Time) -> bool {
        self.target.advance_to(now.as_duration());
        self.selected = self.target.start(address, read);
        self.selected
    }

    fn write(&mut self, byte: u8, now: Time) -> bool {
        self.target.advance_to(now.as_duration());
        self.target.write(byte)
    }

    fn read(&mut self, now: Time) -> u8 {
        self.target.advance_to(now.as_duration());
        self.target.read()
    }

    fn acknowledged(&mut self, more: bool, now: Time) {
        self.target.advance_to(now.as_duration());
        self.target.acknowledged(more);
    }

    fn stop(&mut self, now: Time) {
        self.target.advance_to(now.as_duration());
        self.target.stop();
    }
}
