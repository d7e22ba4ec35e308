//! PrivWrite (0x46): writes a private key that was made elsewhere.

use super::{Command, success};
use crate::address::Slot;
use crate::error::ReplyError;
use crate::opcode::Opcode;
use crate::packet::Packet;

/// PrivWrite.
///
/// The 36 bytes are four zeros and the key, big-endian; once the data zone is locked they must be
/// encrypted with TempKey and bound to it by a MAC.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct PrivWrite<'a> {
    slot: Slot,
    mode: u8,
    key: &'a [u8; 36],
    mac: &'a [u8; 32],
}

impl<'a> PrivWrite<'a> {
    /// Param1 for an encrypted key.
    pub const ENCRYPTED: u8 = 0x40;

    /// Writes a key in clear, possible before the data zone is locked only.
    #[must_use]
    pub const fn clear(slot: Slot, key: &'a [u8; 36]) -> Self {
        Self { slot, mode: 0x00, key, mac: &[0; 32] }
    }

    /// Writes an encrypted key.
    #[must_use]
    pub const fn encrypted(slot: Slot, ciphertext: &'a [u8; 36], mac: &'a [u8; 32]) -> Self {
        Self { slot, mode: Self::ENCRYPTED, key: ciphertext, mac }
    }
}

impl Command for PrivWrite<'_> {
    type Response = ();
    const OPCODE: Opcode = Opcode::PrivWrite;

    fn encode(&self, packet: &mut Packet) {
        packet.put(Self::OPCODE, self.mode, self.slot.param(), &[self.key, self.mac]);
    }

    fn decode(&self, payload: &[u8]) -> Result<(), ReplyError> {
        success(payload)
    }
}

impl core::fmt::Debug for PrivWrite<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("PrivWrite").field("slot", &self.slot).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::tests::encoded;

    #[test]
    fn both_modes() {
        let clear = encoded(&PrivWrite::clear(Slot::S1, &[7; 36]));
        assert_eq!(clear[..6], [0x03, 75, 0x46, 0x00, 0x01, 0x00]);
        assert_eq!(clear[6..42], [7; 36]);
        assert_eq!(clear[42..74], [0; 32]);
        let encrypted = encoded(&PrivWrite::encrypted(Slot::S0, &[7; 36], &[8; 32]));
        assert_eq!(encrypted[..6], [0x03, 75, 0x46, 0x40, 0x00, 0x00]);
        assert_eq!(encrypted[42..74], [8; 32]);
    }

    #[test]
    fn a_secret_is_not_printed() {
        assert!(!format!("{:?}", PrivWrite::clear(Slot::S1, &[0xAB; 36])).contains("171"));
    }
}
