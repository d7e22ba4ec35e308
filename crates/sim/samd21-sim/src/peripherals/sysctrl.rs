//! SYSCTRL: the oscillators, the two loops, the brown-out detector.
//!
//! Start-up times are those of the STARTUP fields and typical ones of the electrical characteristics. The open
//! loop's frequency for other values than the calibrated one is an assumption: the data sheet gives no formula.

use crate::fabric::Fabric;
use crate::fabric::clocks;
use crate::peripheral::Peripheral;
use crate::peripherals::registers::{Entry, Interrupts, Registers, by_registers, merge};
use crate::time::Time;

const INTENCLR: u32 = 0x00;
const INTENSET: u32 = 0x04;
const INTFLAG: u32 = 0x08;
const PCLKSR: u32 = 0x0C;
const XOSC: u32 = 0x10;
const XOSC32K: u32 = 0x14;
const OSC32K: u32 = 0x18;
const OSCULP32K: u32 = 0x1C;
const OSC8M: u32 = 0x20;
const DFLLCTRL: u32 = 0x24;
const DFLLVAL: u32 = 0x28;
const DFLLMUL: u32 = 0x2C;
const DFLLSYNC: u32 = 0x30;
const BOD33: u32 = 0x34;
const VREG: u32 = 0x3C;
const VREF: u32 = 0x40;
const DPLLCTRLA: u32 = 0x44;
const DPLLRATIO: u32 = 0x48;
const DPLLCTRLB: u32 = 0x4C;
const DPLLSTATUS: u32 = 0x50;

/// PCLKSR's bits.
mod ready {
    pub(super) const XOSC32K: u32 = 1 << 1;
    pub(super) const OSC32K: u32 = 1 << 2;
    pub(super) const OSC8M: u32 = 1 << 3;
    pub(super) const DFLL: u32 = 1 << 4;
    pub(super) const DFLL_LOCK_FINE: u32 = 1 << 6;
    pub(super) const DFLL_LOCK_COARSE: u32 = 1 << 7;
    pub(super) const BOD33: u32 = 1 << 9;
    pub(super) const BOD33_SYNC: u32 = 1 << 11;
    pub(super) const DPLL_LOCK: u32 = 1 << 15;
}

/// ENABLE of every oscillator.
const ENABLE: u32 = 1 << 1;
/// DFLLCTRL.MODE: closed loop.
const CLOSED_LOOP: u32 = 1 << 2;
/// DFLLCTRL.USBCRM: the reference is USB's start of frame.
const USB_RECOVERY: u32 = 1 << 5;
/// DFLLCTRL.WAITLOCK: no output before the lock.
const WAIT_LOCK: u32 = 1 << 11;
/// GCLK channel of the DFLL's reference.
const DFLL_REFERENCE: usize = 0;
/// GCLK channel of the DPLL's reference.
const DPLL_REFERENCE: usize = 1;
/// Frequency of the crystal and of the two internal slow oscillators.
const SLOW_HZ: u32 = 32_768;
/// Frequency of the DFLL with its calibrated coarse value.
const DFLL_HZ: u32 = 48_000_000;
/// SYSCTRL's interrupt line.
const LINE: u32 = 1;

const OSC8M_START: Time = Time::from_nanos(2_100);
const DFLL_SYNC: Time = Time::from_micros(1);
const DFLL_LOCK: Time = Time::from_micros(200);
const DPLL_LOCK: Time = Time::from_micros(500);

/// The system controller.
#[derive(Debug)]
pub struct Sysctrl {
    interrupts: Interrupts,
    status: u32,
    xosc: u32,
    xosc32k: u32,
    osc32k: u32,
    osculp32k: u32,
    osc8m: u32,
    dfllctrl: u32,
    dfllval: u32,
    dfllmul: u32,
    bod33: u32,
    vreg: u32,
    vref: u32,
    dpllctrla: u32,
    dpllratio: u32,
    dpllctrlb: u32,
    xosc32k_at: Time,
    osc32k_at: Time,
    osc8m_at: Time,
    dfll_at: Time,
    dfll_lock_at: Time,
    dpll_lock_at: Time,
}

