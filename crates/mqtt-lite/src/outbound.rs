//! The transmit buffer: puts packets together and gives them out.

use core::ops::Range;

use crate::error::{Error, Misuse, ResourceError};
use crate::identifier::PacketIdentifier;
use crate::wire::{FixedHeader, LONGEST_FIXED_HEADER, MAXIMUM_REMAINING_LENGTH, copy};

/// The transmit buffer, with at most one packet in it.
///
/// A packet is written behind room for the longest fixed header, which goes right in front of it when its
/// length is known. Writing counts on when the buffer is full, so that the one check at the end tells the
/// room that was needed.
#[derive(Debug)]
pub(crate) struct Outbound<'b> {
    buffer: &'b mut [u8],
    /// Bytes that are still to be sent.
    pending: Range<usize>,
    /// End of the packet that is being put together.
    end: usize,
    misuse: Option<Misuse>,
}

impl<'b> Outbound<'b> {
    pub(crate) const fn new(buffer: &'b mut [u8]) -> Self {
        Self { buffer, pending: 0..0, end: 0, misuse: None }
    }

    /// Begins a packet: the first byte comes with [`Outbound::finish`].
    pub(crate) const fn begin(&mut self) {
        (self.end, self.misuse) = (LONGEST_FIXED_HEADER, None);
    }

    pub(crate) fn byte(&mut self, byte: u8) {
        self.bytes(&[byte]);
    }

    #[cfg_attr(target_os = "none", inline(never))]
    pub(crate) fn integer(&mut self, value: u16) {
        if let [high, low] = self.space(2) {
            [*high, *low] = value.to_be_bytes();
        }
    }

    #[cfg_attr(target_os = "none", inline(never))]
    pub(crate) fn bytes(&mut self, bytes: &[u8]) {
        copy(self.space(bytes.len()), bytes);
    }

    /// Writes the concatenation of `parts` with its length in front; `wrong` is what is wrong with it.
    #[cfg_attr(target_os = "none", inline(never))]
    pub(crate) fn text(&mut self, parts: &[&str], wrong: Option<Misuse>) {
        self.misuse = self.misuse.or(wrong);
        self.length_of(parts.iter().map(|part| part.len()).sum());
        for part in parts {
            self.bytes(part.as_bytes());
        }
    }

    /// Writes the two bytes of length in front of a field.
    pub(crate) fn length_of(&mut self, length: usize) {
        match u16::try_from(length) {
            Ok(length) => self.integer(length),
            Err(_) => self.misuse = self.misuse.or(Some(Misuse::FieldTooLong)),
        }
    }

    /// Takes the next `length` bytes to be filled by the caller; none when they do not fit, or when
    /// something was wrong before.
    #[cfg_attr(target_os = "none", inline(never))]
    pub(crate) fn space(&mut self, length: usize) -> &mut [u8] {
        let start = self.end;
        self.end = start.saturating_add(length);
        match self.misuse {
            None => self.buffer.get_mut(start..self.end).unwrap_or_default(),
            Some(_) => &mut [],
        }
    }

    /// Notes what is wrong with the packet, unless something else was before.
    pub(crate) fn refuse(&mut self, misuse: Misuse) {
        self.misuse = self.misuse.or(Some(misuse));
    }

    /// Ends the packet, which can be sent now; `follows` more bytes belong to it, from elsewhere.
    pub(crate) fn finish(&mut self, first: u8, follows: usize) -> Result<(), Error> {
        let remaining = (self.end - LONGEST_FIXED_HEADER).saturating_add(follows);
        if remaining > MAXIMUM_REMAINING_LENGTH {
            self.refuse(Misuse::PacketTooLong);
        }
        if let Some(misuse) = self.misuse {
            return Err(misuse.into());
        }
        if self.end > self.buffer.len() {
            return Err(ResourceError::TransmitBuffer { needed: self.end }.into());
        }
        let (header, length) = FixedHeader::encode(first, remaining);
        let start = LONGEST_FIXED_HEADER - length;
        copy(self.buffer.get_mut(start..LONGEST_FIXED_HEADER).unwrap_or_default(), &header);
        self.pending = start..self.end;
        Ok(())
    }

    /// Puts in a packet that is nothing but its first byte and perhaps an identifier.
    #[cfg_attr(target_os = "none", inline(never))]
    pub(crate) fn short(&mut self, first: u8, identifier: Option<PacketIdentifier>) {
        self.begin();
        if let Some(identifier) = identifier {
            self.integer(identifier.value());
        }
        // It fits, since CONNECT did, which is longer.
        let _ = self.finish(first, 0);
    }

    /// Puts in a packet that was made before, with `flags` added to its first byte.
    pub(crate) fn again(&mut self, packet: &[u8], flags: u8) {
        copy(self.buffer, packet);
        if let Some(first) = self.buffer.first_mut() {
            *first |= flags;
        }
        self.pending = 0..packet.len();
    }

    /// The bytes that are still to be sent.
    #[cfg_attr(target_os = "none", inline(never))]
    pub(crate) fn pending(&self) -> &[u8] {
        self.buffer.get(self.pending.clone()).unwrap_or_default()
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.pending.start >= self.pending.end
    }

    /// Takes note that `count` bytes were sent.
    pub(crate) const fn sent(&mut self, count: usize) {
        self.pending.start = self.pending.start.saturating_add(count);
    }

    /// Forgets the packet.
    pub(crate) const fn clear(&mut self) {
        self.pending = 0..0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_packet_lies_behind_its_header() {
        let mut buffer = [0; 16];
        let mut out = Outbound::new(&mut buffer);
        out.begin();
        out.text(&["ab", "cde"], None);
        out.byte(1);
        out.finish(0x30, 0).unwrap();
        assert_eq!(out.pending(), [0x30, 8, 0, 5, b'a', b'b', b'c', b'd', b'e', 1]);
        out.sent(8);
        assert_eq!(out.pending(), [b'e', 1]);
        out.sent(2);
        assert!(out.is_empty());
    }

    #[test]
    fn a_short_buffer_tells_the_room_needed() {
        let mut buffer = [0; 12];
        let mut out = Outbound::new(&mut buffer);
        out.begin();
        out.text(&["ab", "cde"], None);
        out.byte(1);
        assert_eq!(out.finish(0x30, 0), Err(ResourceError::TransmitBuffer { needed: 13 }.into()));
        assert!(out.is_empty());
    }

    #[test]
    fn the_first_mistake_is_told() {
        let mut buffer = [0; 16];
        let mut out = Outbound::new(&mut buffer);
        out.begin();
        out.text(&["a#"], Some(Misuse::TopicName));
        out.refuse(Misuse::NoTopicFilter);
        assert!(out.space(1).is_empty(), "nobody fills a packet that will not be sent");
        assert_eq!(out.finish(0x30, usize::MAX), Err(Misuse::TopicName.into()));
        out.begin();
        assert_eq!(out.finish(0x30, MAXIMUM_REMAINING_LENGTH + 1), Err(Misuse::PacketTooLong.into()));
    }
}
