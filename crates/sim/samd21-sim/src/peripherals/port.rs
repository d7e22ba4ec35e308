//! PORT: directions, levels, pulls and multiplexers of the 64 pins, in two groups.

use crate::bus::Width;
use crate::fabric::Fabric;
use crate::fabric::pins::Function;
use crate::peripheral::Peripheral;
use crate::peripherals::registers::{self, Entry, Registers};

const DIR: u32 = 0x00;
const DIRCLR: u32 = 0x04;
const DIRSET: u32 = 0x08;
const DIRTGL: u32 = 0x0C;
const OUT: u32 = 0x10;
const OUTCLR: u32 = 0x14;
const OUTSET: u32 = 0x18;
const OUTTGL: u32 = 0x1C;
const IN: u32 = 0x20;
const CTRL: u32 = 0x24;
const WRCONFIG: u32 = 0x28;
const PMUX: u32 = 0x30;
const PINCFG: u32 = 0x40;
/// End of the registers of four bytes.
const WORDS_END: u32 = WRCONFIG + 4;
/// Distance from group A to group B.
const GROUP: u32 = 0x80;

/// PINCFG.PMUXEN.
const PMUXEN: u32 = 1 << 0;
/// PINCFG.INEN.
const INEN: u32 = 1 << 1;
/// PINCFG.PULLEN.
const PULLEN: u32 = 1 << 2;
/// PINCFG.DRVSTR.
const DRVSTR: u32 = 1 << 6;

/// Registers of a group: the eleven words, sixteen PMUX and thirty-two PINCFG.
const MAP: [Entry; 59] = {
    let mut map = [(0, 4); 59];
    let (mut at, mut offset) = (0, 0);
    while at < map.len() {
        map[at] = if offset < WORDS_END { (offset, 4) } else { (offset, 1) };
        offset = match offset {
            WRCONFIG => PMUX,
            _ if offset < WORDS_END => offset + 4,
            _ => offset + 1,
        };
        at += 1;
    }
    map
};

/// Both groups of pins.
#[derive(Debug, Default)]
pub struct Port {
    groups: [Group; 2],
}

impl Port {
    /// Makes the block.
    #[must_use]
    pub fn new() -> Self {
        let mut port = Self::default();
        port.groups[1].shift = 32;
        port
    }
}

impl Peripheral for Port {
    fn name(&self) -> &'static str {
        "PORT"
    }

    fn read(&mut self, offset: u32, width: Width, fabric: &mut Fabric) -> u32 {
        match self.groups.get_mut((offset / GROUP) as usize) {
            Some(group) => registers::read(group, offset % GROUP, width, fabric),
            None => {
                fabric.unmodelled(self.name(), offset, false);
                0
            }
        }
    }

    fn write(&mut self, offset: u32, width: Width, value: u32, fabric: &mut Fabric) {
        match self.groups.get_mut((offset / GROUP) as usize) {
            Some(group) => registers::write(group, offset % GROUP, width, value, fabric),
            None => fabric.unmodelled(self.name(), offset, true),
        }
    }

    fn reset(&mut self, fabric: &mut Fabric) {
        *self = Self::new();
        fabric.pins.reset();
    }
}

/// One group; its bits are at `shift` in the levels of all pins.
#[derive(Debug, Default)]
struct Group {
    shift: u32,
    sampling: u32,
    drive_strength: u32,
}

impl Group {
    fn of(&self, pins: u64) -> u32 {
        let bytes = (pins >> self.shift).to_le_bytes();
        u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]])
    }

    const fn bits(&self, group: u32) -> u64 {
        (group as u64) << self.shift
    }

    fn configure(&mut self, pin: u32, value: u32, fabric: &mut Fabric) {
        let bit = self.bits(1 << pin);
        let pins = &mut fabric.pins;
        for (field, on) in [
            (&mut pins.mux_enable, value & PMUXEN != 0),
            (&mut pins.input_enable, value & INEN != 0),
            (&mut pins.pull_enable, value & PULLEN != 0),
        ] {
            *field = if on { *field | bit } else { *field & !bit };
        }
        pins.changed = true;
        let strength = 1 << pin;
        self.drive_strength = if value & DRVSTR != 0 {
            self.drive_strength | strength
        } else {
            self.drive_strength & !strength
        };
    }

    fn multiplex(&self, pin: u32, function: u32, fabric: &mut Fabric) {
        fabric.pins.mux[(pin + self.shift) as usize] = Function(function.to_le_bytes()[0] & 0xF);
        fabric.pins.changed = true;
    }

    /// WRCONFIG: the same configuration for many pins of a half (data sheet, "Write Configuration").
    fn write_configuration(&mut self, value: u32, fabric: &mut Fabric) {
        let first = if value >> 31 != 0 { 16 } else { 0 };
        for number in (0..16).filter(|number| value >> number & 1 != 0) {
            let pin = first + number;
            if value >> 28 & 1 != 0 {
                self.multiplex(pin, value >> 24 & 0xF, fabric);
            }
            if value >> 30 & 1 != 0 {
                self.configure(pin, value >> 16 & (PMUXEN | INEN | PULLEN | DRVSTR), fabric);
            }
        }
    }
}

