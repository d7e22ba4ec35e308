//! PUBLISH (section 3.3).

use crate::error::{Error, Misuse, PeerError};
use crate::event::Message;
use crate::identifier::PacketIdentifier;
use crate::outbound::Outbound;
use crate::packet::first_byte;
use crate::qos::QoS;
use crate::topic::{Topic, is_received_topic_name, is_topic_name};

/// Flags in the first byte (section 3.3.1).
pub(crate) const DUP: u8 = 1 << 3;
const QOS_SHIFT: u32 = 1;
const QOS: u8 = 3 << QOS_SHIFT;
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

    /// Encodes the packet; `streamed` bytes of payload follow from elsewhere.
    pub(crate) fn encode(
        &self,
        identifier: Option<PacketIdentifier>,
        streamed: usize,
        out: &mut Outbound<'_>,
    ) -> Result<(), Error> {
        out.begin();
        out.text(self.topic, if is_topic_name(self.topic) { None } else { Some(Misuse::TopicName) });
        if let Some(identifier) = identifier {
            out.integer(identifier.value());
        }
        out.bytes(self.payload);
        let retain = if self.retain { RETAIN } else { 0 };
        out.finish(first_byte::PUBLISH | self.qos.bits() << QOS_SHIFT | retain, streamed)
    }
}

/// What precedes the payload of a received PUBLISH.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Head {
    /// Length of the Topic Name.
    pub(crate) topic: u16,
    /// None with QoS 0.
    pub(crate) identifier: Option<PacketIdentifier>,
}

impl Head {
    /// Tells how many bytes the head has, once the first two are there.
    pub(crate) fn length(first: u8, body: &[u8]) -> Option<usize> {
        let ([high, low], _) = body.split_first_chunk()?;
        Some(2 + usize::from(u16::from_be_bytes([*high, *low])) + identifier_length(first))
    }

    /// Decodes what follows the fixed header.
    #[cfg_attr(target_os = "none", inline(never))]
    pub(crate) fn decode(first: u8, body: &[u8]) -> Result<Self, PeerError> {
        let qos_bits = first >> QOS_SHIFT & 3;
        if QoS::from_bits(qos_bits).is_none() {
            return Err(PeerError::QoS(qos_bits));
        }
        if first & (DUP | QOS) == DUP {
            // [MQTT-3.3.1-2]
            return Err(PeerError::ReservedFlags);
        }
        let Some((&[high, low], rest)) = body.split_first_chunk() else {
            return Err(PeerError::MalformedPacket);
        };
        let topic = u16::from_be_bytes([high, low]);
        let Some((name, rest)) = rest.split_at_checked(topic.into()) else {
            return Err(PeerError::MalformedPacket);
        };
        // [MQTT-1.5.3-1] and [MQTT-3.3.2-2]
        if !is_received_topic_name(name) {
            return Err(PeerError::TopicName);
        }
        let mut identifier = None;
        if qos_bits > 0 {
            let Some((&[high, low], _)) = rest.split_first_chunk() else {
                return Err(PeerError::MalformedPacket);
            };
            identifier = PacketIdentifier::new(u16::from_be_bytes([high, low]));
            if identifier.is_none() {
                return Err(PeerError::ZeroIdentifier);
            }
        }
        Ok(Self { topic, identifier })
    }
}

/// Makes a message of a PUBLISH that [`Head::decode`] has checked.
pub(crate) fn message(first: u8, topic: u16, body: &[u8]) -> Message<'_> {
    let (_, rest) = body.split_at_checked(2).unwrap_or_default();
    let (topic, rest) = rest.split_at_checked(topic.into()).unwrap_or_default();
    Message {
        topic: Topic::checked(topic),
        payload: rest.get(identifier_length(first)..).unwrap_or_default(),
        qos: qos(first),
        duplicate: first & DUP != 0,
        retain: first & RETAIN != 0,
    }
}

/// The level that [`Head::decode`] has checked.
pub(crate) fn qos(first: u8) -> QoS {
    QoS::from_bits(first >> QOS_SHIFT & 3).unwrap_or_default()
}

const fn identifier_length(first: u8) -> usize {
    if first & QOS == 0 { 0 } else { 2 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encode(publish: &Publish<'_>, identifier: u16) -> std::vec::Vec<u8> {
        let mut buffer = [0; 64];
        let mut out = Outbound::new(&mut buffer);
        publish.encode(PacketIdentifier::new(identifier), 0, &mut out).unwrap();
        out.pending().to_vec()
    }

    #[test]
    fn the_example_of_figure_3_11_is_reproduced() {
        // Topic Name "a/b", Packet Identifier 10.
        let packet = encode(&Publish::new(&["a", "/b"], b"").qos(QoS::AtLeastOnce), 10);
        assert_eq!(packet, [0x32, 7, 0x00, 0x03, b'a', b'/', b'b', 0x00, 0x0A]);
        let head = Head::decode(packet[0], &packet[2..]).unwrap();
        assert_eq!(head, Head { topic: 3, identifier: PacketIdentifier::new(10) });
        assert_eq!(Head::length(packet[0], &packet[2..]), Some(7));
        let message = message(packet[0], 3, &packet[2..]);
        assert_eq!(
            (message.topic.as_str(), message.payload, message.qos),
            ("a/b", &b""[..], QoS::AtLeastOnce)
        );
    }

    #[test]
    fn qos_0_has_no_identifier() {
        let packet = encode(&Publish::new(&["a"], b"xyz").retain(), 0);
        assert_eq!(packet, [0x31, 6, 0x00, 0x01, b'a', b'x', b'y', b'z']);
        assert_eq!(Head::decode(packet[0], &packet[2..]), Ok(Head { topic: 1, identifier: None }));
        let message = message(packet[0], 1, &packet[2..]);
        assert_eq!((message.payload, message.retain, message.duplicate), (&b"xyz"[..], true, false));
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
