//! Memory map: zones, slots, addresses, and the two policy words of each slot (protocol section 4).

use core::ops::Range;

/// Bytes of the configuration zone.
pub(crate) const CONFIG_SIZE: usize = 128;
/// Bytes of the one-time-programmable zone.
pub(crate) const OTP_SIZE: usize = 64;
/// Bytes of the data zone.
pub(crate) const DATA_SIZE: usize = 1208;
/// Number of slots.
pub(crate) const SLOTS: u8 = 16;

/// Offsets into the configuration zone (section 4.1).
pub(crate) mod config {
    pub(crate) const AES_ENABLE: usize = 13;
    pub(crate) const I2C_ADDRESS: usize = 16;
    /// 508A: OTPmode. 608: CountMatch.
    pub(crate) const OTP_MODE: usize = 18;
    pub(crate) const COUNT_MATCH: usize = 18;
    pub(crate) const CHIP_MODE: usize = 19;
    pub(crate) const SLOT_CONFIG: usize = 20;
    pub(crate) const COUNTERS: usize = 52;
    pub(crate) const LAST_KEY_USE: usize = 68;
    pub(crate) const VOLATILE_KEY_PERMISSION: usize = 69;
    pub(crate) const SECURE_BOOT: usize = 70;
    pub(crate) const USER_EXTRA: usize = 84;
    pub(crate) const SELECTOR: usize = 85;
    pub(crate) const LOCK_VALUE: usize = 86;
    pub(crate) const LOCK_CONFIG: usize = 87;
    pub(crate) const SLOT_LOCKED: usize = 88;
    pub(crate) const CHIP_OPTIONS: usize = 90;
    pub(crate) const KEY_CONFIG: usize = 96;
}

/// Finds the bytes of a slot in the data zone: 0-7 have 36, 8 has 416, 9-15 have 72.
pub(crate) const fn slot_range(slot: u8) -> Range<usize> {
    let slot = (slot & 15) as usize;
    match slot {
        0..=7 => slot * 36..slot * 36 + 36,
        8 => 288..704,
        _ => 704 + (slot - 9) * 72..704 + (slot - 8) * 72,
    }
}

/// A zone, as bits 1:0 of the first parameter of Read and Write name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Zone {
    Config,
    Otp,
    Data { slot: u8 },
}

/// What one Read or Write touches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Access {
    pub(crate) zone: Zone,
    /// Offset within the zone, or within the slot.
    pub(crate) offset: usize,
    /// 4 or 32.
    pub(crate) width: usize,
    /// Bytes that exist: less than `width` in the last block of a slot.
    pub(crate) present: usize,
}

impl Access {
    /// Decodes zone byte and address; nothing for an address outside the zone.
    pub(crate) fn decode(param1: u8, param2: u16) -> Option<Self> {
        let width = if param1 & 0x80 == 0 { 4 } else { 32 };
        let [low, block] = param2.to_le_bytes();
        let word = usize::from(low & 7);
        if width == 32 && word != 0 {
            return None;
        }
        let (zone, size, block) = match param1 & 3 {
            0 => (Zone::Config, CONFIG_SIZE, usize::from(low >> 3)),
            1 => (Zone::Otp, OTP_SIZE, usize::from(low >> 3)),
            2 => (Zone::Data { slot: low >> 3 }, slot_range(low >> 3).len(), usize::from(block)),
            _ => return None,
        };
        let outside = match zone {
            Zone::Data { slot } => slot >= SLOTS,
            _ => param2 > 0xFF,
        };
        let offset = block * 32 + word * 4;
        if outside || offset >= size {
            return None;
        }
        Some(Self { zone, offset, width, present: width.min(size - offset) })
    }
}

/// SlotConfig (section 4.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SlotConfig(pub(crate) u16);

impl SlotConfig {
    const fn bit(self, bit: u8) -> bool {
        self.0 >> bit & 1 == 1
    }

    /// Key for encrypted reads; permissions of a private key.
    pub(crate) fn read_key(self) -> u8 {
        self.0.to_le_bytes()[0] & 0x0F
    }

