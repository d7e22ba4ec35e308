//! Members of the family.

use core::fmt;

/// A member of the family: what it answers to Info, which commands it knows, how long they take.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Profile {
    /// ATECC508A.
    Atecc508a,
    /// ATECC608A.
    Atecc608a,
    /// ATECC608B.
    Atecc608b,
}

impl Profile {
    /// All members, oldest first.
    pub const ALL: [Self; 3] = [Self::Atecc508a, Self::Atecc608a, Self::Atecc608b];

    /// Gives the revision that Info answers, unless the builder sets another one.
    #[must_use]
    pub const fn revision(self) -> [u8; 4] {
        match self {
            Self::Atecc508a => [0x00, 0x00, 0x50, 0x00],
            Self::Atecc608a => [0x00, 0x00, 0x60, 0x02],
            Self::Atecc608b => [0x00, 0x00, 0x60, 0x03],
        }
    }

    /// Tells whether the part is an ATECC608 of either revision.
    #[must_use]
    pub const fn is_608(self) -> bool {
        matches!(self, Self::Atecc608a | Self::Atecc608b)
    }
}

impl fmt::Display for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Atecc508a => "ATECC508A",
            Self::Atecc608a => "ATECC608A",
            Self::Atecc608b => "ATECC608B",
        })
    }
}
