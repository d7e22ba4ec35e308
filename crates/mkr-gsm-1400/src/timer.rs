//! Time: one counter, and sleep in between.
#![expect(unsafe_code, reason = "the interrupt handler and the clock share the counter")]

use core::cell::Cell;
use core::sync::atomic::{AtomicBool, Ordering};

use atsamd_hal::pac::{self, interrupt};
use cortex_m::peripheral::NVIC;
use critical_section::{CriticalSection, Mutex};
use embedded_hal::delay::DelayNs;
use monoclock::{Clock, Instant, Millis};

use crate::{Clocks, watchdog};

/// 48 MHz by the prescaler of 64.
const TICKS_PER_MILLI: u32 = 750;
/// Shorter waits are spent awake: falling asleep takes as long.
const SHORTEST_SLEEP: u32 = 15;
/// The longest sleep at once. Whoever waits looks at the clock in between, which feeds the watchdog: half of its 16
/// seconds, for its oscillator is a rough one. The counter comes round after 95 minutes only.
const LONGEST_SLEEP: Millis = Millis::from_secs(8);

/// The time that was passed up to some reading of the counter.
#[derive(Clone, Copy)]
struct Passed {
    millis: u32,
    ticks: u32,
}

static PASSED: Mutex<Cell<Passed>> = Mutex::new(Cell::new(Passed { millis: 0, ticks: 0 }));
static HAPPENED: AtomicBool = AtomicBool::new(false);

/// The board's clock: milliseconds since the start, delays, and sleep until something happens.
///
/// TC4 and TC5 count as one 32-bit counter at 750 kHz, which follows the crystal. While a program waits, the
/// processor sleeps (WFI, idle mode) until the time has come or an interrupt is served.
#[derive(Clone, Copy, Debug)]
pub struct Timer(());

impl Timer {
    pub(crate) fn start(clocks: &mut Clocks, counter: pac::Tc4) -> Self {
        let main = clocks.main();
        // The token is not needed: the counter's divider is fixed for 48 MHz.
        let _ = clocks.controller.tc4_tc5(&main);
        clocks.pm.apbcmask().modify(|_, w| w.tc4_().set_bit().tc5_().set_bit());
        let counter = counter.count32();
        // 30.8.1: mode and prescaler are set while disabled, as after reset.
        counter.ctrla().write(|w| w.mode().count32().prescaler().div64().enable().set_bit());
        while counter.status().read().syncbusy().bit_is_set() {}
        // 30.6.6: COUNT is kept ready to be read.
        // SAFETY: 0x10 is the offset of COUNT.
        counter.readreq().write(|w| unsafe { w.rreq().set_bit().rcont().set_bit().addr().bits(0x10) });
        counter.intenset().write(|w| w.ovf().set_bit());
        // SAFETY: the handler below is ready to run.
        unsafe { NVIC::unmask(pac::Interrupt::TC4) };
        Self(())
    }

    /// Sleeps until `ticks` of the counter, or until an interrupt is served.
    fn sleep(self, until: u32) {
        critical_section::with(|_| {
            if HAPPENED.load(Ordering::Relaxed) {
                return;
            }
            let counter = counter();
            // SAFETY: every value is a valid comparison.
            counter.cc(0).write(|w| unsafe { w.cc().bits(until) });
            counter.intflag().write(|w| w.mc0().set_bit());
            counter.intenset().write(|w| w.mc0().set_bit());
            while counter.status().read().syncbusy().bit_is_set() {}
            // A comparison that was set too late would be met only when the counter comes round.
            if remaining(until) > 1 {
                cortex_m::asm::wfi();
            }
            counter.intenclr().write(|w| w.mc0().set_bit());
        });
        // What woke the processor is served by now, and the caller is about to look at everything anyway.
        HAPPENED.store(false, Ordering::Relaxed);
    }
}

impl Clock for Timer {
    fn now(&self) -> Instant {
        watchdog::feed();
        now()
    }

    /// Sleeps until then, until an interrupt is served that came after the last wait, or for eight seconds.
    fn wait(&self, until: Instant) {
        let until = critical_section::with(|section| {
            let passed = passed(section);
            let left = Instant::from_millis(passed.millis).until(until).0.min(LONGEST_SLEEP.0);
            passed.ticks.wrapping_add(left.wrapping_mul(TICKS_PER_MILLI))
        });
        if remaining(until) > 0 {
            self.sleep(until);
        }
    }
}

