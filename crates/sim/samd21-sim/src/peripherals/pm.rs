//! PM: clock masks and dividers, sleep modes, the cause of the last reset.

use crate::fabric::Fabric;
use crate::fabric::clocks::{Bridge, Clocks};
use crate::peripheral::Peripheral;
use crate::peripherals::registers::{Entry, Interrupts, Registers, by_registers, merge};

const CTRL: u32 = 0x00;
const SLEEP: u32 = 0x01;
const CPUSEL: u32 = 0x08;
const APBASEL: u32 = 0x09;
const APBBSEL: u32 = 0x0A;
const APBCSEL: u32 = 0x0B;
const AHBMASK: u32 = 0x14;
const APBAMASK: u32 = 0x18;
const APBBMASK: u32 = 0x1C;
const APBCMASK: u32 = 0x20;
const INTENCLR: u32 = 0x34;
const INTENSET: u32 = 0x35;
const INTFLAG: u32 = 0x36;
const RCAUSE: u32 = 0x38;

/// INTFLAG.CKRDY: the clocks are what CPUSEL and APBxSEL ask for.
const CKRDY: u32 = 1;
/// PM's interrupt line.
const LINE: u32 = 0;

/// The power manager.
#[derive(Debug, Default)]
pub struct Pm {
    ctrl: u32,
    interrupts: Interrupts,
}

impl Pm {
    /// Makes the block.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}

impl Peripheral for Pm {
    fn name(&self) -> &'static str {
        "PM"
    }

    by_registers!();

    fn reset(&mut self, fabric: &mut Fabric) {
        *self = Self { ctrl: 0, interrupts: Interrupts { enabled: 0, flags: CKRDY } };
        let fresh = Clocks::new();
        fabric.idle_mode = 0;
        fabric.clocks.cpu_shift = fresh.cpu_shift;
        fabric.clocks.apb_shifts = fresh.apb_shifts;
        fabric.clocks.apb_masks = fresh.apb_masks;
        fabric.clocks.ahb_mask = fresh.ahb_mask;
    }

    fn interrupts(&self) -> u32 {
        u32::from(self.interrupts.pending()) << LINE
    }
}

impl Registers for Pm {
    fn map(&self) -> &'static [Entry] {
        &[
            (CTRL, 1),
            (SLEEP, 1),
            (CPUSEL, 1),
            (APBASEL, 1),
            (APBBSEL, 1),
            (APBCSEL, 1),
            (AHBMASK, 4),
            (APBAMASK, 4),
            (APBBMASK, 4),
            (APBCMASK, 4),
            (INTENCLR, 1),
            (INTENSET, 1),
            (INTFLAG, 1),
            (RCAUSE, 1),
        ]
    }

    fn get(&mut self, register: u32, fabric: &mut Fabric) -> u32 {
        let clocks = &fabric.clocks;
        match register {
            CTRL => self.ctrl,
            SLEEP => u32::from(fabric.idle_mode),
            CPUSEL => u32::from(clocks.cpu_shift),
            APBASEL | APBBSEL | APBCSEL => u32::from(clocks.apb_shifts[bridge(register - APBASEL)]),
            AHBMASK => clocks.ahb_mask,
            APBAMASK | APBBMASK | APBCMASK => clocks.apb_masks[bridge((register - APBAMASK) / 4)],
            INTENCLR | INTENSET => self.interrupts.enabled,
            INTFLAG => self.interrupts.flags,
            _ => fabric.reset_cause.bit(),
        }
    }

    fn put(&mut self, register: u32, value: u32, mask: u32, fabric: &mut Fabric) {
        let clocks = &mut fabric.clocks;
        // Three bits, masked here: the conversion keeps them all.
        let shift = value.to_le_bytes()[0] & 7;
        match register {
            CTRL => self.ctrl = value & 0x04,
            SLEEP => fabric.idle_mode = value.to_le_bytes()[0] & 3,
            CPUSEL => clocks.cpu_shift = shift,
            APBASEL | APBBSEL | APBCSEL => clocks.apb_shifts[bridge(register - APBASEL)] = shift,
            AHBMASK => merge(&mut clocks.ahb_mask, value, mask & 0x7F),
            APBAMASK => merge(&mut clocks.apb_masks[Bridge::A as usize], value, mask & 0x7F),
            APBBMASK => merge(&mut clocks.apb_masks[Bridge::B as usize], value, mask & 0x7F),
            APBCMASK => merge(&mut clocks.apb_masks[Bridge::C as usize], value, mask & 0x001F_FFFF),
            INTENCLR => self.interrupts.enabled &= !value,
            INTENSET => self.interrupts.enabled |= value & CKRDY,
            INTFLAG => self.interrupts.flags &= !value,
            _ => {}
        }
        clocks.changed |= (CPUSEL..=APBCMASK).contains(&register);
        if matches!(register, CPUSEL | APBASEL | APBBSEL | APBCSEL) {
            self.interrupts.flags |= CKRDY;
        }
    }
}

const fn bridge(number: u32) -> usize {
    number as usize % 3
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bus::Width;

    #[test]
    fn dividers_and_masks_reach_the_clock_tree() {
        let (mut pm, mut fabric) = (Pm::new(), Fabric::new());
        pm.reset(&mut fabric);
        assert_eq!(pm.read(APBCMASK, Width::Word, &mut fabric), 0x0001_0000);
        assert_eq!(pm.read(RCAUSE, Width::Byte, &mut fabric), 1);
        pm.write(CPUSEL, Width::Byte, 2, &mut fabric);
        pm.write(APBCSEL, Width::Byte, 3, &mut fabric);
        assert_eq!(fabric.clocks.cpu_hz(), 250_000);
        assert_eq!(fabric.clocks.apb_hz(Bridge::C), 125_000);
        assert_eq!(pm.read(INTFLAG, Width::Byte, &mut fabric), CKRDY);
        pm.write(APBCMASK, Width::Word, 0x0001_0040, &mut fabric);
        assert_eq!(fabric.clocks.apb_masks, [0x7F, 0x7F, 0x0001_0040]);
    }
}
