//! Lock (0x17): makes a zone or a slot unchangeable, for ever.

use super::{Command, success};
use crate::Crc16;
use crate::address::Slot;
use crate::error::ReplyError;
use crate::opcode::Opcode;
use crate::packet::Packet;

/// Lock of a zone or a slot. There is no way back.
///
/// A zone is locked with the summary of what it should hold: the element compares it and refuses when
/// something else has been written. There is no way to leave it out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lock {
    mode: u8,
    summary: u16,
}

impl Lock {
    /// Locks the configuration zone; `summary` is over its 128 bytes.
    #[must_use]
    pub const fn config(summary: Crc16) -> Self {
        Self { mode: 0x00, summary: summary.value() }
    }

    /// Locks the data and OTP zones; `summary` is over the 16 slots at full length and the OTP zone.
    #[must_use]
    pub const fn data(summary: Crc16) -> Self {
        Self { mode: 0x01, summary: summary.value() }
    }

    /// Locks one slot, whose KeyConfig must say Lockable. It takes no summary.
    #[must_use]
    pub const fn slot(slot: Slot) -> Self {
        Self { mode: 0x02 | slot.number() << 2, summary: 0 }
    }
}

impl Command for Lock {
    type Response = ();
    const OPCODE: Opcode = Opcode::Lock;

    fn encode(&self, packet: &mut Packet) {
        packet.put(Self::OPCODE, self.mode, self.summary, &[]);
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
    use crate::config::Image;

    /// Computed from the packet layout with another implementation of the CRC.
    #[test]
    fn slots() {
        assert_eq!(encoded(&Lock::slot(Slot::S0)), [0x03, 0x07, 0x17, 0x02, 0x00, 0x00, 0x2D, 0x88]);
        assert_eq!(encoded(&Lock::slot(Slot::S5)), [0x03, 0x07, 0x17, 0x16, 0x00, 0x00, 0x0D, 0x8A]);
    }

    /// The whole image of ArduinoECCX08 1.4.1; its CRC, 3E 06, computed with another implementation.
    #[test]
    fn zone_with_summary() {
        let mut zone = [0; 128];
        zone[..16].copy_from_slice(&[0x01, 0x23, 0, 0, 0, 0, 0x50, 0, 0, 0, 0, 0, 0, 0xC0, 0x71, 0]);
        zone[16..].copy_from_slice(Image::ATECC508A_ARDUINO.bytes());
        let summary = Crc16::of(&zone);
        assert_eq!(summary.to_bytes(), [0x3E, 0x06]);
        assert_eq!(encoded(&Lock::config(summary)), [0x03, 0x07, 0x17, 0x00, 0x3E, 0x06, 0x68, 0x04]);
        assert!(!Lock::config(summary).is_repeatable());
    }
}
