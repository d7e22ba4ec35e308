//! The receive buffer: cuts the byte stream into packets.

use core::cell::Cell;
use core::ops::Range;

use crate::error::{Error, PeerError, ResourceError};
use crate::packet::first_byte::is_publish;
use crate::packet::publish::Head;
use crate::wire::{FixedHeader, MAXIMUM_REMAINING_LENGTH};

/// Received bytes, from the oldest packet that is still lent to the newest byte.
#[derive(Debug)]
pub(crate) struct Inbound<'b> {
    buffer: &'b mut [u8],
    start: usize,
    end: usize,
    /// Bytes from `start` on that were lent, and are released by the next call.
    lent: usize,
    /// Payload bytes of a large message that are still to come.
    streaming: usize,
    pub(crate) limit: usize,
}

/// What lies in the buffer next; ranges are places in the buffer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Frame {
    /// A whole packet.
    Packet { first: u8, body: Range<usize> },
    /// A PUBLISH that is too large for the buffer, without its payload.
    Large { first: u8, head: Range<usize>, payload: usize },
    /// The next piece of its payload, and how much is left after it.
    Chunk { bytes: Range<usize>, left: usize },
}

impl<'b> Inbound<'b> {
    pub(crate) const fn new(buffer: &'b mut [u8]) -> Self {
        Self { buffer, start: 0, end: 0, lent: 0, streaming: 0, limit: MAXIMUM_REMAINING_LENGTH }
    }

    /// Forgets everything: a new stream begins.
    pub(crate) const fn reset(&mut self) {
        (self.start, self.end, self.lent, self.streaming) = (0, 0, 0, 0);
    }

    /// Lends room for bytes to be received; never empty when [`Inbound::next`] had nothing to give.
    pub(crate) fn space(&mut self) -> &mut [u8] {
        self.release();
        if self.start > 0 {
            let cells = Cell::from_mut(&mut *self.buffer).as_slice_of_cells();
            for (to, from) in cells.iter().zip(cells.get(self.start..self.end).unwrap_or_default()) {
                // Bytes leave nothing behind, which also keeps `memmove` (768 B) out of the image.
                to.set(from.take());
            }
            self.end -= self.start;
            self.start = 0;
        }
        self.buffer.get_mut(self.end..).unwrap_or_default()
    }

    /// Takes the first `count` bytes of [`Inbound::space`] as received.
    pub(crate) fn received(&mut self, count: usize) {
        self.end = self.end.saturating_add(count).min(self.buffer.len());
    }

    pub(crate) fn bytes(&self, range: Range<usize>) -> &[u8] {
        self.buffer.get(range).unwrap_or_default()
    }

    /// Cuts off what comes next; `None` when more bytes are needed.
    pub(crate) fn next(&mut self) -> Result<Option<Frame>, Error> {
        self.release();
        let available = self.end.saturating_sub(self.start);
        if self.streaming > 0 {
            let length = self.streaming.min(available);
            if length == 0 {
                return Ok(None);
            }
            self.streaming -= length;
            self.lent = length;
            return Ok(Some(Frame::Chunk { bytes: self.start..self.start + length, left: self.streaming }));
        }
        let bytes = self.bytes(self.start..self.end);
        let (first, length, remaining) = match FixedHeader::decode(bytes) {
            FixedHeader::Partial => return self.more(available + 1),
            FixedHeader::Malformed => return Err(PeerError::MalformedRemainingLength.into()),
            FixedHeader::Complete { first, length, remaining } => (first, length, remaining),
        };
        if remaining > self.limit {
            return Err(PeerError::MessageTooLong(remaining).into());
        }
        let body = self.start + length;
        if available >= length + remaining {
            self.lent = length + remaining;
            return Ok(Some(Frame::Packet { first, body: body..body + remaining }));
        }
        if length + remaining <= self.buffer.len() {
            return Ok(None);
        }
        if !is_publish(first) {
            return self.more(length + remaining);
        }
        // A PUBLISH that never fits as a whole: its head does, or it cannot be taken.
        let Some(head) = Head::length(first, self.bytes(body..self.end)) else {
            return self.more(length + 2);
        };
        let Some(payload) = remaining.checked_sub(head) else {
            return Err(PeerError::MalformedPacket.into());
        };
        if available < length + head {
            return self.more(length + head);
        }
        self.lent = length + head;
        self.streaming = payload;
        Ok(Some(Frame::Large { first, head: body..body + head, payload }))
    }

