//! Read (0x02): 4 or 32 bytes of a zone.

use super::{Command, bytes};
use crate::address::Location;
use crate::error::ReplyError;
use crate::opcode::Opcode;
use crate::packet::Packet;

/// Param1 for an access of 32 bytes.
pub(super) const BLOCK: u8 = 0x80;

/// Read of one word, 4 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReadWord {
    /// Where it is.
    pub location: Location,
}

impl Command for ReadWord {
    type Response = [u8; 4];
    const OPCODE: Opcode = Opcode::Read;

    fn encode(&self, packet: &mut Packet) {
        packet.put(Self::OPCODE, self.location.zone().code(), self.location.address(), &[]);
    }

    fn decode(&self, payload: &[u8]) -> Result<[u8; 4], ReplyError> {
        bytes(payload)
    }
}

/// Read of one block, 32 bytes.
///
/// A slot whose policy asks for encrypted reads answers with ciphertext.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReadBlock {
    /// Where it is.
    pub location: Location,
}

impl Command for ReadBlock {
    type Response = [u8; 32];
    const OPCODE: Opcode = Opcode::Read;

    fn encode(&self, packet: &mut Packet) {
        packet.put(Self::OPCODE, self.location.zone().code() | BLOCK, self.location.address(), &[]);
    }

    fn decode(&self, payload: &[u8]) -> Result<[u8; 32], ReplyError> {
        bytes(payload)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::address::Slot;
    use crate::command::tests::encoded;

    /// Computed from the packet layout with another implementation of the CRC.
    #[test]
    fn words() {
        for (location, packet) in [
            (Location::config_word(0), [0x03, 0x07, 0x02, 0x00, 0x00, 0x00, 0x1E, 0x2D]),
            (Location::config_word(4), [0x03, 0x07, 0x02, 0x00, 0x04, 0x00, 0x1D, 0x6D]),
            (Location::config_word(0x15), [0x03, 0x07, 0x02, 0x00, 0x15, 0x00, 0x17, 0x5D]),
            (Location::slot_word(Slot::S10, 16), [0x03, 0x07, 0x02, 0x02, 0x50, 0x02, 0x9E, 0x15]),
        ] {
            assert_eq!(encoded(&ReadWord { location: location.unwrap() }), packet);
        }
    }

    /// Computed from the packet layout with another implementation of the CRC.
    #[test]
    fn blocks() {
        for (location, packet) in [
            (Location::config_block(0), [0x03, 0x07, 0x02, 0x80, 0x00, 0x00, 0x09, 0xAD]),
            (Location::config_block(3), [0x03, 0x07, 0x02, 0x80, 0x18, 0x00, 0x09, 0xFD]),
            (Location::otp_block(1), [0x03, 0x07, 0x02, 0x81, 0x08, 0x00, 0x09, 0xC7]),
            (Location::slot_block(Slot::S8, 0), [0x03, 0x07, 0x02, 0x82, 0x40, 0x00, 0x09, 0xA4]),
            (Location::slot_block(Slot::S8, 12), [0x03, 0x07, 0x02, 0x82, 0x40, 0x0C, 0xA9, 0xA4]),
        ] {
            assert_eq!(encoded(&ReadBlock { location: location.unwrap() }), packet);
        }
    }
}
