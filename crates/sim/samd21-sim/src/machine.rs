//! Core and chip together: the loop that lets everything happen in its order.

use crate::armv6m::{Cpu, Observer, Stop};
use crate::chip::Chip;
use crate::fabric::{ResetCause, Sleep};
use crate::time::Time;

/// Why a run has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The time is up.
    TimeUp,
    /// The chip was reset; core and chip are as after the reset already.
    Reset(ResetCause),
    /// BKPT with its number, with a debugger.
    Breakpoint(u8),
    /// The observer has stopped the run.
    Observer,
    /// A fault while a fault was handled: the core does nothing any more.
    Lockup,
}

/// A running chip.
#[derive(Debug)]
pub struct Machine {
    /// The core.
    pub cpu: Cpu,
    /// Everything else.
    pub chip: Chip,
    /// Whether a run ends after one instruction, as if its time were up.
    pub single_step: bool,
    asleep: u64,
    /// Program counter, link register and stack pointer before the last reset.
    reset_from: [u32; 3],
}

impl Machine {
    /// Puts a core into `chip`, in reset by power-on.
    #[must_use]
    pub fn new(chip: Chip) -> Self {
        let mut machine = Self { cpu: Cpu::new(), chip, single_step: false, asleep: 0, reset_from: [0; 3] };
        machine.reset(ResetCause::PowerOn);
        machine
    }

    /// Resets chip and core. RAM keeps what it holds, unless power was lost.
    pub fn reset(&mut self, cause: ResetCause) {
        self.chip.advance(self.cpu.cycles);
        if cause == ResetCause::PowerOn {
            self.chip.fabric.ram.words_mut().fill(0);
        }
        self.reset_from = [15, 14, 13].map(|number| self.cpu.register(number));
        self.chip.reset(cause);
        self.cpu.reset(&mut self.chip);
    }

    /// Tells the present.
    #[must_use]
    pub const fn now(&self) -> Time {
        self.chip.time_at(self.cpu.cycles)
    }

    /// Tells program counter, link register and stack pointer as they were before the last reset.
    #[must_use]
    pub const fn reset_from(&self) -> [u32; 3] {
        self.reset_from
    }

    /// Tells how many of the cycles the core has slept.
    #[must_use]
    pub const fn asleep_cycles(&self) -> u64 {
        self.asleep
    }

    /// Runs until `end`, or until something else ends the run.
    pub fn run_until<O: Observer>(&mut self, end: Time, observer: &mut O) -> Outcome {
        // What is plugged in may have been changed from outside since the last run.
        self.chip.settle_all();
        loop {
            self.chip.advance(self.cpu.cycles);
            if let Some(cause) = self.chip.fabric.reset {
                self.reset(cause);
                return Outcome::Reset(cause);
            }
            self.cpu.advance_timer();
            self.cpu.set_lines(self.chip.interrupt_lines(), self.chip.fabric.nmi);
            let limit = self.chip.cycle_of(end);
            if self.cpu.cycles >= limit {
                return Outcome::TimeUp;
            }
            if !self.cpu.wake() {
                self.sleep(limit);
                continue;
            }
            self.set_sleep(Sleep::Awake);
            let limit = if self.single_step { self.cpu.cycles + 1 } else { limit };
            let before = self.cpu.instructions();
            self.chip.set_limit(limit.min(self.cpu.next_tick()));
            match self.cpu.run(&mut self.chip, observer) {
                Stop::Deadline | Stop::Sleep if self.single_step && self.cpu.instructions() != before => {
                    return Outcome::TimeUp;
                }
                Stop::Deadline | Stop::Sleep => {}
                Stop::Observer => return Outcome::Observer,
                Stop::Breakpoint(number) => return Outcome::Breakpoint(number),
                Stop::Lockup => return Outcome::Lockup,
                Stop::ResetRequest => {
                    self.reset(ResetCause::System);
                    return Outcome::Reset(ResetCause::System);
                }
            }
        }
    }

    /// Lets the time pass until the next event.
    fn sleep(&mut self, limit: u64) {
        let deep = self.cpu.sleeps_deeply();
        self.set_sleep(if deep { Sleep::Standby } else { Sleep::Idle(self.chip.fabric.idle_mode) });
        let limit = limit.min(self.chip.cycle_of(self.chip.next_event()));
        let until = if deep { limit } else { limit.min(self.cpu.next_tick()) };
        let until = until.max(self.cpu.cycles + 1);
        let span = until - self.cpu.cycles;
        if deep {
            self.cpu.pause_timer(span);
        }
        self.asleep += span;
        self.cpu.cycles = until;
    }

    fn set_sleep(&mut self, sleep: Sleep) {
        if self.chip.fabric.sleep != sleep {
            self.chip.set_sleep(sleep);
        }
    }
}
