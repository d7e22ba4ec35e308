//! The chip on a wire whose controller is modelled elsewhere, byte by byte.

use core::fmt;
use core::time::Duration;

use crate::sim::Sim;

/// The wires of one chip: every START, byte and STOP of the bus goes through here.
///
/// The caller moves the shared clock to the end of each byte before it calls; nothing here takes time.
/// Low pulses of SDA, which wake the chip, are found in the bytes themselves.
pub struct Target {
    sim: Sim,
    hz: u32,
    low_bits: u32,
    longest_low: u32,
    /// What has been written since the START, when the chip is written to.
    written: Option<Vec<u8>>,
    /// The byte read last, whose acknowledge is still to come.
    given: Option<u8>,
}

impl Target {
    pub(crate) const fn new(sim: Sim) -> Self {
        Self { sim, hz: 100_000, low_bits: 0, longest_low: 0, written: None, given: None }
    }

    /// The controller clocks at `hz` from now on.
    pub fn set_hz(&mut self, hz: u32) {
        self.hz = hz.max(1);
    }

    /// Moves the shared clock to `now`; it never goes back.
    pub fn advance_to(&self, now: Duration) {
        self.sim.clock().advance_to(now);
    }

    /// A START and an address have gone over the wire. True acknowledges.
    pub fn start(&mut self, address: u8, read: bool) -> bool {
        self.finish();
        let acknowledged = {
            let mut shared = self.sim.shared.borrow_mut();
            let machine = shared.machine.as_mut();
            machine.is_some_and(|machine| machine.addressed(address) && (!read || machine.readable()))
        };
        self.bits(address << 1 | u8::from(read));
        self.level(!acknowledged);
        self.pulse();
        if acknowledged && !read {
            self.written = Some(Vec::new());
        }
        acknowledged
    }

    /// A byte from the controller. True acknowledges: a word address above 0x03 is not acknowledged.
    pub fn write(&mut self, byte: u8) -> bool {
        self.bits(byte);
        let Some(written) = &mut self.written else {
            self.level(true);
            return false;
        };
        let acknowledged = !written.is_empty() || byte <= 0x03;
        if acknowledged {
            written.push(byte);
            if let Some(machine) = &mut self.sim.shared.borrow_mut().machine {
                machine.report.bytes_written += 1;
            }
        }
        self.level(!acknowledged);
        acknowledged
    }

    /// The next byte for the controller.
    pub fn read(&mut self) -> u8 {
        let byte =
            self.sim.shared.borrow_mut().machine.as_mut().map_or(0xFF, crate::machine::Machine::read_byte);
        self.given = Some(byte);
        byte
    }

    /// The controller's answer to the byte read last.
    pub fn acknowledged(&mut self, more: bool) {
        if let Some(byte) = self.given.take() {
            self.bits(byte);
            self.level(!more);
        }
    }

    /// A byte between the controller and another target: this chip sees its levels.
    pub fn overhear(&mut self, byte: u8, acknowledged: bool) {
        self.bits(byte);
        self.level(!acknowledged);
    }

    /// A STOP.
    pub fn stop(&mut self) {
        self.finish();
    }

    /// Ends what was under way: SDA goes high at a START and at a STOP, and a finished write is carried out.
    fn finish(&mut self) {
        self.acknowledged(false);
        self.pulse();
        let written = self.written.take();
        self.sim.shared.borrow_mut().end_write(written);
    }

    fn bits(&mut self, byte: u8) {
        for bit in (0..8).rev() {
            self.level(byte >> bit & 1 == 1);
        }
    }

    fn level(&mut self, high: bool) {
        if high {
            self.low_bits = 0;
        } else {
            self.low_bits += 1;
            self.longest_low = self.longest_low.max(self.low_bits);
        }
    }

    fn pulse(&mut self) {
        let (bits, hz) = (core::mem::take(&mut self.longest_low), self.hz);
        self.low_bits = 0;
        if let Some(machine) = &mut self.sim.shared.borrow_mut().machine {
            machine.low_pulse(bits, hz);
        }
    }
}

impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Target").field("hz", &self.hz).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::rc::Rc;

    use monoclock::ManualClock;

    use super::*;
    use crate::Profile;

    const ADDRESS: u8 = 0x60;

    fn command(target: &mut Target, bytes: &[u8]) {
        assert!(target.start(ADDRESS, false));
        for byte in bytes {
            assert!(target.write(*byte));
        }
        target.stop();
    }

    #[test]
    fn a_long_low_wakes_it_and_it_answers_its_revision() {
        let clock = Rc::new(ManualClock::new());
        let sim = Sim::builder(Profile::Atecc508a).build(Rc::clone(&clock));
        let mut target = sim.target();
        assert!(!target.start(ADDRESS, false), "asleep");
        target.stop();
        // Address 0 at 100 kHz: 8 low bits are 80 us.
        assert!(!target.start(0, false));
        target.stop();
        clock.advance(Duration::from_millis(2));
        assert!(target.start(ADDRESS, true));
        let mut after_wake = [0; 4];
        for byte in &mut after_wake {
            *byte = target.read();
            target.acknowledged(true);
        }
        target.stop();
        assert_eq!(after_wake, [0x04, 0x11, 0x33, 0x43]);
        // Info, mode 0: 07 30 00 00 00 and its checksum.
        command(&mut target, &[0x03, 0x07, 0x30, 0x00, 0x00, 0x00, 0x03, 0x5D]);
        assert!(!target.start(ADDRESS, true), "busy");
        target.stop();
        clock.advance(Duration::from_millis(5));
        assert!(target.start(ADDRESS, true));
        assert_eq!([target.read(), target.read(), target.read()], [0x07, 0x00, 0x00]);
        target.stop();
    }

    #[test]
    fn a_short_low_does_not_wake_it() {
        let clock = Rc::new(ManualClock::new());
        let sim = Sim::builder(Profile::Atecc508a).build(Rc::clone(&clock));
        let mut target = sim.target();
        target.set_hz(400_000);
        assert!(!target.start(0, false));
        target.stop();
        clock.advance(Duration::from_millis(2));
        assert!(!target.start(ADDRESS, true));
    }
}
