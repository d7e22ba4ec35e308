//! What the debugger may do to the machine.

use gdbstub::common::Signal;
use gdbstub::target::ext::base::BaseOps;
use gdbstub::target::ext::base::single_register_access::{SingleRegisterAccess, SingleRegisterAccessOps};
use gdbstub::target::ext::base::singlethread::{
    SingleThreadBase, SingleThreadResume, SingleThreadResumeOps, SingleThreadSingleStep,
    SingleThreadSingleStepOps,
};
use gdbstub::target::ext::breakpoints::{
    Breakpoints, BreakpointsOps, HwBreakpoint, HwBreakpointOps, SwBreakpoint, SwBreakpointOps,
};
use gdbstub::target::{Target, TargetError, TargetResult};

use super::arch::{Armv6m, CoreRegisters, Number, Thumb};
use super::{Mode, Session};
use crate::armv6m::Special;

impl Target for Session<'_> {
    type Arch = Armv6m;
    type Error = &'static str;

    fn base_ops(&mut self) -> BaseOps<'_, Self::Arch, Self::Error> {
        BaseOps::SingleThread(self)
    }

    fn support_breakpoints(&mut self) -> Option<BreakpointsOps<'_, Self>> {
        Some(self)
    }

    /// The line is a loopback: packets are better read than short.
    fn use_rle(&self) -> bool {
        false
    }

    fn guard_rail_implicit_sw_breakpoints(&self) -> bool {
        true
    }
}

impl SingleThreadBase for Session<'_> {
    fn read_registers(&mut self, registers: &mut CoreRegisters) -> TargetResult<(), Self> {
        let cpu = &self.run.machine.cpu;
        for (number, register) in (0..16).zip(&mut registers.0) {
            *register = cpu.register(number);
        }
        registers.0[16] = cpu.special(Special::Xpsr);
        Ok(())
    }

    fn write_registers(&mut self, registers: &CoreRegisters) -> TargetResult<(), Self> {
        let cpu = &mut self.run.machine.cpu;
        for (number, register) in (0..16).zip(&registers.0) {
            cpu.set_register(number, *register);
        }
        cpu.set_special(Special::Xpsr, registers.0[16]);
        Ok(())
    }

    fn support_single_register_access(&mut self) -> Option<SingleRegisterAccessOps<'_, (), Self>> {
        Some(self)
    }

    fn read_addrs(&mut self, start: u32, data: &mut [u8]) -> TargetResult<usize, Self> {
        let chip = &self.run.machine.chip;
        let mut count = 0;
        for (address, byte) in (start..).zip(data) {
            let Some(value) = chip.peek(address) else { break };
            (*byte, count) = (value, count + 1);
        }
        if count == 0 { Err(TargetError::NonFatal) } else { Ok(count) }
    }

    fn write_addrs(&mut self, start: u32, data: &[u8]) -> TargetResult<(), Self> {
        for (address, byte) in (start..).zip(data) {
            if !self.run.machine.chip.poke(address, *byte) {
                return Err(TargetError::NonFatal);
            }
        }
        Ok(())
    }

    fn support_resume(&mut self) -> Option<SingleThreadResumeOps<'_, Self>> {
        Some(self)
    }
}

impl SingleRegisterAccess<()> for Session<'_> {
    fn read_register(&mut self, (): (), number: Number, buffer: &mut [u8]) -> TargetResult<usize, Self> {
        let cpu = &self.run.machine.cpu;
        let value = if number.0 == 16 { cpu.special(Special::Xpsr) } else { cpu.register(number.0) };
        let place = buffer.get_mut(..4).ok_or(TargetError::NonFatal)?;
        place.copy_from_slice(&value.to_le_bytes());
        Ok(4)
    }

    fn write_register(&mut self, (): (), number: Number, value: &[u8]) -> TargetResult<(), Self> {
        let value = u32::from_le_bytes(value.try_into().map_err(|_| TargetError::NonFatal)?);
        let cpu = &mut self.run.machine.cpu;
        if number.0 == 16 {
            cpu.set_special(Special::Xpsr, value);
        } else {
            cpu.set_register(number.0, value);
        }
        Ok(())
    }
}

impl SingleThreadResume for Session<'_> {
    fn resume(&mut self, _: Option<Signal>) -> Result<(), Self::Error> {
        self.mode = Mode::Continue;
        Ok(())
    }

    fn support_single_step(&mut self) -> Option<SingleThreadSingleStepOps<'_, Self>> {
        Some(self)
    }
}

impl SingleThreadSingleStep for Session<'_> {
    fn step(&mut self, _: Option<Signal>) -> Result<(), Self::Error> {
        self.mode = Mode::Step;
        Ok(())
    }
}

impl Breakpoints for Session<'_> {
    fn support_sw_breakpoint(&mut self) -> Option<SwBreakpointOps<'_, Self>> {
        Some(self)
    }

    fn support_hw_breakpoint(&mut self) -> Option<HwBreakpointOps<'_, Self>> {
        Some(self)
    }
}

impl SwBreakpoint for Session<'_> {
    fn add_sw_breakpoint(&mut self, address: u32, _: Thumb) -> TargetResult<bool, Self> {
        self.run.watch.set_breakpoint(address);
        Ok(true)
    }

    fn remove_sw_breakpoint(&mut self, address: u32, _: Thumb) -> TargetResult<bool, Self> {
        Ok(self.run.watch.clear_breakpoint(address))
    }
}

impl HwBreakpoint for Session<'_> {
    fn add_hw_breakpoint(&mut self, address: u32, kind: Thumb) -> TargetResult<bool, Self> {
        self.add_sw_breakpoint(address, kind)
    }

    fn remove_hw_breakpoint(&mut self, address: u32, kind: Thumb) -> TargetResult<bool, Self> {
        self.remove_sw_breakpoint(address, kind)
    }
}
