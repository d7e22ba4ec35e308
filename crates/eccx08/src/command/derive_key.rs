//! DeriveKey (0x1C): makes a new symmetric key out of a parent key and TempKey.

use super::{Command, TempKeySource, success};
use crate::address::Slot;
use crate::error::ReplyError;
use crate::opcode::Opcode;
use crate::packet::Packet;

/// DeriveKey into a slot; the policy of the slot says whether it rolls its own key or takes a parent's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeriveKey<'a> {
    /// The slot of the new key.
    pub slot: Slot,
    /// How TempKey got its value.
    pub source: TempKeySource,
    /// What proves that the caller knows the parent key, where the policy asks for it.
    pub mac: Option<&'a [u8; 32]>,
}

impl Command for DeriveKey<'_> {
    type Response = ();
    const OPCODE: Opcode = Opcode::DeriveKey;

    fn encode(&self, packet: &mut Packet) {
        let mac = self.mac.map_or(&[][..], |mac| mac);
        packet.put(Self::OPCODE, self.source.bit(), self.slot.param(), &[mac]);
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

    #[test]
    fn with_and_without_mac() {
        let derive = DeriveKey { slot: Slot::S4, source: TempKeySource::Random, mac: None };
        assert_eq!(encoded(&derive)[..6], [0x03, 0x07, 0x1C, 0x00, 0x04, 0x00]);
        let derive = DeriveKey { slot: Slot::S4, source: TempKeySource::Input, mac: Some(&[9; 32]) };
        assert_eq!(encoded(&derive)[..7], [0x03, 39, 0x1C, 0x04, 0x04, 0x00, 9]);
        assert!(!derive.is_repeatable());
    }
}
