//! Settings that outlive a power cut, in two banks of flash.

use core::fmt;

use embedded_storage::nor_flash::NorFlash;

/// Bytes of one bank; a region holds two.
const BANK: u16 = 1024;
/// Bytes that are programmed at once. The first page of a bank holds its header, and nothing else.
const PAGE: u16 = 64;
const PAGE_BYTES: usize = 64;
/// Bytes for records: one for the key, one for the length, and the value.
pub const CAPACITY: u16 = BANK - PAGE;
/// Bytes of the header: magic, sequence, length, check sum; 32 bits each, the least significant byte first.
const HEADER: usize = 16;
const MAGIC: u32 = u32::from_le_bytes(*b"MKR1");

/// Flash that the processor can read in place.
pub trait Mapped: NorFlash {
    /// All its bytes.
    fn bytes(&self) -> &[u8];
}

/// Why a setting was not kept; the settings are as they were.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SettingsError<E> {
    /// A value has at most 255 bytes.
    TooLong,
    /// There is no room for it beside the others.
    Full,
    /// The flash did not keep what was written to it.
    NotKept,
    /// The flash refused.
    Flash(E),
}

impl<E> fmt::Display for SettingsError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TooLong => "the value is longer than 255 bytes",
            Self::Full => "no room for this setting beside the others",
            Self::NotKept => "the flash did not keep the settings",
            Self::Flash(_) => "the settings could not be written",
        })
    }
}

impl<E: core::error::Error + 'static> core::error::Error for SettingsError<E> {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::Flash(error) => Some(error),
            _ => None,
        }
    }
}

/// Values by key, in flash.
///
/// Every change writes all of them to the other one of two banks, and the bank's header at the very last: a power cut
/// at any moment leaves either the old settings or the new ones.
#[derive(Debug)]
pub struct Settings<F> {
    flash: F,
    current: Option<Bank>,
}

/// A bank with a valid header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Bank {
    start: u16,
    sequence: u32,
    length: u16,
}

impl<F: Mapped> Settings<F> {
    /// Finds the settings; a region that holds none that are whole counts as empty.
    pub fn new(flash: F) -> Self {
        let banks = [Bank::find(&flash, 0), Bank::find(&flash, BANK)];
        let current = match banks {
            // The newer one; the sequence may have come round.
            [Some(first), Some(second)] => {
                Some(if second.sequence.wrapping_sub(first.sequence) < 1 << 31 { second } else { first })
            }
            [first, second] => first.or(second),
        };
        Self { flash, current }
    }

    /// The value of `key`, if it was set.
    pub fn value(&self, key: u8) -> Option<&[u8]> {
        records(self.stored()).find(|record| record.key == key).map(|record| record.value)
    }

    /// Sets `key`, for now and for after the next power cut.
    ///
    /// # Errors
    /// [`SettingsError`]; the settings are as they were.
    pub fn set(&mut self, key: u8, value: &[u8]) -> Result<(), SettingsError<F::Error>> {
        let length = u8::try_from(value.len()).map_err(|_| SettingsError::TooLong)?;
        if self.value(key) == Some(value) {
            return Ok(());
        }
        self.rewrite(key, Some((length, value)))
    }

    /// Forgets `key`.
    ///
    /// # Errors
    /// [`SettingsError`]; the settings are as they were.
    pub fn remove(&mut self, key: u8) -> Result<(), SettingsError<F::Error>> {
        if self.value(key).is_none() { Ok(()) } else { self.rewrite(key, None) }
    }

    /// Forgets everything, in both banks.
    ///
    /// # Errors
    /// [`SettingsError::Flash`].
    pub fn erase(&mut self) -> Result<(), SettingsError<F::Error>> {
        self.current = None;
        self.flash.erase(0, 2 * u32::from(BANK)).map_err(SettingsError::Flash)
    }

    /// Gives the flash back.
    pub fn into_flash(self) -> F {
        self.flash
    }

    fn stored(&self) -> &[u8] {
        self.current.and_then(|bank| bank.records(&self.flash)).unwrap_or_default()
    }

