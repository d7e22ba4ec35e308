//! Fetch, execute, and the cycles of each instruction (Cortex-M0+ Technical Reference Manual, section 3.3).
//!
//! An instruction costs what is charged here; the bus adds the data phase of each access and its wait states.

use super::exception::SleepKind;
use super::{Cpu, Fault, Instruction, Op, Trap};
use crate::bus::Bus;

/// A taken branch refills the pipeline.
const REFILL: u64 = 1;
/// MRS, MSR and barriers.
const SYSTEM: u64 = 3;

impl Cpu {
    #[inline(always)]
    fn low(&self, number: u8) -> u32 {
        self.r[(number & 7) as usize]
    }

    #[inline(always)]
    fn any(&self, number: u8) -> u32 {
        self.r[(number & 15) as usize]
    }

    #[inline(always)]
    fn put(&mut self, number: u8, value: u32) {
        self.r[(number & 7) as usize] = value;
    }

    #[inline(always)]
    fn branch(&mut self, target: u32) {
        self.cycles += REFILL;
        self.pc = target & !1;
    }

    #[inline(always)]
    fn branch_if(&mut self, condition: bool, offset: u32) {
        if condition {
            self.branch(self.r[15].wrapping_add(offset));
        }
    }

    /// Branches to `target` and takes the instruction set of its low bit, or returns from an exception.
    #[inline(always)]
    fn interwork(&mut self, target: u32) -> Result<(), Trap> {
        if target >= 0xF000_0000 && self.ipsr != 0 {
            return Err(Trap::Return(target));
        }
        self.branch(target);
        if target & 1 == 0 { Err(Trap::Fault(Fault::InvalidState)) } else { Ok(()) }
    }

