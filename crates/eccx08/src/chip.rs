//! Which element it is: family, revision, clock divider.

use core::fmt;

/// The elements that this crate knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Chip {
    /// ATECC508A.
    Atecc508a,
    /// ATECC608A.
    Atecc608a,
    /// ATECC608B, and what follows it in the family.
    Atecc608b,
}

impl Chip {
    /// Reads the answer of Info (revision); `None` for a family that is not known.
    ///
    /// The third byte names the family; the fourth is a step of the die.
    #[must_use]
    pub const fn from_revision(revision: [u8; 4]) -> Option<Self> {
        match revision {
            [_, _, 0x50, _] => Some(Self::Atecc508a),
            [_, _, 0x60, 0..=2] => Some(Self::Atecc608a),
            [_, _, 0x60, _] => Some(Self::Atecc608b),
            _ => None,
        }
    }

    /// Tells whether it is of the ATECC608 family.
    #[must_use]
    pub const fn is_608(self) -> bool {
        matches!(self, Self::Atecc608a | Self::Atecc608b)
    }
}

impl fmt::Display for Chip {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Atecc508a => "ATECC508A",
            Self::Atecc608a => "ATECC608A",
            Self::Atecc608b => "ATECC608B",
        })
    }
}

/// How an ATECC608 divides the clock of its computations (ChipMode bits 7:3): slower draws less current.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum ClockDivider {
    /// 0x00, full speed; the only one of an ATECC508A.
    #[default]
    M0,
    /// 0x05.
    M1,
    /// 0x0D.
    M2,
}

impl ClockDivider {
    /// Reads ChipMode, byte 19 of the configuration zone. An unlisted divider counts as the slowest.
    #[must_use]
    pub const fn from_chip_mode(chip_mode: u8) -> Self {
        match chip_mode >> 3 {
            0x00 => Self::M0,
            0x05 => Self::M1,
            _ => Self::M2,
        }
    }
}

/// What the driver has found out about the element; it decides which commands exist and how long they take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The element.
    pub chip: Chip,
    /// Its clock divider.
    pub divider: ClockDivider,
}

impl Identity {
    /// What is assumed until the element has told: Info and Read take no longer on any other.
    pub(crate) const UNKNOWN: Self = Self { chip: Chip::Atecc608b, divider: ClockDivider::M0 };

    /// Puts together what Info and the configuration zone say.
    #[must_use]
    pub const fn new(chip: Chip, chip_mode: u8) -> Self {
        let divider = if chip.is_608() { ClockDivider::from_chip_mode(chip_mode) } else { ClockDivider::M0 };
        Self { chip, divider }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// AN3539 and the ATECC608 TNGTLS and summary sheets.
    #[test]
    fn revisions() {
        assert_eq!(Chip::from_revision([0, 0, 0x50, 0]), Some(Chip::Atecc508a));
        assert_eq!(Chip::from_revision([0, 0, 0x60, 1]), Some(Chip::Atecc608a));
        assert_eq!(Chip::from_revision([0, 0, 0x60, 2]), Some(Chip::Atecc608a));
        assert_eq!(Chip::from_revision([0, 0, 0x60, 3]), Some(Chip::Atecc608b));
        assert_eq!(Chip::from_revision([0, 0, 0x60, 5]), Some(Chip::Atecc608b));
        assert_eq!(Chip::from_revision([0, 0, 0x00, 4]), None);
    }

    #[test]
    fn dividers() {
        assert_eq!(ClockDivider::from_chip_mode(0x07), ClockDivider::M0);
        assert_eq!(ClockDivider::from_chip_mode(0x28), ClockDivider::M1);
        assert_eq!(ClockDivider::from_chip_mode(0x68), ClockDivider::M2);
        assert_eq!(Identity::new(Chip::Atecc508a, 0x68).divider, ClockDivider::M0);
    }
}
