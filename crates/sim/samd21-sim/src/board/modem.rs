//! The SARA-U201 on SERCOM4's pins, with its reset line and DTR.

use core::time::Duration;

use sara_u201_sim::{SerialWire, Simulation};

use crate::fabric::pins::{Pin, Pins};
use crate::fabric::{Plugs, SerialLine};
use crate::plug::{Frame, PinWatcher, SerialPeer};
use crate::time::Time;

/// To the modem.
pub const TX: Pin = Pin::a(12);
/// From the modem.
pub const RX: Pin = Pin::a(13);
/// Low lets the modem send.
pub const RTS: Pin = Pin::a(14);
/// Low lets the chip send.
pub const CTS: Pin = Pin::a(15);
/// GSM_RESETN: an inverter stands between this pin and the modem's RESET_N, so HIGH holds it in reset.
pub const RESET: Pin = Pin::b(8);
/// GSM_DTR: LOW is asserted.
pub const DTR: Pin = Pin::a(28);

/// The modem's end of the wires; clones are the same modem.
///
/// The modem's profile says which level of the reset line holds it; its default is this board's.
#[derive(Clone, Debug)]
pub struct Modem {
    wire: SerialWire,
}

impl Modem {
    /// Takes the wires of a modem, whose clock then follows the chip's.
    #[must_use]
    pub fn new(simulation: &Simulation) -> Self {
        Self { wire: simulation.wire() }
    }

    /// Plugs the modem into the board's pins.
    pub fn plug(self, plugs: &mut Plugs) {
        let watcher = Lines { wire: self.wire.clone(), reset: None, dtr: None, ready: None };
        plugs.watchers.push(Box::new(watcher));
        let peer = Box::new(self);
        plugs.serial.push(SerialLine { tx: TX, rx: RX, rts: Some(RTS), cts: Some(CTS), peer });
    }
}

impl SerialPeer for Modem {
    fn take(&mut self, frame: Frame, now: Time) {
        // The modem hears eight bits.
        self.wire.take(frame.data.to_le_bytes()[0], frame.baud, up_to(now));
    }

    fn give(&mut self, ready: bool, now: Time) -> Option<Frame> {
        let (byte, baud) = self.wire.give(ready, up_to(now))?;
        Some(Frame { data: u16::from(byte), baud })
    }

    fn next_event(&self) -> Time {
        self.wire.next_event().map_or(Time::NEVER, Time::from_duration)
    }

    fn clear_to_send(&self) -> bool {
        self.wire.clear_to_send()
    }
}

/// The lines that are no serial line, as they were last seen.
#[derive(Debug)]
struct Lines {
    wire: SerialWire,
    reset: Option<bool>,
    dtr: Option<bool>,
    ready: Option<bool>,
}

impl PinWatcher for Lines {
    fn pins_changed(&mut self, pins: &mut Pins, now: Time) {
        let now = up_to(now);
        let reset = pins.level(RESET);
        if self.reset.replace(reset) != Some(reset) {
            self.wire.set_reset(reset, now);
        }
        let dtr = pins.level(DTR);
        if self.dtr.replace(dtr) != Some(dtr) {
            self.wire.set_dtr(dtr, now);
        }
        // A modem that waits for RTS has no event of its own: it must be told.
        let ready = !pins.level(RTS);
        if self.ready.replace(ready) != Some(ready) {
            self.wire.set_ready(ready, now);
        }
    }
}

/// The modem counts whole nanoseconds.
const fn up_to(now: Time) -> Duration {
    now.as_duration()
}

#[cfg(test)]
mod tests {
    use std::rc::Rc;

    use monoclock::ManualClock;
    use sara_u201_sim::{Latencies, MemoryNetwork, PowerAtStart, Profile};

    use super::*;

    /// One character at 115200 baud.
    const CHARACTER: Time = Time::from_picos(86_805_556);

    struct Board {
        simulation: Simulation,
        pins: Pins,
        plugs: Plugs,
        now: Time,
        seen: Vec<u8>,
    }