    pub(crate) const fn external_sign(self) -> bool {
        self.bit(0)
    }

    pub(crate) const fn internal_sign(self) -> bool {
        self.bit(1)
    }

    pub(crate) const fn ecdh(self) -> bool {
        self.bit(2)
    }

    pub(crate) const fn ecdh_to_slot(self) -> bool {
        self.bit(3)
    }

    pub(crate) const fn no_mac(self) -> bool {
        self.bit(4)
    }

    pub(crate) const fn limited_use(self) -> bool {
        self.bit(5)
    }

    pub(crate) const fn encrypt_read(self) -> bool {
        self.bit(6)
    }

    pub(crate) const fn is_secret(self) -> bool {
        self.bit(7)
    }

    pub(crate) fn write_key(self) -> u8 {
        self.0.to_le_bytes()[1] & 0x0F
    }

    /// WriteConfig, bits 15:12.
    pub(crate) fn write_config(self) -> u8 {
        self.0.to_le_bytes()[1] >> 4
    }
}

/// KeyConfig (section 4.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct KeyConfig(pub(crate) u16);

/// KeyType of a P-256 key.
const P256: u16 = 4;
/// KeyType of an AES key (608).
const AES: u16 = 6;

impl KeyConfig {
    const fn bit(self, bit: u8) -> bool {
        self.0 >> bit & 1 == 1
    }

    pub(crate) const fn private(self) -> bool {
        self.bit(0)
    }

    pub(crate) const fn pub_info(self) -> bool {
        self.bit(1)
    }

    pub(crate) const fn is_p256(self) -> bool {
        self.0 >> 2 & 7 == P256
    }

    pub(crate) const fn is_aes(self) -> bool {
        self.0 >> 2 & 7 == AES
    }

    pub(crate) const fn lockable(self) -> bool {
        self.bit(5)
    }

    pub(crate) const fn req_random(self) -> bool {
        self.bit(6)
    }

    pub(crate) const fn req_auth(self) -> bool {
        self.bit(7)
    }

    pub(crate) fn auth_key(self) -> u8 {
        self.0.to_le_bytes()[1] & 0x0F
    }

    pub(crate) const fn persistent_disable(self) -> bool {
        self.bit(12)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_tile_the_data_zone() {
        let mut end = 0;
        for slot in 0..SLOTS {
            let range = slot_range(slot);
            assert_eq!(range.start, end, "slot {slot}");
            end = range.end;
        }
        assert_eq!(end, DATA_SIZE);
    }

    #[test]
    fn addresses_decode() {
        let at = |p1, p2| Access::decode(p1, p2);
        let block = Access { zone: Zone::Data { slot: 8 }, offset: 384, width: 32, present: 32 };
        assert_eq!(at(0x82, 0x0C40), Some(block));
        let word = Access { zone: Zone::Data { slot: 10 }, offset: 64, width: 4, present: 4 };
        assert_eq!(at(0x02, 0x0250), Some(word));
        assert_eq!(at(0x82, 0x0150).unwrap().present, 32);
        assert_eq!(at(0x82, 0x0250).unwrap().present, 8);
        assert_eq!(at(0x82, 0x0100).unwrap().present, 4);
        assert_eq!(at(0x00, 0x15).unwrap().offset, 84);
        assert_eq!(at(0x00, 0x20), None);
        assert_eq!(at(0x80, 0x01), None);
        assert_eq!(at(0x81, 0x10), None);
        assert_eq!(at(0x02, 0x0380), None);
    }

    /// Slot 0 of the Arduino image, `83 20`: external and internal signatures, GenKey allowed.
    #[test]
    fn the_arduino_slot_decodes() {
        let slot = SlotConfig(0x2083);
        assert!(slot.external_sign() && slot.internal_sign() && !slot.ecdh() && slot.is_secret());
        assert_eq!(slot.write_config(), 0b0010);
        let key = KeyConfig(0x0033);
        assert!(key.private() && key.pub_info() && key.is_p256() && key.lockable());
        assert!(!key.req_random() && !key.req_auth());
    }
}
