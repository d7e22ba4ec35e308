//! The rows at the end of the flash that outlive a new program.

use core::fmt;
use core::ops::Range;

use crate::part::{APPLICATION_START, FLASH_END, ROW};

/// Where the rows of settings lie: the last ones of the flash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Region {
    start: u32,
}

impl Region {
    /// Describes the rows from `start` to the end of the flash.
    ///
    /// # Errors
    /// Fails when `start` is not the first byte of a row, or no address of the program's flash.
    pub fn from(start: u32) -> Result<Self, RegionError> {
        if !(APPLICATION_START..FLASH_END).contains(&start) || !start.is_multiple_of(ROW) {
            return Err(RegionError(start));
        }
        Ok(Self { start })
    }

    /// Returns the addresses.
    pub fn range(self) -> Range<u32> {
        self.start..FLASH_END
    }
}

/// An address at which no row of settings can begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RegionError(u32);

impl fmt::Display for RegionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no row of settings begins at 0x{:X}", self.0)
    }
}

impl core::error::Error for RegionError {}

/// What becomes of the settings of a board that gets a new program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Settings {
    /// They are read before, and written back after. They are held in memory only.
    Keep(Region),
    /// They are erased with the old program.
    Erase,
}
