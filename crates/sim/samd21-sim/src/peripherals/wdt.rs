//! WDT: the watchdog, with its window and its early warning.

use crate::fabric::{Fabric, ResetCause};
use crate::peripheral::Peripheral;
use crate::peripherals::registers::{Entry, Interrupts, Registers, by_registers};
use crate::time::Time;

const CTRL: u32 = 0x00;
const CONFIG: u32 = 0x01;
const EWCTRL: u32 = 0x02;
const INTENCLR: u32 = 0x04;
const INTENSET: u32 = 0x05;
const INTFLAG: u32 = 0x06;
const STATUS: u32 = 0x07;
const CLEAR: u32 = 0x08;

/// CTRL.ENABLE.
const ENABLE: u32 = 1 << 1;
/// CTRL.WEN.
const WINDOW: u32 = 1 << 2;
/// CTRL.ALWAYSON.
const ALWAYS_ON: u32 = 1 << 7;
/// What CLEAR wants.
const KEY: u32 = 0xA5;
/// INTFLAG.EW.
const EARLY_WARNING: u32 = 1;
/// GCLK channel.
const CHANNEL: usize = 3;
/// WDT's interrupt line.
const LINE: u32 = 2;

/// The watchdog timer.
#[derive(Debug)]
pub struct Wdt {
    ctrl: u32,
    config: u32,
    ewctrl: u32,
    interrupts: Interrupts,
    /// The count began then, at this rate.
    since: Time,
    hz: u32,
}

impl Wdt {
    /// Makes the block.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            ctrl: 0,
            config: 0xBB,
            ewctrl: 0x0B,
            interrupts: Interrupts { enabled: 0, flags: 0 },
            since: Time::ZERO,
            hz: 0,
        }
    }

    const fn running(&self) -> bool {
        self.ctrl & (ENABLE | ALWAYS_ON) != 0
    }

    fn restart(&mut self, fabric: &Fabric) {
        self.since = fabric.now;
        self.hz = fabric.clocks.channels[CHANNEL];
    }

    /// Cycles before the open part of the window: CONFIG.WINDOW in window mode, none otherwise.
    const fn closed(&self) -> u64 {
        if self.ctrl & WINDOW == 0 { 0 } else { cycles(self.config >> 4) }
    }

    fn end(&self) -> Time {
        self.since + Time::of_ticks(self.closed() + cycles(self.config), self.hz)
    }

    fn warning(&self) -> Time {
        self.since + Time::of_ticks(cycles(self.ewctrl), self.hz)
    }
}

impl Default for Wdt {
    fn default() -> Self {
        Self::new()
    }
}

/// PER, WINDOW and EWOFFSET: 8 cycles, and each step twice as many.
const fn cycles(code: u32) -> u64 {
    8 << (code & 0xF)
}

impl Peripheral for Wdt {
    fn name(&self) -> &'static str {
        "WDT"
    }

    by_registers!();

    fn reset(&mut self, fabric: &mut Fabric) {
        *self = Self::new();
        // User row: ENABLE bit 25, ALWAYSON 26, PER 30:27, WINDOW 34:31, EWOFFSET 38:35, WEN 39.
        let row = u64::from(fabric.nvm.user_row[0]) | u64::from(fabric.nvm.user_row[1]) << 32;
        let field = |at: u32, bits: u32| u32::from((row >> at).to_le_bytes()[0]) & ((1 << bits) - 1);
        self.ctrl = field(25, 1) << 1 | field(26, 1) << 7 | field(39, 1) << 2;
        self.config = field(27, 4) | field(31, 4) << 4;
        self.ewctrl = field(35, 4);
        self.restart(fabric);
    }

    fn next_event(&self, _fabric: &Fabric) -> Time {
        if !self.running() {
            return Time::NEVER;
        }
        if self.interrupts.flags & EARLY_WARNING == 0 { self.warning().min(self.end()) } else { self.end() }
    }

    fn advance(&mut self, fabric: &mut Fabric) {
        if !self.running() {
            return;
        }
        if self.warning() <= fabric.now {
            self.interrupts.flags |= EARLY_WARNING;
        }
        if self.end() <= fabric.now {
            fabric.reset = Some(ResetCause::Watchdog);
        }
    }

    fn interrupts(&self) -> u32 {
        u32::from(self.interrupts.pending()) << LINE
    }

    fn clocks_changed(&mut self, fabric: &mut Fabric) {
        let hz = fabric.clocks.channels[CHANNEL];
        if hz != self.hz {
            // The cycles that are over stay over.
            let over = (fabric.now - self.since).ticks(self.hz);
            self.hz = hz;
            self.since = fabric.now - if hz == 0 { Time::ZERO } else { Time::of_ticks(over, hz) };
        }
    }
}

