//! Cuts the byte stream into control packets. (MQTT 3.1.1, section 2.2)

use core::fmt;

use serde::Serialize;

/// Collects bytes until they are a whole control packet.
#[derive(Debug, Default)]
pub(crate) struct Framer {
    bytes: Vec<u8>,
}

/// Says why the bytes cannot become a control packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum FrameError {
    /// Packet type 0 or 15, which MQTT 3.1.1 forbids. (section 2.2.1)
    Type(u8),
    /// Flags that are reserved for the type. (section 2.2.2)
    Flags(u8),
    /// A fifth byte of Remaining Length. (section 2.2.3)
    RemainingLength,
    /// More bytes than the bridge takes.
    TooLarge(usize),
}

/// Control packet types. (MQTT 3.1.1, table 2.1)
pub(crate) mod packet_type {
    pub(crate) const CONNECT: u8 = 1;
    pub(crate) const PUBLISH: u8 = 3;
    pub(crate) const PUBACK: u8 = 4;
    pub(crate) const PUBREL: u8 = 6;
    pub(crate) const SUBSCRIBE: u8 = 8;
    pub(crate) const UNSUBSCRIBE: u8 = 10;
    pub(crate) const AUTH: u8 = 15;
}

impl Framer {
    pub(crate) fn push(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// Takes the next whole packet. A packet of more than `limit` bytes is refused by its header alone.
    pub(crate) fn pop(&mut self, limit: usize, mqtt5: bool) -> Result<Option<Vec<u8>>, FrameError> {
        let Some(&first) = self.bytes.first() else { return Ok(None) };
        check_fixed_header(first, mqtt5)?;
        let mut remaining = 0usize;
        for (index, &byte) in self.bytes.iter().skip(1).take(4).enumerate() {
            remaining |= usize::from(byte & 0x7f) << (7 * index);
            if byte & 0x80 == 0 {
                let length = 2 + index + remaining;
                if length > limit {
                    return Err(FrameError::TooLarge(length));
                }
                if self.bytes.len() < length {
                    return Ok(None);
                }
                let rest = self.bytes.split_off(length);
                return Ok(Some(core::mem::replace(&mut self.bytes, rest)));
            }
        }
        if self.bytes.len() > 4 { Err(FrameError::RemainingLength) } else { Ok(None) }
    }

    pub(crate) fn clear(&mut self) {
        self.bytes = Vec::new();
    }
}

/// The packet type of a whole packet.
pub(crate) fn type_of(packet: &[u8]) -> u8 {
    packet.first().map_or(0, |first| first >> 4)
}

/// What follows the fixed header of a whole packet.
pub(crate) fn body_of(packet: &[u8]) -> &[u8] {
    let length = packet.iter().skip(1).take_while(|byte| *byte & 0x80 != 0).count();
    packet.get(2 + length..).unwrap_or_default()
}

/// Puts a fixed header before a body.
pub(crate) fn packet(first: u8, body: &[u8]) -> Vec<u8> {
    let mut packet = vec![first];
    let mut remaining = body.len();
    loop {
        let low = u8::try_from(remaining & 0x7f).unwrap_or_default();
        remaining >>= 7;
        packet.push(if remaining > 0 { low | 0x80 } else { low });
        if remaining == 0 {
            break;
        }
    }
    packet.extend(body);
    packet
}

const fn check_fixed_header(first: u8, mqtt5: bool) -> Result<(), FrameError> {
    use packet_type::{AUTH, PUBLISH, PUBREL, SUBSCRIBE, UNSUBSCRIBE};
    match (first >> 4, first & 0x0f) {
        (0, _) => Err(FrameError::Type(0)),
        (AUTH, _) if !mqtt5 => Err(FrameError::Type(AUTH)),
        (PUBLISH, flags) if flags & 0x06 == 0x06 => Err(FrameError::Flags(first)),
        (PUBLISH, _) | (PUBREL | SUBSCRIBE | UNSUBSCRIBE, 0x02) => Ok(()),
        (PUBREL | SUBSCRIBE | UNSUBSCRIBE, _) => Err(FrameError::Flags(first)),
        (_, 0) => Ok(()),
        (_, _) => Err(FrameError::Flags(first)),
    }
}

impl fmt::Display for FrameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Type(value) => write!(f, "packet type {value}"),
            Self::Flags(first) => write!(f, "reserved flags in the first byte {first:#04x}"),
            Self::RemainingLength => f.write_str("Remaining Length has more than four bytes"),
            Self::TooLarge(length) => write!(f, "a packet of {length} bytes"),
        }
    }
}

impl core::error::Error for FrameError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packets_come_out_whole_however_they_go_in() {
        let stream = [&[0xc0, 0][..], &[0x30, 0x80, 0x01], &[7; 128], &[0xe0, 0]].concat();
        let mut framer = Framer::default();
        let mut packets = Vec::new();
        for byte in &stream {
            framer.push(&[*byte]);
            while let Some(packet) = framer.pop(1000, false).unwrap() {
                packets.push(packet);
            }
        }
        assert_eq!(packets.concat(), stream);
        assert_eq!(packets.iter().map(|packet| type_of(packet)).collect::<Vec<_>>(), [12, 3, 14]);
        assert_eq!(body_of(&packets[1]), [7; 128]);
        assert!(body_of(&packets[0]).is_empty());
    }

    #[test]
    fn a_packet_is_its_header_and_its_body() {
        for length in [0, 1, 127, 128, 16_383, 16_384, 100_000] {
            let body = vec![7; length];
            let packet = packet(0x30, &body);
            assert_eq!((type_of(&packet), body_of(&packet)), (3, &body[..]));
            let mut framer = Framer::default();
            framer.push(&packet);
            assert_eq!(framer.pop(200_000, false), Ok(Some(packet)));
        }
    }

    #[test]
    fn what_cannot_be_a_packet_is_named() {
        let refused = |bytes: &[u8]| {
            let mut framer = Framer::default();
            framer.push(bytes);
            framer.pop(1000, false)
        };
        assert_eq!(refused(&[0x00]), Err(FrameError::Type(0)));
        assert_eq!(refused(&[0xf0]), Err(FrameError::Type(15)));
        assert_eq!(refused(&[0x80, 0]), Err(FrameError::Flags(0x80)));
        assert_eq!(refused(&[0x11, 0]), Err(FrameError::Flags(0x11)));
        assert_eq!(refused(&[0x36, 0]), Err(FrameError::Flags(0x36)));
        assert_eq!(refused(&[0x30, 0xff, 0xff, 0xff]), Ok(None));
        assert_eq!(refused(&[0x30, 0xff, 0xff, 0xff, 0xff]), Err(FrameError::RemainingLength));
        assert_eq!(refused(&[0x30, 0xe6, 0x07]), Err(FrameError::TooLarge(1001)));
        assert_eq!(refused(&[0x30, 0xe5, 0x07]), Ok(None));
    }
}
