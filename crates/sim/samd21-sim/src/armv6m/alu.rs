//! Arithmetic that sets flags (section A2.2.1).

use super::Cpu;

impl Cpu {
    /// Sets N and Z of `result`.
    #[inline(always)]
    pub(super) const fn flags(&mut self, result: u32) -> u32 {
        self.n = result;
        self.z = result;
        result
    }

    /// Adds with a carry and sets all flags.
    #[inline(always)]
    pub(super) const fn add_with_carry(&mut self, x: u32, y: u32, carry: bool) -> u32 {
        let (partial, first) = x.overflowing_add(y);
        let (result, second) = partial.overflowing_add(carry as u32);
        self.c = first | second;
        self.v = (x ^ result) & (y ^ result) & 1 << 31 != 0;
        self.flags(result)
    }

    /// Shifts left by the low byte of `amount`, with the carry.
    #[inline(always)]
    pub(super) const fn shift_left(&mut self, value: u32, amount: u32) -> u32 {
        let result = match amount & 0xFF {
            0 => value,
            by @ 1..32 => {
                self.c = value >> (32 - by) & 1 != 0;
                value << by
            }
            by => {
                self.c = by == 32 && value & 1 != 0;
                0
            }
        };
        self.flags(result)
    }

    /// Shifts right by the low byte of `amount`, with the carry.
    #[inline(always)]
    pub(super) const fn shift_right(&mut self, value: u32, amount: u32) -> u32 {
        let result = match amount & 0xFF {
            0 => value,
            by @ 1..32 => {
                self.c = value >> (by - 1) & 1 != 0;
                value >> by
            }
            by => {
                self.c = by == 32 && value >> 31 != 0;
                0
            }
        };
        self.flags(result)
    }

    /// Shifts right by the low byte of `amount`, with the carry, and keeps the sign.
    #[inline(always)]
    pub(super) const fn shift_right_signed(&mut self, value: u32, amount: u32) -> u32 {
        let result = match amount & 0xFF {
            0 => value,
            by @ 1..32 => {
                self.c = value >> (by - 1) & 1 != 0;
                (value.cast_signed() >> by).cast_unsigned()
            }
            _ => {
                self.c = value >> 31 != 0;
                (value.cast_signed() >> 31).cast_unsigned()
            }
        };
        self.flags(result)
    }

    /// Rotates right by the low byte of `amount`, with the carry.
    #[inline(always)]
    pub(super) const fn rotate_right(&mut self, value: u32, amount: u32) -> u32 {
        let result = value.rotate_right(amount & 31);
        if amount & 0xFF != 0 {
            self.c = result >> 31 != 0;
        }
        self.flags(result)
    }

    /// Tells N.
    #[inline(always)]
    pub(super) const fn negative(&self) -> bool {
        self.n >> 31 != 0
    }

    /// Tells Z.
    #[inline(always)]
    pub(super) const fn zero(&self) -> bool {
        self.z == 0
    }
}
