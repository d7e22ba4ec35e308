//! The non-volatile memory: flash, page buffer, user row and the calibration that the factory wrote.

use crate::memory::Memory;
use crate::time::Time;

/// Size of the flash in words: 256 KiB.
pub const FLASH_WORDS: usize = 64 * 1024;
/// Size of the flash in bytes.
pub const FLASH_BYTES: u32 = 256 * 1024;
/// Size of a page in words: 64 bytes.
pub const PAGE_WORDS: usize = 16;
/// Size of a row in words: four pages.
pub const ROW_WORDS: usize = 64;

/// Address of the user row.
pub const USER_ROW: u32 = 0x0080_4000;
/// Address of the calibration area.
pub const CALIBRATION: u32 = 0x0080_6020;
/// Addresses of the four words of the serial number.
pub const SERIAL_NUMBER: [u32; 4] = [0x0080_A00C, 0x0080_A040, 0x0080_A044, 0x0080_A048];

/// What NVMCTRL keeps.
#[derive(Clone, Debug)]
pub struct Nvm {
    /// The flash; erased is all ones.
    pub flash: Memory<FLASH_WORDS>,
    /// The page buffer; clear is all ones.
    pub page: [u32; PAGE_WORDS],
    /// Set once the page buffer has been written, to the address of the last write.
    pub written: Option<u32>,
    /// The user row: fuses and lock bits.
    pub user_row: [u32; ROW_WORDS],
    /// The 128 bits of the calibration area.
    pub calibration: [u32; 4],
    /// The serial number.
    pub serial_number: [u32; 4],
    /// Wait states of a read that the cache does not have (CTRLB.RWS).
    pub wait_states: u8,
    /// Whether the cache is on (CTRLB.CACHEDIS is 0).
    pub cache: bool,
    /// A page is being written or a row erased until then; whoever reads the flash waits.
    pub busy_until: Time,
}

impl Nvm {
    /// A chip from the factory: erased flash, default fuses, typical calibration.
    #[must_use]
    pub fn new() -> Self {
        let mut user_row = [u32::MAX; ROW_WORDS];
        // NVM User Row Mapping, default values: no boot protection, BOD33 on with a reset, WDT off.
        (user_row[0], user_row[1]) = (0xD8E0_C7FF, 0xFFFF_FC5D);
        Self {
            flash: Memory::filled(u32::MAX),
            page: [u32::MAX; PAGE_WORDS],
            written: None,
            user_row,
            // NVM Software Calibration Area: ADC linearity and bias, OSC32K, USB pads, DFLL48M coarse 0x1F.
            calibration: [0xFFFF_FFFF, 0x7CFD_2A14, 0xFFFF_FFFF, 0xFFFF_FFFF],
            serial_number: [0x5AD2_1A00, 0x5157_4B50, 0x4D20_2020, 0xFF12_0B33],
            wait_states: 0,
            cache: true,
            busy_until: Time::ZERO,
        }
    }

    /// Reads a word of the rows above the flash.
    #[must_use]
    pub fn read_row(&self, address: u32) -> Option<u32> {
        if let Some(at) = word_of(address, USER_ROW, ROW_WORDS) {
            return self.user_row.get(at).copied();
        }
        if let Some(at) = word_of(address, CALIBRATION, self.calibration.len()) {
            return self.calibration.get(at).copied();
        }
        if let Some(at) = SERIAL_NUMBER.iter().position(|word| *word == address & !3) {
            return self.serial_number.get(at).copied();
        }
        (0x0080_0000..0x0080_C000).contains(&address).then_some(u32::MAX)
    }
}

impl Default for Nvm {
    fn default() -> Self {
        Self::new()
    }
}

const fn word_of(address: u32, base: u32, words: usize) -> Option<usize> {
    let at = (address.wrapping_sub(base) / 4) as usize;
    if address >= base && at < words { Some(at) } else { None }
}