impl Registers for Wdt {
    fn map(&self) -> &'static [Entry] {
        &[
            (CTRL, 1),
            (CONFIG, 1),
            (EWCTRL, 1),
            (INTENCLR, 1),
            (INTENSET, 1),
            (INTFLAG, 1),
            (STATUS, 1),
            (CLEAR, 1),
        ]
    }

    fn get(&mut self, register: u32, _fabric: &mut Fabric) -> u32 {
        match register {
            CTRL => self.ctrl,
            CONFIG => self.config,
            EWCTRL => self.ewctrl,
            INTENCLR | INTENSET => self.interrupts.enabled,
            INTFLAG => self.interrupts.flags,
            _ => 0,
        }
    }

    fn put(&mut self, register: u32, value: u32, _mask: u32, fabric: &mut Fabric) {
        match register {
            CTRL if self.ctrl & ALWAYS_ON == 0 => {
                self.ctrl = value & (ENABLE | WINDOW | ALWAYS_ON);
                self.restart(fabric);
            }
            CONFIG | EWCTRL if self.running() => {
                fabric.warn_once(format_args!("WDT: set up while enabled, ignored"));
            }
            CONFIG => self.config = value,
            EWCTRL => self.ewctrl = value,
            INTENCLR => self.interrupts.enabled &= !value,
            INTENSET => self.interrupts.enabled |= value & EARLY_WARNING,
            INTFLAG => self.interrupts.flags &= !value,
            CLEAR if self.running() => {
                let early = (fabric.now - self.since).ticks(self.hz) < self.closed();
                if value != KEY || early {
                    fabric.reset = Some(ResetCause::Watchdog);
                }
                self.restart(fabric);
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bus::Width;

    fn running(config: u32, ctrl: u32) -> (Wdt, Fabric) {
        let (mut wdt, mut fabric) = (Wdt::new(), Fabric::new());
        wdt.reset(&mut fabric);
        fabric.clocks.channels[CHANNEL] = 1_024;
        wdt.write(CONFIG, Width::Byte, config, &mut fabric);
        wdt.write(CTRL, Width::Byte, ctrl, &mut fabric);
        (wdt, fabric)
    }

    #[test]
    fn who_is_not_fed_bites_after_its_period() {
        // PER 7: 1024 cycles, one second here.
        let (mut wdt, mut fabric) = running(7, ENABLE);
        fabric.now = Time::from_millis(999);
        wdt.advance(&mut fabric);
        assert_eq!(fabric.reset, None);
        wdt.write(CLEAR, Width::Byte, KEY, &mut fabric);
        fabric.now = Time::from_millis(1_998);
        wdt.advance(&mut fabric);
        assert_eq!(fabric.reset, None);
        fabric.now = Time::from_millis(1_999);
        wdt.advance(&mut fabric);
        assert_eq!(fabric.reset, Some(ResetCause::Watchdog));
    }

    #[test]
    fn a_wrong_key_or_a_closed_window_resets_at_once() {
        let (mut wdt, mut fabric) = running(7, ENABLE);
        wdt.write(CLEAR, Width::Byte, 0x5A, &mut fabric);
        assert_eq!(fabric.reset, Some(ResetCause::Watchdog));
        let (mut wdt, mut fabric) = running(7 | 7 << 4, ENABLE | WINDOW);
        fabric.now = Time::from_millis(1_001);
        wdt.write(CLEAR, Width::Byte, KEY, &mut fabric);
        assert_eq!(fabric.reset, None);
        wdt.write(CLEAR, Width::Byte, KEY, &mut fabric);
        assert_eq!(fabric.reset, Some(ResetCause::Watchdog));
    }

    #[test]
    fn it_does_not_run_by_the_factory_fuses() {
        let (mut wdt, mut fabric) = (Wdt::new(), Fabric::new());
        wdt.reset(&mut fabric);
        assert_eq!(wdt.next_event(&fabric), Time::NEVER);
    }
}
