//! What a receiver makes of a frame that was sent at some rate: at its own rate the same, at another one garbage.

use crate::plug::Frame;

/// A received character.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Character {
    pub(super) data: u16,
    pub(super) framing_error: bool,
    pub(super) parity_error: bool,
}

/// How the receiver is set up.
#[derive(Clone, Copy, Debug)]
pub(super) struct Format {
    pub(super) baud: u32,
    pub(super) data_bits: u32,
    /// `Some(odd)` with a parity bit.
    pub(super) parity: Option<bool>,
    pub(super) most_significant_first: bool,
}

/// Bits of the sender: a start bit, eight data bits, a stop bit.
const SENT_BITS: u64 = 10;

/// Samples `frame` (8N1) in the middle of the receiver's bits. A slow sender gives several characters.
pub(super) fn receive(frame: Frame, format: Format) -> Vec<Character> {
    let (sent, own) = (u64::from(frame.baud.max(1)), u64::from(format.baud.max(1)));
    // Line levels by the sender's bits; after the stop bit the line is idle.
    let line = |bit: u64| match bit {
        0 => false,
        1..=8 => frame.data >> (bit - 1) & 1 != 0,
        _ => true,
    };
    let bits = 1 + format.data_bits + u32::from(format.parity.is_some()) + 1;
    let mut characters = Vec::new();
    // Position in half bits of the receiver, from the falling edge that began the frame.
    let mut start = 0;
    loop {
        let sample = |bit: u32| line((start + 2 * u64::from(bit) + 1) * sent / (2 * own));
        if !sample(0) {
            let (mut data, mut ones) = (0_u16, false);
            for bit in 0..format.data_bits {
                let level = sample(1 + bit);
                ones ^= level;
                let place = if format.most_significant_first { format.data_bits - 1 - bit } else { bit };
                data |= u16::from(level) << place;
            }
            let parity_error = format.parity.is_some_and(|odd| sample(1 + format.data_bits) != (ones ^ odd));
            characters.push(Character { data, framing_error: !sample(bits - 1), parity_error });
        }
        // The next falling edge of the same frame after this character, if there is one.
        let over = (start + 2 * u64::from(bits) - 1) * sent / (2 * own);
        let Some(edge) = (over.max(1)..SENT_BITS).find(|bit| line(bit - 1) && !line(*bit)) else {
            return characters;
        };
        start = (edge * 2 * own).div_ceil(sent).max(start + 1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn format(baud: u32) -> Format {
        Format { baud, data_bits: 8, parity: None, most_significant_first: false }
    }

    #[test]
    fn a_rate_within_two_percent_gives_the_same_character() {
        for data in 0..=255 {
            for baud in [115_200, 113_000, 117_400] {
                let got = receive(Frame { data, baud: 115_200 }, format(baud));
                assert_eq!(got, [Character { data, framing_error: false, parity_error: false }], "at {baud}");
            }
        }
    }

    #[test]
    fn another_rate_gives_garbage() {
        let slow = receive(Frame { data: 0x41, baud: 9_600 }, format(115_200));
        assert!(slow.len() > 1 && slow.iter().any(|character| character.framing_error));
        let fast = receive(Frame { data: 0x41, baud: 921_600 }, format(115_200));
        assert!(fast.len() <= 1 && fast.iter().all(|character| character.data != 0x41));
    }
}
