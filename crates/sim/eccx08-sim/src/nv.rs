//! Non-volatile memory: the three zones, their fixtures, and their image as bytes.

use core::fmt;
use core::ops::Range;

use crate::Profile;
use crate::zones::{CONFIG_SIZE, DATA_SIZE, KeyConfig, OTP_SIZE, SlotConfig, config, slot_range};

/// The EEPROM of the chip: configuration, OTP and data zone.
///
/// The image holds whatever the zones hold, **private keys included**, as the silicon's EEPROM does:
/// it is a fixture to save and to load, not something to print. `Debug` shows the locks alone.
///
/// ```
/// use eccx08_sim::{NvImage, Profile};
///
/// let blank = NvImage::blank(Profile::Atecc608a);
/// assert!(!blank.config_locked() && !blank.data_locked());
/// let copy = NvImage::from_bytes(&blank.to_bytes()).unwrap();
/// assert!(copy == blank);
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct NvImage {
    config: [u8; CONFIG_SIZE],
    otp: [u8; OTP_SIZE],
    data: [u8; DATA_SIZE],
}

/// Value of LockValue and LockConfig while unlocked.
const UNLOCKED: u8 = 0x55;
/// Serial number of the vectors in protocol section 9.7.
const SERIAL_NUMBER: [u8; 9] = [0x01, 0x23, 0x45, 0x67, 0x89, 0xAB, 0xCD, 0xEF, 0xEE];

/// SlotConfig of a blank 508A (section 4.4).
const SLOT_CONFIG: [u8; 32] = [
    0x83, 0x20, 0x87, 0x20, 0x8F, 0x20, 0xC4, 0x8F, 0x8F, 0x8F, 0x8F, 0x8F, 0x9F, 0x8F, 0xAF, 0x8F, //
    0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0xAF, 0x8F,
];
/// KeyConfig of a blank 508A (section 4.4).
const KEY_CONFIG: [u8; 32] = [
    0x33, 0x00, 0x33, 0x00, 0x33, 0x00, 0x1C, 0x00, 0x1C, 0x00, 0x1C, 0x00, 0x1C, 0x00, 0x1C, 0x00, //
    0x3C, 0x00, 0x3C, 0x00, 0x3C, 0x00, 0x3C, 0x00, 0x3C, 0x00, 0x3C, 0x00, 0x3C, 0x00, 0x1C, 0x00,
];

impl NvImage {
    /// Bytes of the image.
    pub const SIZE: usize = CONFIG_SIZE + OTP_SIZE + DATA_SIZE;

    /// Makes the memory of a generic chip as it leaves the factory: nothing locked, address 0x60,
    /// serial number 01 23 45 67 89 AB CD EF EE, OTP and data all ones.
    ///
    /// By decision a 608 has the same SlotConfig and KeyConfig as a 508A, AES enabled, and zeros in bytes 18,
    /// 68 to 83 and 90 to 91.
    #[must_use]
    pub fn blank(profile: Profile) -> Self {
        let mut config = [0; CONFIG_SIZE];
        config[4..8].copy_from_slice(&profile.revision());
        config[14] = 0x01;
        config[config::I2C_ADDRESS] = 0xC0;
        config[20..52].copy_from_slice(&SLOT_CONFIG);
        config[52..68]
            .copy_from_slice(&[0xFF, 0xFF, 0xFF, 0xFF, 0, 0, 0, 0, 0xFF, 0xFF, 0xFF, 0xFF, 0, 0, 0, 0]);
        if profile.is_608() {
            config[config::AES_ENABLE] = 0x01;
        } else {
            config[config::OTP_MODE] = 0x55;
            config[config::LAST_KEY_USE..config::USER_EXTRA].fill(0xFF);
        }
        config[config::LOCK_VALUE] = UNLOCKED;
        config[config::LOCK_CONFIG] = UNLOCKED;
        config[config::SLOT_LOCKED..config::SLOT_LOCKED + 2].fill(0xFF);
        config[96..].copy_from_slice(&KEY_CONFIG);
        Self { config, otp: [0xFF; OTP_SIZE], data: [0xFF; DATA_SIZE] }.with_serial_number(SERIAL_NUMBER)
    }

    /// Makes a chip whose owner chose another configuration and locked both zones: the policies of
    /// `config` bytes 16 to 127, with serial number and revision of a blank chip.
    #[must_use]
    pub fn locked_with(profile: Profile, config: &[u8; 128]) -> Self {
        Self::blank(profile).with_config(config).with_config_locked().with_data_locked()
    }

    /// Sets the serial number.
    #[must_use]
    pub fn with_serial_number(mut self, serial_number: [u8; 9]) -> Self {
        self.config[..4].copy_from_slice(&serial_number[..4]);
        self.config[8..13].copy_from_slice(&serial_number[4..]);
        self
    }

    /// Copies bytes 16 to 127 of a configuration, except the locks (84 to 87).
    #[must_use]
    pub fn with_config(mut self, config: &[u8; 128]) -> Self {
        self.config[16..84].copy_from_slice(&config[16..84]);
        self.config[88..].copy_from_slice(&config[88..]);
        self
    }

    /// Sets one word of the configuration, written or not by any command.
    #[must_use]
    pub fn with_config_word(mut self, word: u8, bytes: [u8; 4]) -> Self {
        let start = usize::from(word % 32) * 4;
        self.config[start..start + 4].copy_from_slice(&bytes);
        self
    }

    /// Locks the configuration zone.
    #[must_use]
    pub fn with_config_locked(mut self) -> Self {
        self.config[config::LOCK_CONFIG] = 0;
        self
    }

