//! Every halfword of code decoded once: a table of 65,536 instructions, so that there is no cache to keep true.

use std::sync::LazyLock;

/// What an instruction does. Names are the manual's; `Imm`, `Reg`, `Sp` and so on tell the form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are the manual's mnemonics")]
pub enum Op {
    LslImm,
    LsrImm,
    AsrImm,
    /// LSR or ASR by 32.
    LsrAll,
    AsrAll,
    AddReg,
    SubReg,
    AddImm,
    SubImm,
    MovImm,
    MovLow,
    CmpImm,
    And,
    Eor,
    LslReg,
    LsrReg,
    AsrReg,
    Adc,
    Sbc,
    RorReg,
    Tst,
    Rsb,
    CmpReg,
    Cmn,
    Orr,
    Mul,
    Bic,
    Mvn,
    AddHigh,
    AddPc,
    CmpHigh,
    MovHigh,
    MovPc,
    Bx,
    Blx,
    LdrLiteral,
    StrReg,
    StrhReg,
    StrbReg,
    LdrsbReg,
    LdrReg,
    LdrhReg,
    LdrbReg,
    LdrshReg,
    StrImm,
    LdrImm,
    StrbImm,
    LdrbImm,
    StrhImm,
    LdrhImm,
    Adr,
    AddSp,
    IncSp,
    DecSp,
    Sxth,
    Sxtb,
    Uxth,
    Uxtb,
    Push,
    Pop,
    PopPc,
    Cps,
    Rev,
    Rev16,
    Revsh,
    Bkpt,
    Nop,
    Wfe,
    Wfi,
    Sev,
    Stm,
    Ldm,
    Beq,
    Bne,
    Bcs,
    Bcc,
    Bmi,
    Bpl,
    Bvs,
    Bvc,
    Bhi,
    Bls,
    Bge,
    Blt,
    Bgt,
    Ble,
    B,
    Svc,
    /// First half of BL, MSR, MRS and the barriers.
    Wide,
    Undefined,
}

/// A decoded instruction: destination, operands and an immediate that is ready to use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Instruction {
    /// What it does.
    pub op: Op,
    /// Rd or Rt.
    pub d: u8,
    /// Rn: first operand or base.
    pub n: u8,
    /// Rm: second operand or index.
    pub m: u8,
    /// Immediate, offset (sign-extended) or list of registers.
    pub imm: u32,
}

/// Borrows the table.
pub(super) fn table() -> &'static [Instruction; 0x1_0000] {
    static TABLE: LazyLock<Box<[Instruction; 0x1_0000]>> = LazyLock::new(|| {
        let all: Vec<Instruction> = (0..=u16::MAX).map(Instruction::decode).collect();
        all.into_boxed_slice().try_into().unwrap_or_else(|_| unreachable!("one for each halfword"))
    });
    &TABLE
}

/// The conditions of B, in the order of their codes.
const CONDITIONS: [Op; 14] = [
    Op::Beq,
    Op::Bne,
    Op::Bcs,
    Op::Bcc,
    Op::Bmi,
    Op::Bpl,
    Op::Bvs,
    Op::Bvc,
    Op::Bhi,
    Op::Bls,
    Op::Bge,
    Op::Blt,
    Op::Bgt,
    Op::Ble,
];

/// Data processing of two low registers, in the order of their codes (section A5.2.2).
const DATA_PROCESSING: [Op; 16] = [
    Op::And,
    Op::Eor,
    Op::LslReg,
    Op::LsrReg,
    Op::AsrReg,
    Op::Adc,
    Op::Sbc,
    Op::RorReg,
    Op::Tst,
    Op::Rsb,
    Op::CmpReg,
    Op::Cmn,
    Op::Orr,
    Op::Mul,
    Op::Bic,
    Op::Mvn,
];

/// Loads and stores with a register as offset, in the order of their codes (section A5.2.4).
const REGISTER_OFFSET: [Op; 8] =
    [Op::StrReg, Op::StrhReg, Op::StrbReg, Op::LdrsbReg, Op::LdrReg, Op::LdrhReg, Op::LdrbReg, Op::LdrshReg];

/// Cuts `bits` bits from `opcode`, from bit `low` up.
const fn cut(opcode: u16, low: u32, bits: u32) -> u8 {
    (opcode >> low & ((1 << bits) - 1) & 0xFF) as u8
}

impl Instruction {
    const fn new(op: Op, d: u8, n: u8, m: u8, imm: u32) -> Self {
        Self { op, d, n, m, imm }
    }

    const fn plain(op: Op) -> Self {
        Self::new(op, 0, 0, 0, 0)
    }