impl Sysctrl {
    /// Makes the block.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            interrupts: Interrupts { enabled: 0, flags: 0 },
            status: ready::OSC8M | ready::DFLL,
            xosc: 0x80,
            xosc32k: 0x80,
            osc32k: 0x003F_0080,
            osculp32k: 0x1F,
            osc8m: 0x8707_0382,
            dfllctrl: 0x80,
            dfllval: 0,
            dfllmul: 0,
            bod33: 0,
            vreg: 0,
            vref: 0,
            dpllctrla: 0x80,
            dpllratio: 0,
            dpllctrlb: 0,
            xosc32k_at: Time::NEVER,
            osc32k_at: Time::NEVER,
            osc8m_at: Time::ZERO,
            dfll_at: Time::ZERO,
            dfll_lock_at: Time::NEVER,
            dpll_lock_at: Time::NEVER,
        }
    }

    /// Brings everything up to `fabric.now`: what runs, what is ready, at which frequency.
    fn refresh(&mut self, fabric: &mut Fabric) {
        let now = fabric.now;
        let over = |time: Time| time <= now;
        run(&mut self.xosc32k_at, self.xosc32k & ENABLE != 0, now + crystal_start(self.xosc32k >> 8 & 7));
        run(&mut self.osc32k_at, self.osc32k & ENABLE != 0, now + osc32k_start(self.osc32k >> 8 & 7));
        run(&mut self.osc8m_at, self.osc8m & ENABLE != 0, now + OSC8M_START);
        let (dfll, dpll) = (self.dfll_reference(fabric), self.dpll_reference(fabric));
        run(&mut self.dfll_lock_at, dfll.is_some(), now + DFLL_LOCK);
        run(&mut self.dpll_lock_at, dpll.is_some(), now + DPLL_LOCK);

        let locked = over(self.dfll_lock_at);
        let hz = |on: bool, hz: u32| if on { hz } else { 0 };
        let dfll = match dfll {
            _ if self.dfllctrl & ENABLE == 0 => 0,
            Some(reference) if locked => reference.saturating_mul(self.dfllmul & 0xFFFF),
            Some(_) if self.dfllctrl & WAIT_LOCK != 0 => 0,
            _ => self.open_loop(fabric),
        };
        let dpll = match dpll {
            Some(reference) if over(self.dpll_lock_at) => {
                let sixteenths = ((self.dpllratio & 0xFFF) + 1) * 16 + (self.dpllratio >> 16 & 0xF);
                u32::try_from(u64::from(reference) * u64::from(sixteenths) / 16).unwrap_or(u32::MAX)
            }
            _ => 0,
        };
        let before = fabric.clocks.sources;
        let sources = &mut fabric.clocks.sources;
        sources[clocks::XOSC32K] = hz(over(self.xosc32k_at), SLOW_HZ);
        sources[clocks::OSC32K] = hz(over(self.osc32k_at), SLOW_HZ);
        sources[clocks::OSC8M] = hz(over(self.osc8m_at), 8_000_000 >> (self.osc8m >> 8 & 3));
        sources[clocks::DFLL48M] = dfll;
        sources[clocks::DPLL96M] = dpll;
        fabric.clocks.changed |= before != fabric.clocks.sources;

        let mut status = 0;
        for (is, bits) in [
            (over(self.xosc32k_at), ready::XOSC32K),
            (over(self.osc32k_at), ready::OSC32K),
            (over(self.osc8m_at), ready::OSC8M),
            (over(self.dfll_at), ready::DFLL),
            (locked, ready::DFLL_LOCK_COARSE | ready::DFLL_LOCK_FINE),
            (self.bod33 & ENABLE != 0, ready::BOD33),
            (over(self.dpll_lock_at), ready::DPLL_LOCK),
        ] {
            status |= if is { bits } else { 0 };
        }
        status |= ready::BOD33_SYNC;
        self.interrupts.flags |= status & !self.status & !ready::BOD33_SYNC;
        self.status = status;
    }

    /// The DFLL's reference in Hz, while its loop is closed and the reference runs.
    const fn dfll_reference(&self, fabric: &Fabric) -> Option<u32> {
        if self.dfllctrl & ENABLE == 0 || self.dfllctrl & CLOSED_LOOP == 0 {
            return None;
        }
        if self.dfllctrl & USB_RECOVERY != 0 {
            return Some(1_000);
        }
        let hz = fabric.clocks.channels[DFLL_REFERENCE];
        if hz == 0 { None } else { Some(hz) }
    }

    fn dpll_reference(&self, fabric: &Fabric) -> Option<u32> {
        if self.dpllctrla & ENABLE == 0 {
            return None;
        }
        let hz = match self.dpllctrlb >> 4 & 3 {
            0 if self.xosc32k_at <= fabric.now => SLOW_HZ,
            2 => fabric.clocks.channels[DPLL_REFERENCE],
            _ => 0,
        };
        (hz != 0).then_some(hz)
    }

    fn open_loop(&self, fabric: &Fabric) -> u32 {
        let calibrated = u64::from(fabric.nvm.calibration[1] >> 26);
        let coarse = u64::from(self.dfllval >> 10 & 0x3F);
        let hz = u64::from(DFLL_HZ) * (16 + coarse) / (16 + calibrated);
        u32::try_from(hz).unwrap_or(u32::MAX)
    }

    const fn register(&mut self, register: u32) -> Option<&mut u32> {
        Some(match register {
            XOSC => &mut self.xosc,
            XOSC32K => &mut self.xosc32k,
            OSC32K => &mut self.osc32k,
            OSCULP32K => &mut self.osculp32k,
            OSC8M => &mut self.osc8m,
            DFLLCTRL => &mut self.dfllctrl,
            DFLLVAL => &mut self.dfllval,
            DFLLMUL => &mut self.dfllmul,
            BOD33 => &mut self.bod33,
            VREG => &mut self.vreg,
            VREF => &mut self.vref,
            DPLLCTRLA => &mut self.dpllctrla,
            DPLLRATIO => &mut self.dpllratio,
            DPLLCTRLB => &mut self.dpllctrlb,
            _ => return None,
        })
    }
}

