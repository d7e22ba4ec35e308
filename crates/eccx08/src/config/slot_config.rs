//! SlotConfig: who may read, write and use a slot.

use crate::address::Slot;

/// The 16-bit policy of one slot (ATECC508A data sheet DS20005927A, SlotConfig).
///
/// ```
/// use eccx08::config::{SlotConfig, WritePolicy};
///
/// let key = SlotConfig::from_bits(0x2083); // slot 0 of an Arduino board
/// assert!(key.allows_external_sign() && key.allows_internal_sign() && !key.allows_ecdh());
/// assert!(key.is_secret() && key.allows_gen_key());
/// assert_eq!(key.write_policy(), WritePolicy::Never);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct SlotConfig(u16);

impl SlotConfig {
    const EXTERNAL_SIGN: u16 = 1 << 0;
    const INTERNAL_SIGN: u16 = 1 << 1;
    const ECDH: u16 = 1 << 2;
    const ECDH_TO_SLOT: u16 = 1 << 3;
    const NO_MAC: u16 = 1 << 4;
    const LIMITED_USE: u16 = 1 << 5;
    const ENCRYPT_READ: u16 = 1 << 6;
    const IS_SECRET: u16 = 1 << 7;
    const GEN_KEY: u16 = 1 << 13;
    const PRIV_WRITE: u16 = 1 << 14;

    /// Takes the 16 bits.
    #[must_use]
    pub const fn from_bits(bits: u16) -> Self {
        Self(bits)
    }

    /// Gives the 16 bits.
    #[must_use]
    pub const fn bits(self) -> u16 {
        self.0
    }

    /// Makes the policy of a private key that signs, can be made anew by GenKey and never written.
    #[must_use]
    pub const fn signing_key() -> Self {
        Self(Self::EXTERNAL_SIGN | Self::INTERNAL_SIGN | Self::IS_SECRET | Self::GEN_KEY)
    }

    /// Makes the policy of a slot that anybody may read and write in clear.
    #[must_use]
    pub const fn open() -> Self {
        Self(0)
    }

    /// Allows a private key to compute Diffie-Hellman secrets, given out in clear.
    #[must_use]
    pub const fn with_ecdh(self) -> Self {
        Self(self.0 | Self::ECDH)
    }

    /// Makes the slot secret, read encrypted with the key in `key`.
    #[must_use]
    pub const fn with_encrypted_read(self, key: Slot) -> Self {
        let kept = self.0 & !0x000F;
        Self(kept | Self::IS_SECRET | Self::ENCRYPT_READ | low_bits(key))
    }

    /// Lets the slot be written only encrypted, with the key in `key`.
    #[must_use]
    pub const fn with_encrypted_write(self, key: Slot) -> Self {
        let kept = self.0 & 0x00FF;
        Self(kept | Self::PRIV_WRITE | low_bits(key) << 8)
    }

    /// Lets the slot never be written after the data zone is locked.
    #[must_use]
    pub const fn with_no_write(self) -> Self {
        Self(self.0 & 0x0FFF | 0x8000)
    }

    /// Names the key (ReadKey) for encrypted reads of a slot that holds no private key.
    #[must_use]
    pub const fn read_key(self) -> Slot {
        let [low, _] = self.0.to_le_bytes();
        Slot::from_low_bits(low)
    }

    /// Tells whether a private key signs external digests (ReadKey bit 0).
    #[must_use]
    pub const fn allows_external_sign(self) -> bool {
        self.has(Self::EXTERNAL_SIGN)
    }

    /// Tells whether a private key signs internal messages (ReadKey bit 1).
    #[must_use]
    pub const fn allows_internal_sign(self) -> bool {
        self.has(Self::INTERNAL_SIGN)
    }

    /// Tells whether a private key computes Diffie-Hellman secrets (ReadKey bit 2).
    #[must_use]
    pub const fn allows_ecdh(self) -> bool {
        self.has(Self::ECDH)
    }

    /// Tells whether the secret goes to the next odd slot and not out (ReadKey bit 3).
    #[must_use]
    pub const fn keeps_ecdh_secret(self) -> bool {
        self.has(Self::ECDH_TO_SLOT)
    }

    /// Tells whether MAC and HMAC may not use the key; GenDig then needs four bytes more.
    #[must_use]
    pub const fn is_no_mac(self) -> bool {
        self.has(Self::NO_MAC)
    }

