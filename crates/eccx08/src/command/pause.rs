//! Pause (0x01, ATECC508A): leaves one of several elements on a bus awake.

use super::{Command, success};
use crate::error::ReplyError;
use crate::opcode::Opcode;
use crate::packet::Packet;

/// Pause: every element whose Selector differs goes to idle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pause {
    /// The Selector of the element that stays awake.
    pub selector: u8,
}

impl Command for Pause {
    type Response = ();
    const OPCODE: Opcode = Opcode::Pause;

    fn encode(&self, packet: &mut Packet) {
        packet.put(Self::OPCODE, self.selector, 0, &[]);
    }

    fn decode(&self, payload: &[u8]) -> Result<(), ReplyError> {
        success(payload)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::tests::encoded;

    /// Computed from the packet layout with another implementation of the CRC.
    #[test]
    fn vector() {
        assert_eq!(encoded(&Pause { selector: 0 }), [0x03, 0x07, 0x01, 0x00, 0x00, 0x00, 0x3C, 0x2D]);
    }
}
