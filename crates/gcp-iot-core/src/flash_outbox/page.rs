//! One page of the log, as it lies in flash.
//!
//! | bytes | what |
//! |---|---|
//! | 0..4 | sequence: counts the pages ever written |
//! | 4..8 | sequence of the oldest event that still waits, or of the next page when none does |
//! | 8..12 | bit i: the event with that sequence + 1 + i has arrived, too |
//! | 12..14 | length of the whole event: subfolder and payload |
//! | 14 | length of the subfolder |
//! | 15 | which part of the event this page is; 255: none, a note of what has arrived |
//! | 16..60 | the part; the rest 0xFF |
//! | 60..64 | CRC-32 of the bytes before |
//!
//! Integers are little-endian.

/// Bytes of a page: what the SAMD21 programs at once.
pub(crate) const PAGE: usize = 64;

/// Bytes of an event in one page.
pub(crate) const DATA: usize = 44;

/// Bytes in front of the data.
const HEADER: usize = PAGE - DATA - 4;

/// The part number of a page without an event.
pub(crate) const NOTE: u8 = 255;

/// A page taken apart, without its data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) sequence: u32,
    pub(crate) arrived: Arrived,
    pub(crate) length: u16,
    pub(crate) folder: u8,
    pub(crate) part: u8,
}

/// Which events have arrived: all before `oldest`, and the marked ones after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Arrived {
    pub(crate) oldest: u32,
    pub(crate) marks: u32,
}

impl Arrived {
    /// Marks reach so far past the oldest event that waits.
    pub(crate) const REACH: u32 = u32::BITS;

    /// Tells whether the event that begins with the page `sequence` has arrived.
    pub(crate) const fn has(&self, sequence: u32) -> bool {
        match sequence.checked_sub(self.oldest) {
            None => true,
            Some(distance) => {
                matches!(self.marks.checked_shr(distance.wrapping_sub(1)), Some(marks) if marks & 1 != 0)
            }
        }
    }

    /// Marks an event that is not the oldest; tells whether it is within reach.
    pub(crate) const fn mark(&mut self, sequence: u32) -> bool {
        match 1_u32.checked_shl(sequence.wrapping_sub(self.oldest).wrapping_sub(1)) {
            Some(mark) => {
                self.marks |= mark;
                true
            }
            None => false,
        }
    }

    /// Makes `oldest` the oldest event that waits.
    pub(crate) fn advance(&mut self, oldest: u32) {
        self.marks = self.marks.checked_shr(oldest.wrapping_sub(self.oldest)).unwrap_or_default();
        self.oldest = oldest;
    }
}

impl Header {
    /// Writes a page; `data` beyond what a page holds is left out.
    pub(crate) fn encode(&self, data: impl Iterator<Item = u8>) -> [u8; PAGE] {
        let mut page = [0xFF; PAGE];
        let numbers = [self.sequence, self.arrived.oldest, self.arrived.marks];
        let [low, high] = self.length.to_le_bytes();
        let header = numbers.iter().flat_map(|number| number.to_le_bytes());
        let header = header.chain([low, high, self.folder, self.part]);
        for (to, from) in page.iter_mut().zip(header.chain(data.take(DATA))) {
            *to = from;
        }
        let (body, end) = page.split_at_mut(PAGE - 4);
        for (to, from) in end.iter_mut().zip(crc(body).to_le_bytes()) {
            *to = from;
        }
        page
    }

    /// Reads a page; none when it was never written, or not to its end.
    pub(crate) fn decode(page: &[u8; PAGE]) -> Option<(Self, &[u8])> {
        let (body, end) = page.split_last_chunk::<4>()?;
        if crc(body) != u32::from_le_bytes(*end) {
            return None;
        }
        let (sequence, rest) = body.split_first_chunk::<4>()?;
        let (oldest, rest) = rest.split_first_chunk::<4>()?;
        let (marks, rest) = rest.split_first_chunk::<4>()?;
        let (&[low, high, folder, part], data) = rest.split_first_chunk::<4>()?;
        let arrived = Arrived { oldest: u32::from_le_bytes(*oldest), marks: u32::from_le_bytes(*marks) };
        let sequence = u32::from_le_bytes(*sequence);
        Some((Self { sequence, arrived, length: u16::from_le_bytes([low, high]), folder, part }, data))
    }

    /// Pages that the whole event takes.
    pub(crate) fn pages(&self) -> u32 {
        pages(usize::from(self.length))
    }
}

/// Pages that `length` bytes take, one at least.
pub(crate) fn pages(length: usize) -> u32 {
    u32::try_from(length.div_ceil(DATA)).unwrap_or(u32::MAX).max(1)
}

/// CRC-32 (IEEE 802.3), bit by bit: a page has few, and a table would take 1 KB of flash.
///
/// It begins with a number of this format, so that other data does not pass for a page.
fn crc(bytes: &[u8]) -> u32 {
    let mut crc = 0x0B0E_0001_u32;
    for byte in bytes {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = (crc >> 1) ^ (0xEDB8_8320 & (crc & 1).wrapping_neg());
        }
    }
    !crc
}

const _: () = assert!(HEADER == 16);

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::vec::Vec;

    #[test]
    fn blank_and_zeroed_pages_are_none() {
        assert_eq!(Header::decode(&[0xFF; PAGE]), None);
        assert_eq!(Header::decode(&[0; PAGE]), None);
    }

    #[test]
    fn marks_are_relative_to_the_oldest_event() {
        let mut arrived = Arrived { oldest: 10, marks: 0 };
        assert!(arrived.has(9) && !arrived.has(10) && !arrived.has(11));
        assert!(arrived.mark(12) && arrived.mark(42) && !arrived.mark(43) && !arrived.mark(10));
        assert!(arrived.has(12) && arrived.has(42) && !arrived.has(41) && !arrived.has(43));
        arrived.advance(11);
        assert!(arrived.has(12) && arrived.has(42) && !arrived.has(11) && !arrived.has(13));
        arrived.advance(13);
        assert!(arrived.has(12) && !arrived.has(13) && arrived.has(42));
        arrived.advance(200);
        assert_eq!(arrived, Arrived { oldest: 200, marks: 0 });
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(
            numbers in any::<(u32, u32, u32)>(),
            (length, folder, part) in any::<(u16, u8, u8)>(),
            data in proptest::collection::vec(any::<u8>(), 0..60),
        ) {
            let (sequence, oldest, marks) = numbers;
            let header = Header { sequence, arrived: Arrived { oldest, marks }, length, folder, part };
            let page = header.encode(data.iter().copied());
            let (read, bytes) = Header::decode(&page).unwrap();
            prop_assert_eq!(read, header);
            let expected: Vec<u8> =
                data.into_iter().chain(core::iter::repeat(0xFF)).take(DATA).collect();
            prop_assert_eq!(bytes, expected);
        }

        /// A CRC-32 finds every burst of up to 32 bits, and any page that was written in part.
        #[test]
        fn a_page_that_stops_short_is_none(data in any::<[u8; DATA]>(), kept in 0..PAGE) {
            let arrived = Arrived { oldest: 1, marks: 0 };
            let header = Header { sequence: 7, arrived, length: 44, folder: 0, part: 0 };
            let whole = header.encode(data.into_iter());
            let mut page = whole;
            page[kept..].fill(0xFF);
            prop_assert_eq!(Header::decode(&page).is_some(), page == whole);
        }
    }
}