    /// Tells whether the uses of the key are counted.
    #[must_use]
    pub const fn is_limited_use(self) -> bool {
        self.has(Self::LIMITED_USE)
    }

    /// Tells whether the slot is never read in clear.
    #[must_use]
    pub const fn is_secret(self) -> bool {
        self.has(Self::IS_SECRET)
    }

    /// Tells how the slot is read.
    #[must_use]
    pub const fn read_policy(self) -> ReadPolicy {
        match (self.is_secret(), self.has(Self::ENCRYPT_READ)) {
            (false, false) => ReadPolicy::Clear,
            (false, true) => ReadPolicy::Illegal,
            (true, false) => ReadPolicy::Never,
            (true, true) => ReadPolicy::Encrypted(self.read_key()),
        }
    }

    /// Names the key (WriteKey) for encrypted writes.
    #[must_use]
    pub const fn write_key(self) -> Slot {
        let [_, high] = self.0.to_le_bytes();
        Slot::from_low_bits(high)
    }

    /// Tells how the slot is written by Write.
    #[must_use]
    pub const fn write_policy(self) -> WritePolicy {
        match self.0 >> 12 {
            0b0000 => WritePolicy::Always,
            0b0001 => WritePolicy::PubInvalid,
            config if config & 0b0100 != 0 => WritePolicy::Encrypted(self.write_key()),
            _ => WritePolicy::Never,
        }
    }

    /// Tells whether GenKey may make a new key after the data zone is locked (WriteConfig bit 1).
    #[must_use]
    pub const fn allows_gen_key(self) -> bool {
        self.has(Self::GEN_KEY)
    }

    /// Tells whether PrivWrite may write a private key, encrypted (WriteConfig bit 2).
    #[must_use]
    pub const fn allows_priv_write(self) -> bool {
        self.has(Self::PRIV_WRITE)
    }

    const fn has(self, bit: u16) -> bool {
        self.0 & bit != 0
    }
}

const fn low_bits(slot: Slot) -> u16 {
    u16::from_le_bytes([slot.number(), 0])
}

/// How a slot is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ReadPolicy {
    /// By anybody.
    Clear,
    /// A combination that the data sheet forbids.
    Illegal,
    /// Not at all.
    Never,
    /// Encrypted with the key in this slot.
    Encrypted(Slot),
}

/// How a slot is written by Write, after the data zone is locked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum WritePolicy {
    /// By anybody.
    Always,
    /// Only while the public key in it is invalidated.
    PubInvalid,
    /// Not at all.
    Never,
    /// Encrypted with the key in this slot.
    Encrypted(Slot),
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Slots of the Arduino image, from ECCX08DefaultTLSConfig.h of ArduinoECCX08 1.4.1.
    #[test]
    fn arduino_slots() {
        let slot = |low, high| SlotConfig::from_bits(u16::from_le_bytes([low, high]));
        let key = slot(0x87, 0x2F);
        assert!(key.allows_ecdh() && !key.keeps_ecdh_secret() && key.allows_gen_key());
        assert_eq!(key.write_key(), Slot::S15);
        assert_eq!(key.read_policy(), ReadPolicy::Never);
        let secret = slot(0x8F, 0x8F);
        assert_eq!((secret.read_policy(), secret.write_policy()), (ReadPolicy::Never, WritePolicy::Never));
        assert!(slot(0x9F, 0x8F).is_no_mac());
        assert!(slot(0xAF, 0x8F).is_limited_use());
        let open = SlotConfig::open();
        assert_eq!((open.read_policy(), open.write_policy()), (ReadPolicy::Clear, WritePolicy::Always));
    }

    #[test]
    fn made_slots() {
        assert_eq!(SlotConfig::signing_key().bits(), 0x2083);
        assert_eq!(SlotConfig::signing_key().with_ecdh().bits(), 0x2087);
        let slot = SlotConfig::open().with_encrypted_read(Slot::S4).with_encrypted_write(Slot::S6);
        assert_eq!(slot.read_policy(), ReadPolicy::Encrypted(Slot::S4));
        assert_eq!(slot.write_policy(), WritePolicy::Encrypted(Slot::S6));
        assert!(slot.allows_priv_write());
        assert_eq!(SlotConfig::open().with_no_write().write_policy(), WritePolicy::Never);
        assert_eq!(SlotConfig::from_bits(0x1000).write_policy(), WritePolicy::PubInvalid);
        assert_eq!(SlotConfig::from_bits(0x0040).read_policy(), ReadPolicy::Illegal);
    }
}