impl Default for Sysctrl {
    fn default() -> Self {
        Self::new()
    }
}

/// Starts what shall run and does not, stops what shall not.
fn run(at: &mut Time, on: bool, then: Time) {
    if !on {
        *at = Time::NEVER;
    } else if *at == Time::NEVER {
        *at = then;
    }
}

/// XOSC32K.STARTUP: cycles of OSCULP32K, and three of its own.
fn crystal_start(field: u32) -> Time {
    let cycles = [1, 32, 2_048, 4_096, 16_384, 32_768, 65_536, 131_072];
    Time::of_ticks(cycles[(field & 7) as usize] + 3, SLOW_HZ)
}

/// OSC32K.STARTUP: cycles.
fn osc32k_start(field: u32) -> Time {
    Time::of_ticks((1 << (field & 7)) + 2, SLOW_HZ)
}

impl Peripheral for Sysctrl {
    fn name(&self) -> &'static str {
        "SYSCTRL"
    }

    by_registers!();

    fn reset(&mut self, fabric: &mut Fabric) {
        *self = Self::new();
        // BOD33 is loaded from the user row: level in bits 13:8, enable in 14, action in 16:15.
        let fuses = fabric.nvm.user_row[0];
        self.bod33 = (fuses >> 8 & 0x3F) << 16 | (fuses >> 14 & 1) << 1 | (fuses >> 15 & 3) << 3;
        self.refresh(fabric);
        self.interrupts.flags = 0;
    }

    fn next_event(&self, fabric: &Fabric) -> Time {
        [self.xosc32k_at, self.osc32k_at, self.osc8m_at, self.dfll_at, self.dfll_lock_at, self.dpll_lock_at]
            .into_iter()
            .filter(|time| *time > fabric.now)
            .min()
            .unwrap_or(Time::NEVER)
    }

    fn advance(&mut self, fabric: &mut Fabric) {
        self.refresh(fabric);
    }

    fn interrupts(&self) -> u32 {
        u32::from(self.interrupts.pending()) << LINE
    }

    fn clocks_changed(&mut self, fabric: &mut Fabric) {
        self.refresh(fabric);
    }
}

