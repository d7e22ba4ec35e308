//! The registers as GDB knows them of an ARMv6-M core.

use gdbstub::arch::{Arch, BreakpointKind, RegId, Registers};

/// The description of the target that GDB reads.
const DESCRIPTION: &str = r#"<?xml version="1.0"?>
<!DOCTYPE target SYSTEM "gdb-target.dtd">
<target version="1.0">
<architecture>arm</architecture>
<feature name="org.gnu.gdb.arm.m-profile">
<reg name="r0" bitsize="32"/><reg name="r1" bitsize="32"/><reg name="r2" bitsize="32"/>
<reg name="r3" bitsize="32"/><reg name="r4" bitsize="32"/><reg name="r5" bitsize="32"/>
<reg name="r6" bitsize="32"/><reg name="r7" bitsize="32"/><reg name="r8" bitsize="32"/>
<reg name="r9" bitsize="32"/><reg name="r10" bitsize="32"/><reg name="r11" bitsize="32"/>
<reg name="r12" bitsize="32"/><reg name="sp" bitsize="32" type="data_ptr"/>
<reg name="lr" bitsize="32"/><reg name="pc" bitsize="32" type="code_ptr"/>
<reg name="xpsr" bitsize="32" regnum="25"/>
</feature>
</target>"#;

/// R0 to R15 and xPSR.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct CoreRegisters(pub(super) [u32; 17]);

impl Registers for CoreRegisters {
    type ProgramCounter = u32;

    fn pc(&self) -> u32 {
        self.0[15]
    }

    fn gdb_serialize(&self, mut write_byte: impl FnMut(Option<u8>)) {
        self.0.iter().flat_map(|word| word.to_le_bytes()).for_each(|byte| write_byte(Some(byte)));
    }

    fn gdb_deserialize(&mut self, bytes: &[u8]) -> Result<(), ()> {
        let (words, _) = bytes.as_chunks::<4>();
        if words.len() < self.0.len() {
            return Err(());
        }
        for (register, word) in self.0.iter_mut().zip(words) {
            *register = u32::from_le_bytes(*word);
        }
        Ok(())
    }
}

/// R0 to R15, or 16 for xPSR.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Number(pub(super) u8);

impl RegId for Number {
    fn from_raw_id(id: usize) -> Option<(Self, Option<core::num::NonZeroUsize>)> {
        let number = match id {
            0..=15 => u8::try_from(id).ok()?,
            25 => 16,
            _ => return None,
        };
        Some((Self(number), core::num::NonZeroUsize::new(4)))
    }
}

/// Kinds of breakpoints: instructions of two or four bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Thumb(usize);

impl BreakpointKind for Thumb {
    fn from_usize(kind: usize) -> Option<Self> {
        matches!(kind, 2..=4).then_some(Self(kind))
    }
}

/// ARMv6-M.
#[derive(Debug)]
pub(super) enum Armv6m {}

impl Arch for Armv6m {
    type Usize = u32;
    type Registers = CoreRegisters;
    type BreakpointKind = Thumb;
    type RegId = Number;

    fn target_description_xml() -> Option<&'static str> {
        Some(DESCRIPTION)
    }
}
