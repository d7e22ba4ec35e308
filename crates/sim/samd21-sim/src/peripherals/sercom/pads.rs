//! Which pins are a SERCOM's pads (data sheet, "Multiplexed Signals", package G).

use crate::fabric::pins::{Function, Pin, Pins};

/// A pin, its function, and the pad that it is then: SERCOM and number.
type Row = (Pin, Function, u8, u8);

const C: Function = Function::C;
const D: Function = Function::D;

const TABLE: [Row; 52] = [
    (Pin::a(0), D, 1, 0),
    (Pin::a(1), D, 1, 1),
    (Pin::a(4), D, 0, 0),
    (Pin::a(5), D, 0, 1),
    (Pin::a(6), D, 0, 2),
    (Pin::a(7), D, 0, 3),
    (Pin::a(8), C, 0, 0),
    (Pin::a(8), D, 2, 0),
    (Pin::a(9), C, 0, 1),
    (Pin::a(9), D, 2, 1),
    (Pin::a(10), C, 0, 2),
    (Pin::a(10), D, 2, 2),
    (Pin::a(11), C, 0, 3),
    (Pin::a(11), D, 2, 3),
    (Pin::a(12), C, 2, 0),
    (Pin::a(12), D, 4, 0),
    (Pin::a(13), C, 2, 1),
    (Pin::a(13), D, 4, 1),
    (Pin::a(14), C, 2, 2),
    (Pin::a(14), D, 4, 2),
    (Pin::a(15), C, 2, 3),
    (Pin::a(15), D, 4, 3),
    (Pin::a(16), C, 1, 0),
    (Pin::a(16), D, 3, 0),
    (Pin::a(17), C, 1, 1),
    (Pin::a(17), D, 3, 1),
    (Pin::a(18), C, 1, 2),
    (Pin::a(18), D, 3, 2),
    (Pin::a(19), C, 1, 3),
    (Pin::a(19), D, 3, 3),
    (Pin::a(20), C, 5, 2),
    (Pin::a(20), D, 3, 2),
    (Pin::a(21), C, 5, 3),
    (Pin::a(21), D, 3, 3),
    (Pin::a(22), C, 3, 0),
    (Pin::a(22), D, 5, 0),
    (Pin::a(23), C, 3, 1),
    (Pin::a(23), D, 5, 1),
    (Pin::a(24), C, 3, 2),
    (Pin::a(24), D, 5, 2),
    (Pin::a(25), C, 3, 3),
    (Pin::a(25), D, 5, 3),
    (Pin::a(30), D, 1, 2),
    (Pin::a(31), D, 1, 3),
    (Pin::b(2), D, 5, 0),
    (Pin::b(3), D, 5, 1),
    (Pin::b(8), D, 4, 0),
    (Pin::b(9), D, 4, 1),
    (Pin::b(10), D, 4, 2),
    (Pin::b(11), D, 4, 3),
    (Pin::b(22), D, 5, 2),
    (Pin::b(23), D, 5, 3),
];

/// Finds the pin that is `pad` of `sercom` now, as the multiplexers stand.
#[must_use]
pub fn pin_of(pins: &Pins, sercom: u8, pad: u8) -> Option<Pin> {
    TABLE
        .iter()
        .find(|(pin, function, owner, number)| {
            (*owner, *number) == (sercom, pad) && pins.function(*pin) == Some(*function)
        })
        .map(|(pin, ..)| *pin)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_multiplexer_decides_which_sercom_has_a_pin() {
        let mut pins = Pins::new();
        assert_eq!(pin_of(&pins, 2, 0), None);
        for (function, owner, other) in [(D, 2, 0), (C, 0, 2)] {
            pins.mux[Pin::a(8).index()] = function;
            pins.mux_enable = 1 << 8;
            assert_eq!(pin_of(&pins, owner, 0), Some(Pin::a(8)));
            assert_eq!(pin_of(&pins, other, 0), None);
        }
    }

    #[test]
    fn no_pad_is_listed_twice() {
        for (at, row) in TABLE.iter().enumerate() {
            assert!(!TABLE[..at].iter().any(|other| (other.0, other.1) == (row.0, row.1)), "{row:?}");
        }
    }
}