    /// Asks for more bytes, unless `needed` of them can never be held.
    fn more(&self, needed: usize) -> Result<Option<Frame>, Error> {
        if needed > self.buffer.len() {
            return Err(ResourceError::ReceiveBuffer { needed }.into());
        }
        Ok(None)
    }

    const fn release(&mut self) {
        self.start += self.lent;
        self.lent = 0;
        if self.start >= self.end {
            (self.start, self.end) = (0, 0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::vec::Vec;

    /// Feeds `bytes` in pieces and collects what was cut off, payloads put together again.
    fn cut(buffer: &mut [u8], bytes: &[u8], pieces: &[usize]) -> Result<Vec<Vec<u8>>, Error> {
        let mut inbound = Inbound::new(buffer);
        let mut packets = Vec::new();
        let (mut rest, mut pieces) = (bytes, pieces.iter().cycle());
        loop {
            while let Some(frame) = inbound.next()? {
                match frame {
                    Frame::Packet { first, body } => {
                        packets.push([&[first], inbound.bytes(body)].concat());
                    }
                    Frame::Large { first, head, .. } => {
                        packets.push([&[first], inbound.bytes(head)].concat())
                    }
                    Frame::Chunk { bytes, .. } => {
                        let chunk = inbound.bytes(bytes).to_vec();
                        packets.last_mut().unwrap().extend(chunk);
                    }
                }
            }
            if rest.is_empty() {
                return Ok(packets);
            }
            let space = inbound.space();
            assert!(!space.is_empty(), "a buffer without room would stop the stream");
            let count = (*pieces.next().unwrap()).clamp(1, space.len().min(rest.len()));
            space[..count].copy_from_slice(&rest[..count]);
            inbound.received(count);
            rest = &rest[count..];
        }
    }

    #[test]
    fn packets_come_out_whole_however_the_stream_is_cut() {
        let stream = [0x20, 2, 0, 0, 0xD0, 0, 0x30, 4, 0, 1, b'a', b'!', 0x40, 2, 0, 1];
        for size in 1..8 {
            let packets = cut(&mut [0; 8], &stream, &[size]).unwrap();
            assert_eq!(packets, [&[0x20, 0, 0][..], &[0xD0], &[0x30, 0, 1, b'a', b'!'], &[0x40, 0, 1]]);
        }
    }

    #[test]
    fn a_message_larger_than_the_buffer_comes_in_pieces() {
        let payload = [7; 300];
        let stream = [&[0x30, 0xAF, 0x02, 0, 1, b'a'][..], &payload, &[0xD0, 0]].concat();
        let packets = cut(&mut [0; 8], &stream, &[3, 5, 2]).unwrap();
        assert_eq!(packets, [&[&[0x30, 0, 1, b'a'][..], &payload].concat()[..], &[0xD0]]);
    }

    #[test]
    fn what_can_never_fit_is_an_error_at_once() {
        let too_small = |needed| Err(ResourceError::ReceiveBuffer { needed }.into());
        assert_eq!(cut(&mut [0; 8], &[0x90, 9], &[1]), too_small(11));
        assert_eq!(cut(&mut [0; 8], &[0x30, 20, 0, 9], &[1]), too_small(13));
        assert_eq!(cut(&mut [0; 1], &[0xD0], &[1]), too_small(2));
        assert_eq!(cut(&mut [0; 8], &[0x30, 8, 0, 9], &[1]), Err(PeerError::MalformedPacket.into()));
        let mut buffer = [0; 8];
        let mut inbound = Inbound::new(&mut buffer);
        inbound.limit = 100;
        inbound.space()[..2].copy_from_slice(&[0x30, 101]);
        inbound.received(2);
        assert_eq!(inbound.next(), Err(PeerError::MessageTooLong(101).into()));
    }

    proptest! {
        #[test]
        fn any_bytes_end_in_packets_or_an_error(
            bytes in proptest::collection::vec(any::<u8>(), 0..200),
            pieces in proptest::collection::vec(1..40usize, 1..5),
            size in 2..40usize,
        ) {
            let _ = cut(&mut std::vec![0; size], &bytes, &pieces);
        }
    }
}
