//! Integers, strings and the Remaining Length as they lie in a packet (sections 1.5 and 2.2).

/// Greatest Remaining Length (section 2.2.3).
pub(crate) const MAXIMUM_REMAINING_LENGTH: usize = 268_435_455;

/// Puts a packet together in a buffer.
///
/// It counts on when the buffer is full, so that one check at the end tells the missing room.
#[derive(Debug)]
pub(crate) struct Writer<'a> {
    rest: &'a mut [u8],
    written: usize,
    overflow: bool,
}

impl<'a> Writer<'a> {
    pub(crate) const fn new(buffer: &'a mut [u8]) -> Self {
        Self { rest: buffer, written: 0, overflow: false }
    }

    pub(crate) fn byte(&mut self, byte: u8) {
        self.bytes(&[byte]);
    }

    pub(crate) fn integer(&mut self, value: u16) {
        self.bytes(&value.to_be_bytes());
    }

    #[inline(never)]
    pub(crate) fn bytes(&mut self, bytes: &[u8]) {
        for (to, from) in self.space(bytes.len()).iter_mut().zip(bytes) {
            *to = *from;
        }
    }

    /// Writes the concatenation of `parts` with its length in front.
    #[inline(never)]
    pub(crate) fn string(&mut self, parts: &[&str]) {
        self.length_of(parts_length(parts));
        for part in parts {
            self.bytes(part.as_bytes());
        }
    }

    /// Writes the two bytes of length in front of a field; longer fields are refused before.
    pub(crate) fn length_of(&mut self, length: usize) {
        match u16::try_from(length) {
            Ok(length) => self.integer(length),
            Err(_) => self.overflow = true,
        }
    }

    /// Writes the fixed header: `first` byte and Remaining Length.
    pub(crate) fn fixed_header(&mut self, first: u8, remaining_length: usize) {
        self.byte(first);
        let mut left = remaining_length;
        loop {
            let [low, ..] = left.to_le_bytes();
            left >>= 7;
            if left == 0 {
                self.byte(low & 0x7F);
                return;
            }
            self.byte(low | 0x80);
        }
    }

    /// Takes the next `length` bytes to be filled by the caller; none when they do not fit.
    pub(crate) fn space(&mut self, length: usize) -> &mut [u8] {
        self.written = self.written.saturating_add(length);
        match core::mem::take(&mut self.rest).split_at_mut_checked(length) {
            Some((space, rest)) if !self.overflow => {
                self.rest = rest;
                space
            }
            _ => {
                self.overflow = true;
                &mut []
            }
        }
    }

    /// Tells the length of the packet, or, as the error, the room it would have needed.
    pub(crate) const fn finish(self) -> Result<usize, usize> {
        if self.overflow { Err(self.written) } else { Ok(self.written) }
    }
}

/// Sums the lengths of the parts of a string.
pub(crate) fn parts_length(parts: &[&str]) -> usize {
    parts.iter().map(|part| part.len()).sum()
}

/// Takes a packet apart; every method answers `None` when the bytes run out.
#[derive(Debug)]
pub(crate) struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(crate) const fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    pub(crate) fn byte(&mut self) -> Option<u8> {
        let (byte, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(*byte)
    }

    pub(crate) fn integer(&mut self) -> Option<u16> {
        let (high, low) = (self.byte()?, self.byte()?);
        Some(u16::from_be_bytes([high, low]))
    }

    pub(crate) fn bytes(&mut self, length: usize) -> Option<&'a [u8]> {
        let (bytes, rest) = self.rest.split_at_checked(length)?;
        self.rest = rest;
        Some(bytes)
    }

    pub(crate) const fn rest(&self) -> &'a [u8] {
        self.rest
    }
}

/// What the first bytes of a packet say about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FixedHeader {
    /// The header is not complete yet.
    Partial,
    /// The Remaining Length has more than four bytes [MQTT-2.2.3].
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
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::vec;

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
        for (length, bytes) in LENGTHS {
            let mut buffer = [0; 8];
            let mut writer = Writer::new(&mut buffer);
            writer.fixed_header(0x30, length);
            let written = writer.finish().unwrap();
            assert_eq!(&buffer[1..written], bytes);
            assert_eq!(
                FixedHeader::decode(&buffer[..written]),
                FixedHeader::Complete { first: 0x30, length: written, remaining: length }
            );
            assert_eq!(FixedHeader::decode(&buffer[..written - 1]), FixedHeader::Partial);
        }
    }

    #[test]
    fn a_fifth_length_byte_is_malformed() {
        assert_eq!(FixedHeader::decode(&[0x30, 0xFF, 0xFF, 0xFF, 0x80]), FixedHeader::Malformed);
        assert_eq!(FixedHeader::decode(&[0x30, 0xFF, 0xFF, 0xFF]), FixedHeader::Partial);
        assert_eq!(FixedHeader::decode(&[]), FixedHeader::Partial);
    }

    #[test]
    fn a_short_buffer_tells_the_room_needed() {
        let mut buffer = [0; 4];
        let mut writer = Writer::new(&mut buffer);
        writer.string(&["ab", "cde"]);
        writer.byte(1);
        assert_eq!(writer.finish(), Err(8));
    }

    proptest! {
        #[test]
        fn any_length_survives(length in 0..=MAXIMUM_REMAINING_LENGTH) {
            let mut buffer = vec![0; 5];
            let mut writer = Writer::new(&mut buffer);
            writer.fixed_header(0xC0, length);
            let written = writer.finish().unwrap();
            let decoded = FixedHeader::decode(&buffer[..written]);
            prop_assert_eq!(decoded, FixedHeader::Complete { first: 0xC0, length: written, remaining: length });
        }
    }
}
