//! KeyConfig: what a slot holds.

use crate::address::Slot;

/// The 16-bit description of what a slot holds (ATECC508A data sheet DS20005927A, KeyConfig).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct KeyConfig(u16);

/// What kind of key a slot holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum KeyType {
    /// 4: a key on P-256.
    P256,
    /// 6: an AES key (ATECC608).
    Aes,
    /// 7: a symmetric key for SHA, or any data.
    Data,
    /// A value that is not assigned.
    Reserved(u8),
}

impl KeyConfig {
    const PRIVATE: u16 = 1 << 0;
    const PUB_INFO: u16 = 1 << 1;
    const LOCKABLE: u16 = 1 << 5;
    const REQ_RANDOM: u16 = 1 << 6;
    const REQ_AUTH: u16 = 1 << 7;
    const INTRUSION_DISABLE: u16 = 1 << 12;

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

    /// Describes a private key on P-256 whose public key may be computed.
    #[must_use]
    pub const fn private_key() -> Self {
        Self(Self::PRIVATE | Self::PUB_INFO | 4 << 2)
    }

    /// Describes an AES key (ATECC608).
    #[must_use]
    pub const fn aes_key() -> Self {
        Self(6 << 2)
    }

    /// Describes a public key on P-256.
    #[must_use]
    pub const fn public_key() -> Self {
        Self(4 << 2)
    }

    /// Describes a symmetric key, or data.
    #[must_use]
    pub const fn data() -> Self {
        Self(7 << 2)
    }

    /// Lets the slot be locked by itself.
    #[must_use]
    pub const fn lockable(self) -> Self {
        Self(self.0 | Self::LOCKABLE)
    }

    /// Tells whether it is a private key.
    #[must_use]
    pub const fn is_private(self) -> bool {
        self.has(Self::PRIVATE)
    }

    /// Tells whether the public key of a private key may be computed, or a public key must be validated.
    #[must_use]
    pub const fn has_pub_info(self) -> bool {
        self.has(Self::PUB_INFO)
    }

    /// Tells the kind of key.
    #[must_use]
    pub const fn key_type(self) -> KeyType {
        let [low, _] = self.0.to_le_bytes();
        match low >> 2 & 7 {
            4 => KeyType::P256,
            6 => KeyType::Aes,
            7 => KeyType::Data,
            other => KeyType::Reserved(other),
        }
    }

    /// Tells whether the slot can be locked by itself.
    #[must_use]
    pub const fn is_lockable(self) -> bool {
        self.has(Self::LOCKABLE)
    }

    /// Tells whether uses of the key need a random nonce.
    #[must_use]
    pub const fn requires_random(self) -> bool {
        self.has(Self::REQ_RANDOM)
    }

    /// Tells whether uses of the key need an authorisation by CheckMac before, and with which key.
    #[must_use]
    pub fn authorising_key(self) -> Option<Slot> {
        let [_, high] = self.0.to_le_bytes();
        self.has(Self::REQ_AUTH).then(|| Slot::from_low_bits(high))
    }

    /// Reads bit 12: IntrusionDisable (ATECC508A), PersistentDisable (ATECC608).
    #[must_use]
    pub const fn is_disabled_by_latch(self) -> bool {
        self.has(Self::INTRUSION_DISABLE)
    }

    /// Tells which of the four X509format bytes applies.
    #[must_use]
    pub const fn x509_id(self) -> u8 {
        let [_, high] = self.0.to_le_bytes();
        high >> 6
    }

    const fn has(self, bit: u16) -> bool {
        self.0 & bit != 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Values from ECCX08DefaultTLSConfig.h of ArduinoECCX08 1.4.1.
    #[test]
    fn arduino_keys() {
        let key = KeyConfig::from_bits(0x0033);
        assert!(key.is_private() && key.has_pub_info() && key.is_lockable());
        assert_eq!(key.key_type(), KeyType::P256);
        assert_eq!(key, KeyConfig::private_key().lockable());
        assert_eq!(KeyConfig::from_bits(0x001C), KeyConfig::data());
        assert_eq!(KeyConfig::from_bits(0x003C), KeyConfig::data().lockable());
        assert_eq!(KeyConfig::data().key_type(), KeyType::Data);
    }

    #[test]
    fn other_fields() {
        let key = KeyConfig::from_bits(0x95D8);
        assert_eq!(key.key_type(), KeyType::Aes);
        assert!(key.requires_random() && key.is_disabled_by_latch());
        assert_eq!(key.authorising_key(), Some(Slot::S5));
        assert_eq!(key.x509_id(), 2);
        assert_eq!(KeyConfig::data().authorising_key(), None);
        assert_eq!(KeyConfig::default().key_type(), KeyType::Reserved(0));
    }
}
