//! The core: ARMv6-M as the Cortex-M0+ has it.
//!
//! Written from the ARMv6-M Architecture Reference Manual (instructions, exceptions, system control space) and
//! the Cortex-M0+ Technical Reference Manual (cycles). The core knows no chip: it sees a [`Bus`].

mod alu;
mod decode;
mod exception;
mod execute;
mod nvic;
mod registers;
mod run;
mod system;
mod systick;
mod transfer;

use crate::bus::Bus;

pub use decode::{Instruction, Op};
pub use exception::Exception;
pub use registers::Special;
pub use run::{Observer, Unobserved};

use nvic::Nvic;
use systick::SysTick;

/// Why the core has stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// The bus's deadline is reached, or something that concerns deadlines has changed.
    Deadline,
    /// WFI or WFE, or a return from a handler with SLEEPONEXIT.
    Sleep,
    /// BKPT with its number, with [`Cpu::halt_on_breakpoint`] set; the program counter is at the instruction.
    Breakpoint(u8),
    /// The observer has asked for it, before the instruction at the program counter.
    Observer,
    /// A fault at the priority of HardFault or above.
    Lockup,
    /// AIRCR.SYSRESETREQ.
    ResetRequest,
}

/// What a fault was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// Nothing answers at the address.
    Bus {
        /// Where the access went.
        address: u32,
    },
    /// The address is not a multiple of the access's size.
    Unaligned {
        /// Where the access went.
        address: u32,
    },
    /// No instruction, or one that this architecture does not have.
    Undefined,
    /// EPSR.T is clear: a branch to an even address.
    InvalidState,
    /// BKPT without a debugger.
    Breakpoint,
    /// SVC where SVCall may not be taken.
    SupervisorCall,
    /// An exception return that the state does not allow.
    InvalidReturn,
    /// Reading the vector or writing the frame of an exception failed.
    Exception,
}

/// What an instruction ended with other than going on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Trap {
    Fault(Fault),
    SupervisorCall,
    Sleep,
    Return(u32),
    Look,
    Breakpoint(u8),
    Reset,
}

/// The number of a fault's record and the place where it happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FaultRecord {
    /// What it was.
    pub fault: Fault,
    /// The instruction.
    pub pc: u32,
    /// The stack pointer then.
    pub sp: u32,
    /// The link register then.
    pub lr: u32,
}

/// A Cortex-M0+.
#[derive(Clone, Debug)]
pub struct Cpu {
    /// R0 to R14; the place of R15 is scratch.
    r: [u32; 16],
    /// The next instruction.
    pc: u32,
    /// N is its top bit.
    n: u32,
    /// Z is set when it is zero.
    z: u32,
    c: bool,
    v: bool,
    ipsr: u8,
    primask: bool,
    /// CONTROL.SPSEL.
    spsel: bool,
    /// The stack pointer that is not R13 just now.
    other_sp: u32,
    event: bool,
    sleeping: Option<exception::SleepKind>,
    nvic: Nvic,
    systick: SysTick,
    system: system::SystemControl,
    lowest_sp: u32,
    fault: Option<FaultRecord>,
    instructions: u64,
    table: &'static [Instruction; 0x1_0000],
    /// Cycles since power-on.
    pub cycles: u64,
    /// Whether BKPT stops the run instead of faulting: a debugger is there.
    pub halt_on_breakpoint: bool,
}

impl Cpu {
    /// Makes a core in reset.
    #[must_use]
    pub fn new() -> Self {
        Self {
            r: [0; 16],
            pc: 0,
            n: 0,
            z: 1,
            c: false,
            v: false,
            ipsr: 0,
            primask: false,
            spsel: false,
            other_sp: 0,
            event: false,
            sleeping: None,
            nvic: Nvic::default(),
            systick: SysTick::default(),
            system: system::SystemControl::default(),
            lowest_sp: u32::MAX,
            fault: None,
            instructions: 0,
            table: decode::table(),
            cycles: 0,
            halt_on_breakpoint: false,
        }
    }

    /// Resets the core and loads stack pointer and program counter from the vectors at address 0. The counts of
    /// cycles and instructions go on.
    pub fn reset<B: Bus>(&mut self, bus: &mut B) {
        let (cycles, instructions, halt) = (self.cycles, self.instructions, self.halt_on_breakpoint);
        *self = Self::new();
        (self.cycles, self.instructions, self.halt_on_breakpoint) = (cycles, instructions, halt);
        self.enter_image(0, bus);
    }

    /// Loads stack pointer and program counter from the vectors at `base`, as a loader does; VTOR stays.
    pub fn enter_image<B: Bus>(&mut self, base: u32, bus: &mut B) {
        let mut cycles = self.cycles;
        let sp = bus.read32(base, &mut cycles);
        let entry = bus.read32(base.wrapping_add(4), &mut cycles);
        self.spsel = false;
        self.set_sp(sp.unwrap_or(0));
        self.r[14] = u32::MAX;
        let entry = entry.unwrap_or(0);
        self.pc = entry & !1;
        if entry & 1 == 0 {
            self.fault(Fault::InvalidState, bus);
        }
    }

    /// Tells how many instructions have been executed.
    #[must_use]
    pub const fn instructions(&self) -> u64 {
        self.instructions
    }

    /// Tells the fault that happened last, if one has.
    #[must_use]
    pub const fn last_fault(&self) -> Option<FaultRecord> {
        self.fault
    }

    /// Forgets the last fault and gives it.
    pub const fn take_fault(&mut self) -> Option<FaultRecord> {
        self.fault.take()
    }

    /// Tells the lowest stack pointer since the last call of [`Cpu::clear_lowest_sp`].
    #[must_use]
    pub const fn lowest_sp(&self) -> u32 {
        self.lowest_sp
    }

    /// Begins anew to look for the lowest stack pointer.
    pub const fn clear_lowest_sp(&mut self) {
        self.lowest_sp = self.r[13];
    }

    /// Tells whether the core sleeps.
    #[must_use]
    pub const fn is_sleeping(&self) -> bool {
        self.sleeping.is_some()
    }

    /// Tells whether a sleep is a deep one (SCR.SLEEPDEEP).
    #[must_use]
    pub const fn sleeps_deeply(&self) -> bool {
        self.system.sleep_deep()
    }
}

impl Default for Cpu {
    fn default() -> Self {
        Self::new()
    }
}
