//! EIC: sixteen external interrupts and the non-maskable one.

use crate::fabric::Fabric;
use crate::fabric::pins::{Function, Pin};
use crate::peripheral::Peripheral;
use crate::peripherals::registers::{Entry, Interrupts, Registers, by_registers, merge};

const CTRL: u32 = 0x00;
const STATUS: u32 = 0x01;
const NMICTRL: u32 = 0x02;
const NMIFLAG: u32 = 0x03;
const EVCTRL: u32 = 0x04;
const INTENCLR: u32 = 0x08;
const INTENSET: u32 = 0x0C;
const INTFLAG: u32 = 0x10;
const WAKEUP: u32 = 0x14;
const CONFIG0: u32 = 0x18;
const CONFIG1: u32 = 0x1C;

/// CTRL.SWRST.
const SWRST: u32 = 1;
/// CTRL.ENABLE.
const ENABLE: u32 = 1 << 1;
/// GCLK channel: edges are found with its clock.
const CHANNEL: usize = 5;
/// EIC's interrupt line.
const LINE: u32 = 4;

/// The pin that is the non-maskable interrupt.
const NMI_PIN: Pin = Pin::a(8);

/// Pins of function A, and the external interrupt that each is (data sheet, "Multiplexed Signals", package G).
const INPUTS: [(Pin, u8); 37] = [
    (Pin::a(0), 0),
    (Pin::a(1), 1),
    (Pin::a(2), 2),
    (Pin::a(3), 3),
    (Pin::a(4), 4),
    (Pin::a(5), 5),
    (Pin::a(6), 6),
    (Pin::a(7), 7),
    (Pin::a(9), 9),
    (Pin::a(10), 10),
    (Pin::a(11), 11),
    (Pin::a(12), 12),
    (Pin::a(13), 13),
    (Pin::a(14), 14),
    (Pin::a(15), 15),
    (Pin::a(16), 0),
    (Pin::a(17), 1),
    (Pin::a(18), 2),
    (Pin::a(19), 3),
    (Pin::a(20), 4),
    (Pin::a(21), 5),
    (Pin::a(22), 6),
    (Pin::a(23), 7),
    (Pin::a(24), 12),
    (Pin::a(25), 13),
    (Pin::a(27), 15),
    (Pin::a(28), 8),
    (Pin::a(30), 10),
    (Pin::a(31), 11),
    (Pin::b(2), 2),
    (Pin::b(3), 3),
    (Pin::b(8), 8),
    (Pin::b(9), 9),
    (Pin::b(10), 10),
    (Pin::b(11), 11),
    (Pin::b(22), 6),
    (Pin::b(23), 7),
];

/// The external interrupt controller.
#[derive(Debug, Default)]
pub struct Eic {
    ctrl: u32,
    nmictrl: u32,
    nmiflag: u32,
    evctrl: u32,
    wakeup: u32,
    config: [u32; 2],
    interrupts: Interrupts,
    /// Levels at the sixteen inputs as seen last, and of NMI in bit 16.
    levels: u32,
}

impl Eic {
    /// Makes the block.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    fn sample(fabric: &Fabric) -> u32 {
        let at = |pin| u32::from(fabric.pins.function(pin) == Some(Function::A) && fabric.pins.level(pin));
        let inputs = INPUTS.iter().fold(0, |levels, (pin, number)| levels | at(*pin) << number);
        inputs | at(NMI_PIN) << 16
    }

    /// Looks at the pins: levels and edges that NMICTRL and CONFIGn.SENSEx ask for.
    fn detect(&mut self, fabric: &mut Fabric) {
        let (old, new) = (self.levels, Self::sample(fabric));
        self.levels = new;
        if sensed(self.nmictrl & 7, old >> 16 & 1 != 0, new >> 16 & 1 != 0) {
            self.nmiflag = 1;
        }
        fabric.nmi = self.nmiflag != 0;
        if self.ctrl & ENABLE == 0 {
            return;
        }
        for number in 0..16_u32 {
            let sense = self.config[(number / 8) as usize] >> (number % 8 * 4) & 0xF;
            let edge = matches!(sense & 7, 1..=3);
            if (edge || sense & 8 != 0) && fabric.clocks.channels[CHANNEL] == 0 {
                if sense & 7 != 0 {
                    fabric.warn_once(format_args!("EIC: an edge is to be found, but GCLK_EIC stands still"));
                }
                continue;
            }
            if sensed(sense & 7, old >> number & 1 != 0, new >> number & 1 != 0) {
                self.interrupts.flags |= 1 << number;
            }
        }
    }
}

