//! UNSUBSCRIBE (section 3.10).

use crate::error::{EncodeError, Misuse, ResourceError};
use crate::identifier::PacketIdentifier;
use crate::packet::first_byte;
use crate::topic::is_topic_filter;
use crate::wire::{Writer, parts_length};

pub(crate) fn encode(
    identifier: PacketIdentifier,
    filters: &[&[&str]],
    buffer: &mut [u8],
) -> Result<usize, EncodeError> {
    // [MQTT-3.10.3-2]: at least one.
    if filters.is_empty() {
        return Err(Misuse::NoTopicFilter.into());
    }
    if !filters.iter().all(|filter| is_topic_filter(filter)) {
        return Err(Misuse::TopicFilter.into());
    }
    let remaining = 2 + filters.iter().map(|filter| 2 + parts_length(filter)).sum::<usize>();
    let mut writer = Writer::new(buffer);
    writer.fixed_header(first_byte::UNSUBSCRIBE, remaining);
    writer.integer(identifier.value());
    for filter in filters {
        writer.string(filter);
    }
    writer.finish().map_err(|needed| ResourceError::TransmitBuffer { needed }.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_of_figure_3_30_is_reproduced() {
        let mut buffer = [0; 32];
        let filters: [&[&str]; 2] = [&["a/b"], &["c/", "d"]];
        let length = encode(PacketIdentifier::new(10).unwrap(), &filters, &mut buffer).unwrap();
        assert_eq!(buffer[..length], [0xA2, 12, 0, 10, 0, 3, b'a', b'/', b'b', 0, 3, b'c', b'/', b'd']);
        assert_eq!(encode(PacketIdentifier::FIRST, &[], &mut buffer), Err(Misuse::NoTopicFilter.into()));
    }
}
