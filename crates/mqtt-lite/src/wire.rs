//! What all packets share: the fixed header (section 2.2), and bytes that move.

use core::cell::Cell;
use core::ops::Range;

/// Greatest Remaining Length (section 2.2.3).
pub(crate) const MAXIMUM_REMAINING_LENGTH: usize = 268_435_455;

/// Most bytes of a fixed header: the first byte and the Remaining Length.
pub(crate) const LONGEST_FIXED_HEADER: usize = 5;

/// What the first bytes of a packet say about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FixedHeader {
    /// The header is not complete yet.
    Partial,
    /// The Remaining Length has more than four bytes (section 2.2.3).
    Malformed,
    /// A complete header.
    Complete {
        /// Packet type and flags.
        first: u8,
        /// Bytes of the fixed header.
        length: usize,
        /// Bytes that follow it.
        remaining: usize,
    },
}

impl FixedHeader {
    pub(crate) fn decode(bytes: &[u8]) -> Self {
        let Some((&first, lengths)) = bytes.split_first() else { return Self::Partial };
        let (mut remaining, mut shift, mut length) = (0, 0, 1);
        for byte in lengths.iter().take(4) {
            remaining |= usize::from(byte & 0x7F) << shift;
            (shift, length) = (shift + 7, length + 1);
            if byte & 0x80 == 0 {
                return Self::Complete { first, length, remaining };
            }
        }
        if lengths.len() < 4 { Self::Partial } else { Self::Malformed }
    }

    /// Encodes `first` and the Remaining Length; the header is the first bytes, the number tells how many.
    pub(crate) fn encode(first: u8, remaining: usize) -> ([u8; LONGEST_FIXED_HEADER], usize) {
        let mut header = [first, 0, 0, 0, 0];
        let (mut left, mut length) = (remaining, 1);
        for byte in header.iter_mut().skip(1) {
            let [low, ..] = left.to_le_bytes();
            left >>= 7;
            length += 1;
            if left == 0 {
                *byte = low & 0x7F;
                break;
            }
            *byte = low | 0x80;
        }
        (header, length)
    }
}

/// Copies `from` to the beginning of `to`, as much as fits.
///
/// A function of its own, since each copy of the loop would cost 30 bytes of flash.
#[cfg_attr(target_os = "none", inline(never))]
pub(crate) fn copy(to: &mut [u8], from: &[u8]) {
    for (to, from) in to.iter_mut().zip(from) {
        *to = *from;
    }
}

/// Moves the bytes of `range` down to the place `to`, which is not above it.
///
/// Bytes leave nothing behind, which also keeps `memmove` (768 B) out of the image.
#[cfg_attr(target_os = "none", inline(never))]
pub(crate) fn move_down(bytes: &mut [u8], to: usize, range: Range<usize>) {
    let cells = Cell::from_mut(bytes).as_slice_of_cells();
    let (to, from) = (cells.get(to..), cells.get(range));
    for (to, from) in to.unwrap_or_default().iter().zip(from.unwrap_or_default()) {
        to.set(from.take());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Table 2.4: size of the Remaining Length field.
    const LENGTHS: [(usize, &[u8]); 8] = [
        (0, &[0x00]),
        (127, &[0x7F]),
        (128, &[0x80, 0x01]),
        (16_383, &[0xFF, 0x7F]),
        (16_384, &[0x80, 0x80, 0x01]),
        (2_097_151, &[0xFF, 0xFF, 0x7F]),
        (2_097_152, &[0x80, 0x80, 0x80, 0x01]),
        (268_435_455, &[0xFF, 0xFF, 0xFF, 0x7F]),
    ];

    #[test]
    fn remaining_length_agrees_with_table_2_4() {
        for (remaining, bytes) in LENGTHS {
            let (header, length) = FixedHeader::encode(0x30, remaining);
            assert_eq!(&header[1..length], bytes);
            let decoded = FixedHeader::Complete { first: 0x30, length, remaining };
            assert_eq!(FixedHeader::decode(&header[..length]), decoded);
            assert_eq!(FixedHeader::decode(&header[..length - 1]), FixedHeader::Partial);
        }
    }

    #[test]
    fn a_fifth_length_byte_is_malformed() {
        assert_eq!(FixedHeader::decode(&[0x30, 0xFF, 0xFF, 0xFF, 0x80]), FixedHeader::Malformed);
        assert_eq!(FixedHeader::decode(&[0x30, 0xFF, 0xFF, 0xFF]), FixedHeader::Partial);
        assert_eq!(FixedHeader::decode(&[]), FixedHeader::Partial);
    }

    #[test]
    fn bytes_move_down_over_themselves() {
        let mut bytes = *b"abcdefgh";
        move_down(&mut bytes, 1, 3..7);
        assert_eq!(bytes, *b"adefg\0\0h");
        move_down(&mut bytes, 0, 0..3);
        assert_eq!(bytes[..3], *b"ade", "already in its place");
    }

    proptest! {
        #[test]
        fn any_length_survives(remaining in 0..=MAXIMUM_REMAINING_LENGTH) {
            let (header, length) = FixedHeader::encode(0xC0, remaining);
            let decoded = FixedHeader::decode(&header[..length]);
            prop_assert_eq!(decoded, FixedHeader::Complete { first: 0xC0, length, remaining });
        }
    }
}