/// SENSE: none, rise, fall, both, high, low.
const fn sensed(sense: u32, old: bool, new: bool) -> bool {
    match sense {
        1 => !old && new,
        2 => old && !new,
        3 => old != new,
        4 => new,
        5 => !new,
        _ => false,
    }
}

impl Peripheral for Eic {
    fn name(&self) -> &'static str {
        "EIC"
    }

    by_registers!();

    fn reset(&mut self, fabric: &mut Fabric) {
        *self = Self::default();
        fabric.nmi = false;
    }

    fn interrupts(&self) -> u32 {
        u32::from(self.interrupts.pending()) << LINE
    }

    fn pins_changed(&mut self, fabric: &mut Fabric) {
        self.detect(fabric);
    }
}

impl Registers for Eic {
    fn map(&self) -> &'static [Entry] {
        &[
            (CTRL, 1),
            (STATUS, 1),
            (NMICTRL, 1),
            (NMIFLAG, 1),
            (EVCTRL, 4),
            (INTENCLR, 4),
            (INTENSET, 4),
            (INTFLAG, 4),
            (WAKEUP, 4),
            (CONFIG0, 4),
            (CONFIG1, 4),
        ]
    }

    fn get(&mut self, register: u32, _fabric: &mut Fabric) -> u32 {
        match register {
            CTRL => self.ctrl,
            NMICTRL => self.nmictrl,
            NMIFLAG => self.nmiflag,
            EVCTRL => self.evctrl,
            INTENCLR | INTENSET => self.interrupts.enabled,
            INTFLAG => self.interrupts.flags,
            WAKEUP => self.wakeup,
            CONFIG0 => self.config[0],
            CONFIG1 => self.config[1],
            _ => 0,
        }
    }

    fn put(&mut self, register: u32, value: u32, mask: u32, fabric: &mut Fabric) {
        match register {
            CTRL if value & SWRST != 0 => self.reset(fabric),
            CTRL => self.ctrl = value & ENABLE,
            NMICTRL => self.nmictrl = value & 0xF,
            NMIFLAG => self.nmiflag &= !value,
            EVCTRL => merge(&mut self.evctrl, value, mask),
            INTENCLR => self.interrupts.enabled &= !value,
            INTENSET => self.interrupts.enabled |= value & 0xFFFF,
            INTFLAG => self.interrupts.flags &= !value,
            WAKEUP => merge(&mut self.wakeup, value, mask),
            CONFIG0 => merge(&mut self.config[0], value, mask),
            CONFIG1 => merge(&mut self.config[1], value, mask),
            _ => {}
        }
        // A level that is there sets its flag again.
        self.detect(fabric);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bus::Width;

    fn with_pin(sense: u32) -> (Eic, Fabric) {
        let (mut eic, mut fabric) = (Eic::new(), Fabric::new());
        fabric.clocks.channels[CHANNEL] = 32_768;
        fabric.pins.mux_enable = 1 << 27;
        fabric.pins.drive(Pin::a(27), Some(true));
        eic.pins_changed(&mut fabric);
        eic.write(CONFIG1, Width::Word, sense << 28, &mut fabric);
        eic.write(INTENSET, Width::Word, 1 << 15, &mut fabric);
        eic.write(CTRL, Width::Byte, ENABLE, &mut fabric);
        (eic, fabric)
    }

    #[test]
    fn a_falling_edge_sets_its_flag_once() {
        let (mut eic, mut fabric) = with_pin(2);
        assert_eq!(eic.interrupts(), 0);
        fabric.pins.drive(Pin::a(27), Some(false));
        eic.pins_changed(&mut fabric);
        assert_eq!(eic.interrupts(), 1 << LINE);
        eic.write(INTFLAG, Width::Word, 1 << 15, &mut fabric);
        assert_eq!(eic.interrupts(), 0);
    }

    #[test]
    fn a_level_sets_its_flag_as_long_as_it_lasts() {
        let (mut eic, mut fabric) = with_pin(4);
        eic.write(INTFLAG, Width::Word, 1 << 15, &mut fabric);
        assert_eq!(eic.interrupts(), 1 << LINE);
        fabric.pins.drive(Pin::a(27), Some(false));
        eic.pins_changed(&mut fabric);
        eic.write(INTFLAG, Width::Word, 1 << 15, &mut fabric);
        assert_eq!(eic.interrupts(), 0);
    }
}
