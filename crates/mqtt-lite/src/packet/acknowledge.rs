//! The packets that begin with a Packet Identifier and answer another: PUBACK, PUBREC, PUBREL, PUBCOMP, SUBACK
//! and UNSUBACK (sections 3.4 to 3.7, 3.9 and 3.11).

use crate::error::PeerError;
use crate::identifier::PacketIdentifier;
use crate::packet::{first_byte, suback};

/// Decodes what follows the fixed header: the identifier, and the return codes that only SUBACK has.
pub(crate) fn decode(first: u8, body: &[u8]) -> Result<(PacketIdentifier, &[u8]), PeerError> {
    let Some((&[high, low], codes)) = body.split_first_chunk() else {
        return Err(PeerError::MalformedPacket);
    };
    if first == first_byte::SUBACK {
        suback::check(codes)?;
    } else if !codes.is_empty() {
        return Err(PeerError::MalformedPacket);
    }
    match PacketIdentifier::new(u16::from_be_bytes([high, low])) {
        Some(identifier) => Ok((identifier, codes)),
        None => Err(PeerError::ZeroIdentifier),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_acknowledgement_is_its_identifier() {
        let identifier = PacketIdentifier::new(0x1234).unwrap();
        assert_eq!(decode(first_byte::PUBACK, &[0x12, 0x34]), Ok((identifier, &[][..])));
        assert_eq!(decode(first_byte::SUBACK, &[0x12, 0x34, 1]), Ok((identifier, &[1][..])));
    }

    #[test]
    fn other_lengths_and_zero_are_refused() {
        assert_eq!(decode(first_byte::PUBACK, &[0x12]), Err(PeerError::MalformedPacket));
        assert_eq!(decode(first_byte::PUBACK, &[0x12, 0x34, 0x56]), Err(PeerError::MalformedPacket));
        assert_eq!(decode(first_byte::SUBACK, &[0]), Err(PeerError::MalformedPacket));
        assert_eq!(decode(first_byte::PUBACK, &[0, 0]), Err(PeerError::ZeroIdentifier));
        assert_eq!(decode(first_byte::SUBACK, &[0, 0, 1]), Err(PeerError::ZeroIdentifier));
    }
}
