//! PUBLISH (section 3.3).

use core::ops::Range;

use crate::error::{EncodeError, Misuse, PeerError, ResourceError};
use crate::identifier::PacketIdentifier;
use crate::packet::first_byte;
use crate::qos::QoS;
use crate::topic::is_topic_name;
use crate::wire::{MAXIMUM_REMAINING_LENGTH, Reader, Writer, parts_length};

/// Flags in the first byte (section 3.3.1).
pub(crate) const DUP: u8 = 1 << 3;
const QOS_SHIFT: u32 = 1;
const RETAIN: u8 = 1;

/// A message to be published.
///
/// The Topic Name is given in parts that are put together in the packet only.
///
/// ```
/// use mqtt_lite::{Publish, QoS};
///
/// let state = Publish::new(&["/devices/", "MyMKRGSM1400", "/state"], b"hello 464488");
/// let event = Publish::new(&["/devices/", "MyMKRGSM1400", "/events"], b"21.5").qos(QoS::AtLeastOnce);
/// # let _ = (state, event);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Publish<'a> {
    pub(crate) topic: &'a [&'a str],
    pub(crate) payload: &'a [u8],
    pub(crate) qos: QoS,
    pub(crate) retain: bool,
}

impl<'a> Publish<'a> {
    /// Makes a message of QoS 0 that is not retained.
    #[must_use]
    pub const fn new(topic: &'a [&'a str], payload: &'a [u8]) -> Self {
        Self { topic, payload, qos: QoS::AtMostOnce, retain: false }
    }

    /// Chooses how hard both sides try to deliver it.
    #[must_use]
    pub const fn qos(mut self, qos: QoS) -> Self {
        self.qos = qos;
        self
    }

    /// Asks the server to keep it for later subscribers (section 3.3.1.3).
    #[must_use]
    pub const fn retain(mut self) -> Self {
        self.retain = true;
        self
    }

    /// Encodes the packet without its payload, of which `payload_length` bytes will follow.
    pub(crate) fn encode_header(
        &self,
        identifier: Option<PacketIdentifier>,
        payload_length: usize,
        writer: &mut Writer<'_>,
    ) -> Result<(), Misuse> {
        if !is_topic_name(self.topic) {
            return Err(Misuse::TopicName);
        }
        let header_length = 2 + parts_length(self.topic) + if identifier.is_some() { 2 } else { 0 };
        let remaining = header_length.saturating_add(payload_length);
        if remaining > MAXIMUM_REMAINING_LENGTH {
            return Err(Misuse::PacketTooLong);
        }
        let retain = if self.retain { RETAIN } else { 0 };
        writer.fixed_header(first_byte::PUBLISH | self.qos.bits() << QOS_SHIFT | retain, remaining);
        writer.string(self.topic);
        if let Some(identifier) = identifier {
            writer.integer(identifier.value());
        }
        Ok(())
    }

    /// Encodes the whole packet into `buffer`; tells its length.
    pub(crate) fn encode(
        &self,
        identifier: Option<PacketIdentifier>,
        buffer: &mut [u8],
    ) -> Result<usize, EncodeError> {
        let mut writer = Writer::new(buffer);
        self.encode_header(identifier, self.payload.len(), &mut writer)?;
        writer.bytes(self.payload);
        writer.finish().map_err(|needed| ResourceError::TransmitBuffer { needed }.into())
    }
}

/// The part of a received PUBLISH in front of its payload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Head {
    /// Where the Topic Name lies, from the first byte after the fixed header.
    pub(crate) topic: Range<usize>,
    pub(crate) qos: QoS,
    /// None with QoS 0.
    pub(crate) identifier: Option<PacketIdentifier>,
    pub(crate) duplicate: bool,
    pub(crate) retain: bool,
    /// Where the payload begins, from the first byte after the fixed header.
    pub(crate) payload: usize,
}

impl Head {
    /// Checks the flags and tells how many bytes the head has, once its first two bytes are there.
    pub(crate) fn length(first: u8, body: &[u8]) -> Option<usize> {
        let topic = Reader::new(body).integer()?;
        Some(2 + usize::from(topic) + if first >> QOS_SHIFT & 3 == 0 { 0 } else { 2 })
    }