    /// Decodes a halfword (section A5.2).
    #[must_use]
    pub fn decode(opcode: u16) -> Self {
        let (low, next, third) = (cut(opcode, 0, 3), cut(opcode, 3, 3), cut(opcode, 6, 3));
        let (high, imm5) = (cut(opcode, 8, 3), u32::from(cut(opcode, 6, 5)));
        let imm8 = u32::from(cut(opcode, 0, 8));
        match opcode >> 11 {
            0b00000 if imm5 == 0 => Self::new(Op::MovLow, low, 0, next, 0),
            0b00000 => Self::new(Op::LslImm, low, 0, next, imm5),
            0b00001 if imm5 == 0 => Self::new(Op::LsrAll, low, 0, next, 0),
            0b00001 => Self::new(Op::LsrImm, low, 0, next, imm5),
            0b00010 if imm5 == 0 => Self::new(Op::AsrAll, low, 0, next, 0),
            0b00010 => Self::new(Op::AsrImm, low, 0, next, imm5),
            0b00011 => match cut(opcode, 9, 2) {
                0b00 => Self::new(Op::AddReg, low, next, third, 0),
                0b01 => Self::new(Op::SubReg, low, next, third, 0),
                0b10 => Self::new(Op::AddImm, low, next, 0, u32::from(third)),
                _ => Self::new(Op::SubImm, low, next, 0, u32::from(third)),
            },
            0b00100 => Self::new(Op::MovImm, high, 0, 0, imm8),
            0b00101 => Self::new(Op::CmpImm, 0, high, 0, imm8),
            0b00110 => Self::new(Op::AddImm, high, high, 0, imm8),
            0b00111 => Self::new(Op::SubImm, high, high, 0, imm8),
            0b01000 if opcode >> 10 == 0b01_0000 => {
                Self::new(DATA_PROCESSING[usize::from(cut(opcode, 6, 4))], low, low, next, 0)
            }
            0b01000 => Self::special(opcode),
            0b01001 => Self::new(Op::LdrLiteral, high, 0, 0, imm8 * 4),
            0b01010 | 0b01011 => {
                Self::new(REGISTER_OFFSET[usize::from(cut(opcode, 9, 3))], low, next, third, 0)
            }
            0b01100 => Self::new(Op::StrImm, low, next, 0, imm5 * 4),
            0b01101 => Self::new(Op::LdrImm, low, next, 0, imm5 * 4),
            0b01110 => Self::new(Op::StrbImm, low, next, 0, imm5),
            0b01111 => Self::new(Op::LdrbImm, low, next, 0, imm5),
            0b10000 => Self::new(Op::StrhImm, low, next, 0, imm5 * 2),
            0b10001 => Self::new(Op::LdrhImm, low, next, 0, imm5 * 2),
            0b10010 => Self::new(Op::StrImm, high, 13, 0, imm8 * 4),
            0b10011 => Self::new(Op::LdrImm, high, 13, 0, imm8 * 4),
            0b10100 => Self::new(Op::Adr, high, 0, 0, imm8 * 4),
            0b10101 => Self::new(Op::AddSp, high, 0, 0, imm8 * 4),
            0b10110 | 0b10111 => Self::miscellaneous(opcode),
            0b11000 => Self::new(Op::Stm, 0, high, 0, imm8),
            0b11001 => Self::new(Op::Ldm, 0, high, 0, imm8),
            0b11010 | 0b11011 => match cut(opcode, 8, 4) {
                14 => Self::plain(Op::Undefined),
                15 => Self::new(Op::Svc, 0, 0, 0, imm8),
                condition => Self::new(CONDITIONS[usize::from(condition)], 0, 0, 0, sign_extend(imm8 * 2, 9)),
            },
            0b11100 => Self::new(Op::B, 0, 0, 0, sign_extend(u32::from(opcode & 0x7FF) * 2, 12)),
            0b11110 => Self::plain(Op::Wide),
            _ => Self::plain(Op::Undefined),
        }
    }

    /// Special data instructions and branch and exchange (section A5.2.3).
    const fn special(opcode: u16) -> Self {
        let (d, m) = (cut(opcode, 0, 3) | cut(opcode, 7, 1) << 3, cut(opcode, 3, 4));
        match cut(opcode, 8, 2) {
            0b00 if d == 15 => Self::new(Op::AddPc, 15, 15, m, 0),
            0b00 => Self::new(Op::AddHigh, d, d, m, 0),
            0b01 => Self::new(Op::CmpHigh, 0, d, m, 0),
            0b10 if d == 15 => Self::new(Op::MovPc, 15, 0, m, 0),
            0b10 => Self::new(Op::MovHigh, d, 0, m, 0),
            _ if opcode & 1 << 7 == 0 => Self::new(Op::Bx, 0, 0, m, 0),
            _ => Self::new(Op::Blx, 0, 0, m, 0),
        }
    }

