//! The SAMD21's flash, strictly: pages of 64 bytes, rows of 256 bytes, and power cuts.
//!
//! From the data sheet: NVMCTRL erases rows of four pages and programs pages; programming only clears bits;
//! "a maximum of 8 consecutive writes is allowed per row" before it must be erased again (electrical
//! characteristics, NVM). What it does not say is the state after a power cut: every [`Tear`] is tried.
#![allow(dead_code, reason = "each test file uses a part of it")]

use core::cell::RefCell;
use std::rc::Rc;
use std::vec;
use std::vec::Vec;

use embedded_storage::nor_flash::{ErrorType, NorFlash, NorFlashErrorKind, ReadNorFlash, check_erase};
use embedded_storage::nor_flash::{check_read, check_write};

pub(crate) const PAGE: usize = 64;
pub(crate) const ROW: usize = 256;

/// Writes that a row takes between erases.
pub(crate) const WRITES_PER_ROW: u32 = 8;

/// What a power cut leaves of the write or erase that it hits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tear {
    /// Nothing was done.
    Nothing,
    /// The first so many bytes were done.
    First(usize),
    /// All but the first so many bytes were done.
    AllBut(usize),
    /// Each bit was done or not, by chance.
    Bits(u64),
    /// Everything was done, but nobody was told.
    Everything,
}

/// A flash that several owners look at: the device, which comes and goes, and the test.
#[derive(Clone)]
pub(crate) struct Flash(Rc<RefCell<Cells>>);

struct Cells {
    bytes: Vec<u8>,
    /// Words that were written since their row was erased.
    written: Vec<bool>,
    /// Writes since the row was erased, for each row.
    writes: Vec<u32>,
    /// Most writes that any row has seen.
    most_writes: u32,
    erases: Vec<u32>,
    /// Writes and erases so far.
    operations: u32,
    /// The operation during which the power goes.
    cut: Option<(u32, Tear)>,
    power: bool,
    /// A word that was written before may be written again, to clear more bits.
    multiwrite: bool,
}

impl Flash {
    pub(crate) fn new(rows: usize) -> Self {
        Self(Rc::new(RefCell::new(Cells {
            bytes: vec![0xFF; rows * ROW],
            written: vec![false; rows * ROW / 4],
            writes: vec![0; rows],
            most_writes: 0,
            erases: vec![0; rows],
            operations: 0,
            cut: None,
            power: true,
            multiwrite: false,
        })))
    }

    /// What a flash may hold that was used for something else.
    pub(crate) fn fill(&self, mut byte: impl FnMut(usize) -> u8) {
        let mut cells = self.0.borrow_mut();
        for (index, to) in cells.bytes.iter_mut().enumerate() {
            *to = byte(index);
        }
        cells.written.fill(true);
        cells.writes.fill(WRITES_PER_ROW);
    }

    pub(crate) fn allow_multiwrite(&self) {
        self.0.borrow_mut().multiwrite = true;
    }

    /// Lets the power go during the write or erase that comes after `operations` others from now.
    pub(crate) fn cut_after(&self, operations: u32, tear: Tear) {
        let mut cells = self.0.borrow_mut();
        cells.cut = Some((cells.operations + operations, tear));
    }

    pub(crate) fn power_on(&self) {
        let mut cells = self.0.borrow_mut();
        cells.power = true;
        cells.cut = None;
    }

    pub(crate) fn has_power(&self) -> bool {
        self.0.borrow().power
    }

    pub(crate) fn operations(&self) -> u32 {
        self.0.borrow().operations
    }

    pub(crate) fn most_writes(&self) -> u32 {
        self.0.borrow().most_writes
    }

    pub(crate) fn erases(&self) -> Vec<u32> {
        self.0.borrow().erases.clone()
    }
}

impl Cells {
    /// Counts an operation; tells how it is torn if the power goes.
    fn begin(&mut self) -> Result<Option<Tear>, NorFlashErrorKind> {
        if !self.power {
            return Err(NorFlashErrorKind::Other);
        }
        let tear = self.cut.filter(|(at, _)| *at == self.operations).map(|(_, tear)| tear);
        self.power = tear.is_none();
        self.operations += 1;
        Ok(tear)
    }

