//! From accesses of any width to whole registers.
//!
//! Firmware reads a 32-bit register as four bytes, or two 8-bit registers as one halfword. A block only states
//! where its registers are and what each of them does.

use crate::bus::Width;
use crate::fabric::Fabric;
use crate::peripheral::Peripheral;

/// A register's offset and its bytes.
pub type Entry = (u32, u32);

/// A block that is made of registers.
pub trait Registers: Peripheral {
    /// Lists the registers of the block as it is set up now.
    fn map(&self) -> &'static [Entry];

    /// Reads a register, with what a read does.
    fn get(&mut self, register: u32, fabric: &mut Fabric) -> u32;

    /// Writes those bits of a register that `mask` has; `value` has no others.
    fn put(&mut self, register: u32, value: u32, mask: u32, fabric: &mut Fabric);
}

/// Reads what lies at `offset`.
pub fn read(block: &mut impl Registers, offset: u32, width: Width, fabric: &mut Fabric) -> u32 {
    let mut value = 0;
    let mut found = false;
    for &(register, bytes) in block.map() {
        if overlap(register, bytes, offset, width) {
            found = true;
            let whole = block.get(register, fabric);
            value |= shifted(whole, register, offset);
        }
    }
    if !found {
        fabric.unmodelled(block.name(), offset, false);
    }
    value & width.mask()
}

/// Writes what lies at `offset`.
pub fn write(block: &mut impl Registers, offset: u32, width: Width, value: u32, fabric: &mut Fabric) {
    let mut found = false;
    for &(register, bytes) in block.map() {
        if overlap(register, bytes, offset, width) {
            found = true;
            let own = if bytes == 4 { u32::MAX } else { (1 << (bytes * 8)) - 1 };
            let mask = shifted(width.mask(), offset, register) & own;
            block.put(register, shifted(value & width.mask(), offset, register) & mask, mask, fabric);
        }
    }
    if !found {
        fabric.unmodelled(block.name(), offset, true);
    }
}

/// Takes over the bits of `mask`.
pub const fn merge(register: &mut u32, value: u32, mask: u32) {
    *register = *register & !mask | value & mask;
}

const fn overlap(register: u32, bytes: u32, offset: u32, width: Width) -> bool {
    register < offset + width.bytes() && offset < register + bytes
}

/// Shifts what stands at `from` to where `to` sees it.
const fn shifted(value: u32, from: u32, to: u32) -> u32 {
    if from >= to { value << ((from - to) * 8) } else { value >> ((to - from) * 8) }
}

/// Makes a block's [`Peripheral::read`] and [`Peripheral::write`] those of this module.
macro_rules! by_registers {
    () => {
        fn read(
            &mut self,
            offset: u32,
            width: $crate::bus::Width,
            fabric: &mut $crate::fabric::Fabric,
        ) -> u32 {
            $crate::peripherals::registers::read(self, offset, width, fabric)
        }

        fn write(
            &mut self,
            offset: u32,
            width: $crate::bus::Width,
            value: u32,
            fabric: &mut $crate::fabric::Fabric,
        ) {
            $crate::peripherals::registers::write(self, offset, width, value, fabric);
        }
    };
}
pub(crate) use by_registers;

/// The triple INTENCLR, INTENSET, INTFLAG.
#[derive(Clone, Copy, Debug, Default)]
pub struct Interrupts {
    /// Enabled flags.
    pub enabled: u32,
    /// Flags.
    pub flags: u32,
}

impl Interrupts {
    /// Tells whether an enabled flag is set.
    #[must_use]
    pub const fn pending(self) -> bool {
        self.enabled & self.flags != 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Default)]
    struct Two {
        wide: u32,
        narrow: u32,
        masks: Vec<(u32, u32, u32)>,
    }

    impl Peripheral for Two {
        fn name(&self) -> &'static str {
            "TWO"
        }
        by_registers!();
        fn reset(&mut self, _fabric: &mut Fabric) {}
    }

    impl Registers for Two {
        fn map(&self) -> &'static [Entry] {
            &[(0, 4), (4, 1), (5, 1)]
        }
        fn get(&mut self, register: u32, _fabric: &mut Fabric) -> u32 {
            match register {
                0 => self.wide,
                4 => self.narrow,
                _ => 0xEE,
            }
        }
        fn put(&mut self, register: u32, value: u32, mask: u32, _fabric: &mut Fabric) {
            self.masks.push((register, value, mask));
            if register == 0 {
                merge(&mut self.wide, value, mask);
            }
        }
    }

    #[test]
    fn narrow_and_wide_accesses_meet_whole_registers() {
        let (mut two, mut fabric) = (Two::default(), Fabric::new());
        two.write(2, Width::Half, 0x1234, &mut fabric);
        two.write(0, Width::Byte, 0x56, &mut fabric);
        assert_eq!(two.wide, 0x1234_0056);
        assert_eq!(two.read(3, Width::Byte, &mut fabric), 0x12);
        two.narrow = 0x77;
        assert_eq!(two.read(4, Width::Half, &mut fabric), 0xEE77);
        two.masks.clear();
        two.write(4, Width::Half, 0xABCD, &mut fabric);
        assert_eq!(two.masks, [(4, 0xCD, 0xFF), (5, 0xAB, 0xFF)]);
        assert!(fabric.warnings.is_empty());
        two.write(8, Width::Word, 1, &mut fabric);
        assert_eq!(fabric.warnings.len(), 1);
    }
}
