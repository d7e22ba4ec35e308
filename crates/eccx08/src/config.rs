//! The configuration zone as fields.

mod image;
mod key_config;
mod slot_config;

use core::fmt;

pub use image::Image;
pub use key_config::{KeyConfig, KeyType};
pub use slot_config::{ReadPolicy, SlotConfig, WritePolicy};

use crate::Crc16;
use crate::address::{Slot, Zone};

/// The 128 bytes of the configuration zone, as read from an element.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Config([u8; Self::SIZE]);

impl Config {
    /// Bytes in the zone.
    pub const SIZE: usize = 128;

    /// Takes the bytes as they stand in the zone.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; Self::SIZE]) -> Self {
        Self(bytes)
    }

    /// Gives the bytes as they stand in the zone.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; Self::SIZE] {
        &self.0
    }

    /// Reads SN: bytes 0 to 3 and 8 to 12.
    #[must_use]
    pub const fn serial_number(&self) -> SerialNumber {
        let b = &self.0;
        SerialNumber([b[0], b[1], b[2], b[3], b[8], b[9], b[10], b[11], b[12]])
    }

    /// Reads RevNum, bytes 4 to 7. To tell the element, ask Info.
    #[must_use]
    pub const fn revision(&self) -> [u8; 4] {
        let b = &self.0;
        [b[4], b[5], b[6], b[7]]
    }

    /// Tells whether AES is enabled (byte 13, ATECC608).
    #[must_use]
    pub const fn aes_enabled(&self) -> bool {
        self.0[13] & 1 != 0
    }

    /// Reads I2C_Address (byte 16) as a 7-bit address.
    #[must_use]
    pub const fn i2c_address(&self) -> u8 {
        self.0[16] >> 1
    }

    /// Reads byte 18: OTPmode of an ATECC508A, CountMatch of an ATECC608.
    #[must_use]
    pub const fn otp_mode(&self) -> u8 {
        self.0[18]
    }

    /// Reads ChipMode (byte 19).
    #[must_use]
    pub const fn chip_mode(&self) -> u8 {
        self.0[19]
    }

    /// Tells whether the watchdog is the long one (ChipMode bit 2): about 13 s and not 1.3 s.
    #[must_use]
    pub const fn has_long_watchdog(&self) -> bool {
        self.chip_mode() & 0x04 != 0
    }

    /// Reads the policy of a slot.
    #[must_use]
    pub fn slot_config(&self, slot: Slot) -> SlotConfig {
        SlotConfig::from_bits(self.word_of_pair(20, slot))
    }

    /// Reads what a slot holds.
    #[must_use]
    pub fn key_config(&self, slot: Slot) -> KeyConfig {
        KeyConfig::from_bits(self.word_of_pair(96, slot))
    }

    /// Reads UserExtra (byte 84).
    #[must_use]
    pub const fn user_extra(&self) -> u8 {
        self.0[84]
    }

    /// Reads byte 85: Selector of an ATECC508A, UserExtraAdd of an ATECC608.
    #[must_use]
    pub const fn selector(&self) -> u8 {
        self.0[85]
    }

    /// Reads LockValue and LockConfig.
    #[must_use]
    pub const fn lock_bytes(&self) -> LockBytes {
        LockBytes { data: self.0[86], config: self.0[87] }
    }

    /// Tells whether a slot has been locked by itself.
    #[must_use]
    pub const fn is_slot_locked(&self, slot: Slot) -> bool {
        u16::from_le_bytes([self.0[88], self.0[89]]) >> slot.number() & 1 == 0
    }

    /// Reads ChipOptions (bytes 90 and 91, ATECC608).
    #[must_use]
    pub const fn chip_options(&self) -> u16 {
        u16::from_le_bytes([self.0[90], self.0[91]])
    }

    /// Computes the summary that Lock compares.
    #[must_use]
    pub fn summary(&self) -> Crc16 {
        Crc16::of(&self.0)
    }

    /// Gives a word of 4 bytes; words above 31 are empty.
    #[must_use]
    pub fn word(&self, word: u8) -> [u8; 4] {
        let (words, _) = self.0.as_chunks::<4>();
        words.get(usize::from(word)).copied().unwrap_or_default()
    }

    fn word_of_pair(&self, start: usize, slot: Slot) -> u16 {
        let bytes = self.0.get(start + 2 * slot.index()..).and_then(|rest| rest.first_chunk());
        bytes.map_or(0, |pair| u16::from_le_bytes(*pair))
    }
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Config({:02X?})", self.0)
    }
}

/// LockValue and LockConfig, bytes 86 and 87.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LockBytes {
    /// LockValue: the data and OTP zones.
    pub data: u8,
    /// LockConfig: the configuration zone.
    pub config: u8,
}

impl LockBytes {
    const UNLOCKED: u8 = 0x55;

    /// Takes them out of the word that holds them.
    pub(crate) const fn in_word([_, _, data, config]: [u8; 4]) -> Self {
        Self { data, config }
    }

    /// Tells whether the configuration zone is locked.
    #[must_use]
    pub const fn is_config_locked(self) -> bool {
        self.config != Self::UNLOCKED
    }

    /// Tells whether the data and OTP zones are locked.
    #[must_use]
    pub const fn is_data_locked(self) -> bool {
        self.data != Self::UNLOCKED
    }

    /// Tells whether a zone is locked.
    #[must_use]
    pub const fn is_locked(self, zone: Zone) -> bool {
        match zone {
            Zone::Config => self.is_config_locked(),
            Zone::Otp | Zone::Data => self.is_data_locked(),
        }
    }

    /// Tells which zone must be locked next, if any.
    #[must_use]
    pub const fn first_unlocked(self) -> Option<Zone> {
        match (self.is_config_locked(), self.is_data_locked()) {
            (false, _) => Some(Zone::Config),
            (true, false) => Some(Zone::Data),
            (true, true) => None,
        }
    }
}

/// The serial number of an element: nine bytes, unlike any other's. It displays as 18 digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SerialNumber(pub [u8; 9]);

impl fmt::Display for SerialNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02X}"))
    }
}
