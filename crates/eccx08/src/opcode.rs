//! The commands by number: who has them, how long they take, whether they may be sent twice.

use core::fmt;

use crate::chip::{Chip, ClockDivider, Identity};

/// A span of microseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Micros(pub u32);

/// How long a command takes inside the element.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ExecutionTime {
    /// Usual time: the first poll comes then.
    pub typical: Micros,
    /// Longest time in the data sheet; real elements have been seen to exceed it.
    pub maximum: Micros,
}

impl ExecutionTime {
    /// Time after which the driver gives up: half more than the sheet's maximum, and 50 ms.
    #[must_use]
    pub const fn deadline(self) -> Micros {
        Micros(self.maximum.0 + self.maximum.0 / 2 + 50_000)
    }
}

macro_rules! opcodes {
    ($($(#[$doc:meta])* $name:ident = $code:literal,)*) => {
        /// The operation codes of the family.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Opcode {
            $($(#[$doc])* $name,)*
        }

        impl Opcode {
            /// Every one of them.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// Gives the byte that stands for it in a packet.
            #[must_use]
            pub const fn code(self) -> u8 {
                match self {
                    $(Self::$name => $code,)*
                }
            }

            /// Gives the name that the data sheets use.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$name => stringify!($name),)*
                }
            }
        }
    };
}

opcodes! {
    /// Encrypts one block (ATECC608).
    Aes = 0x51,
    /// Checks a MAC that another device made.
    CheckMac = 0x28,
    /// Reads or increments a monotonic counter.
    Counter = 0x24,
    /// Derives a symmetric key into a slot.
    DeriveKey = 0x1C,
    /// Computes a Diffie-Hellman secret.
    Ecdh = 0x43,
    /// Hashes a key or zone into TempKey.
    GenDig = 0x15,
    /// Creates a private key, or computes a public one.
    GenKey = 0x40,
    /// Computes an HMAC (ATECC508A).
    Hmac = 0x11,
    /// Tells revision and state.
    Info = 0x30,
    /// Derives keys (ATECC608).
    Kdf = 0x56,
    /// Locks a zone or a slot for ever.
    Lock = 0x17,
    /// Computes a MAC.
    Mac = 0x08,
    /// Loads TempKey.
    Nonce = 0x16,
    /// Puts all devices but one to idle (ATECC508A).
    Pause = 0x01,
    /// Writes a private key.
    PrivWrite = 0x46,
    /// Makes a random number.
    Random = 0x1B,
    /// Reads 4 or 32 bytes.
    Read = 0x02,
    /// Verifies a firmware image (ATECC608).
    SecureBoot = 0x80,
    /// Tests the engines (ATECC608).
    SelfTest = 0x77,
    /// Hashes.
    Sha = 0x47,
    /// Signs.
    Sign = 0x41,
    /// Writes UserExtra or Selector.
    UpdateExtra = 0x20,
    /// Verifies a signature.
    Verify = 0x45,
    /// Writes 4 or 32 bytes.
    Write = 0x12,
}

impl Opcode {
    /// Tells whether `chip` has the command (AN3539 sections 2.1 and 2.3).
    #[must_use]
    pub const fn is_on(self, chip: Chip) -> bool {
        match self {
            Self::Hmac | Self::Pause => !chip.is_608(),
            Self::Aes | Self::Kdf | Self::SecureBoot | Self::SelfTest => chip.is_608(),
            _ => true,
        }
    }

    /// Tells how long the command takes on the element.
    #[must_use]
    pub const fn execution_time(self, identity: Identity) -> ExecutionTime {
        self.times().on(identity)
    }

    /// Gives the times of the command on each element.
    ///
    /// Maxima as cryptoauthlib waits for them (lib/calib/calib_execution.c); typical times as in the ATECC508A's
    /// sheet (DS20005927A) and as other drivers have found them on the ATECC608.
    pub(crate) const fn times(self) -> &'static Times {
        // 508A: typical, maximum; 608: typical at M0, maximum at M0, M1, M2.
        match self {
            Self::Aes => &Times([0, 0, 10, 270, 270, 270]),
            Self::CheckMac => &Times([50, 130, 100, 400, 400, 400]),
            Self::Counter => &Times([50, 200, 50, 250, 250, 250]),
            Self::DeriveKey => &Times([20, 500, 80, 500, 500, 500]),
            Self::Ecdh => &Times([380, 580, 280, 750, 1720, 5310]),
            Self::GenDig => &Times([50, 110, 80, 250, 350, 350]),
            Self::GenKey => &Times([110, 1150, 590, 1150, 2150, 6530]),
            Self::Hmac => &Times([130, 230, 0, 0, 0, 0]),
            Self::Info => &Times([1, 20, 5, 50, 50, 50]),
            Self::Kdf => &Times([0, 0, 100, 1650, 1650, 1650]),
            Self::Lock => &Times([80, 320, 195, 350, 350, 350]),
            Self::Mac => &Times([50, 140, 100, 550, 550, 550]),
            Self::Nonce => &Times([1, 290, 70, 200, 200, 200]),
            Self::Pause => &Times([1, 30, 0, 0, 0, 0]),
            Self::PrivWrite => &Times([10, 480, 80, 500, 500, 500]),
            Self::Random => &Times([10, 230, 150, 230, 230, 230]),
            Self::Read => &Times([1, 50, 8, 50, 50, 50]),
            Self::SecureBoot => &Times([0, 0, 400, 800, 1600, 4800]),
            Self::SelfTest => &Times([0, 0, 1000, 2500, 6250, 23240]),
            Self::Sha => &Times([70, 90, 70, 360, 420, 750]),
            Self::Sign => &Times([420, 600, 620, 1150, 2200, 6650]),
            Self::UpdateExtra => &Times([80, 100, 40, 100, 100, 100]),
            Self::Verify => &Times([380, 720, 500, 1050, 2950, 10850]),
            Self::Write => &Times([70, 260, 80, 450, 450, 450]),
        }
    }
}

