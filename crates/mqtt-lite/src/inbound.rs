//! The receive buffer: cuts the byte stream into packets.

use crate::error::{Error, PeerError, ResourceError};
use crate::identifier::PacketIdentifier;
use crate::packet::first_byte::is_publish;
use crate::packet::publish::Head;
use crate::wire::{FixedHeader, MAXIMUM_REMAINING_LENGTH, move_down};

/// Received bytes: the packet that was cut off last, and behind it what is still to be cut.
#[derive(Debug)]
pub(crate) struct Inbound<'b> {
    buffer: &'b mut [u8],
    /// Where the next packet begins, and where the received bytes end.
    start: usize,
    end: usize,
    /// Payload bytes of a large message that are still to come.
    streaming: usize,
    pub(crate) limit: usize,
    pub(crate) frame: Frame,
}

/// What was cut off last.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Frame {
    /// First byte of the packet; none for a piece of payload.
    pub(crate) first: Option<u8>,
    /// Its Packet Identifier, once it is decoded.
    pub(crate) identifier: Option<PacketIdentifier>,
    /// Length of its Topic Name, once it is decoded.
    pub(crate) topic: u16,
    /// Places in the buffer: what follows the fixed header; of a large PUBLISH, up to its payload.
    start: usize,
    end: usize,
    /// Payload bytes that follow: of a large PUBLISH, or after this piece.
    pub(crate) left: usize,
}

impl<'b> Inbound<'b> {
    pub(crate) const fn new(buffer: &'b mut [u8]) -> Self {
        let frame = Frame { first: None, identifier: None, topic: 0, start: 0, end: 0, left: 0 };
        Self { buffer, start: 0, end: 0, streaming: 0, limit: MAXIMUM_REMAINING_LENGTH, frame }
    }

    /// Forgets everything: a new stream begins.
    pub(crate) const fn reset(&mut self) {
        (self.start, self.end, self.streaming) = (0, 0, 0);
    }

    /// Lends room for bytes to be received; never empty when [`Inbound::next`] had nothing to give.
    pub(crate) fn space(&mut self) -> &mut [u8] {
        move_down(self.buffer, 0, self.start..self.end);
        self.end -= self.start;
        self.start = 0;
        self.buffer.get_mut(self.end..).unwrap_or_default()
    }

    /// Takes the first `count` bytes of [`Inbound::space`] as received.
    pub(crate) fn received(&mut self, count: usize) {
        self.end = self.end.saturating_add(count).min(self.buffer.len());
    }

    /// Tells whether the payload of a large message is being received.
    pub(crate) const fn is_streaming(&self) -> bool {
        self.streaming > 0
    }

    /// What follows the fixed header of the packet that was cut off last, or its piece of payload.
    #[cfg_attr(target_os = "none", inline(never))]
    pub(crate) fn body(&self) -> &[u8] {
        self.buffer.get(self.frame.start..self.frame.end).unwrap_or_default()
    }

    /// Cuts off what comes next; tells whether there was something, or more bytes are needed.
    pub(crate) fn next(&mut self) -> Result<bool, Error> {
        let bytes = self.buffer.get(self.start..self.end).unwrap_or_default();
        let available = bytes.len();
        if self.streaming > 0 {
            let length = self.streaming.min(available);
            self.streaming -= length;
            self.cut(None, 0, length, self.streaming);
            return Ok(length > 0);
        }
        let (first, header, remaining) = match FixedHeader::decode(bytes) {
            FixedHeader::Partial => return self.more(available + 1),
            FixedHeader::Malformed => return Err(PeerError::MalformedRemainingLength.into()),
            FixedHeader::Complete { first, length, remaining } => (first, length, remaining),
        };
        if remaining > self.limit {
            return Err(ResourceError::MessageLimit { needed: remaining }.into());
        }
        let total = header + remaining;
        if available >= total {
            self.cut(Some(first), header, remaining, 0);
            return Ok(true);
        }
        if total <= self.buffer.len() || !is_publish(first) {
            return self.more(total);
        }
        // A PUBLISH that never fits as a whole: its head does, or it cannot be taken.
        let Some(head) = Head::length(first, bytes.get(header..).unwrap_or_default()) else {
            return self.more(header + 2);
        };
        let Some(payload) = remaining.checked_sub(head) else {
            return Err(PeerError::MalformedPacket.into());
        };
        if available < header + head {
            return self.more(header + head);
        }
        self.streaming = payload;
        self.cut(Some(first), header, head, payload);
        Ok(true)
    }

    /// Cuts off `length` bytes that come after `header` bytes.
    #[cfg_attr(target_os = "none", inline(never))]
    const fn cut(&mut self, first: Option<u8>, header: usize, length: usize, left: usize) {
        let start = self.start + header;
        self.start = start + length;
        self.frame = Frame { first, identifier: None, topic: 0, start, end: self.start, left };
    }

    /// Asks for more bytes, unless `needed` of them can never be held.
    fn more(&self, needed: usize) -> Result<bool, Error> {
        if needed > self.buffer.len() {
            return Err(ResourceError::ReceiveBuffer { needed }.into());
        }
        Ok(false)
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
            while inbound.next()? {
                let Frame { first, left, .. } = inbound.frame;
                match first {
                    Some(first) => packets.push([&[first], inbound.body()].concat()),
                    None => packets.last_mut().unwrap().extend_from_slice(inbound.body()),
                }
                assert_eq!(inbound.is_streaming(), left > 0);
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
        assert_eq!(inbound.next(), Err(ResourceError::MessageLimit { needed: 101 }.into()));
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
