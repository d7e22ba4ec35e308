//! Where things are inside the element: zones, slots, blocks of 32 bytes, words of 4.

use core::fmt;

/// One of the three zones of the non-volatile memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Zone {
    /// 128 bytes: serial number, policies of the slots, locks.
    Config,
    /// 64 bytes, one-time programmable.
    Otp,
    /// 1208 bytes in 16 slots.
    Data,
}

impl Zone {
    /// Gives the low bits of param1 that stand for the zone.
    #[must_use]
    pub(crate) const fn code(self) -> u8 {
        match self {
            Self::Config => 0,
            Self::Otp => 1,
            Self::Data => 2,
        }
    }
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Config => "configuration",
            Self::Otp => "OTP",
            Self::Data => "data",
        })
    }
}

macro_rules! slots {
    ($($(#[$doc:meta])* $name:ident = $number:literal,)*) => {
        impl Slot {
            $($(#[$doc])* pub const $name: Self = Self($number);)*
            /// All sixteen, in order.
            pub const ALL: [Self; 16] = [$(Self::$name),*];
        }
    };
}

/// One of the 16 slots of the data zone.
///
/// ```
/// use eccx08::Slot;
///
/// assert_eq!(Slot::new(8), Some(Slot::S8));
/// assert_eq!(Slot::new(16), None);
/// assert_eq!(Slot::S8.size(), 416);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Slot(u8);

slots! {
    /// Slot 0, 36 bytes: the device's private key, by custom.
    S0 = 0,
    /// Slot 1, 36 bytes.
    S1 = 1,
    /// Slot 2, 36 bytes.
    S2 = 2,
    /// Slot 3, 36 bytes.
    S3 = 3,
    /// Slot 4, 36 bytes.
    S4 = 4,
    /// Slot 5, 36 bytes.
    S5 = 5,
    /// Slot 6, 36 bytes.
    S6 = 6,
    /// Slot 7, 36 bytes.
    S7 = 7,
    /// Slot 8, 416 bytes.
    S8 = 8,
    /// Slot 9, 72 bytes.
    S9 = 9,
    /// Slot 10, 72 bytes.
    S10 = 10,
    /// Slot 11, 72 bytes.
    S11 = 11,
    /// Slot 12, 72 bytes.
    S12 = 12,
    /// Slot 13, 72 bytes.
    S13 = 13,
    /// Slot 14, 72 bytes.
    S14 = 14,
    /// Slot 15, 72 bytes.
    S15 = 15,
}

impl Slot {
    /// Makes the slot of that number; `None` above 15.
    #[must_use]
    pub const fn new(number: u8) -> Option<Self> {
        if number < 16 { Some(Self(number)) } else { None }
    }

    /// Tells the number, 0 to 15.
    #[must_use]
    pub const fn number(self) -> u8 {
        self.0
    }

    /// Tells how many bytes the slot holds.
    #[must_use]
    pub const fn size(self) -> usize {
        match self.0 {
            0..=7 => 36,
            8 => 416,
            _ => 72,
        }
    }

    pub(crate) const fn index(self) -> usize {
        // Lossless, and `From` is not const. The mask shows the compiler that there are no more than 16.
        #[expect(clippy::as_conversions, reason = "u8 to usize is lossless")]
        let index = (self.0 & 0x0F) as usize;
        index
    }

    /// Reads a field of 4 bits.
    pub(crate) const fn from_low_bits(bits: u8) -> Self {
        Self(bits & 0x0F)
    }

    pub(crate) fn param(self) -> u16 {
        u16::from(self.0)
    }
}

impl fmt::Display for Slot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "slot {}", self.0)
    }
}

/// A place that Read and Write can name: a zone and, in it, the address of a word or a block.
///
/// Configuration and OTP: block << 3 | word. Data: block << 8 | slot << 3 | word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Location {
    zone: Zone,
    address: u16,
}

impl Location {
    /// The configuration word that holds ChipMode, bytes 16 to 19.
    pub(crate) const CHIP_MODE_WORD: Self = Self { zone: Zone::Config, address: 4 };
    /// The configuration word that holds LockValue and LockConfig, bytes 84 to 87.
    pub(crate) const LOCK_WORD: Self = Self { zone: Zone::Config, address: 21 };

