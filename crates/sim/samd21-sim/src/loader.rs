//! What the board's loader leaves behind when it starts the application.
//!
//! The shipped loader of the MKR GSM 1400 runs its own set-up first (48 MHz, the charger over SERCOM0), and
//! jumps with all of it still on: SysTick interrupts every 1000 cycles, interrupts enabled, VTOR at the
//! application. Here the registers are written as the loader writes them, without its code.

use crate::bus::Bus as _;
use crate::bus::Width::{Byte, Half, Word};
use crate::fabric::ResetCause;
use crate::fabric::{RAM_BASE, RAM_BYTES};
use crate::machine::Machine;
use crate::time::Time;

/// Where the loader notes that the reset button was pressed.
pub const DOUBLE_TAP: u32 = RAM_BASE + RAM_BYTES - 4;
/// What it notes.
pub const DOUBLE_TAP_MAGIC: u32 = 0x0773_8135;
/// How long it waits for the second press.
const WINDOW: Time = Time::from_millis(500);

/// SysTick's control at the jump: enabled, with its exception, from the core's clock.
const TICK_CONTROL: u32 = 7;
/// SysTick's reload value at the jump.
const TICK_RELOAD: u32 = 999;

/// What the loader decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// The application has been started.
    Application,
    /// It waits for a new application: there is none, or the reset button was pressed twice.
    Stays,
}

/// SYSCTRL's power and clocks status.
const PCLKSR: u32 = 0x4000_080C;
/// How long the loader's waits may take here; its own have no end.
const PATIENCE: Time = Time::from_millis(5000);

/// What the loader writes, in its order (a line of PCLKSR waits for bits of it): flash wait state, crystal, DFLL48M, generators, then SERCOM0 as I2C
/// master on PA08 and PA09 (its function C).
const SETUP: [(u32, crate::bus::Width, u32); 34] = [
    (0x4100_4004, Word, 0x0000_0002), // NVMCTRL.CTRLB: one wait state
    (0x4000_0418, Word, 0x0000_007F), // PM.APBAMASK
    (0x4000_0814, Half, 0x0604),      // SYSCTRL.XOSC32K: crystal, 32 kHz output, start-up
    (0x4000_0814, Half, 0x0606),      // and enabled
    (PCLKSR, Word, 1 << 1),           // XOSC32KRDY
    (0x4000_0C00, Byte, 0x01),        // GCLK.CTRL: software reset
    (0x4000_0C08, Word, 0x0000_0001), // GCLK.GENDIV: generator 1 undivided
    (0x4000_0C04, Word, 0x0001_0501), // GCLK.GENCTRL: generator 1 from XOSC32K
    (0x4000_0C02, Half, 0x4100),      // GCLK.CLKCTRL: DFLL48M's reference from generator 1
    (0x4000_0824, Half, 0x0002),      // SYSCTRL.DFLLCTRL: not on demand
    (0x4000_082C, Word, 0x7DFF_05B8), // SYSCTRL.DFLLMUL: 1464 times
    (0x4000_0824, Half, 0x0806),      // closed loop, wait for lock
    (PCLKSR, Word, 1 << 4 | 3 << 6),  // DFLLRDY, coarse and fine lock
    (0x4000_0C08, Word, 0x0000_0000), // generator 0 undivided
    (0x4000_0C04, Word, 0x0003_0700), // generator 0 from DFLL48M
    (0x4000_0820, Word, 0x870F_0180), // SYSCTRL.OSC8M: undivided
    (0x4000_0C08, Word, 0x0000_0003), // generator 3 undivided
    (0x4000_0C04, Word, 0x0001_0603), // generator 3 from OSC8M
    (0x4000_0408, Byte, 0),           // PM.CPUSEL
    (0x4000_0409, Byte, 0),           // PM.APBASEL
    (0x4000_040A, Byte, 0),           // PM.APBBSEL
    (0x4000_040B, Byte, 0),           // PM.APBCSEL
    (0x4000_0420, Word, 0x0001_0004), // PM.APBCMASK: SERCOM0
    (0x4000_0C02, Half, 0x4014),      // SERCOM0 core from generator 0
    (0x4100_4434, Byte, 0x22),        // PORT.PMUX4: function C on PA08 and PA09
    (0x4100_4448, Byte, 0x01),        // PORT.PINCFG8
    (0x4100_4449, Byte, 0x01),        // PORT.PINCFG9
    (0x4200_0800, Word, 0x0000_0001), // SERCOM0.CTRLA: software reset
    (0x4200_0800, Word, 0x0000_0014), // I2C master
    (0x4200_0804, Word, 0x0000_0100), // SERCOM0.CTRLB: smart mode
    (0x4200_080C, Word, 0x0000_00E8), // SERCOM0.BAUD: 100 kHz
    (0x4200_0800, Word, 0x0000_0016), // enabled
    (0x4200_081A, Half, 0x0010),      // SERCOM0.STATUS: bus idle
    (0x4100_4418, Word, 0),           // PORT.OUTSET: nothing
];

/// Lets the loader do its work after a reset, and start the application whose vectors are at `base`.
pub fn hand_off(machine: &mut Machine, base: u32) -> Decision {
    if machine.chip.fabric.nvm.flash.read32(base) == u32::MAX {
        return Decision::Stays;
    }
    let power_on = machine.chip.fabric.reset_cause == ResetCause::PowerOn;
    let tapped = machine.chip.fabric.ram.read32(DOUBLE_TAP) == DOUBLE_TAP_MAGIC;
    machine.chip.fabric.ram.write32(DOUBLE_TAP, 0);
    if !power_on {
        if tapped {
            return Decision::Stays;
        }
        wait(machine, WINDOW);
    }
    for (address, width, value) in SETUP {
        if address == PCLKSR {
            await_clocks(machine, value);
            continue;
        }
        let chip = &mut machine.chip;
        let mut cycles = machine.cpu.cycles;
        let written = match width {
            Byte => chip.write8(address, value.to_le_bytes()[0], &mut cycles),
            Half => chip.write16(address, u16::try_from(value).unwrap_or(0), &mut cycles),
            Word => chip.write32(address, value, &mut cycles),
        };
        debug_assert!(written.is_ok(), "the loader writes to registers only");
        machine.cpu.cycles = cycles;
        wait(machine, Time::from_micros(50));
    }
    machine.cpu.set_vector_table(base);
    machine.cpu.enter_image(base, &mut machine.chip);
    machine.cpu.preset_timer(TICK_CONTROL, TICK_RELOAD);
    Decision::Application
}

/// Waits until all `bits` of PCLKSR are set.
fn await_clocks(machine: &mut Machine, bits: u32) {
    let end = machine.now() + PATIENCE;
    while machine.now() < end {
        let mut cycles = machine.cpu.cycles;
        let status = machine.chip.read32(PCLKSR, &mut cycles).unwrap_or(0);
        machine.cpu.cycles = cycles;
        if status & bits == bits {
            return;
        }
        wait(machine, Time::from_millis(1));
    }
}

/// Lets time pass while the core does nothing that shows.
fn wait(machine: &mut Machine, span: Time) {
    let end = machine.now() + span;
    while machine.now() < end {
        let next = machine.chip.next_event().min(end);
        machine.cpu.cycles = machine.chip.cycle_of(next).max(machine.cpu.cycles + 1);
        machine.chip.advance(machine.cpu.cycles);
    }
}
