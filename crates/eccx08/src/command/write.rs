//! Write (0x12): 4 or 32 bytes of a zone, in clear or encrypted.

use super::read::BLOCK;
use super::{Command, success};
use crate::address::Location;
use crate::error::ReplyError;
use crate::opcode::Opcode;
use crate::packet::Packet;

/// Param1 for an encrypted write.
const ENCRYPTED: u8 = 0x40;

/// Write of one word, 4 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WriteWord {
    /// Where it goes.
    pub location: Location,
    /// What goes there.
    pub data: [u8; 4],
}

impl Command for WriteWord {
    type Response = ();
    const OPCODE: Opcode = Opcode::Write;

    fn encode(&self, packet: &mut Packet) {
        packet.put(Self::OPCODE, self.location.zone().code(), self.location.address(), &[&self.data]);
    }

    fn decode(&self, payload: &[u8]) -> Result<(), ReplyError> {
        success(payload)
    }
}

/// Write of one block, 32 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WriteBlock<'a> {
    /// Where it goes.
    pub location: Location,
    /// What goes there.
    pub data: &'a [u8; 32],
}

impl Command for WriteBlock<'_> {
    type Response = ();
    const OPCODE: Opcode = Opcode::Write;

    fn encode(&self, packet: &mut Packet) {
        packet.put(Self::OPCODE, self.location.zone().code() | BLOCK, self.location.address(), &[self.data]);
    }

    fn decode(&self, payload: &[u8]) -> Result<(), ReplyError> {
        success(payload)
    }
}

/// Write of one block, encrypted with TempKey and bound to it by a MAC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WriteEncrypted<'a> {
    /// Where it goes.
    pub location: Location,
    /// The block, combined with TempKey by exclusive or.
    pub ciphertext: &'a [u8; 32],
    /// What proves that the writer knows the key.
    pub mac: &'a [u8; 32],
}

impl WriteEncrypted<'_> {
    /// Param1 for `location`, which enters the MAC.
    #[must_use]
    pub const fn mode(location: Location) -> u8 {
        location.zone().code() | BLOCK | ENCRYPTED
    }
}

impl Command for WriteEncrypted<'_> {
    type Response = ();
    const OPCODE: Opcode = Opcode::Write;

    fn encode(&self, packet: &mut Packet) {
        let parts: &[&[u8]] = &[self.ciphertext, self.mac];
        packet.put(Self::OPCODE, Self::mode(self.location), self.location.address(), parts);
    }

    fn decode(&self, payload: &[u8]) -> Result<(), ReplyError> {
        success(payload)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::address::Slot;
    use crate::command::tests::{counting, encoded, hex};

    /// Computed from the packet layout with another implementation of the CRC.
    #[test]
    fn vectors() {
        let word = WriteWord { location: Location::config_word(4).unwrap(), data: [0xC0, 0x00, 0x55, 0x00] };
        assert_eq!(encoded(&word), [0x03, 0x0B, 0x12, 0x00, 0x04, 0x00, 0xC0, 0x00, 0x55, 0x00, 0x8C, 0x8F]);
        let location = Location::slot_block(Slot::S8, 0).unwrap();
        let block = encoded(&WriteBlock { location, data: &counting(0) });
        assert_eq!(block[..6], [0x03, 0x27, 0x12, 0x82, 0x40, 0x00]);
        assert_eq!(block[6..38], counting::<32>(0));
        assert_eq!(block[38..], [0x82, 0x83]);
    }

    /// Computed from the formulas of the data sheet with another implementation of SHA-256.
    #[test]
    fn encrypted_vector() {
        let ciphertext = hex("46a63276d2d399cc9b852592edcab9cbd2ac3fe909e36ea8e2fe4979510616b9");
        let mac = hex("f8cf6ee01421cc2d59f58e1fba90df53d00feb8a4b8fc17e83912f92640e9771");
        let location = Location::slot_block(Slot::S5, 0).unwrap();
        let packet = encoded(&WriteEncrypted {
            location,
            ciphertext: ciphertext.as_slice().try_into().unwrap(),
            mac: mac.as_slice().try_into().unwrap(),
        });
        assert_eq!(packet[..6], [0x03, 0x47, 0x12, 0xC2, 0x28, 0x00]);
        assert_eq!(packet[70..], [0x36, 0x48]);
    }
}
