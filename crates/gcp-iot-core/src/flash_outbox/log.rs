//! A ring of rows in flash, written page by page.
//!
//! A row is erased just before its first page is written, and every page is written once and whole: at
//! most four writes per row between erases on the SAMD21, which takes eight. The row after the current one
//! is never read: it may have been hit by a power cut in the middle of its erasing. After a restart, writing
//! goes on with a fresh row, since the page after the last one may have been begun.

use core::num::NonZeroU32;
use core::ops::Range;

use embedded_storage::nor_flash::NorFlash;

use super::page::{Header, PAGE};

/// Fewest rows: the current one, the one that is erased next, and two for what waits.
const FEWEST_ROWS: u32 = 4;

#[derive(Debug)]
pub(crate) struct Log<F> {
    flash: F,
    start: u32,
    rows: NonZeroU32,
    /// Pages in all rows.
    pages: NonZeroU32,
    /// The row that is being written.
    row: u32,
    /// Pages of it that are written, or not to be written any more.
    used: u32,
    /// Sequence of the page that is written next.
    sequence: u32,
}

/// Why a page was not written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AppendError<E> {
    Flash(E),
    /// What was read back is not what was written.
    Verify,
}

impl<F: NorFlash> Log<F> {
    /// Pages of a row; none when such a flash cannot be used.
    const PAGES_PER_ROW: Option<u32> = {
        let (page, row) = (PAGE, F::ERASE_SIZE);
        let fits = page.is_multiple_of(F::WRITE_SIZE) && page.is_multiple_of(F::READ_SIZE);
        #[expect(
            clippy::as_conversions,
            clippy::cast_possible_truncation,
            reason = "checked in the condition"
        )]
        if fits && row.is_multiple_of(page) && row <= 1 << 20 { Some((row / page) as u32) } else { None }
    };

    /// Takes rows of a flash into use; none when the range is not made of whole rows, four at least.
    pub(crate) fn new(flash: F, range: Range<u32>) -> Option<Self> {
        let row = Self::PAGES_PER_ROW?.checked_mul(u32::try_from(PAGE).ok()?)?;
        let length = range.end.checked_sub(range.start)?;
        let inside = usize::try_from(range.end).is_ok_and(|end| end <= flash.capacity());
        let rows = length / row;
        if !range.start.is_multiple_of(row) || !length.is_multiple_of(row) || rows < FEWEST_ROWS || !inside {
            return None;
        }
        let (used, rows) = (Self::PAGES_PER_ROW?, NonZeroU32::new(rows)?);
        let (pages, row) = (rows.checked_mul(NonZeroU32::new(used)?)?, rows.get() - 1);
        Some(Self { flash, start: range.start, rows, pages, row, used, sequence: 1 })
    }

    /// Looks for the newest page, and sets the log to go on after it.
    pub(crate) fn find_newest(&mut self) -> Result<Option<Header>, F::Error> {
        let mut newest: Option<Header> = None;
        for position in 0..self.pages.get() {
            let mut page = [0; PAGE];
            self.read(position, &mut page)?;
            let Some((header, _)) = Header::decode(&page) else { continue };
            if newest.is_none_or(|newest| header.sequence > newest.sequence) {
                newest = Some(header);
                self.row = position / self.pages_per_row();
                self.sequence = header.sequence.saturating_add(1);
            }
        }
        self.used = self.pages_per_row();
        Ok(newest)
    }

    pub(crate) fn pages_per_row(&self) -> u32 {
        Self::PAGES_PER_ROW.unwrap_or(1)
    }

    /// Most pages that can be waiting: not the current row, nor the one that is erased next.
    pub(crate) fn capacity(&self) -> u32 {
        (self.rows.get() - 2) * self.pages_per_row()
    }

    /// Sequence of the page that is written next.
    pub(crate) const fn sequence(&self) -> u32 {
        self.sequence
    }

    /// The position `count` pages after another, around the ring.
    pub(crate) fn after(&self, position: u32, count: u32) -> u32 {
        (position + count) % self.pages
    }

    /// Where the next page goes.
    pub(crate) fn end(&self) -> u32 {
        (self.row * self.pages_per_row() + self.used) % self.pages
    }

    /// Where the oldest page that may be read is.
    pub(crate) fn begin(&self) -> u32 {
        (self.row + 2) % self.rows * self.pages_per_row()
    }

    /// Pages that can be written before the row of `oldest` would have to go; it is where what waits begins.
    pub(crate) fn room(&self, oldest: Option<u32>) -> u32 {
        let row = oldest.map_or(self.row, |position| position / self.pages_per_row());
        let distance = match (row + self.rows.get() - self.row) % self.rows {
            0 => self.rows.get(),
            distance => distance,
        };
        self.pages_per_row() - self.used + distance.saturating_sub(2) * self.pages_per_row()
    }

    pub(crate) fn read(&mut self, position: u32, page: &mut [u8; PAGE]) -> Result<(), F::Error> {
        self.flash.read(self.address(position), page)
    }

    /// Writes a page, and tells where. The caller has seen to the room.
    pub(crate) fn append(&mut self, page: &[u8; PAGE]) -> Result<u32, AppendError<F::Error>> {
        if self.used >= self.pages_per_row() {
            let row = (self.row + 1) % self.rows;
            let first = row * self.pages_per_row();
            let (from, to) = (self.address(first), self.address(first + self.pages_per_row()));
            self.flash.erase(from, to).map_err(AppendError::Flash)?;
            (self.row, self.used) = (row, 0);
        }
        let position = self.row * self.pages_per_row() + self.used;
        // Whatever comes of it, this page is not written again.
        self.used += 1;
        self.sequence = self.sequence.saturating_add(1);
        self.flash.write(self.address(position), page).map_err(AppendError::Flash)?;
        let mut written = [0; PAGE];
        self.read(position, &mut written).map_err(AppendError::Flash)?;
        if written == *page { Ok(position) } else { Err(AppendError::Verify) }
    }

    pub(crate) fn into_flash(self) -> F {
        self.flash
    }

    fn address(&self, position: u32) -> u32 {
        self.start + position * u32::try_from(PAGE).unwrap_or_default()
    }
}
