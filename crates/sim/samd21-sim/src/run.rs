//! A run of an image: from power-on until something ends it.

use core::fmt;

use crate::armv6m::FaultRecord;
use crate::fabric::ResetCause;
use crate::image::Image;
use crate::loader::{self, Decision};
use crate::machine::{Machine, Outcome};
use crate::symbols::Place;
use crate::time::Time;
use crate::watch::{Alarm, Watch};

/// Where the core begins after a reset.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Entry {
    /// Where the board's loader jumps, with all that it leaves behind.
    #[default]
    Loader,
    /// At the image's own vectors, with the chip as the reset left it.
    Image,
}

/// What ended a run before its time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// A fault was taken.
    Fault(FaultRecord),
    /// A fault happened while a fault was handled.
    Lockup(Option<FaultRecord>),
    /// A Rust panic.
    Panic,
    /// The stack has grown into the static data.
    StackOverflow {
        /// The end of the static data.
        limit: u32,
        /// The stack pointer.
        sp: u32,
    },
    /// The watchdog has bitten.
    Watchdog,
    /// The loader has not started the application.
    StaysInLoader,
    /// The chip was reset again and again.
    ResetLoop,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fault(record) => write!(f, "HardFault: {:?} at 0x{:08X}", record.fault, record.pc),
            Self::Lockup(_) => f.write_str("lockup: a fault while a fault was handled"),
            Self::Panic => f.write_str("the firmware panicked"),
            Self::StackOverflow { limit, sp } => {
                write!(f, "stack overflow: SP 0x{sp:08X} is below the end of the static data, 0x{limit:08X}")
            }
            Self::Watchdog => f.write_str("the watchdog reset the chip"),
            Self::StaysInLoader => f.write_str("the loader keeps the board: no application, or a double tap"),
            Self::ResetLoop => f.write_str("the firmware resets the chip again and again"),
        }
    }
}

/// Why a stretch of a run has ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pause {
    /// The time is up.
    TimeUp,
    /// A breakpoint: the debugger's, or BKPT while it is there.
    Breakpoint,
    /// It cannot go on.
    Failed(Failure),
}

/// Resets that a run may see before it counts as a loop.
const MOST_RESETS: usize = 100;

/// A machine with an image in it.
#[derive(Debug)]
pub struct Run {
    /// The machine.
    pub machine: Machine,
    /// The watch over it.
    pub watch: Watch,
    image: Image,
    entry: Entry,
    resets: Vec<(Time, ResetCause)>,
    failure: Option<Failure>,
    return_addresses: Vec<u32>,
}

impl Run {
    /// Programs `image` into the machine's flash and starts it as after power-on.
    #[must_use]
    pub fn new(mut machine: Machine, image: Image, entry: Entry) -> Self {
        image.program(&mut machine.chip.fabric.nvm);
        let watch = Watch::new(image.symbols(), image.statics_end());
        let mut run = Self {
            machine,
            watch,
            image,
            entry,
            resets: Vec::new(),
            failure: None,
            return_addresses: Vec::new(),
        };
        run.machine.reset(ResetCause::PowerOn);
        run.start();
        run
    }

    /// Borrows the image.
    #[must_use]
    pub const fn image(&self) -> &Image {
        &self.image
    }

    /// Lists the resets so far, without power-on.
    #[must_use]
    pub fn resets(&self) -> &[(Time, ResetCause)] {
        &self.resets
    }

    /// Tells what has ended the run, if anything has.
    #[must_use]
    pub const fn failure(&self) -> Option<&Failure> {
        self.failure.as_ref()
    }

    /// Takes the power away and gives it back.
    pub fn cut_power(&mut self) {
        self.machine.reset(ResetCause::PowerOn);
        self.start();
    }

