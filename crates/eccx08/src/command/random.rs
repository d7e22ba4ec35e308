//! Random (0x1B): 32 bytes from the element's generator.

use super::Command;
use crate::error::ReplyError;
use crate::opcode::Opcode;
use crate::packet::Packet;

/// Random, with the seed refreshed before.
///
/// Until the configuration zone is locked the element answers with a fixed pattern; decoding the pattern
/// is an error, so that nobody takes it for randomness.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Random;

impl Random {
    /// What an element answers whose configuration zone is not locked.
    pub const UNLOCKED_PATTERN: [u8; 4] = [0xFF, 0xFF, 0x00, 0x00];
}

impl Command for Random {
    type Response = [u8; 32];
    const OPCODE: Opcode = Opcode::Random;

    fn encode(&self, packet: &mut Packet) {
        packet.put(Self::OPCODE, 0x00, 0, &[]);
    }

    fn decode(&self, payload: &[u8]) -> Result<[u8; 32], ReplyError> {
        checked(payload).copied()
    }
}

/// Random whose number is not wanted: it refreshes the seed from which the element draws the k of ECDSA.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RefreshSeed;

impl Command for RefreshSeed {
    type Response = ();
    const OPCODE: Opcode = Opcode::Random;

    fn encode(&self, packet: &mut Packet) {
        Random.encode(packet);
    }

    fn decode(&self, payload: &[u8]) -> Result<(), ReplyError> {
        checked(payload).map(|_| ())
    }
}

/// Takes 32 bytes for random ones, unless they are what an unlocked element gives.
pub(super) fn checked(payload: &[u8]) -> Result<&[u8; 32], ReplyError> {
    let random =
        payload.try_into().map_err(|_| ReplyError::Length { expected: 32, received: payload.len() })?;
    if payload.chunks(4).all(|word| word == Random::UNLOCKED_PATTERN) {
        Err(ReplyError::Pattern)
    } else {
        Ok(random)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::tests::{counting, encoded, hex};
    use crate::packet::parse_reply;

    /// Computed from the packet layout with another implementation of the CRC.
    #[test]
    fn vector() {
        assert_eq!(encoded(&RefreshSeed), encoded(&Random));
        assert_eq!(encoded(&Random), [0x03, 0x07, 0x1B, 0x00, 0x00, 0x00, 0x24, 0xCD]);
    }

    /// cryptoauthlib's Python package documents the pattern; the frame around it computed.
    #[test]
    fn the_pattern_of_an_unlocked_element_is_refused() {
        let reply = hex("23 FFFF0000 FFFF0000 FFFF0000 FFFF0000 FFFF0000 FFFF0000 FFFF0000 FFFF0000 411A");
        assert_eq!(Random.decode(parse_reply(&reply).unwrap()), Err(ReplyError::Pattern));
        assert_eq!(Random.decode(&counting::<32>(0)), Ok(counting(0)));
        assert_eq!(RefreshSeed.decode(parse_reply(&reply).unwrap()), Err(ReplyError::Pattern));
        assert_eq!(RefreshSeed.decode(&counting::<32>(0)), Ok(()));
        assert!(RefreshSeed.decode(&[0]).is_err());
    }
}
