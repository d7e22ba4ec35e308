//! Configurations to provision an element with.

use super::{Config, KeyConfig, SlotConfig};
use crate::address::Slot;
use crate::chip::Chip;

/// What bytes 16 to 127 of the configuration zone should be.
///
/// Some of them never come from an image: I2C_Address stays what it is, and the lock bytes, UserExtra and
/// Selector are changed by commands of their own.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Image([u8; Self::SIZE]);

impl Image {
    /// Bytes in an image.
    pub const SIZE: usize = Config::SIZE - 16;

    /// What Arduino's library writes, on every element alike: the configuration of boards that were
    /// provisioned with it. Meant for an ATECC508A.
    ///
    /// Slots 0 to 4 are private keys, slots 5 to 7 and 15 are closed, slots 8 to 14 are open.
    #[rustfmt::skip]
    pub const ATECC508A_ARDUINO: Self = Self([
        0xC0, 0x00, 0x55, 0x00, 0x83, 0x20, 0x87, 0x20, 0x87, 0x20, 0x87, 0x2F, 0x87, 0x2F, 0x8F, 0x8F,
        0x9F, 0x8F, 0xAF, 0x8F, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
        0x00, 0x00, 0xAF, 0x8F, 0xFF, 0xFF, 0xFF, 0xFF, 0x00, 0x00, 0x00, 0x00, 0xFF, 0xFF, 0xFF, 0xFF,
        0x00, 0x00, 0x00, 0x00, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF,
        0xFF, 0xFF, 0xFF, 0xFF, 0x00, 0x00, 0x55, 0x55, 0xFF, 0xFF, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
        0x33, 0x00, 0x33, 0x00, 0x33, 0x00, 0x33, 0x00, 0x33, 0x00, 0x1C, 0x00, 0x1C, 0x00, 0x1C, 0x00,
        0x3C, 0x00, 0x3C, 0x00, 0x3C, 0x00, 0x3C, 0x00, 0x3C, 0x00, 0x3C, 0x00, 0x3C, 0x00, 0x1C, 0x00,
    ]);

    /// The same slots for an ATECC608: zeros where an ATECC508A has OTPmode and LastKeyUse, since an
    /// ATECC608 has CountMatch, UseLock, VolatileKeyPermission and SecureBoot there (AN3539 section 4.1).
    pub const ATECC608: Self = Self::ATECC508A_ARDUINO.with_zeros(18, 19).with_zeros(68, 84);

    /// An ATECC508A as it leaves the factory.
    pub const ATECC508A_FACTORY: Self = Self::ATECC508A_ARDUINO
        .with_slot(Slot::S2, SlotConfig::from_bits(0x208F), KeyConfig::from_bits(0x0033))
        .with_slot(Slot::S3, SlotConfig::from_bits(0x8FC4), KeyConfig::from_bits(0x001C))
        .with_slot(Slot::S4, SlotConfig::from_bits(0x8F8F), KeyConfig::from_bits(0x001C));

    /// An ATECC608 as it leaves the factory, as far as public sources tell.
    pub const ATECC608_FACTORY: Self = Self::ATECC508A_FACTORY.with_zeros(18, 19).with_zeros(68, 84);

    /// Takes bytes 16 to 127.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; Self::SIZE]) -> Self {
        Self(bytes)
    }

    /// Gives bytes 16 to 127.
    #[must_use]
    pub const fn bytes(&self) -> &[u8; Self::SIZE] {
        &self.0
    }

    /// Gives the image that suits `chip`, with a signing key in slot 0.
    #[must_use]
    pub const fn for_chip(chip: Chip) -> Self {
        if chip.is_608() { Self::ATECC608 } else { Self::ATECC508A_ARDUINO }
    }

    /// Gives what `chip` looks like when nothing was ever written.
    #[must_use]
    pub const fn factory(chip: Chip) -> Self {
        if chip.is_608() { Self::ATECC608_FACTORY } else { Self::ATECC508A_FACTORY }
    }

    /// Sets policy and content of one slot.
    #[must_use]
    #[expect(clippy::indexing_slicing, reason = "a slot is below 16, and this runs at compile time as well")]
    pub const fn with_slot(self, slot: Slot, slot_config: SlotConfig, key_config: KeyConfig) -> Self {
        let mut bytes = self.0;
        let pair = 2 * slot.index();
        [bytes[4 + pair], bytes[5 + pair]] = slot_config.bits().to_le_bytes();
        [bytes[80 + pair], bytes[81 + pair]] = key_config.bits().to_le_bytes();
        Self(bytes)
    }

    /// Gives the whole zone that the element with `current` will have.
    #[must_use]
    pub fn applied_to(&self, current: &Config) -> Config {
        let mut bytes = *current.as_bytes();
        for (index, (byte, wanted)) in bytes.iter_mut().skip(16).zip(self.0).enumerate() {
            // I2C_Address; UserExtra to LockConfig.
            if index != 0 && !(84 - 16..88 - 16).contains(&index) {
                *byte = wanted;
            }
        }
        Config::from_bytes(bytes)
    }

    #[expect(clippy::indexing_slicing, reason = "runs at compile time only")]
    const fn with_zeros(self, start: usize, end: usize) -> Self {
        let mut bytes = self.0;
        let mut index = start - 16;
        while index < end - 16 {
            bytes[index] = 0;
            index += 1;
        }
        Self(bytes)
    }
}

impl core::fmt::Debug for Image {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "Image({:02X?})", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn zone(image: &Image) -> Config {
        let mut bytes = [0; 128];
        bytes[16..].copy_from_slice(image.bytes());
        Config::from_bytes(bytes)
    }

    /// ECCX08DefaultTLSConfig.h of ArduinoECCX08 1.4.1 has these slots.
    #[test]
    fn the_images_have_a_signing_key_in_slot_0() {
        for image in [Image::ATECC508A_ARDUINO, Image::ATECC608] {
            let zone = zone(&image);
            assert_eq!(zone.slot_config(Slot::S0), SlotConfig::signing_key());
            assert_eq!(zone.key_config(Slot::S0), KeyConfig::private_key().lockable());
            assert_eq!(zone.slot_config(Slot::S4).bits(), 0x2F87);
            assert_eq!(zone.slot_config(Slot::S15).bits(), 0x8FAF);
            assert_eq!(zone.key_config(Slot::S15), KeyConfig::data());
            assert_eq!(zone.slot_config(Slot::S8), SlotConfig::open());
        }
    }

    #[test]
    fn the_608_image_has_zeros_where_the_608_differs() {
        let zone = zone(&Image::ATECC608);
        assert_eq!(zone.otp_mode(), 0);
        assert!(zone.as_bytes()[68..84].iter().all(|byte| *byte == 0));
        assert_eq!(zone.chip_options(), 0);
        assert_eq!(zone.as_bytes()[52..60], [0xFF, 0xFF, 0xFF, 0xFF, 0, 0, 0, 0]);
    }

    #[test]
    fn an_image_keeps_what_is_not_its_own() {
        let mut bytes = [0x5A; 128];
        bytes[16] = 0x6A;
        let applied = Image::ATECC608.applied_to(&Config::from_bytes(bytes));
        assert_eq!(applied.as_bytes()[..16], [0x5A; 16]);
        assert_eq!(applied.i2c_address(), 0x35);
        assert_eq!(applied.as_bytes()[84..88], [0x5A; 4]);
        assert_eq!(applied.as_bytes()[88..90], [0xFF; 2]);
    }
}
