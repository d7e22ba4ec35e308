//! What a lithium cell's voltage means.

use core::fmt;

/// The converter's full scale: 3.3 V behind a divider of 330 kΩ above 1.2 MΩ (the board's documentation).
const FULL_SCALE: u32 = 3_300 * (1_200 + 330) / 1_200;
/// The largest result of a conversion of 12 bits.
const FULL_RESULT: u32 = 4_095;
/// Below this no cell is there: the Arduino core's threshold of 600 of 1023.
const PRESENT: u16 = 2_467;
/// Below this a burst of the modem pulls the supply down so far that it resets.
const LOW: u16 = 3_500;

/// A voltage.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Millivolts(pub u16);

impl Millivolts {
    /// Takes the result of a 12-bit conversion of the cell's divided voltage.
    #[must_use]
    pub fn from_conversion(result: u16) -> Self {
        let millivolts = u32::from(result) * FULL_SCALE / FULL_RESULT;
        Self(u16::try_from(millivolts).unwrap_or(u16::MAX))
    }

    /// Tells whether there is a cell at all.
    #[must_use]
    pub const fn is_cell(self) -> bool {
        self.0 > PRESENT
    }

    /// Tells whether the cell is too empty, or too absent, for the modem's bursts of some 2 A.
    #[must_use]
    pub const fn is_low(self) -> bool {
        self.0 < LOW
    }
}

impl fmt::Display for Millivolts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} mV", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn full_scale_is_4_2_volts() {
        assert_eq!(Millivolts::from_conversion(0), Millivolts(0));
        assert_eq!(Millivolts::from_conversion(4095), Millivolts(4207));
        // 3.7 V of cell are 2.902 V at the pin.
        assert_eq!(Millivolts::from_conversion(3601), Millivolts(3699));
    }

    #[test]
    fn a_cell_is_there_from_600_of_1023_on() {
        assert!(!Millivolts::from_conversion(600 * 4).is_cell());
        assert!(Millivolts::from_conversion(601 * 4 + 1).is_cell());
        assert!(Millivolts(3_000).is_low());
        assert!(!Millivolts(3_700).is_low());
    }
}
