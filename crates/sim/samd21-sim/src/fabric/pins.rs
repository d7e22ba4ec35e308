//! The 64 pins of PORT groups A and B, as the rest of the chip and the board see them.

use core::fmt;

/// A pin, 0 to 31 of group A, 32 to 63 of group B.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Pin(u8);

impl Pin {
    /// Names pin `number` of group A.
    #[must_use]
    pub const fn a(number: u8) -> Self {
        Self(number & 31)
    }

    /// Names pin `number` of group B.
    #[must_use]
    pub const fn b(number: u8) -> Self {
        Self(number & 31 | 32)
    }

    /// Tells the index, 0 to 63.
    #[must_use]
    pub const fn index(self) -> usize {
        self.0 as usize
    }

    const fn bit(self) -> u64 {
        1 << self.0
    }
}

impl fmt::Debug for Pin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "P{}{:02}", if self.0 < 32 { 'A' } else { 'B' }, self.0 & 31)
    }
}

/// Peripheral function of a pin (PMUX): A is 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Function(pub u8);

impl Function {
    /// EIC.
    pub const A: Self = Self(0);
    /// Analog.
    pub const B: Self = Self(1);
    /// SERCOM.
    pub const C: Self = Self(2);
    /// SERCOM, the other one.
    pub const D: Self = Self(3);
    /// TC and TCC.
    pub const E: Self = Self(4);
    /// TCC.
    pub const F: Self = Self(5);
    /// USB, clocks.
    pub const G: Self = Self(6);
    /// GCLK, AC.
    pub const H: Self = Self(7);
}

/// Levels and functions; bit n is pin n.
#[derive(Clone, Debug)]
pub struct Pins {
    /// PORT.DIR.
    pub direction: u64,
    /// PORT.OUT.
    pub output: u64,
    /// PINCFG.INEN.
    pub input_enable: u64,
    /// PINCFG.PULLEN.
    pub pull_enable: u64,
    /// PINCFG.PMUXEN: a peripheral has the pin.
    pub mux_enable: u64,
    /// PMUX.
    pub mux: [Function; 64],
    /// Pins that a peripheral drives, and their levels.
    peripheral: (u64, u64),
    /// Pins that the board drives, and their levels.
    board: (u64, u64),
    /// Set by every change; the chip tells those who watch, and clears it.
    pub changed: bool,
}

impl Pins {
    /// The state after a reset: everything floats.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            direction: 0,
            output: 0,
            input_enable: 0,
            pull_enable: 0,
            mux_enable: 0,
            mux: [Function::A; 64],
            peripheral: (0, 0),
            board: (0, 0),
            changed: false,
        }
    }

    /// Goes back to the state after a reset; what the board drives stays.
    pub const fn reset(&mut self) {
        let board = self.board;
        *self = Self::new();
        self.board = board;
        self.changed = true;
    }

    /// Drives a pin from the board, or lets it go.
    pub const fn drive(&mut self, pin: Pin, level: Option<bool>) {
        Self::set(&mut self.board, &mut self.changed, pin, level);
    }

    /// Drives a pin from a peripheral, or lets it go; it shows once the pin's function is the peripheral's.
    pub const fn drive_from_peripheral(&mut self, pin: Pin, level: Option<bool>) {
        Self::set(&mut self.peripheral, &mut self.changed, pin, level);
    }

    const fn set(drivers: &mut (u64, u64), changed: &mut bool, pin: Pin, level: Option<bool>) {
        let old = *drivers;
        drivers.0 &= !pin.bit();
        drivers.1 &= !pin.bit();
        if let Some(level) = level {
            drivers.0 |= pin.bit();
            drivers.1 |= (level as u64) << pin.0;
        }
        if old.0 != drivers.0 || old.1 != drivers.1 {
            *changed = true;
        }
    }

    /// Tells the function that a pin is given to, if any.
    #[must_use]
    pub const fn function(&self, pin: Pin) -> Option<Function> {
        if self.mux_enable & pin.bit() == 0 { None } else { Some(self.mux[pin.index()]) }
    }

    /// Tells the level that the chip drives, or `None` when it does not drive the pin.
    #[must_use]
    pub const fn driven_by_chip(&self, pin: Pin) -> Option<bool> {
        let bit = pin.bit();
        if self.mux_enable & bit != 0 {
            return if self.peripheral.0 & bit != 0 { Some(self.peripheral.1 & bit != 0) } else { None };
        }
        if self.direction & bit != 0 { Some(self.output & bit != 0) } else { None }
    }

    /// Tells the levels of all pins on the wire: the board's, else the chip's, else the pull's, else low.
    #[must_use]
    pub const fn levels(&self) -> u64 {
        let of_peripheral = self.mux_enable & self.peripheral.0;
        let of_port = !self.mux_enable & self.direction;
        let pulled = self.pull_enable & !self.direction;
        let chip = of_peripheral & self.peripheral.1 | of_port & self.output;
        let free = !(of_peripheral | of_port);
        let idle = free & pulled & self.output;
        self.board.0 & self.board.1 | !self.board.0 & (chip | idle)
    }

    /// Tells the level of one pin.
    #[must_use]
    pub const fn level(&self, pin: Pin) -> bool {
        self.levels() & pin.bit() != 0
    }
}

impl Default for Pins {
    fn default() -> Self {
        Self::new()
    }
}
