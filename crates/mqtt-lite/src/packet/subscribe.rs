//! SUBSCRIBE (section 3.8).

use crate::error::{Error, Misuse};
use crate::identifier::PacketIdentifier;
use crate::outbound::Outbound;
use crate::packet::first_byte;
use crate::qos::QoS;
use crate::topic::is_topic_filter;

/// One Topic Filter of a SUBSCRIBE, in parts, with the greatest QoS that is asked for.
#[derive(Clone, Copy, Debug)]
pub struct Filter<'a> {
    /// The Topic Filter is the concatenation.
    pub topic: &'a [&'a str],
    /// Requested QoS.
    pub qos: QoS,
}

/// Begins a packet of Topic Filters, of which there must be at least one [MQTT-3.8.3-3] [MQTT-3.10.3-2].
pub(crate) fn begin(identifier: PacketIdentifier, filters: usize, out: &mut Outbound<'_>) {
    out.begin();
    if filters == 0 {
        out.refuse(Misuse::NoTopicFilter);
    }
    out.integer(identifier.value());
}

/// Writes a Topic Filter.
pub(crate) fn topic_filter(topic: &[&str], out: &mut Outbound<'_>) {
    out.text(topic, if is_topic_filter(topic) { None } else { Some(Misuse::TopicFilter) });
}

pub(crate) fn encode(
    identifier: PacketIdentifier,
    filters: &[Filter<'_>],
    out: &mut Outbound<'_>,
) -> Result<(), Error> {
    begin(identifier, filters.len(), out);
    for filter in filters {
        topic_filter(filter.topic, out);
        out.byte(filter.qos.bits());
    }
    out.finish(first_byte::SUBSCRIBE, 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ResourceError;

    #[test]
    fn the_example_of_figure_3_23_is_reproduced() {
        let filters = [
            Filter { topic: &["a/", "b"], qos: QoS::AtLeastOnce },
            Filter { topic: &["c/d"], qos: QoS::AtMostOnce },
        ];
        let mut buffer = [0; 32];
        let mut out = Outbound::new(&mut buffer);
        encode(PacketIdentifier::new(10).unwrap(), &filters, &mut out).unwrap();
        let expected = [0x82, 14, 0, 10, 0, 3, b'a', b'/', b'b', 1, 0, 3, b'c', b'/', b'd', 0];
        assert_eq!(out.pending(), expected);
    }

    #[test]
    fn no_filter_and_bad_filters_are_refused() {
        let mut buffer = [0; 8];
        let mut out = Outbound::new(&mut buffer);
        let mut refused = |filters: &[Filter<'_>]| encode(PacketIdentifier::FIRST, filters, &mut out);
        assert_eq!(refused(&[]), Err(Misuse::NoTopicFilter.into()));
        let bad = Filter { topic: &["a#"], qos: QoS::AtMostOnce };
        assert_eq!(refused(&[bad]), Err(Misuse::TopicFilter.into()));
        let long = Filter { topic: &["abcdef"], qos: QoS::AtMostOnce };
        assert_eq!(refused(&[long]), Err(ResourceError::TransmitBuffer { needed: 16 }.into()));
    }
}
