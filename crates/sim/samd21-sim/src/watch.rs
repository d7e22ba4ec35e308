//! Looks over the core's shoulder: cycles by place, faults, panics, the stack's limit, breakpoints.

use core::fmt;
use std::collections::BTreeSet;
use std::io::Write;

use crate::armv6m::{Cpu, Observer};
use crate::fabric::nvm::FLASH_BYTES;
use crate::symbols::Symbols;

/// Halfwords of flash, and one more place for code in RAM.
const PLACES: usize = FLASH_BYTES as usize / 2 + 1;

/// Why the watch has stopped a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Alarm {
    /// A fault has been taken.
    Fault,
    /// The program counter is at the start of a function that panics.
    Panic,
    /// The stack pointer is below the end of the static data.
    StackOverflow,
    /// A breakpoint of a debugger.
    Breakpoint,
}

/// An observer that counts cycles and watches for what must not happen.
pub struct Watch {
    cycles: Box<[u64]>,
    marks: Box<[u8]>,
    stack_limit: u32,
    /// Whether faults and panics stop the run; a debugger may want to see on.
    pub strict: bool,
    breakpoints: BTreeSet<u32>,
    /// The breakpoint that the core stands at and is to step over.
    pass: Option<u32>,
    alarm: Option<Alarm>,
    place: usize,
    since: u64,
    trace: Option<Box<dyn Write>>,
}

const PANIC: u8 = 1;
const BREAK: u8 = 2;

impl Watch {
    /// Makes a watch; a stack pointer below `stack_limit` is an overflow.
    #[must_use]
    pub fn new(symbols: &Symbols, stack_limit: u32) -> Self {
        let mut marks = vec![0; PLACES].into_boxed_slice();
        for symbol in symbols.iter().filter(|symbol| panics(&symbol.name)) {
            marks[place_of(symbol.address)] |= PANIC;
        }
        Self {
            cycles: vec![0; PLACES].into_boxed_slice(),
            marks,
            stack_limit,
            strict: true,
            breakpoints: BTreeSet::new(),
            pass: None,
            alarm: None,
            place: PLACES - 1,
            since: 0,
            trace: None,
        }
    }

    /// Writes every instruction's cycle and address to `out`.
    pub fn trace_to(&mut self, out: Box<dyn Write>) {
        self.trace = Some(out);
    }

    /// Gives what stopped the run, once.
    pub const fn take_alarm(&mut self) -> Option<Alarm> {
        self.alarm.take()
    }

    /// Sets a breakpoint; only in flash.
    pub fn set_breakpoint(&mut self, address: u32) {
        self.breakpoints.insert(address & !1);
        self.marks[place_of(address)] |= BREAK;
    }

    /// Lets the core go on from `pc` although there may be a breakpoint.
    pub fn pass(&mut self, pc: u32) {
        self.pass = self.breakpoints.contains(&pc).then_some(pc);
    }

    /// Clears a breakpoint; tells whether there was one.
    pub fn clear_breakpoint(&mut self, address: u32) -> bool {
        let there = self.breakpoints.remove(&(address & !1));
        if there {
            self.marks[place_of(address)] &= !BREAK;
        }
        there
    }

    /// Sums the cycles by function, most first; code without a name is `None`.
    #[must_use]
    pub fn profile<'s>(&self, symbols: &'s Symbols) -> Vec<(Option<&'s str>, u64)> {
        let mut sums = std::collections::BTreeMap::new();
        for (at, cycles) in self.cycles.iter().enumerate().filter(|(_, cycles)| **cycles != 0) {
            let address = u32::try_from(at * 2).unwrap_or(u32::MAX);
            *sums.entry(symbols.place(address).name).or_insert(0) += cycles;
        }
        let mut sums: Vec<_> = sums.into_iter().collect();
        sums.sort_by_key(|(_, cycles)| core::cmp::Reverse(*cycles));
        sums
    }

    #[cold]
    fn look(&mut self, cpu: &Cpu, mark: u8) -> bool {
        let pc = cpu.register(15);
        let stands = mark & BREAK != 0 && self.breakpoints.contains(&pc);
        let alarm = if stands && self.pass.take() != Some(pc) {
            Alarm::Breakpoint
        } else if !self.strict {
            return true;
        } else if cpu.last_fault().is_some() {
            Alarm::Fault
        } else if mark & PANIC != 0 {
            Alarm::Panic
        } else if cpu.lowest_sp() < self.stack_limit {
            Alarm::StackOverflow
        } else {
            return true;
        };
        self.alarm = Some(alarm);
        false
    }
}

const fn place_of(address: u32) -> usize {
    if address < FLASH_BYTES { address as usize / 2 } else { PLACES - 1 }
}

/// Tells whether a function is one that a Rust panic goes through, or a hard fault.
fn panics(name: &str) -> bool {
    name.ends_with("rust_begin_unwind") || name.starts_with("core::panicking::panic")
}

impl Observer for Watch {
    const ENABLED: bool = true;

    #[inline(always)]
    fn instruction(&mut self, cpu: &Cpu) -> bool {
        self.cycles[self.place] += cpu.cycles - self.since;
        self.since = cpu.cycles;
        let pc = cpu.register(15);
        self.place = place_of(pc);
        let mark = self.marks[self.place];
        if let Some(trace) = &mut self.trace {
            // A trace that cannot be written is not worth the run.
            let _ = writeln!(trace, "{} {pc:08x} sp {:08x}", cpu.cycles, cpu.register(13));
        }
        if mark != 0 || cpu.last_fault().is_some() || cpu.lowest_sp() < self.stack_limit {
            return self.look(cpu, mark);
        }
        true
    }

    fn resumed(&mut self, cpu: &Cpu) {
        self.since = cpu.cycles;
    }

    fn paused(&mut self, cpu: &Cpu) {
        self.cycles[self.place] += cpu.cycles - self.since;
        self.since = cpu.cycles;
    }
}

impl fmt::Debug for Watch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Watch").field("alarm", &self.alarm).finish_non_exhaustive()
    }
}
