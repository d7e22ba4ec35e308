//! The chip as the core's bus: the memory map (data sheet, section 10) and what an access costs.

use super::{Chip, NOBODY};
use crate::bus::{Bus, BusFault, Width};
use crate::fabric::nvm::FLASH_BYTES;
use crate::fabric::{RAM_BASE, RAM_BYTES};

/// Cycles of the core for an access through a bridge at the core's frequency, beside the instruction's own.
/// Assumed: the data sheet gives no figure.
const BRIDGE_CYCLES: u64 = 3;
/// Cycles of the data phase on the AHB.
const AHB_CYCLES: u64 = 1;

/// First address of the rows above the flash, and the end of them.
const ROWS: core::ops::Range<u32> = 0x0080_0000..0x0080_C000;
/// The single-cycle window to PORT.
const IOBUS: core::ops::Range<u32> = 0x6000_0000..0x6000_0200;

/// NVMCTRL's cache: direct-mapped, eight lines of 64 bits.
#[derive(Clone, Debug)]
pub(super) struct FlashCache {
    /// The line that was used last.
    last: u32,
    lines: [u32; 8],
    /// The cycle until which a command keeps the flash busy: a read waits.
    busy_until: u64,
}

impl Default for FlashCache {
    fn default() -> Self {
        Self { last: u32::MAX, lines: [u32::MAX; 8], busy_until: 0 }
    }
}

impl Chip {
    /// Charges the wait states of a read from flash.
    #[inline(always)]
    fn flash_wait(&mut self, address: u32, cycles: &mut u64) {
        let line = address >> 3;
        if line != self.cache.last {
            self.flash_line(line, cycles);
        }
    }

    #[inline]
    fn flash_line(&mut self, line: u32, cycles: &mut u64) {
        *cycles = (*cycles).max(self.cache.busy_until);
        self.cache.last = line;
        let place = &mut self.cache.lines[(line & 7) as usize];
        if *place != line {
            *place = line;
            *cycles += u64::from(self.fabric.nvm.wait_states);
            if !self.fabric.nvm.cache {
                *place = u32::MAX;
                self.cache.last = u32::MAX;
            }
        }
    }

    #[inline(always)]
    fn touch(&mut self, address: u32) {
        self.touched[(address >> 5 & 1023) as usize] = 1;
    }

    /// Reads what is neither flash nor RAM.
    #[inline(never)]
    fn read_elsewhere(&mut self, address: u32, width: Width, cycles: &mut u64) -> Result<u32, BusFault> {
        if let Some((index, offset)) = self.slot_at(address) {
            self.charge_bridge(index, cycles);
            return Ok(self.read_block(index, offset, width, *cycles));
        }
        if IOBUS.contains(&address) && self.port != NOBODY {
            return Ok(self.read_block(self.port, address & 0x1FF, width, *cycles));
        }
        if ROWS.contains(&address) {
            *cycles += AHB_CYCLES + u64::from(self.fabric.nvm.wait_states);
            let word = self.fabric.nvm.read_row(address).ok_or(BusFault)?;
            return Ok(word >> ((address & 3) * 8) & width.mask());
        }
        Err(BusFault)
    }

    fn read_block(&mut self, index: u8, offset: u32, width: Width, cycles: u64) -> u32 {
        self.advance(cycles);
        if !self.is_clocked(index) {
            return 0;
        }
        let slot = &mut self.slots[usize::from(index)];
        let value = slot.block.read(offset, width, &mut self.fabric) & width.mask();
        self.settle(index);
        value
    }

    /// Writes what is not RAM.
    #[inline(never)]
    fn write_elsewhere(
        &mut self,
        address: u32,
        width: Width,
        value: u32,
        cycles: &mut u64,
    ) -> Result<(), BusFault> {
        if let Some((index, offset)) = self.slot_at(address) {
            self.charge_bridge(index, cycles);
            self.write_block(index, offset, width, value, *cycles);
            return Ok(());
        }
        if IOBUS.contains(&address) && self.port != NOBODY {
            self.write_block(self.port, address & 0x1FF, width, value, *cycles);
            return Ok(());
        }
        if address < FLASH_BYTES || ROWS.contains(&address) {
            return self.write_page_buffer(address, width, value, cycles);
        }
        Err(BusFault)
    }

    fn write_block(&mut self, index: u8, offset: u32, width: Width, value: u32, cycles: u64) {
        self.advance(cycles);
        if !self.is_clocked(index) {
            return;
        }
        let slot = &mut self.slots[usize::from(index)];
        slot.block.write(offset, width, value & width.mask(), &mut self.fabric);
        self.settle(index);
        if index == self.nvmctrl {
            self.hold_flash();
        }
    }

    /// Writes to the address space of the flash go to the page buffer, which takes no bytes (section 22.6.4.3).
    fn write_page_buffer(
        &mut self,
        address: u32,
        width: Width,
        value: u32,
        cycles: &mut u64,
    ) -> Result<(), BusFault> {
        *cycles += AHB_CYCLES;
        let shift = (address & 2) * 8;
        let mask = match width {
            Width::Byte => return Err(BusFault),
            Width::Half => 0xFFFF << shift,
            Width::Word => u32::MAX,
        };
        self.advance(*cycles);
        let word = &mut self.fabric.nvm.page[(address >> 2 & 15) as usize];
        *word = *word & !mask | value << shift & mask;
        self.fabric.nvm.written = Some(address);
        if let Some(slot) = self.slots.get_mut(usize::from(self.nvmctrl)) {
            slot.block.advance(&mut self.fabric);
            self.settle(self.nvmctrl);
            self.hold_flash();
        }
        Ok(())
    }