impl Registers for Sysctrl {
    fn map(&self) -> &'static [Entry] {
        &[
            (INTENCLR, 4),
            (INTENSET, 4),
            (INTFLAG, 4),
            (PCLKSR, 4),
            (XOSC, 2),
            (XOSC32K, 2),
            (OSC32K, 4),
            (OSCULP32K, 1),
            (OSC8M, 4),
            (DFLLCTRL, 2),
            (DFLLVAL, 4),
            (DFLLMUL, 4),
            (DFLLSYNC, 1),
            (BOD33, 4),
            (VREG, 2),
            (VREF, 4),
            (DPLLCTRLA, 1),
            (DPLLRATIO, 4),
            (DPLLCTRLB, 4),
            (DPLLSTATUS, 1),
        ]
    }

    fn get(&mut self, register: u32, fabric: &mut Fabric) -> u32 {
        self.refresh(fabric);
        match register {
            INTENCLR | INTENSET => self.interrupts.enabled,
            INTFLAG => self.interrupts.flags,
            PCLKSR => self.status,
            DPLLSTATUS => {
                let locked = u32::from(self.dpll_lock_at <= fabric.now);
                locked | locked << 1 | (self.dpllctrla & ENABLE) << 1
            }
            other => self.register(other).map_or(0, |register| *register),
        }
    }

    fn put(&mut self, register: u32, value: u32, mask: u32, fabric: &mut Fabric) {
        match register {
            INTENCLR => self.interrupts.enabled &= !value,
            INTENSET => self.interrupts.enabled |= value,
            INTFLAG => self.interrupts.flags &= !value,
            DFLLCTRL | DFLLVAL | DFLLMUL if self.dfll_at > fabric.now => {
                fabric.warn_once(format_args!(
                    "SYSCTRL+0x{register:02X}: written while PCLKSR.DFLLRDY is 0, lost"
                ));
                return;
            }
            XOSC if value & ENABLE != 0 => {
                fabric.warn_once(format_args!(
                    "SYSCTRL: XOSC is enabled; no crystal is on XIN, it never gets ready"
                ));
                merge(&mut self.xosc, value, mask);
            }
            other => {
                if let Some(register) = self.register(other) {
                    merge(register, value, mask);
                }
            }
        }
        if matches!(register, DFLLCTRL | DFLLVAL | DFLLMUL) {
            self.dfll_at = fabric.now + DFLL_SYNC;
        }
        self.refresh(fabric);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bus::Width;

    fn at(fabric: &mut Fabric, sysctrl: &mut Sysctrl, time: Time) {
        fabric.now = time;
        sysctrl.advance(fabric);
    }

    #[test]
    fn the_loop_multiplies_its_reference_once_it_has_locked() {
        let (mut sysctrl, mut fabric) = (Sysctrl::new(), Fabric::new());
        sysctrl.reset(&mut fabric);
        sysctrl.write(XOSC32K, Width::Half, 6 << 8 | ENABLE, &mut fabric);
        assert_eq!(sysctrl.read(PCLKSR, Width::Word, &mut fabric) & ready::XOSC32K, 0);
        at(&mut fabric, &mut sysctrl, Time::from_millis(2_001));
        assert_eq!(sysctrl.read(PCLKSR, Width::Word, &mut fabric) & ready::XOSC32K, ready::XOSC32K);

        fabric.clocks.channels[DFLL_REFERENCE] = SLOW_HZ;
        sysctrl.write(DFLLMUL, Width::Word, 1_464, &mut fabric);
        let later = fabric.now + DFLL_SYNC;
        at(&mut fabric, &mut sysctrl, later);
        sysctrl.write(DFLLCTRL, Width::Half, ENABLE | CLOSED_LOOP | WAIT_LOCK, &mut fabric);
        assert_eq!(fabric.clocks.sources[clocks::DFLL48M], 0);
        let locked = fabric.now + DFLL_LOCK;
        assert!(sysctrl.next_event(&fabric) <= locked);
        at(&mut fabric, &mut sysctrl, locked);
        assert_eq!(fabric.clocks.sources[clocks::DFLL48M], SLOW_HZ * 1_464);
        let lock = ready::DFLL_LOCK_COARSE | ready::DFLL_LOCK_FINE;
        assert_eq!(sysctrl.read(PCLKSR, Width::Word, &mut fabric) & lock, lock);
    }

    #[test]
    fn the_calibrated_open_loop_gives_48_mhz() {
        let (mut sysctrl, mut fabric) = (Sysctrl::new(), Fabric::new());
        sysctrl.reset(&mut fabric);
        sysctrl.write(DFLLVAL, Width::Word, 0x1F << 10 | 512, &mut fabric);
        let later = fabric.now + DFLL_SYNC;
        at(&mut fabric, &mut sysctrl, later);
        sysctrl.write(DFLLCTRL, Width::Half, ENABLE, &mut fabric);
        assert_eq!(fabric.clocks.sources[clocks::DFLL48M], DFLL_HZ);
    }

    #[test]
    fn the_internal_oscillator_begins_at_one_megahertz() {
        let (mut sysctrl, mut fabric) = (Sysctrl::new(), Fabric::new());
        sysctrl.reset(&mut fabric);
        assert_eq!(fabric.clocks.sources[clocks::OSC8M], 1_000_000);
        sysctrl.write(OSC8M, Width::Word, 0x8707_0082, &mut fabric);
        assert_eq!(fabric.clocks.sources[clocks::OSC8M], 8_000_000);
    }
}
