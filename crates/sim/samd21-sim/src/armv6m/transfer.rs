//! Loads and stores: alignment first, then the chip's buses, then the private peripheral bus.

use super::{Cpu, Fault, Trap};
use crate::bus::{Bus, Width};

impl Cpu {
    #[inline(always)]
    pub(super) fn load32<B: Bus>(&mut self, bus: &mut B, address: u32) -> Result<u32, Trap> {
        if address & 3 != 0 {
            return Err(Trap::Fault(Fault::Unaligned { address }));
        }
        match bus.read32(address, &mut self.cycles) {
            Ok(value) => Ok(value),
            Err(_) => self.private_read(address, Width::Word),
        }
    }

    #[inline(always)]
    pub(super) fn load16<B: Bus>(&mut self, bus: &mut B, address: u32) -> Result<u16, Trap> {
        if address & 1 != 0 {
            return Err(Trap::Fault(Fault::Unaligned { address }));
        }
        match bus.read16(address, &mut self.cycles) {
            Ok(value) => Ok(value),
            Err(_) => self.private_read(address, Width::Half).map(|value| (value & 0xFFFF) as u16),
        }
    }

    #[inline(always)]
    pub(super) fn load8<B: Bus>(&mut self, bus: &mut B, address: u32) -> Result<u8, Trap> {
        match bus.read8(address, &mut self.cycles) {
            Ok(value) => Ok(value),
            Err(_) => self.private_read(address, Width::Byte).map(|value| (value & 0xFF) as u8),
        }
    }

    #[inline(always)]
    pub(super) fn store32<B: Bus>(&mut self, bus: &mut B, address: u32, value: u32) -> Result<(), Trap> {
        if address & 3 != 0 {
            return Err(Trap::Fault(Fault::Unaligned { address }));
        }
        match bus.write32(address, value, &mut self.cycles) {
            Ok(()) => Ok(()),
            Err(_) => self.private_write(address, Width::Word, value),
        }
    }

    #[inline(always)]
    pub(super) fn store16<B: Bus>(&mut self, bus: &mut B, address: u32, value: u32) -> Result<(), Trap> {
        if address & 1 != 0 {
            return Err(Trap::Fault(Fault::Unaligned { address }));
        }
        match bus.write16(address, (value & 0xFFFF) as u16, &mut self.cycles) {
            Ok(()) => Ok(()),
            Err(_) => self.private_write(address, Width::Half, value),
        }
    }

    #[inline(always)]
    pub(super) fn store8<B: Bus>(&mut self, bus: &mut B, address: u32, value: u32) -> Result<(), Trap> {
        match bus.write8(address, (value & 0xFF) as u8, &mut self.cycles) {
            Ok(()) => Ok(()),
            Err(_) => self.private_write(address, Width::Byte, value),
        }
    }

    /// Loads the registers of `list` from `address` up; gives the address behind the last.
    #[inline]
    pub(super) fn load_many<B: Bus>(
        &mut self,
        bus: &mut B,
        mut address: u32,
        list: u32,
    ) -> Result<u32, Trap> {
        let mut left = list;
        let mut values = [0; 8];
        while left != 0 {
            let value = self.load32(bus, address)?;
            values[(left.trailing_zeros() & 7) as usize] = value;
            address = address.wrapping_add(4);
            left &= left - 1;
        }
        let mut left = list;
        while left != 0 {
            let number = (left.trailing_zeros() & 7) as usize;
            self.r[number] = values[number];
            left &= left - 1;
        }
        Ok(address)
    }

    /// Stores the registers of `list` (bit 14 is LR) from `address` up; gives the address behind the last.
    #[inline]
    pub(super) fn store_many<B: Bus>(
        &mut self,
        bus: &mut B,
        mut address: u32,
        list: u32,
    ) -> Result<u32, Trap> {
        let mut left = list;
        while left != 0 {
            let value = self.r[(left.trailing_zeros() & 15) as usize];
            self.store32(bus, address, value)?;
            address = address.wrapping_add(4);
            left &= left - 1;
        }
        Ok(address)
    }
}
