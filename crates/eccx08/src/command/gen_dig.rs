//! GenDig (0x15): hashes something inside the element, with TempKey, into TempKey.

use super::{Command, success};
use crate::address::Slot;
use crate::error::ReplyError;
use crate::opcode::Opcode;
use crate::packet::Packet;

/// GenDig. TempKey must hold a nonce before; afterwards only who knows the value knows TempKey.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct GenDig<'a> {
    zone: u8,
    id: u16,
    data: Data<'a>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Data<'a> {
    None,
    Other([u8; 4]),
    Nonce(&'a [u8; 32]),
}

impl<'a> GenDig<'a> {
    pub(crate) const DATA_ZONE: u8 = 0x02;

    /// Takes the value in a slot.
    #[must_use]
    pub fn slot(slot: Slot) -> Self {
        Self { zone: Self::DATA_ZONE, id: slot.param(), data: Data::None }
    }

    /// Takes the value in a slot whose policy says NoMac: four bytes that the element would put into the
    /// digest must come along. These are the ones that give the same digest as for any other slot.
    #[must_use]
    pub fn no_mac_slot(slot: Slot) -> Self {
        let other = [Opcode::GenDig.code(), Self::DATA_ZONE, slot.number(), 0];
        Self { zone: Self::DATA_ZONE, id: slot.param(), data: Data::Other(other) }
    }

    /// Takes a 32-byte block of the configuration zone, 0 to 3.
    #[must_use]
    pub fn config(block: u8) -> Option<Self> {
        (block < 4).then(|| Self { zone: 0x00, id: u16::from(block), data: Data::None })
    }

    /// Takes a 32-byte block of the OTP zone, 0 or 1.
    #[must_use]
    pub fn otp(block: u8) -> Option<Self> {
        (block < 2).then(|| Self { zone: 0x01, id: u16::from(block), data: Data::None })
    }

    /// Takes 32 bytes that host and element share.
    #[must_use]
    pub const fn shared_nonce(nonce: &'a [u8; 32]) -> Self {
        Self { zone: 0x03, id: 0, data: Data::Nonce(nonce) }
    }
}

impl Command for GenDig<'_> {
    type Response = ();
    const OPCODE: Opcode = Opcode::GenDig;

    fn encode(&self, packet: &mut Packet) {
        let data = match &self.data {
            Data::None => &[][..],
            Data::Other(other) => other,
            Data::Nonce(nonce) => *nonce,
        };
        packet.put(Self::OPCODE, self.zone, self.id, &[data]);
    }

    fn decode(&self, payload: &[u8]) -> Result<(), ReplyError> {
        success(payload)
    }
}

impl core::fmt::Debug for GenDig<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("GenDig").field("zone", &self.zone).field("id", &self.id).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::tests::encoded;

    #[test]
    fn sources() {
        assert_eq!(encoded(&GenDig::slot(Slot::S4))[..6], [0x03, 0x07, 0x15, 0x02, 0x04, 0x00]);
        let no_mac = encoded(&GenDig::no_mac_slot(Slot::S4));
        assert_eq!(no_mac[..10], [0x03, 0x0B, 0x15, 0x02, 0x04, 0x00, 0x15, 0x02, 0x04, 0x00]);
        assert_eq!(encoded(&GenDig::config(2).unwrap())[3..5], [0x00, 0x02]);
        assert_eq!(encoded(&GenDig::otp(1).unwrap())[3..5], [0x01, 0x01]);
        assert_eq!(GenDig::config(4), None);
        assert_eq!(GenDig::otp(2), None);
        let nonce = encoded(&GenDig::shared_nonce(&[6; 32]));
        assert_eq!(nonce[..7], [0x03, 39, 0x15, 0x03, 0x00, 0x00, 6]);
    }
}