    fn charge_bridge(&self, index: u8, cycles: &mut u64) {
        let slot = &self.slots[usize::from(index)];
        let shift = self.fabric.clocks.apb_shifts[slot.bridge as usize];
        *cycles += BRIDGE_CYCLES << shift.saturating_sub(self.fabric.clocks.cpu_shift);
    }

    /// After a command to NVMCTRL the cache is empty, and reads of the flash wait until it is done.
    fn hold_flash(&mut self) {
        let busy_until = self.fabric.nvm.busy_until;
        if busy_until > self.fabric.now {
            self.cache = FlashCache { busy_until: self.cycle_of(busy_until), ..FlashCache::default() };
        }
    }
}

/// A debugger's view of the memories: no time passes, and registers, which reading may change, are not seen.
impl Chip {
    /// Reads a byte of flash or RAM.
    #[must_use]
    pub fn peek(&self, address: u32) -> Option<u8> {
        if address.wrapping_sub(RAM_BASE) < RAM_BYTES {
            return Some(self.fabric.ram.read8(address));
        }
        if address < FLASH_BYTES {
            return Some(self.fabric.nvm.flash.read8(address));
        }
        let word = ROWS.contains(&address).then(|| self.fabric.nvm.read_row(address))??;
        Some(word.to_le_bytes()[(address & 3) as usize])
    }

    /// Writes a byte of flash or RAM; tells whether one is there.
    pub fn poke(&mut self, address: u32, value: u8) -> bool {
        if address.wrapping_sub(RAM_BASE) < RAM_BYTES {
            self.fabric.ram.write8(address, value);
        } else if address < FLASH_BYTES {
            self.fabric.nvm.flash.write8(address, value);
        } else {
            return false;
        }
        true
    }
}

impl Bus for Chip {
    #[inline(always)]
    fn fetch(&mut self, address: u32, cycles: &mut u64) -> Result<u16, BusFault> {
        if address < FLASH_BYTES {
            self.flash_wait(address, cycles);
            return Ok(self.fabric.nvm.flash.read16(address));
        }
        if address.wrapping_sub(RAM_BASE) < RAM_BYTES {
            return Ok(self.fabric.ram.read16(address));
        }
        Err(BusFault)
    }

    #[inline(always)]
    fn read32(&mut self, address: u32, cycles: &mut u64) -> Result<u32, BusFault> {
        if address.wrapping_sub(RAM_BASE) < RAM_BYTES {
            *cycles += AHB_CYCLES;
            return Ok(self.fabric.ram.read32(address));
        }
        if address < FLASH_BYTES {
            *cycles += AHB_CYCLES;
            self.flash_wait(address, cycles);
            return Ok(self.fabric.nvm.flash.read32(address));
        }
        self.read_elsewhere(address, Width::Word, cycles)
    }

    #[inline(always)]
    fn read16(&mut self, address: u32, cycles: &mut u64) -> Result<u16, BusFault> {
        if address.wrapping_sub(RAM_BASE) < RAM_BYTES {
            *cycles += AHB_CYCLES;
            return Ok(self.fabric.ram.read16(address));
        }
        if address < FLASH_BYTES {
            *cycles += AHB_CYCLES;
            self.flash_wait(address, cycles);
            return Ok(self.fabric.nvm.flash.read16(address));
        }
        self.read_elsewhere(address, Width::Half, cycles).map(|value| (value & 0xFFFF) as u16)
    }

    #[inline(always)]
    fn read8(&mut self, address: u32, cycles: &mut u64) -> Result<u8, BusFault> {
        if address.wrapping_sub(RAM_BASE) < RAM_BYTES {
            *cycles += AHB_CYCLES;
            return Ok(self.fabric.ram.read8(address));
        }
        if address < FLASH_BYTES {
            *cycles += AHB_CYCLES;
            self.flash_wait(address, cycles);
            return Ok(self.fabric.nvm.flash.read8(address));
        }
        self.read_elsewhere(address, Width::Byte, cycles).map(|value| (value & 0xFF) as u8)
    }

    #[inline(always)]
    fn write32(&mut self, address: u32, value: u32, cycles: &mut u64) -> Result<(), BusFault> {
        if address.wrapping_sub(RAM_BASE) < RAM_BYTES {
            *cycles += AHB_CYCLES;
            self.touch(address);
            self.fabric.ram.write32(address, value);
            return Ok(());
        }
        self.write_elsewhere(address, Width::Word, value, cycles)
    }

    #[inline(always)]
    fn write16(&mut self, address: u32, value: u16, cycles: &mut u64) -> Result<(), BusFault> {
        if address.wrapping_sub(RAM_BASE) < RAM_BYTES {
            *cycles += AHB_CYCLES;
            self.touch(address);
            self.fabric.ram.write16(address, value);
            return Ok(());
        }
        self.write_elsewhere(address, Width::Half, value.into(), cycles)
    }

    #[inline(always)]
    fn write8(&mut self, address: u32, value: u8, cycles: &mut u64) -> Result<(), BusFault> {
        if address.wrapping_sub(RAM_BASE) < RAM_BYTES {
            *cycles += AHB_CYCLES;
            self.touch(address);
            self.fabric.ram.write8(address, value);
            return Ok(());
        }
        self.write_elsewhere(address, Width::Byte, value.into(), cycles)
    }

    #[inline(always)]
    fn deadline(&self) -> u64 {
        self.deadline
    }
}