    /// The first word of slot 8.
    pub(crate) const MARKER: Self = Self { zone: Zone::Data, address: 8 << 3 };

    /// Names a word of the configuration zone that is known to be 0 to 31.
    pub(crate) fn config_word_of(word: u8) -> Self {
        Self { zone: Zone::Config, address: u16::from(word & 0x1F) }
    }

    /// Names a block of the configuration zone that is known to be 0 to 3.
    pub(crate) fn in_config(block: u8) -> Self {
        Self { zone: Zone::Config, address: u16::from(block & 3) << 3 }
    }

    /// Names a 4-byte word of the configuration zone, 0 to 31.
    #[must_use]
    pub fn config_word(word: u8) -> Option<Self> {
        (word < 32).then(|| Self { zone: Zone::Config, address: u16::from(word) })
    }

    /// Names a 32-byte block of the configuration zone, 0 to 3.
    #[must_use]
    pub fn config_block(block: u8) -> Option<Self> {
        (block < 4).then(|| Self { zone: Zone::Config, address: u16::from(block) << 3 })
    }

    /// Names a 4-byte word of the OTP zone, 0 to 15.
    #[must_use]
    pub fn otp_word(word: u8) -> Option<Self> {
        (word < 16).then(|| Self { zone: Zone::Otp, address: u16::from(word) })
    }

    /// Names a 32-byte block of the OTP zone, 0 or 1.
    #[must_use]
    pub fn otp_block(block: u8) -> Option<Self> {
        (block < 2).then(|| Self { zone: Zone::Otp, address: u16::from(block) << 3 })
    }

    /// Names a 4-byte word of a slot, counted from the start of the slot.
    #[must_use]
    pub fn slot_word(slot: Slot, word: u8) -> Option<Self> {
        let end = (usize::from(word) + 1) * 4;
        (end <= slot.size()).then(|| Self {
            zone: Zone::Data,
            address: u16::from(word >> 3) << 8 | slot.param() << 3 | u16::from(word & 7),
        })
    }

    /// Names a 32-byte block of a slot. The last one may reach over the end of the slot.
    #[must_use]
    pub fn slot_block(slot: Slot, block: u8) -> Option<Self> {
        (usize::from(block) * 32 < slot.size())
            .then(|| Self { zone: Zone::Data, address: u16::from(block) << 8 | slot.param() << 3 })
    }

    /// Tells the zone.
    #[must_use]
    pub const fn zone(self) -> Zone {
        self.zone
    }

    /// Tells the address within the zone: param2 of Read and Write.
    #[must_use]
    pub const fn address(self) -> u16 {
        self.address
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As cryptoauthlib computes them (calib_get_addr).
    #[test]
    fn addresses() {
        let address = |place: Option<Location>| place.map(Location::address);
        assert_eq!(address(Location::config_word(0x15)), Some(0x15));
        assert_eq!(address(Location::config_block(3)), Some(0x18));
        assert_eq!(address(Location::otp_block(1)), Some(0x08));
        assert_eq!(address(Location::slot_block(Slot::S8, 12)), Some(0x0C40));
        assert_eq!(address(Location::slot_word(Slot::S10, 16)), Some(0x0250));
    }

    #[test]
    fn places_that_do_not_exist() {
        assert_eq!(Location::config_word(32), None);
        assert_eq!(Location::config_block(4), None);
        assert_eq!(Location::otp_block(2), None);
        assert_eq!(Location::slot_word(Slot::S0, 9), None);
        assert!(Location::slot_word(Slot::S0, 8).is_some());
        assert_eq!(Location::slot_block(Slot::S8, 13), None);
        assert_eq!(Location::slot_block(Slot::S9, 3), None);
    }

    /// A peer names the wrong configuration word for every odd slot above 6: ours must not.
    #[test]
    fn every_slot_has_its_number() {
        for (number, slot) in Slot::ALL.iter().enumerate() {
            assert_eq!(usize::from(slot.number()), number);
            assert_eq!(slot.index(), number);
        }
        assert_eq!(Slot::ALL.iter().map(|slot| slot.size()).sum::<usize>(), 1208);
    }
}