    /// Locks data and OTP zone.
    #[must_use]
    pub fn with_data_locked(mut self) -> Self {
        self.config[config::LOCK_VALUE] = 0;
        self
    }

    /// Puts bytes at the start of a slot; what does not fit is dropped.
    #[must_use]
    pub fn with_slot(mut self, slot: u8, bytes: &[u8]) -> Self {
        for (to, from) in self.slot_mut(slot).iter_mut().zip(bytes) {
            *to = *from;
        }
        self
    }

    /// Puts a private key into a slot, big-endian, as PrivWrite would: four zeros and the scalar.
    #[must_use]
    pub fn with_private_key(mut self, slot: u8, scalar: &[u8; 32]) -> Self {
        self.store_private_key(slot, scalar);
        self
    }

    /// Reads an image; nothing unless it has [`NvImage::SIZE`] bytes.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (config, rest) = bytes.split_first_chunk()?;
        let (otp, data) = rest.split_first_chunk()?;
        Some(Self { config: *config, otp: *otp, data: data.try_into().ok()? })
    }

    /// Writes the image: configuration, OTP, data. **It holds the private keys.**
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        [&self.config[..], &self.otp, &self.data].concat()
    }

    /// Shows the configuration zone.
    #[must_use]
    pub const fn config(&self) -> &[u8; 128] {
        &self.config
    }

    /// Tells whether the configuration zone is locked.
    #[must_use]
    pub const fn config_locked(&self) -> bool {
        self.config[config::LOCK_CONFIG] != UNLOCKED
    }

    /// Tells whether data and OTP zone are locked.
    #[must_use]
    pub const fn data_locked(&self) -> bool {
        self.config[config::LOCK_VALUE] != UNLOCKED
    }

    /// Tells whether a slot is locked by itself.
    #[must_use]
    pub fn slot_locked(&self, slot: u8) -> bool {
        self.word16(config::SLOT_LOCKED) >> (slot & 15) & 1 == 0
    }

    /// Reads the serial number.
    #[must_use]
    pub fn serial_number(&self) -> [u8; 9] {
        let c = &self.config;
        [c[0], c[1], c[2], c[3], c[8], c[9], c[10], c[11], c[12]]
    }

    pub(crate) const fn config_mut(&mut self) -> &mut [u8; CONFIG_SIZE] {
        &mut self.config
    }

    pub(crate) const fn otp(&self) -> &[u8; OTP_SIZE] {
        &self.otp
    }

    pub(crate) const fn otp_mut(&mut self) -> &mut [u8; OTP_SIZE] {
        &mut self.otp
    }

    pub(crate) fn slot(&self, slot: u8) -> &[u8] {
        &self.data[slot_range(slot)]
    }

    pub(crate) fn slot_mut(&mut self, slot: u8) -> &mut [u8] {
        &mut self.data[slot_range(slot)]
    }

    /// The first 32 bytes of a slot: the key of the symmetric commands.
    pub(crate) fn key(&self, slot: u8) -> [u8; 32] {
        let mut key = [0; 32];
        key.copy_from_slice(&self.slot(slot)[..32]);
        key
    }

    pub(crate) fn store_private_key(&mut self, slot: u8, scalar: &[u8; 32]) {
        let bytes = self.slot_mut(slot);
        bytes[..4].fill(0);
        bytes[4..36].copy_from_slice(scalar);
    }

    pub(crate) fn private_key(&self, slot: u8) -> [u8; 32] {
        let mut scalar = [0; 32];
        scalar.copy_from_slice(&self.slot(slot)[4..36]);
        scalar
    }

    /// The public key of a 72-byte slot: pad, X, pad, Y.
    pub(crate) fn stored_public_key(&self, slot: u8) -> Option<[u8; 64]> {
        let bytes = self.slot(slot);
        let mut key = [0; 64];
        key[..32].copy_from_slice(bytes.get(4..36)?);
        key[32..].copy_from_slice(bytes.get(40..72)?);
        Some(key)
    }

    pub(crate) fn word16(&self, offset: usize) -> u16 {
        u16::from_le_bytes([self.config[offset], self.config[offset + 1]])
    }

    pub(crate) fn slot_config(&self, slot: u8) -> SlotConfig {
        SlotConfig(self.word16(config::SLOT_CONFIG + 2 * usize::from(slot & 15)))
    }

    pub(crate) fn key_config(&self, slot: u8) -> KeyConfig {
        KeyConfig(self.word16(config::KEY_CONFIG + 2 * usize::from(slot & 15)))
    }

    /// All slots and then OTP, as the checksum of Lock covers them.
    pub(crate) fn data_and_otp(&self) -> Vec<u8> {
        [&self.data[..], &self.otp].concat()
    }

    /// What is there when a change from `before` to `self` stops after half of the changing bytes.
    pub(crate) fn torn_from(&self, before: &Self) -> Self {
        let (old, new) = (before.to_bytes(), self.to_bytes());
        let changed: Vec<usize> = (0..old.len()).filter(|&at| old[at] != new[at]).collect();
        let mut torn = old;
        for &at in &changed[..changed.len() / 2] {
            torn[at] = new[at];
        }
        Self::from_bytes(&torn).unwrap_or_else(|| before.clone())
    }

    /// Bytes of a range of the configuration, for commands that hash it.
    pub(crate) fn config_bytes(&self, range: Range<usize>) -> &[u8] {
        &self.config[range]
    }
}

impl fmt::Debug for NvImage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NvImage")
            .field("serial_number", &self.serial_number())
            .field("config_locked", &self.config_locked())
            .field("data_locked", &self.data_locked())
            .finish_non_exhaustive()
    }
}
