//! Exceptions: entry, return, tail-chaining, sleep and faults (section B1.5).

use core::fmt;

use super::registers::THUMB;
use super::{Cpu, Fault, FaultRecord, Stop};
use crate::bus::Bus;

/// An exception number: 16 and above are interrupt lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exception(pub u8);

impl Exception {
    /// Non-maskable interrupt.
    pub const NMI: Self = Self(2);
    /// All faults.
    pub const HARD_FAULT: Self = Self(3);
    /// SVC.
    pub const SV_CALL: Self = Self(11);
    /// ICSR.PENDSVSET.
    pub const PEND_SV: Self = Self(14);
    /// The system timer.
    pub const SYS_TICK: Self = Self(15);

    pub(super) const fn bit(self) -> u64 {
        1 << self.0
    }
}

impl fmt::Display for Exception {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::NMI => f.write_str("NMI"),
            Self::HARD_FAULT => f.write_str("HardFault"),
            Self::SV_CALL => f.write_str("SVCall"),
            Self::PEND_SV => f.write_str("PendSV"),
            Self::SYS_TICK => f.write_str("SysTick"),
            Self(number) if number >= 16 => write!(f, "IRQ{}", number - 16),
            Self(number) => write!(f, "exception {number}"),
        }
    }
}

/// What ends a sleep.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SleepKind {
    /// WFI: an exception that could be taken but for PRIMASK.
    Interrupt,
    /// WFE: the same, or an event.
    Event,
}

/// Cycles from the recognition of an exception to the first instruction of its handler, on memory without
/// wait states (Cortex-M0+ Technical Reference Manual, section 3.6); eight of them belong to the frame and two
/// to the vector, which the bus charges.
const ENTRY_CYCLES: u64 = 15 - BUS_CYCLES_OF_ENTRY;
const BUS_CYCLES_OF_ENTRY: u64 = 9;
/// Cycles of a return beside the eight words of the frame. Assumed: the manual does not say.
const RETURN_CYCLES: u64 = 4;
/// Cycles from one handler into the next beside the vector. Assumed: the manual does not say.
const TAIL_CHAIN_CYCLES: u64 = 5;

/// EXC_RETURN to Handler mode.
const TO_HANDLER: u32 = 0xFFFF_FFF1;
/// EXC_RETURN to Thread mode on the main stack.
const TO_THREAD_MAIN: u32 = 0xFFFF_FFF9;
/// EXC_RETURN to Thread mode on the process stack.
const TO_THREAD_PROCESS: u32 = 0xFFFF_FFFD;

const FRAME: u32 = 32;

impl Cpu {
    /// Takes over the levels of the interrupt lines and of the non-maskable interrupt.
    pub const fn set_lines(&mut self, lines: u32, nmi: bool) {
        let before = self.nvic.ready();
        self.nvic.set_lines(lines, nmi);
        if self.system.send_event_on_pend() && self.nvic.ready() & !before != 0 {
            self.event = true;
        }
    }

    /// Tells the priority at which the core executes: PRIMASK raises it to 0.
    fn execution_priority(&self) -> i16 {
        let active = self.nvic.active_priority();
        if self.primask { active.min(0) } else { active }
    }

    /// Takes the highest pending exception if it may pre-empt what is being executed.
    pub(super) fn take_pending<B: Bus>(&mut self, bus: &mut B) -> Result<(), Stop> {
        if self.nvic.ready() == 0 {
            return Ok(());
        }
        match self.nvic.highest(self.nvic.ready()) {
            Some((priority, exception)) if priority < self.execution_priority() => self.enter(exception, bus),
            _ => Ok(()),
        }
    }

    /// Ends a sleep when there is a reason to; a core that is awake stays so.
    pub fn wake(&mut self) -> bool {
        let Some(kind) = self.sleeping else { return true };
        let wakes = self
            .nvic
            .highest(self.nvic.ready())
            .is_some_and(|(priority, _)| priority < self.nvic.active_priority());
        let event = kind == SleepKind::Event && self.event;
        if event {
            self.event = false;
        }
        if wakes || event {
            self.sleeping = None;
        }
        self.sleeping.is_none()
    }

    /// Enters `exception` from wherever the core is: pushes the frame and starts the handler.
    pub(super) fn enter<B: Bus>(&mut self, exception: Exception, bus: &mut B) -> Result<(), Stop> {
        let sp = self.r[13].wrapping_sub(FRAME) & !7;
        let aligned = self.r[13] & 4 != 0;
        let psr = self.apsr() | u32::from(self.ipsr) | THUMB | u32::from(aligned) << 9;
        let frame = [self.r[0], self.r[1], self.r[2], self.r[3], self.r[12], self.r[14], self.pc, psr];
        let link = match (self.ipsr, self.spsel) {
            (0, true) => TO_THREAD_PROCESS,
            (0, false) => TO_THREAD_MAIN,
            _ => TO_HANDLER,
        };
        self.cycles += ENTRY_CYCLES;
        let mut address = sp;
        let mut pushed = true;
        for word in frame {
            pushed &= bus.write32(address, word, &mut self.cycles).is_ok();
            address = address.wrapping_add(4);
        }
        self.r[13] = sp;
        self.note_sp();
        if !pushed {
            return self.exception_failed(exception, bus);
        }
        self.select_stack(false);
        self.start_handler(exception, link, bus)
    }

