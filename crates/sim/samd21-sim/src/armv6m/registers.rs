//! The registers as MRS, MSR and a debugger name them.

use super::{Cpu, exception};

/// Registers beside R0 to R15.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Special {
    /// Flags, exception number and Thumb state.
    Xpsr,
    /// The main stack pointer.
    Msp,
    /// The process stack pointer.
    Psp,
    /// PRIMASK.
    Primask,
    /// CONTROL.
    Control,
}

const N: u32 = 1 << 31;
const Z: u32 = 1 << 30;
const C: u32 = 1 << 29;
const V: u32 = 1 << 28;
/// EPSR.T.
pub(super) const THUMB: u32 = 1 << 24;

impl Cpu {
    /// Reads R0 to R14, or the address of the next instruction as R15.
    #[must_use]
    pub const fn register(&self, number: u8) -> u32 {
        if number >= 15 { self.pc } else { self.r[number as usize] }
    }

    /// Writes R0 to R14, or the address of the next instruction as R15.
    pub const fn set_register(&mut self, number: u8, value: u32) {
        match number {
            13 => self.set_sp(value),
            0..15 => self.r[number as usize] = value,
            _ => self.pc = value & !1,
        }
    }

    /// Reads a special register.
    #[must_use]
    pub const fn special(&self, register: Special) -> u32 {
        match register {
            Special::Xpsr => self.apsr() | self.ipsr as u32 | THUMB,
            Special::Msp => {
                if self.spsel {
                    self.other_sp
                } else {
                    self.r[13]
                }
            }
            Special::Psp => {
                if self.spsel {
                    self.r[13]
                } else {
                    self.other_sp
                }
            }
            Special::Primask => self.primask as u32,
            Special::Control => (self.spsel as u32) << 1,
        }
    }

    /// Writes a special register; of XPSR only the flags.
    pub const fn set_special(&mut self, register: Special, value: u32) {
        match register {
            Special::Xpsr => self.set_apsr(value),
            Special::Msp if self.spsel => self.other_sp = value & !3,
            Special::Psp if !self.spsel => self.other_sp = value & !3,
            Special::Msp | Special::Psp => self.set_sp(value),
            Special::Primask => self.primask = value & 1 != 0,
            Special::Control => self.select_stack(value & 2 != 0 && self.ipsr == 0),
        }
    }

    /// Puts the flags together.
    pub(super) const fn apsr(&self) -> u32 {
        (if self.negative() { N } else { 0 })
            | (if self.zero() { Z } else { 0 })
            | (if self.c { C } else { 0 })
            | (if self.v { V } else { 0 })
    }

    /// Takes the flags apart.
    pub(super) const fn set_apsr(&mut self, value: u32) {
        self.n = value;
        self.z = !value & Z;
        self.c = value & C != 0;
        self.v = value & V != 0;
    }

    /// Sets the stack pointer in use.
    pub(super) const fn set_sp(&mut self, value: u32) {
        self.r[13] = value & !3;
        self.note_sp();
    }

    /// Keeps the lowest stack pointer.
    #[inline(always)]
    pub(super) const fn note_sp(&mut self) {
        if self.r[13] < self.lowest_sp {
            self.lowest_sp = self.r[13];
        }
    }

    /// Uses the process stack, or the main stack.
    pub(super) const fn select_stack(&mut self, process: bool) {
        if process != self.spsel {
            self.spsel = process;
            (self.r[13], self.other_sp) = (self.other_sp, self.r[13]);
        }
    }

    /// Reads what MRS names with `number` (section B4.2.2).
    pub(super) const fn read_special(&self, number: u8) -> u32 {
        match number {
            0..=7 => {
                let flags = if number & 4 == 0 { self.apsr() } else { 0 };
                let exception = if number & 1 != 0 { self.ipsr as u32 } else { 0 };
                flags | exception
            }
            8 => self.special(Special::Msp),
            9 => self.special(Special::Psp),
            16 => self.special(Special::Primask),
            20 => self.special(Special::Control),
            _ => 0,
        }
    }

    /// Writes what MSR names with `number` (section B4.2.3).
    pub(super) const fn write_special(&mut self, number: u8, value: u32) {
        match number {
            0..=3 => self.set_apsr(value),
            8 => self.set_special(Special::Msp, value),
            9 => self.set_special(Special::Psp, value),
            16 => self.set_special(Special::Primask, value),
            20 => self.set_special(Special::Control, value),
            _ => {}
        }
    }

    /// Tells the exception that is being handled, or `None` in Thread mode.
    #[must_use]
    pub const fn handling(&self) -> Option<exception::Exception> {
        if self.ipsr == 0 { None } else { Some(exception::Exception(self.ipsr)) }
    }
}
