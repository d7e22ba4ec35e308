//! The packets that are nothing but a Packet Identifier: PUBACK, PUBREC, PUBREL, PUBCOMP and UNSUBACK
//! (sections 3.4 to 3.7 and 3.11).

use crate::error::PeerError;
use crate::identifier::PacketIdentifier;
use crate::wire::Reader;

/// Encodes the packet that starts with `first`.
pub(crate) const fn encode(first: u8, identifier: PacketIdentifier) -> [u8; 4] {
    let [high, low] = identifier.value().to_be_bytes();
    [first, 2, high, low]
}

/// Decodes what follows the fixed header.
#[inline(never)]
pub(crate) fn decode(body: &[u8]) -> Result<PacketIdentifier, PeerError> {
    let mut reader = Reader::new(body);
    let value = reader.integer().ok_or(PeerError::MalformedPacket)?;
    if !reader.rest().is_empty() {
        return Err(PeerError::MalformedPacket);
    }
    PacketIdentifier::new(value).ok_or(PeerError::ZeroIdentifier)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::packet::first_byte;

    #[test]
    fn an_acknowledgement_has_four_bytes() {
        let identifier = PacketIdentifier::new(0x1234).unwrap();
        let packet = encode(first_byte::PUBACK, identifier);
        assert_eq!(packet, [0x40, 0x02, 0x12, 0x34]);
        assert_eq!(decode(&packet[2..]), Ok(identifier));
    }

    #[test]
    fn other_lengths_and_zero_are_refused() {
        assert_eq!(decode(&[0x12]), Err(PeerError::MalformedPacket));
        assert_eq!(decode(&[0x12, 0x34, 0x56]), Err(PeerError::MalformedPacket));
        assert_eq!(decode(&[0, 0]), Err(PeerError::ZeroIdentifier));
    }
}