    fn board(power_at_start: PowerAtStart) -> Board {
        let profile = Profile { power_at_start, latencies: Latencies::zero(), ..Profile::default() };
        let simulation = Simulation::new(profile, MemoryNetwork::new(0), Rc::new(ManualClock::new()));
        let mut plugs = Plugs::default();
        Modem::new(&simulation).plug(&mut plugs);
        Board { simulation, pins: Pins::new(), plugs, now: Time::ZERO, seen: Vec::new() }
    }

    impl Board {
        fn drive(&mut self, pin: Pin, level: bool) {
            self.pins.drive(pin, Some(level));
            for watcher in &mut self.plugs.watchers {
                watcher.pins_changed(&mut self.pins, self.now);
            }
        }

        fn pass(&mut self, span: Time) {
            let until = self.now + span;
            let ready = !self.pins.level(RTS);
            let line = &mut self.plugs.serial[0];
            while line.peer.next_event() <= until {
                self.now = self.now.max(line.peer.next_event());
                while let Some(frame) = line.peer.give(ready, self.now) {
                    assert_eq!(frame.baud, 115_200);
                    self.seen.push(frame.data.to_le_bytes()[0]);
                }
            }
            self.now = until;
        }

        fn answer(&mut self, line: &[u8]) -> String {
            self.seen.clear();
            for byte in line {
                self.pass(CHARACTER);
                let frame = Frame { data: u16::from(*byte), baud: 115_200 };
                self.plugs.serial[0].peer.take(frame, self.now);
            }
            self.pass(Time::from_millis(100));
            String::from_utf8_lossy(&self.seen).into_owned()
        }
    }

    #[test]
    fn the_boards_pins_start_the_modem_and_talk_to_it() {
        let mut board = board(PowerAtStart::Off);
        board.drive(DTR, false);
        board.drive(RTS, false);
        board.drive(RESET, true);
        board.pass(Time::from_millis(60));
        assert_eq!(board.answer(b"AT\r"), "", "held in reset");
        board.drive(RESET, false);
        board.pass(Time::from_millis(3000));
        assert_eq!(board.answer(b"AT\r"), "", "this line tells the rate");
        assert_eq!(board.answer(b"ATE0\r"), "ATE0\r\r\nOK\r\n");
        assert_eq!(board.answer(b"AT+CGMM\r"), "\r\nSARA-U201\r\n\r\nOK\r\n");
        assert_eq!(board.simulation.statistics().boots, 1);
    }

    #[test]
    fn rts_holds_the_modem_and_lets_it_go() {
        let mut board = board(PowerAtStart::On);
        board.drive(RTS, false);
        board.answer(b"ATE0\r");
        board.drive(RTS, true);
        assert_eq!(board.answer(b"AT\r"), "", "held");
        board.drive(RTS, false);
        board.pass(Time::from_millis(2));
        assert_eq!(board.seen, b"\r\nOK\r\n");
    }

    #[test]
    fn dtr_wakes_a_modem_that_sleeps() {
        let mut board = board(PowerAtStart::On);
        board.drive(DTR, false);
        assert!(board.answer(b"AT+UPSV=3\r").ends_with("\r\nOK\r\n"));
        board.drive(DTR, true);
        assert_eq!(board.answer(b"AT\r"), "");
        board.drive(DTR, false);
        board.pass(Time::from_millis(6));
        assert_eq!(board.answer(b"AT\r"), "AT\r\r\nOK\r\n");
    }

    #[test]
    fn cts_shows_that_the_modem_is_full() {
        let mut board = board(PowerAtStart::On);
        assert!(board.plugs.serial[0].peer.clear_to_send());
        board.simulation.add_fault("cts-off:ms=20".parse().expect("well formed"));
        assert!(!board.plugs.serial[0].peer.clear_to_send());
        board.pass(Time::from_millis(21));
        assert!(board.plugs.serial[0].peer.clear_to_send());
    }
}
