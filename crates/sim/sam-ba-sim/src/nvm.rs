//! The flash and its controller, NVMCTRL: rows, pages, the page buffer.

use core::ops::Range;

use crate::memory::{FLASH_SIZE, LOADER_SIZE};

/// Bytes in a page, the unit of writing.
pub(crate) const PAGE: u32 = 64;
/// Bytes in a row, the unit of erasing.
pub(crate) const ROW: u32 = 256;

/// The flash with its page buffer.
#[derive(Debug, Clone)]
pub(crate) struct Nvm {
    bytes: Vec<u8>,
    buffer: [u8; PAGE as usize],
    /// Where the last write to the page buffer pointed.
    address: u32,
    loader_protected: bool,
    /// Whether one of the loader's own rows has been erased or written.
    loader_damaged: bool,
    stuck_bit: Option<u32>,
}

/// What an operation came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It was done.
    Done,
    /// It was done, though a bit that was already 0 should have become 1.
    NotErased,
    /// The fuse BOOTPROT forbids it; nothing has changed.
    Protected,
}

impl Nvm {
    /// An erased flash but for the loader, whose rows hold something that is not erased.
    pub(crate) fn new(loader_protected: bool, stuck_bit: Option<u32>) -> Self {
        let mut bytes = vec![0xFF; FLASH_SIZE as usize];
        bytes[..LOADER_SIZE as usize].fill(0x5A);
        let mut nvm = Self {
            bytes,
            buffer: [0xFF; PAGE as usize],
            address: 0,
            loader_protected,
            loader_damaged: false,
            stuck_bit,
        };
        nvm.wear();
        nvm
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Replaces what the flash holds from `address` on; a programmer's probe could do that.
    pub(crate) fn load(&mut self, address: u32, bytes: &[u8]) {
        let start = address as usize;
        self.bytes[start..start + bytes.len()].copy_from_slice(bytes);
        self.wear();
    }

    /// Writes to the page buffer, as a store to a flash address does: bits become 0 only.
    pub(crate) fn store(&mut self, address: u32, bytes: &[u8]) {
        for (address, byte) in (address..).zip(bytes) {
            self.buffer[(address % PAGE) as usize] &= byte;
            self.address = address;
        }
    }

    /// Clears the page buffer (PBC).
    pub(crate) fn clear_buffer(&mut self) {
        self.buffer.fill(0xFF);
    }

    /// Points at a byte address, as a write of the ADDR register does.
    pub(crate) fn point(&mut self, address: u32) {
        self.address = address % FLASH_SIZE;
    }

    /// Writes the page buffer to the page last stored to (WP), and clears it.
    pub(crate) fn write_page(&mut self) -> Outcome {
        let page = within(self.address, PAGE);
        if self.is_protected(page.start) {
            return Outcome::Protected;
        }
        self.loader_damaged |= page.start < LOADER_SIZE as usize;
        let mut outcome = Outcome::Done;
        for (cell, byte) in self.bytes[page].iter_mut().zip(&self.buffer) {
            if *byte & !*cell != 0 && *byte != 0xFF {
                outcome = Outcome::NotErased;
            }
            *cell &= byte;
        }
        self.clear_buffer();
        self.wear();
        outcome
    }

    /// Erases the row last pointed at (ER).
    pub(crate) fn erase_row(&mut self) -> Outcome {
        let row = within(self.address, ROW);
        if self.is_protected(row.start) {
            return Outcome::Protected;
        }
        self.loader_damaged |= row.start < LOADER_SIZE as usize;
        self.bytes[row].fill(0xFF);
        self.wear();
        Outcome::Done
    }

    /// Tells whether the loader still is what it was.
    pub(crate) fn loader_is_whole(&self) -> bool {
        !self.loader_damaged
    }

    fn is_protected(&self, start: usize) -> bool {
        self.loader_protected && start < LOADER_SIZE as usize
    }

    fn wear(&mut self) {
        if let Some(cell) = self.stuck_bit.and_then(|address| self.bytes.get_mut(address as usize)) {
            *cell &= !1;
        }
    }
}

/// Returns the unit of `size` bytes that holds `address`.
fn within(address: u32, size: u32) -> Range<usize> {
    let start = (address % FLASH_SIZE / size * size) as usize;
    start..start + size as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_takes_zeros_only_until_its_row_is_erased() {
        let mut nvm = Nvm::new(false, None);
        nvm.store(0x2000, &[0xF0, 0x0F, 0xFF, 0xFF]);
        assert_eq!(nvm.write_page(), Outcome::Done);
        nvm.store(0x2000, &[0x0F, 0x0F, 0xFF, 0xFF]);
        assert_eq!(nvm.write_page(), Outcome::NotErased);
        assert_eq!(nvm.bytes()[0x2000..0x2004], [0x00, 0x0F, 0xFF, 0xFF]);
        nvm.point(0x20FF);
        assert_eq!(nvm.erase_row(), Outcome::Done);
        assert_eq!(nvm.bytes()[0x2000..0x2004], [0xFF; 4]);
    }

    #[test]
    fn a_protected_loader_stays() {
        for protected in [true, false] {
            let mut nvm = Nvm::new(protected, None);
            nvm.point(0x1F00);
            assert_eq!(nvm.erase_row() == Outcome::Protected, protected);
            assert_eq!(nvm.loader_is_whole(), protected);
        }
    }

    #[test]
    fn a_worn_out_bit_reads_zero_for_ever() {
        let mut nvm = Nvm::new(false, Some(0x3001));
        nvm.point(0x3000);
        nvm.erase_row();
        assert_eq!(nvm.bytes()[0x3000..0x3003], [0xFF, 0xFE, 0xFF]);
    }
}