impl Peripheral for Group {
    fn name(&self) -> &'static str {
        "PORT"
    }

    registers::by_registers!();

    fn reset(&mut self, _fabric: &mut Fabric) {}
}

impl Registers for Group {
    fn map(&self) -> &'static [Entry] {
        &MAP
    }

    fn get(&mut self, register: u32, fabric: &mut Fabric) -> u32 {
        let pins = &fabric.pins;
        match register {
            DIR | DIRCLR | DIRSET | DIRTGL => self.of(pins.direction),
            OUT | OUTCLR | OUTSET | OUTTGL => self.of(pins.output),
            IN => self.of(pins.levels() & pins.input_enable),
            CTRL => self.sampling,
            WRCONFIG => 0,
            PMUX..PINCFG => {
                let even = ((register - PMUX) * 2 + self.shift) as usize;
                u32::from(pins.mux[even].0) | u32::from(pins.mux[even + 1].0) << 4
            }
            _ => {
                let pin = register - PINCFG;
                let bit = self.bits(1 << pin);
                u32::from(pins.mux_enable & bit != 0)
                    | u32::from(pins.input_enable & bit != 0) << 1
                    | u32::from(pins.pull_enable & bit != 0) << 2
                    | (self.drive_strength >> pin & 1) << 6
            }
        }
    }

    fn put(&mut self, register: u32, value: u32, mask: u32, fabric: &mut Fabric) {
        let bits = self.bits(value);
        let pins = &mut fabric.pins;
        match register {
            DIR => pins.direction = pins.direction & !self.bits(mask) | bits,
            DIRCLR => pins.direction &= !bits,
            DIRSET => pins.direction |= bits,
            DIRTGL => pins.direction ^= bits,
            OUT => pins.output = pins.output & !self.bits(mask) | bits,
            OUTCLR => pins.output &= !bits,
            OUTSET => pins.output |= bits,
            OUTTGL => pins.output ^= bits,
            IN => {}
            CTRL => registers::merge(&mut self.sampling, value, mask),
            WRCONFIG => self.write_configuration(value, fabric),
            PMUX..PINCFG => {
                let even = (register - PMUX) * 2;
                self.multiplex(even, value, fabric);
                self.multiplex(even + 1, value >> 4, fabric);
            }
            _ => self.configure(register - PINCFG, value, fabric),
        }
        if register < IN {
            fabric.pins.changed = true;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fabric::pins::Pin;

    fn write(port: &mut Port, fabric: &mut Fabric, offset: u32, value: u32) {
        port.write(offset, Width::Word, value, fabric);
    }

    #[test]
    fn an_output_drives_and_an_input_reads_only_when_it_is_enabled() {
        let (mut port, mut fabric) = (Port::new(), Fabric::new());
        write(&mut port, &mut fabric, DIRSET, 1 << 20);
        write(&mut port, &mut fabric, OUTSET, 1 << 20);
        assert_eq!(fabric.pins.driven_by_chip(Pin::a(20)), Some(true));
        assert_eq!(port.read(IN, Width::Word, &mut fabric), 0);
        port.write(PINCFG + 20, Width::Byte, INEN, &mut fabric);
        assert_eq!(port.read(IN, Width::Word, &mut fabric), 1 << 20);
        write(&mut port, &mut fabric, OUTTGL, 1 << 20);
        assert_eq!(port.read(IN, Width::Word, &mut fabric), 0);
    }

    #[test]
    fn the_second_group_has_its_own_pins() {
        let (mut port, mut fabric) = (Port::new(), Fabric::new());
        write(&mut port, &mut fabric, GROUP + DIRSET, 1 << 8);
        write(&mut port, &mut fabric, GROUP + OUTSET, 1 << 8);
        assert!(fabric.pins.level(Pin::b(8)));
        assert!(!fabric.pins.level(Pin::a(8)));
    }

    #[test]
    fn a_pull_decides_a_floating_input() {
        let (mut port, mut fabric) = (Port::new(), Fabric::new());
        write(&mut port, &mut fabric, OUTSET, 1 << 3);
        port.write(PINCFG + 3, Width::Byte, INEN | PULLEN, &mut fabric);
        assert_eq!(port.read(IN, Width::Word, &mut fabric), 1 << 3);
        fabric.pins.drive(Pin::a(3), Some(false));
        assert_eq!(port.read(IN, Width::Word, &mut fabric), 0);
    }

    #[test]
    fn wrconfig_gives_pins_to_a_peripheral() {
        let (mut port, mut fabric) = (Port::new(), Fabric::new());
        // PA22 and PA23 to function C, with input enabled.
        write(&mut port, &mut fabric, WRCONFIG, 1 << 31 | 1 << 30 | 1 << 28 | 2 << 24 | 3 << 16 | 0x00C0);
        assert_eq!(fabric.pins.function(Pin::a(22)), Some(Function::C));
        assert_eq!(fabric.pins.function(Pin::a(23)), Some(Function::C));
        assert_eq!(fabric.pins.function(Pin::a(21)), None);
        assert_eq!(port.read(PMUX + 11, Width::Byte, &mut fabric), 0x22);
        assert_eq!(port.read(PINCFG + 22, Width::Byte, &mut fabric), PMUXEN | INEN);
    }
}
