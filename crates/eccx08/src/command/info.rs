//! Info (0x30): what the element is and what state it is in.

use super::{Command, bytes};
use crate::address::Slot;
use crate::error::ReplyError;
use crate::opcode::Opcode;
use crate::packet::Packet;

/// Info in mode Revision: four bytes that name the element (see [`Chip`](crate::Chip)).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InfoRevision;

impl Command for InfoRevision {
    type Response = [u8; 4];
    const OPCODE: Opcode = Opcode::Info;

    fn encode(&self, packet: &mut Packet) {
        packet.put(Self::OPCODE, 0x00, 0, &[]);
    }

    fn decode(&self, payload: &[u8]) -> Result<[u8; 4], ReplyError> {
        bytes(payload)
    }
}

/// Info in mode KeyValid: whether a slot holds a valid ECC key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InfoKeyValid {
    /// The slot.
    pub slot: Slot,
}

impl Command for InfoKeyValid {
    type Response = bool;
    const OPCODE: Opcode = Opcode::Info;

    fn encode(&self, packet: &mut Packet) {
        packet.put(Self::OPCODE, 0x01, self.slot.param(), &[]);
    }

    fn decode(&self, payload: &[u8]) -> Result<bool, ReplyError> {
        bytes::<4>(payload).map(|word| word != [0; 4])
    }
}

/// Info in mode State: the flags of TempKey, two bytes and two zeros.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InfoState;

impl Command for InfoState {
    type Response = [u8; 4];
    const OPCODE: Opcode = Opcode::Info;

    fn encode(&self, packet: &mut Packet) {
        packet.put(Self::OPCODE, 0x02, 0, &[]);
    }

    fn decode(&self, payload: &[u8]) -> Result<[u8; 4], ReplyError> {
        bytes(payload)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::tests::encoded;

    /// Computed from the packet layout with another implementation of the CRC.
    #[test]
    fn vectors() {
        assert_eq!(encoded(&InfoRevision), [0x03, 0x07, 0x30, 0x00, 0x00, 0x00, 0x03, 0x5D]);
        assert_eq!(encoded(&InfoKeyValid { slot: Slot::S0 }), [0x03, 0x07, 0x30, 0x01, 0, 0, 0x00, 0xD7]);
        assert_eq!(encoded(&InfoState), [0x03, 0x07, 0x30, 0x02, 0x00, 0x00, 0x00, 0xD8]);
    }

    #[test]
    fn any_word_but_zero_is_a_valid_key() {
        let info = InfoKeyValid { slot: Slot::S1 };
        assert_eq!(info.decode(&[0, 0, 0, 1]), Ok(true));
        assert_eq!(info.decode(&[1, 0, 0, 0]), Ok(true));
        assert_eq!(info.decode(&[0, 0, 0, 0]), Ok(false));
        assert!(info.decode(&[0]).is_err());
    }
}
