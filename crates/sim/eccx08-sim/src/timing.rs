//! Execution times (protocol section 3), in microseconds.

use core::time::Duration;

use crate::Profile;
use crate::commands::opcode;

/// How long commands take, between the typical and the maximum time of the part's row.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Execution {
    /// The typical time, every time.
    Typical,
    /// The longest time that the table allows.
    Maximum,
    /// Drawn evenly between typical and maximum, from the seed.
    #[default]
    Random,
}

/// Typical and longest execution time of one command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Times {
    pub(crate) typical: Duration,
    pub(crate) longest: Duration,
}

/// Time within which a refused command is answered ("failing commands return quickly").
pub(crate) const REFUSAL: Times =
    Times { typical: Duration::from_micros(500), longest: Duration::from_millis(1) };

/// Opcode, typical time, longest time of the ATECC508A.
const ATECC508A: [(u8, u32, u32); 20] = [
    (opcode::CHECK_MAC, 5_000, 13_000),
    (opcode::COUNTER, 5_000, 20_000),
    (opcode::DERIVE_KEY, 2_000, 50_000),
    (opcode::ECDH, 38_000, 58_000),
    (opcode::GEN_DIG, 5_000, 11_000),
    (opcode::GEN_KEY, 11_000, 115_000),
    (opcode::HMAC, 13_000, 23_000),
    (opcode::INFO, 100, 2_000),
    (opcode::LOCK, 8_000, 32_000),
    (opcode::MAC, 5_000, 14_000),
    (opcode::NONCE, 100, 29_000),
    (opcode::PAUSE, 100, 3_000),
    (opcode::PRIV_WRITE, 1_000, 48_000),
    (opcode::RANDOM, 1_000, 23_000),
    (opcode::READ, 100, 5_000),
    (opcode::SHA, 7_000, 9_000),
    (opcode::SIGN, 42_000, 60_000),
    (opcode::UPDATE_EXTRA, 8_000, 10_000),
    (opcode::VERIFY, 38_000, 72_000),
    (opcode::WRITE, 7_000, 26_000),
];

/// Opcode, typical time at M0, longest time at M0, M1, M2 of the ATECC608.
///
/// Decision: Where no typical time is known it is half of the longest.
const ATECC608: [(u8, u32, [u32; 3]); 22] = [
    (opcode::AES, 13_500, [27_000; 3]),
    (opcode::CHECK_MAC, 20_000, [40_000; 3]),
    (opcode::COUNTER, 12_500, [25_000; 3]),
    (opcode::DERIVE_KEY, 25_000, [50_000; 3]),
    (opcode::ECDH, 28_000, [75_000, 172_000, 531_000]),
    (opcode::GEN_DIG, 12_500, [25_000, 35_000, 35_000]),
    (opcode::GEN_KEY, 59_000, [115_000, 215_000, 653_000]),
    (opcode::INFO, 500, [5_000; 3]),
    (opcode::KDF, 82_500, [165_000; 3]),
    (opcode::LOCK, 19_500, [35_000; 3]),
    (opcode::MAC, 27_500, [55_000; 3]),
    (opcode::NONCE, 7_000, [20_000; 3]),
    (opcode::PRIV_WRITE, 25_000, [50_000; 3]),
    (opcode::RANDOM, 15_000, [23_000; 3]),
    (opcode::READ, 800, [5_000; 3]),
    (opcode::SECURE_BOOT, 40_000, [80_000, 160_000, 480_000]),
    (opcode::SELF_TEST, 125_000, [250_000, 625_000, 2_324_000]),
    (opcode::SHA, 18_000, [36_000, 42_000, 75_000]),
    (opcode::SIGN, 62_000, [115_000, 220_000, 665_000]),
    (opcode::UPDATE_EXTRA, 5_000, [10_000; 3]),
    (opcode::VERIFY, 52_500, [105_000, 295_000, 1_085_000]),
    (opcode::WRITE, 8_000, [45_000; 3]),
];

/// Looks the times of a command up; `chip_mode` holds the clock divider of a 608 in bits 7:3.
pub(crate) fn times(profile: Profile, chip_mode: u8, opcode: u8) -> Times {
    let micros = |typical: u64, longest: u64| Times {
        typical: Duration::from_micros(typical),
        longest: Duration::from_micros(longest),
    };
    if profile.is_608() {
        let row = ATECC608.iter().find(|row| row.0 == opcode);
        return row.map_or(REFUSAL, |&(_, typical, longest)| {
            let [m0, m1, m2] = longest.map(u64::from);
            let chosen = match chip_mode >> 3 {
                0x05 => m1,
                0x0D => m2,
                _ => m0,
            };
            micros(u64::from(typical) * chosen / m0, chosen)
        });
    }
    let row = ATECC508A.iter().find(|row| row.0 == opcode);
    row.map_or(REFUSAL, |&(_, typical, longest)| micros(u64::from(typical), u64::from(longest)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clock_divider_picks_the_row() {
        let sign = |mode| times(Profile::Atecc608a, mode, opcode::SIGN).longest.as_millis();
        assert_eq!([sign(0x00), sign(0x28), sign(0x68)], [115, 220, 665]);
        assert_eq!(times(Profile::Atecc508a, 0x28, opcode::SIGN).longest.as_millis(), 60);
        assert_eq!(times(Profile::Atecc608b, 0x00, opcode::SIGN).typical.as_millis(), 62);
    }
}