    /// Executes the instruction at the program counter.
    #[inline(always)]
    pub(super) fn step<B: Bus>(&mut self, bus: &mut B) -> Result<(), Trap> {
        let pc = self.pc;
        self.r[15] = pc.wrapping_add(4);
        let Ok(opcode) = bus.fetch(pc, &mut self.cycles) else {
            return Err(Trap::Fault(Fault::Bus { address: pc }));
        };
        let Instruction { op, d, n, m, imm } = self.table[opcode as usize];
        self.pc = pc.wrapping_add(2);
        self.cycles += 1;
        self.instructions += 1;
        match op {
            Op::MovLow => {
                let result = self.low(m);
                self.flags(result);
                self.put(d, result);
            }
            Op::LslImm => {
                let result = self.shift_left(self.low(m), imm);
                self.put(d, result);
            }
            Op::LsrImm => {
                let result = self.shift_right(self.low(m), imm);
                self.put(d, result);
            }
            Op::AsrImm => {
                let result = self.shift_right_signed(self.low(m), imm);
                self.put(d, result);
            }
            Op::LsrAll => {
                let result = self.shift_right(self.low(m), 32);
                self.put(d, result);
            }
            Op::AsrAll => {
                let result = self.shift_right_signed(self.low(m), 32);
                self.put(d, result);
            }
            Op::AddReg => {
                let result = self.add_with_carry(self.low(n), self.low(m), false);
                self.put(d, result);
            }
            Op::SubReg => {
                let result = self.add_with_carry(self.low(n), !self.low(m), true);
                self.put(d, result);
            }
            Op::AddImm => {
                let result = self.add_with_carry(self.low(n), imm, false);
                self.put(d, result);
            }
            Op::SubImm => {
                let result = self.add_with_carry(self.low(n), !imm, true);
                self.put(d, result);
            }
            Op::MovImm => {
                self.flags(imm);
                self.put(d, imm);
            }
            Op::CmpImm => {
                self.add_with_carry(self.low(n), !imm, true);
            }
            Op::And => {
                let result = self.flags(self.low(n) & self.low(m));
                self.put(d, result);
            }
            Op::Eor => {
                let result = self.flags(self.low(n) ^ self.low(m));
                self.put(d, result);
            }
            Op::LslReg => {
                let result = self.shift_left(self.low(n), self.low(m));
                self.put(d, result);
            }
            Op::LsrReg => {
                let result = self.shift_right(self.low(n), self.low(m));
                self.put(d, result);
            }
            Op::AsrReg => {
                let result = self.shift_right_signed(self.low(n), self.low(m));
                self.put(d, result);
            }
            Op::RorReg => {
                let result = self.rotate_right(self.low(n), self.low(m));
                self.put(d, result);
            }
            Op::Adc => {
                let result = self.add_with_carry(self.low(n), self.low(m), self.c);
                self.put(d, result);
            }
            Op::Sbc => {
                let result = self.add_with_carry(self.low(n), !self.low(m), self.c);
                self.put(d, result);
            }
            Op::Tst => {
                self.flags(self.low(n) & self.low(m));
            }
            Op::Rsb => {
                let result = self.add_with_carry(!self.low(m), 0, true);
                self.put(d, result);
            }
            Op::CmpReg => {
                self.add_with_carry(self.low(n), !self.low(m), true);
            }
            Op::Cmn => {
                self.add_with_carry(self.low(n), self.low(m), false);
            }
            Op::Orr => {
                let result = self.flags(self.low(n) | self.low(m));
                self.put(d, result);
            }
            Op::Mul => {
                let result = self.flags(self.low(n).wrapping_mul(self.low(m)));
                self.put(d, result);
            }
            Op::Bic => {
                let result = self.flags(self.low(n) & !self.low(m));
                self.put(d, result);
            }
            Op::Mvn => {
                let result = self.flags(!self.low(m));
                self.put(d, result);
            }
            Op::AddHigh => self.write_any(d, self.any(n).wrapping_add(self.any(m))),
            Op::AddPc => self.branch(self.r[15].wrapping_add(self.any(m))),
            Op::CmpHigh => {
                self.add_with_carry(self.any(n), !self.any(m), true);
            }
            Op::MovHigh => self.write_any(d, self.any(m)),
            Op::MovPc => self.branch(self.any(m)),
            Op::Bx => return self.interwork(self.any(m)),
            Op::Blx => {
                let target = self.any(m);
                self.r[14] = self.pc | 1;
                self.branch(target);
                if target & 1 == 0 {
                    return Err(Trap::Fault(Fault::InvalidState));
                }
            }
            Op::LdrLiteral => {
                let value = self.load32(bus, (self.r[15] & !3).wrapping_add(imm))?;
                self.put(d, value);
            }
            Op::StrReg => self.store32(bus, self.low(n).wrapping_add(self.low(m)), self.low(d))?,
            Op::StrhReg => self.store16(bus, self.low(n).wrapping_add(self.low(m)), self.low(d))?,
            Op::StrbReg => self.store8(bus, self.low(n).wrapping_add(self.low(m)), self.low(d))?,
            Op::LdrsbReg => {
                let value = self.load8(bus, self.low(n).wrapping_add(self.low(m)))?;
                self.put(d, i32::from(value.cast_signed()).cast_unsigned());
            }
            Op::LdrReg => {
                let value = self.load32(bus, self.low(n).wrapping_add(self.low(m)))?;
                self.put(d, value);
            }
            Op::LdrhReg => {
                let value = self.load16(bus, self.low(n).wrapping_add(self.low(m)))?;
                self.put(d, u32::from(value));
            }
            Op::LdrbReg => {
                let value = self.load8(bus, self.low(n).wrapping_add(self.low(m)))?;
                self.put(d, u32::from(value));
            }
            Op::LdrshReg => {
                let value = self.load16(bus, self.low(n).wrapping_add(self.low(m)))?;
                self.put(d, i32::from(value.cast_signed()).cast_unsigned());
            }
            Op::StrImm => self.store32(bus, self.any(n).wrapping_add(imm), self.low(d))?,
            Op::LdrImm => {
                let value = self.load32(bus, self.any(n).wrapping_add(imm))?;
                self.put(d, value);
            }
            Op::StrbImm => self.store8(bus, self.low(n).wrapping_add(imm), self.low(d))?,
            Op::LdrbImm => {
                let value = self.load8(bus, self.low(n).wrapping_add(imm))?;
                self.put(d, u32::from(value));
            }
            Op::StrhImm => self.store16(bus, self.low(n).wrapping_add(imm), self.low(d))?,
            Op::LdrhImm => {
                let value = self.load16(bus, self.low(n).wrapping_add(imm))?;
                self.put(d, u32::from(value));
            }
            Op::Adr => self.put(d, (self.r[15] & !3).wrapping_add(imm)),
            Op::AddSp => self.put(d, self.r[13].wrapping_add(imm)),
            Op::IncSp => self.r[13] = self.r[13].wrapping_add(imm),
            Op::DecSp => {
                self.r[13] = self.r[13].wrapping_sub(imm);
                self.note_sp();
            }
            Op::Sxth => self.put(d, ((self.low(m) << 16).cast_signed() >> 16).cast_unsigned()),
            Op::Sxtb => self.put(d, ((self.low(m) << 24).cast_signed() >> 24).cast_unsigned()),
            Op::Uxth => self.put(d, self.low(m) & 0xFFFF),
            Op::Uxtb => self.put(d, self.low(m) & 0xFF),
            Op::Push => {
                let sp = self.r[13].wrapping_sub(imm.count_ones() * 4);
                self.store_many(bus, sp, imm)?;
                self.r[13] = sp;
                self.note_sp();
            }
            Op::Pop => self.r[13] = self.load_many(bus, self.r[13], imm)?,
            Op::PopPc => {
                let top = self.r[13].wrapping_add(imm.count_ones() * 4);
                let target = self.load32(bus, top)?;
                self.load_many(bus, self.r[13], imm)?;
                self.r[13] = top.wrapping_add(4);
                self.cycles += REFILL;
                return self.interwork(target);
            }
            Op::Cps => {
                self.primask = imm != 0;
                if !self.primask && self.nvic.ready() != 0 {
                    return Err(Trap::Look);
                }
            }
            Op::Rev => self.put(d, self.low(m).swap_bytes()),
            Op::Rev16 => self.put(d, self.low(m).swap_bytes().rotate_right(16)),
            Op::Revsh => {
                let half = (self.low(m) & 0xFFFF) as u16;
                self.put(d, i32::from(half.swap_bytes().cast_signed()).cast_unsigned());
            }
            Op::Bkpt => return Err(Trap::Breakpoint((imm & 0xFF) as u8)),
            Op::Nop => {}
            Op::Wfe => {
                self.cycles += 1;
                if !core::mem::take(&mut self.event) {
                    self.sleeping = Some(SleepKind::Event);
                    return Err(Trap::Sleep);
                }
            }
            Op::Wfi => {
                self.cycles += 1;
                self.sleeping = Some(SleepKind::Interrupt);
                return Err(Trap::Sleep);
            }
            Op::Sev => self.event = true,
            Op::Stm => {
                let end = self.store_many(bus, self.low(n), imm)?;
                self.put(n, end);
            }
            Op::Ldm => {
                let end = self.load_many(bus, self.low(n), imm)?;
                if imm >> (n & 7) & 1 == 0 {
                    self.put(n, end);
                }
            }
            Op::Beq => self.branch_if(self.zero(), imm),
            Op::Bne => self.branch_if(!self.zero(), imm),
            Op::Bcs => self.branch_if(self.c, imm),
            Op::Bcc => self.branch_if(!self.c, imm),
            Op::Bmi => self.branch_if(self.negative(), imm),
            Op::Bpl => self.branch_if(!self.negative(), imm),
            Op::Bvs => self.branch_if(self.v, imm),
            Op::Bvc => self.branch_if(!self.v, imm),
            Op::Bhi => self.branch_if(self.c && !self.zero(), imm),
            Op::Bls => self.branch_if(!self.c || self.zero(), imm),
            Op::Bge => self.branch_if(self.negative() == self.v, imm),
            Op::Blt => self.branch_if(self.negative() != self.v, imm),
            Op::Bgt => self.branch_if(!self.zero() && self.negative() == self.v, imm),
            Op::Ble => self.branch_if(self.zero() || self.negative() != self.v, imm),
            Op::B => self.branch(self.r[15].wrapping_add(imm)),
            Op::Svc => return Err(Trap::SupervisorCall),
            Op::Wide => return self.wide(opcode, bus),
            Op::Undefined => return Err(Trap::Fault(Fault::Undefined)),
        }
        Ok(())
    }