    /// Starts the handler of `exception` whose frame is on the stack.
    fn start_handler<B: Bus>(&mut self, exception: Exception, link: u32, bus: &mut B) -> Result<(), Stop> {
        let vector = self.system.vector_table().wrapping_add(u32::from(exception.0) * 4);
        let Ok(handler) = bus.read32(vector, &mut self.cycles) else {
            return self.exception_failed(exception, bus);
        };
        self.nvic.activate(exception);
        self.ipsr = exception.0;
        self.r[14] = link;
        self.event = true;
        self.pc = handler & !1;
        if handler & 1 == 0 {
            return self.raise(Fault::InvalidState, bus);
        }
        Ok(())
    }

    /// An exception could not be entered: HardFault, unless that is what was being entered.
    fn exception_failed<B: Bus>(&mut self, exception: Exception, bus: &mut B) -> Result<(), Stop> {
        self.record(Fault::Exception);
        if self.execution_priority() < 0 || matches!(exception, Exception::HARD_FAULT | Exception::NMI) {
            return Err(Stop::Lockup);
        }
        self.nvic.unpend(exception);
        self.select_stack(false);
        self.start_handler(Exception::HARD_FAULT, TO_THREAD_MAIN, bus)
    }

    fn record(&mut self, fault: Fault) {
        self.fault = Some(FaultRecord { fault, pc: self.pc, sp: self.r[13], lr: self.r[14] });
    }

    /// Takes a fault of the instruction at the program counter.
    pub(super) fn raise<B: Bus>(&mut self, fault: Fault, bus: &mut B) -> Result<(), Stop> {
        self.record(fault);
        if self.execution_priority() < 0 && self.nvic.active_priority() < 0 {
            return Err(Stop::Lockup);
        }
        self.enter(Exception::HARD_FAULT, bus)
    }

    /// Takes a fault outside the run, where a lockup shows at the next instruction anyway.
    pub(super) fn fault<B: Bus>(&mut self, fault: Fault, bus: &mut B) {
        let _lockup = self.raise(fault, bus);
    }

    /// SVC; the program counter is behind it.
    pub(super) fn supervisor_call<B: Bus>(&mut self, bus: &mut B) -> Result<(), Stop> {
        if self.nvic.priority(Exception::SV_CALL) < self.execution_priority() {
            return self.enter(Exception::SV_CALL, bus);
        }
        self.pc = self.pc.wrapping_sub(2);
        self.raise(Fault::SupervisorCall, bus)
    }

    /// Returns from the exception that is being handled, or goes straight to the next (tail-chaining).
    pub(super) fn exception_return<B: Bus>(&mut self, link: u32, bus: &mut B) -> Result<(), Stop> {
        let nested = self.nvic.active().count_ones() > 1;
        let allowed = match link {
            TO_HANDLER => nested,
            TO_THREAD_MAIN | TO_THREAD_PROCESS => !nested,
            _ => false,
        };
        if !allowed {
            self.pc = link & !1;
            return self.raise(Fault::InvalidReturn, bus);
        }
        self.nvic.deactivate(Exception(self.ipsr));
        self.event = true;
        let priority = if self.primask { 0 } else { self.nvic.active_priority() };
        if let Some((_, next)) =
            self.nvic.highest(self.nvic.ready()).filter(|(of_next, _)| *of_next < priority)
        {
            self.cycles += TAIL_CHAIN_CYCLES;
            return self.start_handler(next, link, bus);
        }
        self.unstack(link, bus)
    }

    fn unstack<B: Bus>(&mut self, link: u32, bus: &mut B) -> Result<(), Stop> {
        self.select_stack(link == TO_THREAD_PROCESS);
        self.cycles += RETURN_CYCLES;
        let sp = self.r[13];
        let mut frame = [0; 8];
        let mut address = sp;
        for word in &mut frame {
            let Ok(value) = bus.read32(address, &mut self.cycles) else {
                self.ipsr = 0;
                return self.raise(Fault::Bus { address }, bus);
            };
            *word = value;
            address = address.wrapping_add(4);
        }
        let [r0, r1, r2, r3, r12, lr, pc, psr] = frame;
        (self.r[0], self.r[1], self.r[2], self.r[3]) = (r0, r1, r2, r3);
        (self.r[12], self.r[14], self.pc) = (r12, lr, pc & !1);
        self.r[13] = sp.wrapping_add(FRAME) | (psr >> 9 & 1) << 2;
        self.set_apsr(psr);
        let to_handler = link == TO_HANDLER;
        self.ipsr = if to_handler { (psr & 0x3F) as u8 } else { 0 };
        if psr & THUMB == 0 {
            return self.raise(Fault::InvalidState, bus);
        }
        if !to_handler && self.system.sleep_on_exit() {
            self.sleeping = Some(SleepKind::Interrupt);
            return Err(Stop::Sleep);
        }
        Ok(())
    }
}
