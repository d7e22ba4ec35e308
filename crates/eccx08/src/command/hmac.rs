//! HMAC (0x11, ATECC508A): HMAC-SHA-256 over TempKey and what the element is.

use super::{Command, TempKeySource, bytes};
use crate::address::Slot;
use crate::error::ReplyError;
use crate::opcode::Opcode;
use crate::packet::Packet;

/// HMAC with the key in a slot. For an HMAC over a message of the caller's see [`ShaStart`](super::ShaStart).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hmac {
    /// The slot of the key.
    pub slot: Slot,
    /// How TempKey got its value.
    pub source: TempKeySource,
    /// Whether the whole serial number enters.
    pub with_serial_number: bool,
}

impl Command for Hmac {
    type Response = [u8; 32];
    const OPCODE: Opcode = Opcode::Hmac;

    fn encode(&self, packet: &mut Packet) {
        let serial_number = if self.with_serial_number { 0x40 } else { 0 };
        packet.put(Self::OPCODE, self.source.bit() | serial_number, self.slot.param(), &[]);
    }

    fn decode(&self, payload: &[u8]) -> Result<[u8; 32], ReplyError> {
        bytes(payload)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chip::Chip;
    use crate::command::tests::encoded;

    #[test]
    fn only_on_a_508() {
        let hmac = Hmac { slot: Slot::S5, source: TempKeySource::Input, with_serial_number: true };
        assert_eq!(encoded(&hmac)[..6], [0x03, 0x07, 0x11, 0x44, 0x05, 0x00]);
        assert!(hmac.is_on(Chip::Atecc508a) && !hmac.is_on(Chip::Atecc608a));
    }
}
