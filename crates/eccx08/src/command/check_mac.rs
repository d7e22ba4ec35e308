//! CheckMac (0x28): checks a MAC that another device made with the same key.

use super::{Command, TempKeySource, Verdict};
use crate::address::Slot;
use crate::error::ReplyError;
use crate::opcode::Opcode;
use crate::packet::Packet;

/// CheckMac with the key in a slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CheckMac<'a> {
    slot: Slot,
    mode: u8,
    challenge: &'a [u8; 32],
    response: &'a [u8; 32],
    other_data: &'a [u8; 13],
}

impl<'a> CheckMac<'a> {
    /// Checks `response`, the other device's MAC of `challenge`.
    ///
    /// `other_data` is what of the MAC's message the other device knows of itself: opcode, mode and key of
    /// its command, and parts of its OTP zone and serial number.
    #[must_use]
    pub const fn new(
        slot: Slot,
        challenge: &'a [u8; 32],
        response: &'a [u8; 32],
        other_data: &'a [u8; 13],
    ) -> Self {
        Self { slot, mode: 0x00, challenge, response, other_data }
    }

    /// Checks the other device's MAC of TempKey.
    #[must_use]
    pub const fn of_temp_key(
        slot: Slot,
        source: TempKeySource,
        response: &'a [u8; 32],
        other_data: &'a [u8; 13],
    ) -> Self {
        Self { slot, mode: 0x01 | source.bit(), challenge: &[0; 32], response, other_data }
    }
}

impl Command for CheckMac<'_> {
    type Response = Verdict;
    const OPCODE: Opcode = Opcode::CheckMac;

    fn encode(&self, packet: &mut Packet) {
        let parts: &[&[u8]] = &[self.challenge, self.response, self.other_data];
        packet.put(Self::OPCODE, self.mode, self.slot.param(), parts);
    }

    fn decode(&self, payload: &[u8]) -> Result<Verdict, ReplyError> {
        Verdict::decode(payload)
    }

    fn result_bits(&self) -> u8 {
        Verdict::BITS
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::tests::encoded;

    #[test]
    fn layout() {
        let packet = encoded(&CheckMac::new(Slot::S4, &[1; 32], &[2; 32], &[3; 13]));
        assert_eq!(packet[..6], [0x03, 84, 0x28, 0x00, 0x04, 0x00]);
        assert_eq!((packet[6], packet[38], packet[70], packet.len()), (1, 2, 3, 85));
        let inside = CheckMac::of_temp_key(Slot::S4, TempKeySource::Input, &[2; 32], &[3; 13]);
        assert_eq!(encoded(&inside)[3], 0x05);
        assert_eq!(inside.decode(&[1]), Ok(Verdict::Mismatch));
    }
}
