//! The flash rows that do not belong to the program.
#![expect(unsafe_code, reason = "flash is read and written through its addresses")]

use core::ops::Range;
use core::{fmt, ptr, slice};

use atsamd_hal::pac;
use embedded_storage::nor_flash::{
    ErrorType, NorFlash, NorFlashError, NorFlashErrorKind, ReadNorFlash, check_erase, check_read, check_write,
};

use crate::settings::Mapped;

/// Bytes that are programmed at once.
const PAGE: u32 = 64;
/// Bytes that are erased at once.
const ROW: u32 = 4 * PAGE;
/// Where the settings are: the last 2 KiB. `memory.x` keeps the program out of it.
pub(crate) const SETTINGS: Range<u32> = 0x3_F800..0x4_0000;
/// Where a program may keep what it likes: the 16 KiB below. `memory.x` keeps the program out of it.
pub(crate) const STORE: Range<u32> = 0x3_B800..0x3_F800;
/// CTRLA.CMDEX: no command without it (22.8.1).
const KEY: u16 = 0xA500;
/// CTRLA.CMD: erase row, write page, clear the page buffer, forget what is cached.
const ERASE_ROW: u16 = 0x02;
const WRITE_PAGE: u16 = 0x04;
const CLEAR_BUFFER: u16 = 0x44;
const INVALIDATE: u16 = 0x46;
/// The slowest command takes 6 ms, and this many looks at the flag twice as long at the least.
const LOOKS: u32 = 200_000;

/// Why flash could not be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FlashError {
    /// Not whole words, or not whole rows.
    NotAligned,
    /// Outside the region.
    OutOfBounds,
    /// The controller refused the command, or the region is locked.
    Refused,
    /// The controller did not become ready.
    TimedOut,
}

impl fmt::Display for FlashError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotAligned => "not on a boundary of the flash",
            Self::OutOfBounds => "outside the region of the flash",
            Self::Refused => "the flash controller refused",
            Self::TimedOut => "the flash controller did not become ready",
        })
    }
}

impl core::error::Error for FlashError {}

impl NorFlashError for FlashError {
    fn kind(&self) -> NorFlashErrorKind {
        match self {
            Self::NotAligned => NorFlashErrorKind::NotAligned,
            Self::OutOfBounds => NorFlashErrorKind::OutOfBounds,
            Self::Refused | Self::TimedOut => NorFlashErrorKind::Other,
        }
    }
}

impl From<NorFlashErrorKind> for FlashError {
    fn from(kind: NorFlashErrorKind) -> Self {
        match kind {
            NorFlashErrorKind::NotAligned => Self::NotAligned,
            _ => Self::OutOfBounds,
        }
    }
}

/// One region of the flash, as [`NorFlash`] with offsets from its start.
///
/// The processor stands still while a row is erased (6 ms) or a page is written (2.5 ms), for it reads its program
/// from the same flash.
#[derive(Debug)]
pub struct Region {
    start: u32,
    length: u32,
}

impl Region {
    pub(crate) const fn new(range: Range<u32>) -> Self {
        Self { start: range.start, length: range.end - range.start }
    }

    /// Runs a command on what lies at `address`.
    fn command(&mut self, command: u16, address: u32) -> Result<(), FlashError> {
        // SAFETY: the registers are always there; a command is given and awaited by the one caller, since both
        // regions are lent exclusively and no interrupt handler writes flash.
        let controller = unsafe { &*pac::Nvmctrl::ptr() };
        let is_ready = || (0..LOOKS).any(|_| controller.intflag().read().ready().bit_is_set());
        if !is_ready() {
            return Err(FlashError::TimedOut);
        }
        // Flags of the past are cleared by writing them back.
        controller.status().write(|w| w.proge().set_bit().locke().set_bit().nvme().set_bit());
        // SAFETY: ADDR counts half-words; the address is inside this region.
        controller.addr().write(|w| unsafe { w.bits(address / 2) });
        // SAFETY: the key and a documented command.
        controller.ctrla().write(|w| unsafe { w.bits(KEY | command) });
        if !is_ready() {
            return Err(FlashError::TimedOut);
        }
        let status = controller.status().read();
        let failed = status.proge().bit_is_set() || status.locke().bit_is_set() || status.nvme().bit_is_set();
        if failed { Err(FlashError::Refused) } else { Ok(()) }
    }

    /// Programs part of one page; the rest of it stays as it is.
    fn program(&mut self, address: u32, bytes: &[u8]) -> Result<(), FlashError> {
        self.command(CLEAR_BUFFER, address)?;
        let (words, _) = bytes.as_chunks();
        for (word, place) in words.iter().zip((address..).step_by(4)) {
            let word = u32::from_le_bytes(*word);
            let place: *mut u32 = ptr::with_exposed_provenance_mut(widened(place));
            // SAFETY: an aligned word of this region; the write goes to the controller's page buffer.
            unsafe { place.write_volatile(word) };
        }
        self.command(WRITE_PAGE, address)
    }
}

/// An address or a length as the core library has them.
#[expect(clippy::as_conversions, reason = "both have 32 bits on this processor")]
const fn widened(number: u32) -> usize {
    number as usize
}

impl ErrorType for Region {
    type Error = FlashError;
}

impl ReadNorFlash for Region {
    const READ_SIZE: usize = 1;

    fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), FlashError> {
        check_read(self, offset, bytes.len())?;
        for (byte, address) in bytes.iter_mut().zip(self.start + offset..) {
            let place: *const u8 = ptr::with_exposed_provenance(widened(address));
            // SAFETY: a byte of this region; flash can always be read.
            *byte = unsafe { place.read_volatile() };
        }
        Ok(())
    }

    fn capacity(&self) -> usize {
        widened(self.length)
    }
}

impl NorFlash for Region {
    const WRITE_SIZE: usize = 4;
    const ERASE_SIZE: usize = widened(ROW);

    fn erase(&mut self, from: u32, to: u32) -> Result<(), FlashError> {
        check_erase(self, from, to)?;
        for row in (from..to).step_by(Self::ERASE_SIZE) {
            self.command(ERASE_ROW, self.start + row)?;
        }
        self.command(INVALIDATE, self.start)
    }

    fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), FlashError> {
        check_write(self, offset, bytes.len())?;
        let (mut address, mut rest) = (self.start + offset, bytes);
        while !rest.is_empty() {
            let room = PAGE - address % PAGE;
            let (page, after) = rest.split_at_checked(widened(room)).unwrap_or((rest, &[]));
            self.program(address, page)?;
            // Only the last part of what is written is smaller than the room in its page.
            address += room;
            rest = after;
        }
        self.command(INVALIDATE, self.start)
    }
}

impl Mapped for Region {
    fn bytes(&self) -> &[u8] {
        let start: *const u8 = ptr::with_exposed_provenance(widened(self.start));
        // SAFETY: flash of the chip that no object of the program lies in (memory.x); it changes only by `erase` and
        // `write`, which borrow the region exclusively.
        unsafe { slice::from_raw_parts(start, widened(self.length)) }
    }
}