    /// Changes bytes towards `target`, as far as the tear lets it.
    fn change(&mut self, offset: usize, tear: Option<Tear>, target: impl Iterator<Item = u8>) {
        let mut random = match tear {
            Some(Tear::Bits(seed)) => seed | 1,
            _ => 1,
        };
        for (index, (byte, target)) in self.bytes[offset..].iter_mut().zip(target).enumerate() {
            let done = match tear {
                None | Some(Tear::Everything) => 0xFF,
                Some(Tear::Nothing) => 0,
                Some(Tear::First(count)) => u8::from(index < count) * 0xFF,
                Some(Tear::AllBut(count)) => u8::from(index >= count) * 0xFF,
                Some(Tear::Bits(_)) => {
                    random ^= random << 13;
                    random ^= random >> 7;
                    random ^= random << 17;
                    random.to_le_bytes()[3]
                }
            };
            *byte = (*byte & !done) | (target & done);
        }
    }
}

impl ErrorType for Flash {
    type Error = NorFlashErrorKind;
}

impl ReadNorFlash for Flash {
    const READ_SIZE: usize = 1;

    fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), NorFlashErrorKind> {
        check_read(self, offset, bytes.len())?;
        let cells = self.0.borrow();
        if !cells.power {
            return Err(NorFlashErrorKind::Other);
        }
        let offset = usize::try_from(offset).unwrap();
        bytes.copy_from_slice(&cells.bytes[offset..offset + bytes.len()]);
        Ok(())
    }

    fn capacity(&self) -> usize {
        self.0.borrow().bytes.len()
    }
}

impl NorFlash for Flash {
    const WRITE_SIZE: usize = 4;
    const ERASE_SIZE: usize = ROW;

    fn erase(&mut self, from: u32, to: u32) -> Result<(), NorFlashErrorKind> {
        check_erase(self, from, to)?;
        let (from, to) = (usize::try_from(from).unwrap(), usize::try_from(to).unwrap());
        for row in from / ROW..to / ROW {
            let mut cells = self.0.borrow_mut();
            let tear = cells.begin()?;
            cells.change(row * ROW, tear, core::iter::repeat_n(0xFF, ROW));
            cells.erases[row] += 1;
            if tear.is_some() {
                // Who knows: no word counts as erased.
                return Err(NorFlashErrorKind::Other);
            }
            cells.writes[row] = 0;
            cells.written[row * ROW / 4..(row + 1) * ROW / 4].fill(false);
        }
        Ok(())
    }

    /// Programs the pages that the bytes touch, one after the other.
    fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), NorFlashErrorKind> {
        check_write(self, offset, bytes.len())?;
        let mut offset = usize::try_from(offset).unwrap();
        let mut rest = bytes;
        while !rest.is_empty() {
            let (piece, more) = rest.split_at((PAGE - offset % PAGE).min(rest.len()));
            let mut cells = self.0.borrow_mut();
            let tear = cells.begin()?;
            let row = offset / ROW;
            cells.writes[row] += 1;
            cells.most_writes = cells.most_writes.max(cells.writes[row]);
            let again = cells.multiwrite;
            for word in &mut cells.written[offset / 4..(offset + piece.len()) / 4] {
                assert!(again || !*word, "a word of row {row} is written twice");
                *word = true;
            }
            let before = cells.bytes[offset..offset + piece.len()].to_vec();
            cells.change(offset, tear, before.iter().zip(piece).map(|(before, byte)| before & byte));
            if tear.is_some() {
                return Err(NorFlashErrorKind::Other);
            }
            (rest, offset) = (more, offset + piece.len());
        }
        Ok(())
    }
}

/// The same for libraries that are asynchronous: always ready.
pub(crate) mod asynch {
    use super::{Flash, NorFlashErrorKind};
    use embedded_storage::nor_flash as blocking;
    use embedded_storage_async::nor_flash::{ErrorType, MultiwriteNorFlash, NorFlash, ReadNorFlash};

    pub(crate) struct Ready(pub(crate) Flash);

    impl ErrorType for Ready {
        type Error = NorFlashErrorKind;
    }

    impl ReadNorFlash for Ready {
        const READ_SIZE: usize = 1;

        async fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), NorFlashErrorKind> {
            blocking::ReadNorFlash::read(&mut self.0, offset, bytes)
        }

        fn capacity(&self) -> usize {
            blocking::ReadNorFlash::capacity(&self.0)
        }
    }

    impl NorFlash for Ready {
        const WRITE_SIZE: usize = 4;
        const ERASE_SIZE: usize = super::ROW;

        async fn erase(&mut self, from: u32, to: u32) -> Result<(), NorFlashErrorKind> {
            blocking::NorFlash::erase(&mut self.0, from, to)
        }

        async fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), NorFlashErrorKind> {
            blocking::NorFlash::write(&mut self.0, offset, bytes)
        }
    }

    impl MultiwriteNorFlash for Ready {}
}
