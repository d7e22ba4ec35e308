//! SUBSCRIBE (section 3.8).

use crate::error::{EncodeError, Misuse, ResourceError};
use crate::identifier::PacketIdentifier;
use crate::packet::first_byte;
use crate::qos::QoS;
use crate::topic::is_topic_filter;
use crate::wire::{Writer, parts_length};

/// One Topic Filter of a SUBSCRIBE, in parts, with the greatest QoS that is asked for.
#[derive(Clone, Copy, Debug)]
pub struct Filter<'a> {
    /// The Topic Filter is the concatenation.
    pub topic: &'a [&'a str],
    /// Requested QoS.
    pub qos: QoS,
}

pub(crate) fn encode(
    identifier: PacketIdentifier,
    filters: &[Filter<'_>],
    buffer: &mut [u8],
) -> Result<usize, EncodeError> {
    // [MQTT-3.8.3-3]: at least one.
    if filters.is_empty() {
        return Err(Misuse::NoTopicFilter.into());
    }
    if !filters.iter().all(|filter| is_topic_filter(filter.topic)) {
        return Err(Misuse::TopicFilter.into());
    }
    let remaining = 2 + filters.iter().map(|filter| 3 + parts_length(filter.topic)).sum::<usize>();
    let mut writer = Writer::new(buffer);
    writer.fixed_header(first_byte::SUBSCRIBE, remaining);
    writer.integer(identifier.value());
    for filter in filters {
        writer.string(filter.topic);
        writer.byte(filter.qos.bits());
    }
    writer.finish().map_err(|needed| ResourceError::TransmitBuffer { needed }.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_of_figure_3_23_is_reproduced() {
        let filters = [
            Filter { topic: &["a/", "b"], qos: QoS::AtLeastOnce },
            Filter { topic: &["c/d"], qos: QoS::AtMostOnce },
        ];
        let mut buffer = [0; 32];
        let length = encode(PacketIdentifier::new(10).unwrap(), &filters, &mut buffer).unwrap();
        let expected = [0x82, 14, 0, 10, 0, 3, b'a', b'/', b'b', 1, 0, 3, b'c', b'/', b'd', 0];
        assert_eq!(buffer[..length], expected);
    }

    #[test]
    fn no_filter_and_bad_filters_are_refused() {
        let identifier = PacketIdentifier::FIRST;
        let mut buffer = [0; 8];
        assert_eq!(encode(identifier, &[], &mut buffer), Err(Misuse::NoTopicFilter.into()));
        let bad = Filter { topic: &["a#"], qos: QoS::AtMostOnce };
        assert_eq!(encode(identifier, &[bad], &mut buffer), Err(Misuse::TopicFilter.into()));
        let long = Filter { topic: &["abcdef"], qos: QoS::AtMostOnce };
        let needed = ResourceError::TransmitBuffer { needed: 13 };
        assert_eq!(encode(identifier, &[long], &mut buffer), Err(needed.into()));
    }
}