impl DelayNs for Timer {
    fn delay_ns(&mut self, ns: u32) {
        self.delay_us(ns.div_ceil(1000));
    }

    fn delay_us(&mut self, us: u32) {
        let start = ticks();
        // Three ticks are four microseconds, and the one that has begun does not count.
        let span = us - us / 4 + 1;
        let until = start.wrapping_add(span);
        while remaining(until) > 0 {
            if remaining(until) > SHORTEST_SLEEP {
                self.sleep(until);
            }
        }
    }

    fn delay_ms(&mut self, ms: u32) {
        let until = self.now() + Millis(ms.saturating_add(1));
        while !self.now().has_reached(until) {
            self.wait(until);
        }
    }
}

/// Reads the clock.
pub(crate) fn now() -> Instant {
    critical_section::with(|section| Instant::from_millis(passed(section).millis))
}

/// Notes that an interrupt was served: whoever is about to sleep looks once more.
pub(crate) fn happened() {
    HAPPENED.store(true, Ordering::Relaxed);
    #[cfg(feature = "async")]
    crate::handler::EVENT.call();
}

/// Has an interrupt happen at `until`, or earlier.
#[cfg(feature = "async")]
pub(crate) fn alarm(until: Instant) {
    critical_section::with(|section| {
        let passed = passed(section);
        let left = Instant::from_millis(passed.millis).until(until).0.min(LONGEST_SLEEP.0);
        let at = passed.ticks.wrapping_add(left.wrapping_mul(TICKS_PER_MILLI));
        let counter = counter();
        let is_set = counter.intenset().read().mc1().bit_is_set();
        if is_set && remaining(counter.cc(1).read().bits()) <= remaining(at) {
            return;
        }
        // SAFETY: every value is a valid comparison.
        counter.cc(1).write(|w| unsafe { w.cc().bits(at) });
        counter.intflag().write(|w| w.mc1().set_bit());
        counter.intenset().write(|w| w.mc1().set_bit());
        while counter.status().read().syncbusy().bit_is_set() {}
        // A comparison that was set too late would be met only when the counter comes round.
        if remaining(at) <= 1 {
            NVIC::pend(pac::Interrupt::TC4);
        }
    });
}

/// Reads the clock, which does not come round.
#[cfg(feature = "async")]
pub(crate) fn now_millis() -> u64 {
    static ROUNDS: Mutex<Cell<(u32, u32)>> = Mutex::new(Cell::new((0, 0)));
    critical_section::with(|section| {
        let millis = passed(section).millis;
        let (rounds, last) = ROUNDS.borrow(section).get();
        let rounds = if millis < last { rounds.wrapping_add(1) } else { rounds };
        ROUNDS.borrow(section).set((rounds, millis));
        u64::from(rounds) << 32 | u64::from(millis)
    })
}

/// The TC4 counter in its 32-bit mode.
fn counter() -> &'static pac::tc3::Count32 {
    // SAFETY: the registers are always there; what is written to them is either atomic (flag registers) or inside
    // a critical section, by this file alone, whose `Timer` took the peripheral.
    unsafe { &*pac::Tc4::ptr() }.count32()
}

fn ticks() -> u32 {
    counter().count().read().bits()
}

/// Ticks left until `until`, none once it has passed.
fn remaining(until: u32) -> u32 {
    let left = until.wrapping_sub(ticks());
    if left > u32::MAX / 2 { 0 } else { left }
}

/// Carries the counter's ticks over to whole milliseconds.
fn passed(section: CriticalSection<'_>) -> Passed {
    let cell = PASSED.borrow(section);
    let mut passed = cell.get();
    let millis = ticks().wrapping_sub(passed.ticks) / TICKS_PER_MILLI;
    passed.millis = passed.millis.wrapping_add(millis);
    passed.ticks = passed.ticks.wrapping_add(millis.wrapping_mul(TICKS_PER_MILLI));
    cell.set(passed);
    passed
}

#[interrupt]
fn TC4() {
    counter().intflag().write(|w| w.ovf().set_bit().mc0().set_bit());
    #[cfg(feature = "async")]
    {
        counter().intenclr().write(|w| w.mc1().set_bit());
        counter().intflag().write(|w| w.mc1().set_bit());
    }
    // Nobody may have looked at the clock since the counter came round.
    critical_section::with(passed);
    happened();
}
