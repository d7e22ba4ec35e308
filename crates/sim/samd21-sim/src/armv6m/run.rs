//! The loop over instructions, and who may look over the core's shoulder.

use super::{Cpu, Fault, Stop, Trap};
use crate::bus::Bus;

/// Looks at every instruction before it is executed.
pub trait Observer {
    /// Whether there is anything to call: a run without an observer costs nothing.
    const ENABLED: bool;

    /// The core is about to execute the instruction at its program counter. False stops the run before it.
    fn instruction(&mut self, cpu: &Cpu) -> bool;

    /// The core runs on from the present; what passed since [`Observer::paused`] it has slept.
    fn resumed(&mut self, cpu: &Cpu) {
        let _ = cpu;
    }

    /// The core stops running.
    fn paused(&mut self, cpu: &Cpu) {
        let _ = cpu;
    }
}

/// Nobody looks.
#[derive(Clone, Copy, Debug, Default)]
pub struct Unobserved;

impl Observer for Unobserved {
    const ENABLED: bool = false;

    fn instruction(&mut self, _: &Cpu) -> bool {
        true
    }
}

impl Cpu {
    /// Runs until there is something to look at. A core that sleeps has to be woken first.
    pub fn run<B: Bus, O: Observer>(&mut self, bus: &mut B, observer: &mut O) -> Stop {
        observer.resumed(self);
        let stop = self.run_on(bus, observer);
        observer.paused(self);
        stop
    }

    fn run_on<B: Bus, O: Observer>(&mut self, bus: &mut B, observer: &mut O) -> Stop {
        let mut trap = Ok(());
        loop {
            match trap.and_then(|()| self.take_pending(bus)) {
                Ok(()) => {}
                Err(stop) => return stop,
            }
            loop {
                if self.cycles >= bus.deadline() {
                    return Stop::Deadline;
                }
                if O::ENABLED && !observer.instruction(self) {
                    return Stop::Observer;
                }
                if let Err(reason) = self.step(bus) {
                    trap = self.end(reason, bus);
                    break;
                }
            }
        }
    }

    /// Carries out what ended an instruction.
    #[cold]
    #[inline(never)]
    fn end<B: Bus>(&mut self, reason: Trap, bus: &mut B) -> Result<(), Stop> {
        match reason {
            Trap::Fault(fault) => {
                if fault != Fault::InvalidState {
                    self.pc = self.r[15].wrapping_sub(4);
                }
                self.raise(fault, bus)
            }
            Trap::SupervisorCall => self.supervisor_call(bus),
            Trap::Return(link) => self.exception_return(link, bus),
            Trap::Sleep => Err(Stop::Sleep),
            Trap::Look => Err(Stop::Deadline),
            Trap::Reset => Err(Stop::ResetRequest),
            Trap::Breakpoint(_) if !self.halt_on_breakpoint => {
                self.pc = self.r[15].wrapping_sub(4);
                self.raise(Fault::Breakpoint, bus)
            }
            Trap::Breakpoint(number) => {
                self.pc = self.r[15].wrapping_sub(4);
                Err(Stop::Breakpoint(number))
            }
        }
    }
}