    /// Writes all settings but `key`, and then its new value, to the other bank.
    fn rewrite(&mut self, key: u8, value: Option<(u8, &[u8])>) -> Result<(), SettingsError<F::Error>> {
        let length = u16::try_from(self.changed(key, value).count()).unwrap_or(u16::MAX);
        if length > CAPACITY {
            return Err(SettingsError::Full);
        }
        let (start, sequence) = match self.current {
            Some(Bank { start: 0, sequence, .. }) => (BANK, sequence.wrapping_add(1)),
            Some(Bank { sequence, .. }) => (0, sequence.wrapping_add(1)),
            None => (0, 0),
        };
        self.flash.erase(start.into(), (start + BANK).into()).map_err(SettingsError::Flash)?;
        let mut place = start;
        for written in (0..length).step_by(PAGE.into()) {
            place += PAGE;
            let page = page(self.changed(key, value).skip(written.into()));
            self.flash.write(place.into(), &page).map_err(SettingsError::Flash)?;
        }
        let check_sum = check_sum(sequence, length, self.changed(key, value));
        let header = [MAGIC, sequence, length.into(), check_sum];
        let header = page(header.iter().flat_map(|word| word.to_le_bytes()));
        self.flash.write(start.into(), &header).map_err(SettingsError::Flash)?;
        let bank = Bank { start, sequence, length };
        if Bank::find(&self.flash, start) != Some(bank) {
            return Err(SettingsError::NotKept);
        }
        self.current = Some(bank);
        Ok(())
    }

    /// The bytes of all records but that of `key`, and then its new one.
    fn changed<'a>(
        &'a self,
        key: u8,
        value: Option<(u8, &'a [u8])>,
    ) -> impl Iterator<Item = u8> + use<'a, F> {
        let kept = records(self.stored()).filter(move |record| record.key != key);
        let new = value.map(|(length, value)| Record { key, length, value });
        kept.chain(new)
            .flat_map(|record| [record.key, record.length].into_iter().chain(record.value.iter().copied()))
    }
}

impl Bank {
    /// Reads the bank at `start`; none if it is not whole.
    fn find<F: Mapped>(flash: &F, start: u16) -> Option<Self> {
        let header = flash.bytes().get(start.into()..)?.first_chunk::<HEADER>()?;
        let mut words =
            header.chunks_exact(4).filter_map(|word| Some(u32::from_le_bytes(*word.first_chunk()?)));
        let (magic, sequence, length, sum) = (words.next()?, words.next()?, words.next()?, words.next()?);
        let bank = Self { start, sequence, length: length.try_into().ok()? };
        let is_whole = magic == MAGIC
            && bank.length <= CAPACITY
            && sum == check_sum(sequence, bank.length, bank.records(flash)?.iter().copied());
        is_whole.then_some(bank)
    }

    fn records<'f, F: Mapped>(&self, flash: &'f F) -> Option<&'f [u8]> {
        flash.bytes().get(usize::from(self.start + PAGE)..)?.get(..self.length.into())
    }
}

/// One page with the first of `bytes`; the rest stays erased.
fn page(bytes: impl Iterator<Item = u8>) -> [u8; PAGE_BYTES] {
    let mut page = [0xFF; PAGE_BYTES];
    page.iter_mut().zip(bytes).for_each(|(to, from)| *to = from);
    page
}

/// One setting.
#[derive(Clone, Copy)]
struct Record<'a> {
    key: u8,
    length: u8,
    value: &'a [u8],
}

/// Reads record after record; what is cut off is none.
fn records(mut bytes: &[u8]) -> impl Iterator<Item = Record<'_>> {
    core::iter::from_fn(move || {
        let ([key, length], rest) = bytes.split_first_chunk()?;
        let (value, rest) = rest.split_at_checked(usize::from(*length))?;
        bytes = rest;
        Some(Record { key: *key, length: *length, value })
    })
}

/// CRC-32 (ISO-HDLC) of sequence, length and records.
fn check_sum(sequence: u32, length: u16, records: impl Iterator<Item = u8>) -> u32 {
    let head = sequence.to_le_bytes().into_iter().chain(u32::from(length).to_le_bytes());
    !head.chain(records).fold(!0, |crc: u32, byte| {
        (0..8).fold(
            crc ^ u32::from(byte),
            |crc, _| {
                if crc & 1 == 0 { crc >> 1 } else { crc >> 1 ^ 0xEDB8_8320 }
            },
        )
    })
}