    /// Enters the image after a reset.
    fn start(&mut self) {
        let base = self.image.base();
        // Power-on without code at address 0 is a fault before anything ran: nobody's.
        let _ = self.machine.cpu.take_fault();
        match self.entry {
            // The reset vectors are the image's own.
            _ if base == 0 => self.machine.cpu.reset(&mut self.machine.chip),
            Entry::Loader => {
                if loader::hand_off(&mut self.machine, base) == Decision::Stays {
                    self.failure = Some(Failure::StaysInLoader);
                }
            }
            Entry::Image => {
                self.machine.cpu.set_vector_table(base);
                self.machine.cpu.enter_image(base, &mut self.machine.chip);
            }
        }
        self.machine.cpu.clear_lowest_sp();
    }

    /// Runs until `end`.
    pub fn run_until(&mut self, end: Time) -> Pause {
        if let Some(failure) = &self.failure {
            return Pause::Failed(failure.clone());
        }
        loop {
            let failure = match self.machine.run_until(end, &mut self.watch) {
                Outcome::TimeUp => return Pause::TimeUp,
                Outcome::Breakpoint(_) => return Pause::Breakpoint,
                Outcome::Lockup => Some(Failure::Lockup(self.machine.cpu.last_fault())),
                Outcome::Reset(cause) => self.note_reset(cause),
                Outcome::Observer => match self.watch.take_alarm() {
                    Some(Alarm::Fault) => self.machine.cpu.last_fault().map(Failure::Fault),
                    Some(Alarm::Panic) => Some(Failure::Panic),
                    Some(Alarm::StackOverflow) => Some(Failure::StackOverflow {
                        limit: self.image.statics_end(),
                        sp: self.machine.cpu.lowest_sp(),
                    }),
                    Some(Alarm::Breakpoint) | None => return Pause::Breakpoint,
                },
            };
            if let Some(failure) = failure {
                self.return_addresses = self.scan_stack(&failure);
                self.failure = Some(failure.clone());
                return Pause::Failed(failure);
            }
        }
    }

    fn note_reset(&mut self, cause: ResetCause) -> Option<Failure> {
        self.resets.push((self.machine.now(), cause));
        if cause == ResetCause::Watchdog {
            return Some(Failure::Watchdog);
        }
        if self.resets.len() > MOST_RESETS {
            return Some(Failure::ResetLoop);
        }
        self.start();
        self.failure.clone()
    }

    /// Lists where the run has failed: the place itself, the link register, and what on the stack looks like a
    /// return address: an odd address behind a call. Some of them may be left over from earlier calls.
    #[must_use]
    pub fn backtrace(&self) -> Vec<Place<'_>> {
        self.return_addresses.iter().map(|address| self.image.symbols().place(*address)).collect()
    }

    fn scan_stack(&self, failure: &Failure) -> Vec<u32> {
        let cpu = &self.machine.cpu;
        let [pc, lr, sp] = match (failure, cpu.last_fault()) {
            (Failure::Watchdog | Failure::ResetLoop, _) => self.machine.reset_from(),
            (_, Some(record)) => [record.pc, record.lr, record.sp],
            (_, None) => [15, 14, 13].map(|number| cpu.register(number)),
        };
        let ram = &self.machine.chip.fabric.ram;
        let top = crate::fabric::RAM_BASE + crate::fabric::RAM_BYTES;
        let mut found = vec![pc];
        let on_stack = (sp & !3..top).step_by(4).take(512).map(|address| ram.read32(address));
        for word in core::iter::once(lr).chain(on_stack) {
            if self.is_return_address(word) && found.last() != Some(&(word & !1)) {
                found.push(word & !1);
            }
            if found.len() >= 24 {
                break;
            }
        }
        found
    }

    fn is_return_address(&self, word: u32) -> bool {
        let flash = &self.machine.chip.fabric.nvm.flash;
        let behind = word & !1;
        let in_code = word & 1 != 0 && (4..crate::fabric::nvm::FLASH_BYTES).contains(&behind);
        let call = flash.read16(behind.wrapping_sub(4)) & 0xF800 == 0xF000
            && flash.read16(behind.wrapping_sub(2)) & 0xD000 == 0xD000;
        in_code && (call || flash.read16(behind.wrapping_sub(2)) & 0xFF87 == 0x4780)
    }
}
