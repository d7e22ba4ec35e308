//! UpdateExtra (0x20): writes UserExtra or Selector, once after the configuration is locked.

use super::{Command, success};
use crate::error::ReplyError;
use crate::opcode::Opcode;
use crate::packet::Packet;

/// UpdateExtra.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UpdateExtra {
    mode: u8,
    value: u8,
}

impl UpdateExtra {
    /// Writes UserExtra (byte 84).
    #[must_use]
    pub const fn user_extra(value: u8) -> Self {
        Self { mode: 0x00, value }
    }

    /// Writes byte 85: Selector of an ATECC508A, UserExtraAdd (another address) of an ATECC608.
    #[must_use]
    pub const fn selector(value: u8) -> Self {
        Self { mode: 0x01, value }
    }
}

impl Command for UpdateExtra {
    type Response = ();
    const OPCODE: Opcode = Opcode::UpdateExtra;

    fn encode(&self, packet: &mut Packet) {
        packet.put(Self::OPCODE, self.mode, u16::from(self.value), &[]);
    }

    fn decode(&self, payload: &[u8]) -> Result<(), ReplyError> {
        success(payload)
    }

    fn is_repeatable(&self) -> bool {
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::tests::encoded;

    /// Computed from the packet layout with another implementation of the CRC.
    #[test]
    fn vectors() {
        let user_extra = encoded(&UpdateExtra::user_extra(0x01));
        assert_eq!(user_extra, [0x03, 0x07, 0x20, 0x00, 0x01, 0x00, 0x09, 0xFD]);
        let selector = encoded(&UpdateExtra::selector(0x6A));
        assert_eq!(selector, [0x03, 0x07, 0x20, 0x01, 0x6A, 0x00, 0x06, 0x83]);
        assert!(!UpdateExtra::user_extra(1).is_repeatable());
    }
}