    /// Miscellaneous 16-bit instructions (section A5.2.5).
    fn miscellaneous(opcode: u16) -> Self {
        let (low, next) = (cut(opcode, 0, 3), cut(opcode, 3, 3));
        let imm8 = u32::from(cut(opcode, 0, 8));
        let imm7 = u32::from(cut(opcode, 0, 7)) * 4;
        let link = u32::from(opcode >> 8 & 1);
        match opcode >> 6 & 0x3F {
            0b00_0000 | 0b00_0001 => Self::new(Op::IncSp, 13, 13, 0, imm7),
            0b00_0010 | 0b00_0011 => Self::new(Op::DecSp, 13, 13, 0, imm7),
            0b00_1000 => Self::new(Op::Sxth, low, 0, next, 0),
            0b00_1001 => Self::new(Op::Sxtb, low, 0, next, 0),
            0b00_1010 => Self::new(Op::Uxth, low, 0, next, 0),
            0b00_1011 => Self::new(Op::Uxtb, low, 0, next, 0),
            0b01_0000..=0b01_0111 => Self::new(Op::Push, 0, 13, 0, imm8 | link << 14),
            0b01_1001 if opcode & 0xFFEF == 0xB662 => Self::new(Op::Cps, 0, 0, 0, u32::from(opcode >> 4 & 1)),
            0b10_1000 => Self::new(Op::Rev, low, 0, next, 0),
            0b10_1001 => Self::new(Op::Rev16, low, 0, next, 0),
            0b10_1011 => Self::new(Op::Revsh, low, 0, next, 0),
            0b11_0000..=0b11_0011 => Self::new(Op::Pop, 0, 13, 0, imm8),
            0b11_0100..=0b11_0111 => Self::new(Op::PopPc, 0, 13, 0, imm8),
            0b11_1000..=0b11_1011 => Self::new(Op::Bkpt, 0, 0, 0, imm8),
            0b11_1100..=0b11_1111 if opcode & 0xF == 0 => match opcode >> 4 & 0xF {
                2 => Self::plain(Op::Wfe),
                3 => Self::plain(Op::Wfi),
                4 => Self::plain(Op::Sev),
                _ => Self::plain(Op::Nop),
            },
            _ => Self::plain(Op::Undefined),
        }
    }
}

/// Extends the sign of a value of `bits` bits.
const fn sign_extend(value: u32, bits: u32) -> u32 {
    let sign = 1 << (bits - 1);
    (value ^ sign).wrapping_sub(sign)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instruction_is_eight_bytes() {
        assert_eq!(size_of::<Instruction>(), 8);
    }

    #[test]
    fn encodings_of_the_manual_decode() {
        for (opcode, expected) in [
            (0x0000, Instruction::new(Op::MovLow, 0, 0, 0, 0)),
            (0x07D1, Instruction::new(Op::LslImm, 1, 0, 2, 31)),
            (0x0811, Instruction::new(Op::LsrAll, 1, 0, 2, 0)),
            (0x1C51, Instruction::new(Op::AddImm, 1, 2, 0, 1)),
            (0x4342, Instruction::new(Op::Mul, 2, 2, 0, 0)),
            (0x4770, Instruction::new(Op::Bx, 0, 0, 14, 0)),
            (0x4485, Instruction::new(Op::AddHigh, 13, 13, 0, 0)),
            (0x46C0, Instruction::new(Op::MovHigh, 8, 0, 8, 0)),
            (0xB5F0, Instruction::new(Op::Push, 0, 13, 0, 0x40F0)),
            (0xBDF0, Instruction::new(Op::PopPc, 0, 13, 0, 0xF0)),
            (0xB672, Instruction::new(Op::Cps, 0, 0, 0, 1)),
            (0xBF30, Instruction::plain(Op::Wfi)),
            (0xD0FE, Instruction::new(Op::Beq, 0, 0, 0, 0xFFFF_FFFC)),
            (0xE7FE, Instruction::new(Op::B, 0, 0, 0, 0xFFFF_FFFC)),
            (0xDEFE, Instruction::plain(Op::Undefined)),
            (0xBF08, Instruction::plain(Op::Undefined)),
            (0xE800, Instruction::plain(Op::Undefined)),
            (0xF7FF, Instruction::plain(Op::Wide)),
        ] {
            assert_eq!(Instruction::decode(opcode), expected, "{opcode:04X}");
        }
    }
}
