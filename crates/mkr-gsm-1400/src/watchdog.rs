//! The watchdog: a program that hangs starts again.
#![expect(unsafe_code, reason = "the clock feeds the watchdog through its register")]

use core::sync::atomic::{AtomicBool, Ordering};

use atsamd_hal::clock::{ClockGenId, ClockSource};
use atsamd_hal::pac;

use crate::Clocks;

/// What CLEAR wants to see; anything else resets the chip (18.8.8).
const KEY: u8 = 0xA5;

static STARTED: AtomicBool = AtomicBool::new(false);

/// The watchdog, not yet started.
#[derive(Debug)]
pub struct Watchdog {
    pub(crate) registers: pac::Wdt,
}

impl Watchdog {
    /// Starts it, for good: a program that does not look at the clock ([`crate::Timer`]) for 16 seconds starts again.
    ///
    /// Whoever waits with a deadline looks at the clock, so what trips it is a loop without one, a fault, or a
    /// program that has come to its end in a panic.
    pub fn start(self, clocks: &mut Clocks) {
        // 1024 Hz from the low-power oscillator, which runs whatever else stops.
        let slow = clocks.controller.configure_gclk_divider_and_source(
            ClockGenId::Gclk3,
            32,
            ClockSource::Osculp32k,
            false,
        );
        if let Some(slow) = slow {
            let _ = clocks.controller.wdt(&slow);
        }
        self.registers.config().write(|w| w.per()._16k());
        self.registers.ctrl().write(|w| w.enable().set_bit());
        STARTED.store(true, Ordering::Relaxed);
    }
}

/// Tells the watchdog that the program lives.
pub(crate) fn feed() {
    if !STARTED.load(Ordering::Relaxed) {
        return;
    }
    // SAFETY: the registers are always there, and writing CLEAR is all that anyone does after the start.
    let registers = unsafe { &*pac::Wdt::ptr() };
    // While the last feeding is on its way, another one would stall the bus.
    if registers.status().read().syncbusy().bit_is_clear() {
        // SAFETY: the documented key.
        registers.clear().write(|w| unsafe { w.clear().bits(KEY) });
    }
}
