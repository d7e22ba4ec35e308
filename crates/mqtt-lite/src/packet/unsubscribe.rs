//! UNSUBSCRIBE (section 3.10).

use crate::error::Error;
use crate::identifier::PacketIdentifier;
use crate::outbound::Outbound;
use crate::packet::{first_byte, subscribe};

pub(crate) fn encode(
    identifier: PacketIdentifier,
    filters: &[&[&str]],
    out: &mut Outbound<'_>,
) -> Result<(), Error> {
    subscribe::begin(identifier, filters.len(), out);
    for filter in filters {
        subscribe::topic_filter(filter, out);
    }
    out.finish(first_byte::UNSUBSCRIBE, 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Misuse;

    #[test]
    fn the_example_of_figure_3_30_is_reproduced() {
        let mut buffer = [0; 32];
        let mut out = Outbound::new(&mut buffer);
        let filters: [&[&str]; 2] = [&["a/b"], &["c/", "d"]];
        encode(PacketIdentifier::new(10).unwrap(), &filters, &mut out).unwrap();
        assert_eq!(out.pending(), [0xA2, 12, 0, 10, 0, 3, b'a', b'/', b'b', 0, 3, b'c', b'/', b'd']);
        assert_eq!(encode(PacketIdentifier::FIRST, &[], &mut out), Err(Misuse::NoTopicFilter.into()));
    }
}
