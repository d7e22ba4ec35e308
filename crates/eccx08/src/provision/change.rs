//! What provisioning changes: word by word.

use core::fmt;

use crate::address::Location;
use crate::config::Config;

/// Words of the configuration zone.
const WORDS: u8 = 32;

/// One word of the configuration zone that differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Change {
    /// Which word, 0 to 31.
    pub word: u8,
    /// What it is.
    pub from: [u8; 4],
    /// What it should be.
    pub to: [u8; 4],
}

impl Change {
    /// Compares a word.
    fn of(word: u8, from: &Config, to: &Config) -> Option<Self> {
        let change = Self { word, from: from.word(word), to: to.word(word) };
        (change.from != change.to).then_some(change)
    }

    pub(super) fn location(&self) -> Location {
        Location::config_word_of(self.word)
    }

    /// Tells whether the word says what the element may do, and not what it has counted since.
    pub(super) const fn is_policy(&self, is_608: bool) -> bool {
        match self.word {
            // Serial number and revision; counters; UserExtra to LockConfig; SlotLocked and ChipOptions.
            0..=3 | 13..=16 | 21 => false,
            // SlotLocked may have changed since, ChipOptions not.
            22 => self.from[2] != self.to[2] || self.from[3] != self.to[3],
            // LastKeyUse counts down on an ATECC508A.
            17..=20 => is_608,
            _ => true,
        }
    }

    /// Names what is in the word.
    const fn field(&self) -> &'static str {
        match self.word {
            0..=3 => "serial number, revision, I2C_Enable",
            4 => "I2C_Address, OTPmode or CountMatch, ChipMode",
            5..=12 => "SlotConfig",
            13..=14 => "Counter0",
            15..=16 => "Counter1",
            17..=20 => "LastKeyUse, or UseLock to KdfIvStr",
            21 => "UserExtra, Selector, LockValue, LockConfig",
            22 => "SlotLocked, ChipOptions",
            23 => "X509format",
            _ => "KeyConfig",
        }
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { word, from, to } = self;
        let byte = u16::from(*word) * 4;
        write!(f, "bytes {byte:>3} to {:>3} ({}", byte + 3, self.field())?;
        match word {
            5..=12 => write!(f, " of slots {} and {}", (word - 5) * 2, (word - 5) * 2 + 1)?,
            24..=31 => write!(f, " of slots {} and {}", (word - 24) * 2, (word - 24) * 2 + 1)?,
            _ => {}
        }
        write!(f, "): {from:02X?} -> {to:02X?}")
    }
}

/// Gives the words in which two configuration zones differ.
pub fn changes(from: &Config, to: &Config) -> impl Iterator<Item = Change> + use<> {
    let (from, to) = (*from, *to);
    (0..WORDS).filter_map(move |word| Change::of(word, &from, &to))
}

/// Gives the same without copies of the two.
pub(super) fn differences<'c>(from: &'c Config, to: &'c Config) -> impl Iterator<Item = Change> + use<'c> {
    (0..WORDS).filter_map(move |word| Change::of(word, from, to))
}

/// Looks for a word that neither the factory nor a run that was cut short can have left.
///
/// A write that was cut short may have left part of the bytes, so each is looked at by itself.
pub(super) fn unexpected(current: &Config, factory: &Config, wanted: &Config) -> Option<Change> {
    differences(current, factory).find(|change| {
        let bytes = change.from.iter().zip(change.to).zip(wanted.word(change.word));
        bytes.into_iter().any(|((current, factory), wanted)| *current != factory && *current != wanted)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Image;

    fn zone(image: &Image) -> Config {
        image.applied_to(&Config::from_bytes([0; 128]))
    }

    #[test]
    fn what_arduino_changes() {
        let factory = zone(&Image::ATECC508A_FACTORY);
        let wanted = zone(&Image::ATECC508A_ARDUINO);
        let words: Vec<_> = changes(&factory, &wanted).map(|change| change.word).collect();
        assert_eq!(words, [6, 7, 25, 26]);
        let first = changes(&factory, &wanted).next().unwrap();
        assert_eq!(
            first.to_string(),
            "bytes  24 to  27 (SlotConfig of slots 2 and 3): [8F, 20, C4, 8F] -> [87, 20, 87, 2F]"
        );
        assert!(first.is_policy(false));
    }

    #[test]
    fn a_half_written_word_is_expected_and_a_strange_one_is_not() {
        let factory = zone(&Image::ATECC508A_FACTORY);
        let wanted = zone(&Image::ATECC508A_ARDUINO);
        let mut bytes = *factory.as_bytes();
        bytes[24] = 0x87;
        assert_eq!(unexpected(&Config::from_bytes(bytes), &factory, &wanted), None);
        bytes[26] = 0x11;
        assert_eq!(unexpected(&Config::from_bytes(bytes), &factory, &wanted).map(|c| c.word), Some(6));
    }

    #[test]
    fn counters_are_no_policy() {
        let change = |word| Change { word, from: [0, 0, 1, 0], to: [0; 4] };
        for (word, on_508, on_608) in [
            (0, false, false),
            (13, false, false),
            (18, false, true),
            (21, false, false),
            (22, true, true),
            (24, true, true),
        ] {
            assert_eq!(change(word).is_policy(false), on_508, "{word}");
            assert_eq!(change(word).is_policy(true), on_608, "{word}");
        }
        assert!(!Change { word: 22, from: [0xFE, 0xFF, 0, 0], to: [0xFF, 0xFF, 0, 0] }.is_policy(true));
    }
}
