//! Nonce (0x16): loads TempKey, or another of the volatile buffers.

use super::random::checked;
use super::{Command, success};
use crate::chip::Chip;
use crate::error::ReplyError;
use crate::opcode::Opcode;
use crate::packet::Packet;

/// Nonce in mode Random: TempKey becomes a hash of a random number and of `num_in`.
///
/// The answer is the random number, from which the host can compute TempKey too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NonceRandom<'a> {
    /// The host's share in the nonce.
    pub num_in: &'a [u8; 20],
}

impl Command for NonceRandom<'_> {
    type Response = [u8; 32];
    const OPCODE: Opcode = Opcode::Nonce;

    fn encode(&self, packet: &mut Packet) {
        packet.put(Self::OPCODE, 0x00, 0, &[self.num_in]);
    }

    fn decode(&self, payload: &[u8]) -> Result<[u8; 32], ReplyError> {
        checked(payload).copied()
    }
}

/// Where a pass-through Nonce goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Target {
    /// TempKey, on every element.
    #[default]
    TempKey,
    /// The message digest buffer (ATECC608).
    MessageDigestBuffer,
    /// The alternate key buffer (ATECC608).
    AlternateKeyBuffer,
}

/// Nonce in mode Pass-Through: the buffer becomes the 32 bytes sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoncePassThrough<'a> {
    /// The buffer.
    pub target: Target,
    /// What goes into it.
    pub data: &'a [u8; 32],
}

impl<'a> NoncePassThrough<'a> {
    /// Loads `data` into TempKey.
    #[must_use]
    pub const fn temp_key(data: &'a [u8; 32]) -> Self {
        Self { target: Target::TempKey, data }
    }
}

impl Command for NoncePassThrough<'_> {
    type Response = ();
    const OPCODE: Opcode = Opcode::Nonce;

    fn encode(&self, packet: &mut Packet) {
        let mode = match self.target {
            Target::TempKey => 0x03,
            Target::MessageDigestBuffer => 0x43,
            Target::AlternateKeyBuffer => 0x83,
        };
        packet.put(Self::OPCODE, mode, 0, &[self.data]);
    }

    fn decode(&self, payload: &[u8]) -> Result<(), ReplyError> {
        success(payload)
    }

    fn is_on(&self, chip: Chip) -> bool {
        self.target == Target::TempKey || chip.is_608()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::tests::{counting, encoded};

    /// Computed from the packet layout with another implementation of the CRC.
    #[test]
    fn vectors() {
        let random = encoded(&NonceRandom { num_in: &[0; 20] });
        assert_eq!(random[..6], [0x03, 0x1B, 0x16, 0x00, 0x00, 0x00]);
        assert_eq!(random[26..], [0x7D, 0xE0]);
        for (target, mode, crc) in
            [(Target::TempKey, 0x03, [0x04, 0xEE]), (Target::MessageDigestBuffer, 0x43, [0xD7, 0x6C])]
        {
            let packet = encoded(&NoncePassThrough { target, data: &counting(0) });
            assert_eq!(packet[..6], [0x03, 0x27, 0x16, mode, 0x00, 0x00]);
            assert_eq!(packet[6..38], counting::<32>(0));
            assert_eq!(packet[38..], crc);
        }
    }

    #[test]
    fn a_508_has_only_temp_key() {
        let to = |target| NoncePassThrough { target, data: &[0; 32] };
        assert!(to(Target::TempKey).is_on(Chip::Atecc508a));
        assert!(!to(Target::MessageDigestBuffer).is_on(Chip::Atecc508a));
        assert!(!to(Target::AlternateKeyBuffer).is_on(Chip::Atecc508a));
        assert!(to(Target::AlternateKeyBuffer).is_on(Chip::Atecc608b));
    }
}
