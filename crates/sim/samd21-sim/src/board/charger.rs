//! The BQ24195L, charger and power path, at 0x6B.
//!
//! Registers and their reset values are from the data sheet as remembered; the cell and the input are not
//! modelled, so that only what firmware has set up can be seen.

use core::cell::RefCell;
use std::rc::Rc;

use crate::plug::I2cTarget;
use crate::time::Time;

/// Address on the bus.
pub const ADDRESS: u8 = 0x6B;

/// REG00 to REG0A after a reset: input source control, power-on configuration, charge current, pre-charge,
/// charge voltage, termination and timer, thermal regulation, misc operation, status, fault, revision.
const RESET: [u8; 11] = [0x30, 0x1B, 0x60, 0x11, 0xB2, 0x9A, 0x03, 0x4B, 0x64, 0x00, 0x23];
/// REG01: register reset, and watchdog reset.
const REGISTER_RESET: u8 = 1 << 7;
const WATCHDOG_RESET: u8 = 1 << 6;
/// First of the registers that only can be read.
const STATUS: usize = 8;

/// The charger; clones are handles to the same one.
#[derive(Clone, Debug)]
pub struct Charger(Rc<RefCell<State>>);

#[derive(Debug)]
struct State {
    registers: [u8; 11],
    pointer: usize,
    /// The next byte written is the register's number.
    selecting: bool,
    selected: bool,
    watched_from: Time,
}

impl Charger {
    /// Makes a charger that has just got power.
    #[must_use]
    pub fn new() -> Self {
        Self(Rc::new(RefCell::new(State {
            registers: RESET,
            pointer: 0,
            selecting: false,
            selected: false,
            watched_from: Time::ZERO,
        })))
    }

    /// Shows the registers, REG00 first.
    #[must_use]
    pub fn registers(&self) -> [u8; 11] {
        self.0.borrow().registers
    }
}

impl Default for Charger {
    fn default() -> Self {
        Self::new()
    }
}

impl State {
    /// REG05 bits 5:4: off, 40, 80 or 160 s without a sign of life reset what has been set up.
    fn watch(&mut self, now: Time) {
        let seconds = match self.registers[5] >> 4 & 3 {
            0 => return,
            code => 20_u64 << code,
        };
        if now - self.watched_from >= Time::from_millis(seconds * 1_000) {
            let read_only: [u8; 3] = [self.registers[8], self.registers[9] | 1 << 7, self.registers[10]];
            self.registers = RESET;
            self.registers[STATUS..].copy_from_slice(&read_only);
            self.watched_from = now;
        }
    }

    fn store(&mut self, byte: u8, now: Time) {
        match self.pointer {
            1 if byte & REGISTER_RESET != 0 => self.registers[..STATUS].copy_from_slice(&RESET[..STATUS]),
            1 => {
                if byte & WATCHDOG_RESET != 0 {
                    self.watched_from = now;
                }
                self.registers[1] = byte & !(REGISTER_RESET | WATCHDOG_RESET);
            }
            at if at < STATUS => {
                if at == 5 {
                    self.watched_from = now;
                }
                self.registers[at] = byte;
            }
            _ => {}
        }
        self.pointer += 1;
    }
}

impl I2cTarget for Charger {
    fn start(&mut self, address: u8, read: bool, now: Time) -> bool {
        let mut state = self.0.borrow_mut();
        state.watch(now);
        state.selected = address == ADDRESS;
        state.selecting = state.selected && !read;
        state.selected
    }

    fn write(&mut self, byte: u8, now: Time) -> bool {
        let mut state = self.0.borrow_mut();
        if core::mem::take(&mut state.selecting) {
            state.pointer = byte.into();
        } else {
            state.store(byte, now);
        }
        true
    }

    fn read(&mut self, _now: Time) -> u8 {
        let mut state = self.0.borrow_mut();
        let byte = state.registers.get(state.pointer).copied().unwrap_or(0xFF);
        state.pointer += 1;
        byte
    }

    fn stop(&mut self, _now: Time) {
        self.0.borrow_mut().selected = false;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(charger: &mut Charger, bytes: &[u8], now: Time) {
        assert!(charger.start(ADDRESS, false, now));
        for byte in bytes {
            assert!(charger.write(*byte, now));
        }
        charger.stop(now);
    }

    #[test]
    fn registers_are_written_and_read_from_where_the_pointer_is() {
        let mut charger = Charger::new();
        write(&mut charger, &[0x00, 0x07, 0x0B], Time::ZERO);
        write(&mut charger, &[0x00], Time::ZERO);
        assert!(charger.start(ADDRESS, true, Time::ZERO));
        assert_eq!([charger.read(Time::ZERO), charger.read(Time::ZERO)], [0x07, 0x0B]);
        assert!(!charger.start(0x60, true, Time::ZERO));
    }

    #[test]
    fn the_watchdog_forgets_unless_it_is_switched_off() {
        let mut charger = Charger::new();
        write(&mut charger, &[0x00, 0x07], Time::ZERO);
        write(&mut charger, &[0x01, 0x1B], Time::from_millis(39_999));
        assert_eq!(charger.registers()[0], 0x07);
        write(&mut charger, &[0x01, 0x0B], Time::from_millis(40_000));
        assert_eq!(charger.registers()[0], RESET[0]);
        write(&mut charger, &[0x05, 0x8A], Time::from_millis(50_000));
        write(&mut charger, &[0x00, 0x07], Time::from_millis(50_000));
        write(&mut charger, &[0x01, 0x0B], Time::from_millis(500_000));
        assert_eq!(charger.registers()[0], 0x07);
    }
}