/// Execution times of one command on each element, in tenths of a millisecond.
#[derive(Debug)]
pub(crate) struct Times([u16; 6]);

impl Times {
    /// Picks the times on one element. With a divided clock half the maximum counts as typical, which is the
    /// ratio measured for GenKey and Sign at full speed.
    pub(crate) const fn on(&self, identity: Identity) -> ExecutionTime {
        let [typical_508, maximum_508, typical_608, m0, m1, m2] = self.0;
        let (typical, maximum) = match (identity.chip, identity.divider) {
            (Chip::Atecc508a, _) => (typical_508, maximum_508),
            (_, ClockDivider::M1) if m1 > m0 => (m1 >> 1, m1),
            (_, ClockDivider::M2) if m2 > m0 => (m2 >> 1, m2),
            _ => (typical_608, m0),
        };
        ExecutionTime { typical: Self::micros(typical), maximum: Self::micros(maximum) }
    }

    const fn micros(tenths: u16) -> Micros {
        // Lossless, and `From` is not const.
        #[expect(clippy::as_conversions, reason = "u16 to u32 is lossless")]
        let tenths = tenths as u32;
        Micros(tenths * 100)
    }
}

impl fmt::Display for Opcode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_only_one_family_has() {
        let only_508: Vec<_> = Opcode::ALL.iter().filter(|o| !o.is_on(Chip::Atecc608b)).collect();
        let only_608: Vec<_> = Opcode::ALL.iter().filter(|o| !o.is_on(Chip::Atecc508a)).collect();
        assert_eq!(only_508, [&Opcode::Hmac, &Opcode::Pause]);
        assert_eq!(only_608, [&Opcode::Aes, &Opcode::Kdf, &Opcode::SecureBoot, &Opcode::SelfTest]);
    }

    #[test]
    fn times_are_in_order() {
        for chip in [Chip::Atecc508a, Chip::Atecc608a, Chip::Atecc608b] {
            for chip_mode in [0x00, 0x28, 0x68] {
                let identity = Identity::new(chip, chip_mode);
                for opcode in Opcode::ALL.iter().filter(|o| o.is_on(chip)) {
                    let time = opcode.execution_time(identity);
                    assert!(time.typical.0 > 0 && time.typical < time.maximum, "{opcode} {time:?}");
                    assert!(time.maximum < time.deadline());
                }
            }
        }
        let slow = Opcode::Sign.execution_time(Identity::new(Chip::Atecc608a, 0x68));
        assert_eq!(slow.maximum, Micros(665_000));
        assert_eq!(Opcode::Sign.execution_time(Identity::new(Chip::Atecc508a, 0)).maximum, Micros(60_000));
    }
}