    pub(crate) fn decode(first: u8, body: &[u8]) -> Result<Self, PeerError> {
        let qos_bits = first >> QOS_SHIFT & 3;
        let qos = QoS::from_bits(qos_bits).ok_or(PeerError::QoS(qos_bits))?;
        let duplicate = first & DUP != 0;
        if duplicate && qos == QoS::AtMostOnce {
            // [MQTT-3.3.1-2]
            return Err(PeerError::ReservedFlags);
        }
        let mut reader = Reader::new(body);
        let length = usize::from(reader.integer().ok_or(PeerError::MalformedPacket)?);
        let name = reader.bytes(length).ok_or(PeerError::MalformedPacket)?;
        // [MQTT-1.5.3-1] and [MQTT-3.3.2-2]
        let name = core::str::from_utf8(name).map_err(|_| PeerError::TopicName)?;
        if !is_topic_name(&[name]) {
            return Err(PeerError::TopicName);
        }
        let identifier = if qos == QoS::AtMostOnce {
            None
        } else {
            let value = reader.integer().ok_or(PeerError::MalformedPacket)?;
            Some(PacketIdentifier::new(value).ok_or(PeerError::ZeroIdentifier)?)
        };
        let payload = 2 + length + if identifier.is_some() { 2 } else { 0 };
        Ok(Self { topic: 2..2 + length, qos, identifier, duplicate, retain: first & RETAIN != 0, payload })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encode(publish: &Publish<'_>, identifier: u16) -> std::vec::Vec<u8> {
        let mut buffer = [0; 64];
        let length = publish.encode(PacketIdentifier::new(identifier), &mut buffer).unwrap();
        buffer[..length].to_vec()
    }

    #[test]
    fn the_example_of_figure_3_11_is_reproduced() {
        // Topic Name "a/b", Packet Identifier 10.
        let packet = encode(&Publish::new(&["a", "/b"], b"").qos(QoS::AtLeastOnce), 10);
        assert_eq!(packet, [0x32, 7, 0x00, 0x03, b'a', b'/', b'b', 0x00, 0x0A]);
        let head = Head::decode(packet[0], &packet[2..]).unwrap();
        assert_eq!((head.topic.clone(), head.payload), (2..5, 7));
        assert_eq!(head.identifier, PacketIdentifier::new(10));
        assert_eq!(Head::length(packet[0], &packet[2..]), Some(7));
    }

    #[test]
    fn qos_0_has_no_identifier() {
        let packet = encode(&Publish::new(&["a"], b"xyz").retain(), 0);
        assert_eq!(packet, [0x31, 6, 0x00, 0x01, b'a', b'x', b'y', b'z']);
        let head = Head::decode(packet[0], &packet[2..]).unwrap();
        assert_eq!((head.identifier, head.retain, head.payload), (None, true, 3));
    }

    #[test]
    fn what_section_3_3_forbids_is_refused() {
        let decode = Head::decode;
        assert_eq!(decode(0x36, &[0, 1, b'a', 0, 1]), Err(PeerError::QoS(3)));
        assert_eq!(decode(0x38, &[0, 1, b'a']), Err(PeerError::ReservedFlags));
        assert_eq!(decode(0x32, &[0, 1, b'a', 0, 0]), Err(PeerError::ZeroIdentifier));
        assert_eq!(decode(0x32, &[0, 1, b'a', 0]), Err(PeerError::MalformedPacket));
        assert_eq!(decode(0x30, &[0, 2, b'a']), Err(PeerError::MalformedPacket));
        assert_eq!(decode(0x30, &[0]), Err(PeerError::MalformedPacket));
        assert_eq!(decode(0x30, &[0, 0]), Err(PeerError::TopicName));
        assert_eq!(decode(0x30, &[0, 1, b'#']), Err(PeerError::TopicName));
        assert_eq!(decode(0x30, &[0, 1, 0]), Err(PeerError::TopicName));
        // [MQTT-1.5.3-1]: a surrogate, D800.
        assert_eq!(decode(0x30, &[0, 3, 0xED, 0xA0, 0x80]), Err(PeerError::TopicName));
    }
}