    /// Writes a register above R7: the stack pointer keeps its two low bits clear.
    #[inline(always)]
    fn write_any(&mut self, number: u8, value: u32) {
        if number == 13 {
            self.set_sp(value);
        } else {
            self.r[(number & 15) as usize] = value;
        }
    }

    /// 32-bit instructions (section A5.3).
    #[inline]
    fn wide<B: Bus>(&mut self, first: u16, bus: &mut B) -> Result<(), Trap> {
        let address = self.pc;
        let Ok(second) = bus.fetch(address, &mut self.cycles) else {
            return Err(Trap::Fault(Fault::Bus { address }));
        };
        self.pc = address.wrapping_add(2);
        let system_register = (second & 0xFF) as u8;
        match (first, second) {
            _ if second & 0xD000 == 0xD000 => {
                self.r[14] = self.pc | 1;
                self.cycles += 1;
                self.branch(self.r[15].wrapping_add(link_offset(first, second)));
            }
            (0xF380..=0xF39F, 0x8000..=0xAFFF) if second & 0x5000 == 0 => {
                self.cycles += SYSTEM - 1;
                self.write_special(system_register, self.any((first & 0xF) as u8));
                return Err(Trap::Look);
            }
            (0xF3E0..=0xF3FF, 0x8000..=0xAFFF) if second & 0x5000 == 0 => {
                self.cycles += SYSTEM - 1;
                self.write_any((second >> 8 & 0xF) as u8, self.read_special(system_register));
            }
            (0xF3B0..=0xF3BF, 0x8000..=0xAFFF) if matches!(second >> 4 & 0xF, 4..=6) => {
                self.cycles += SYSTEM - 1;
            }
            _ => return Err(Trap::Fault(Fault::Undefined)),
        }
        Ok(())
    }
}

/// Puts the offset of BL together (encoding T1 of section A6.7.13).
const fn link_offset(first: u16, second: u16) -> u32 {
    let (first, second) = (first as u32, second as u32);
    let sign = first >> 10 & 1;
    let i1 = !(second >> 13 ^ sign) & 1;
    let i2 = !(second >> 11 ^ sign) & 1;
    let offset = sign << 24 | i1 << 23 | i2 << 22 | (first & 0x3FF) << 12 | (second & 0x7FF) << 1;
    (offset ^ 1 << 24).wrapping_sub(1 << 24)
}
