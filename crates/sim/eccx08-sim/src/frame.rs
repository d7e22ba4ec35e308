//! Packets on the wire: CRC, status bytes, command and response framing (protocol section 2).

use core::fmt;

/// Computes the CRC-16 of the family: polynomial 0x8005, start 0, bits enter lowest first.
///
/// The low byte goes on the wire first.
///
/// ```
/// assert_eq!(eccx08_sim::crc16(b"123456789"), 0xBCDD);
/// ```
#[must_use]
pub fn crc16(bytes: &[u8]) -> u16 {
    const POLYNOMIAL: u16 = 0x8005;
    bytes.iter().fold(0, |register, byte| {
        (0..8).fold(register, |register: u16, bit| {
            let incoming = u16::from(byte >> bit & 1);
            let shifted = register << 1;
            if register >> 15 == incoming { shifted } else { shifted ^ POLYNOMIAL }
        })
    })
}

/// Status byte of a four-byte response (protocol section 2.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Status {
    /// 0x00: done.
    Success = 0x00,
    /// 0x01: CheckMac or Verify found a difference.
    Miscompare = 0x01,
    /// 0x03: length, opcode or parameters are illegal in any state.
    Parse = 0x03,
    /// 0x05: the computation on the curve was invalid.
    Ecc = 0x05,
    /// 0x07: the self-test failed and the chip is in failure mode (608).
    SelfTest = 0x07,
    /// 0x08: the random generator failed its health test (608).
    HealthTest = 0x08,
    /// 0x0F: a legal command that the state or the policy forbids.
    Execution = 0x0F,
    /// 0x11: awake, no command received yet.
    AfterWake = 0x11,
    /// 0xEE: the watchdog would expire before the command is over.
    Watchdog = 0xEE,
    /// 0xFF: the command did not arrive as it was sent.
    Communication = 0xFF,
}

impl Status {
    /// Gives the byte on the wire.
    #[must_use]
    #[expect(clippy::as_conversions, reason = "the discriminants are the bytes on the wire")]
    pub const fn byte(self) -> u8 {
        self as u8
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02X}", self.byte())
    }
}

/// A command whose count and CRC were right.
#[derive(Clone, Copy)]
pub(crate) struct Packet<'a> {
    pub(crate) opcode: u8,
    pub(crate) param1: u8,
    pub(crate) param2: u16,
    pub(crate) data: &'a [u8],
}

impl<'a> Packet<'a> {
    /// Count, opcode, three bytes of parameters, CRC.
    const SHORTEST: usize = 7;
    /// Decision: Longest command accepted.
    const LONGEST: usize = 155;

    /// Reads what followed word address 0x03; nothing when count or CRC are wrong.
    pub(crate) fn parse(bytes: &'a [u8]) -> Option<Self> {
        if !(Self::SHORTEST..=Self::LONGEST).contains(&bytes.len()) {
            return None;
        }
        let (body, crc) = bytes.split_last_chunk::<2>()?;
        let [count, opcode, param1, low, high, data @ ..] = body else { return None };
        if usize::from(*count) != bytes.len() || crc16(body).to_le_bytes() != *crc {
            return None;
        }
        let param2 = u16::from_le_bytes([*low, *high]);
        Some(Self { opcode: *opcode, param1: *param1, param2, data })
    }

    /// Opcode and parameters as every digest message of the family holds them.
    pub(crate) fn header(&self) -> [u8; 4] {
        let [low, high] = self.param2.to_le_bytes();
        [self.opcode, self.param1, low, high]
    }
}

/// Frames a response: count, payload, CRC.
pub(crate) fn response(payload: &[u8]) -> Vec<u8> {
    let mut frame = Vec::with_capacity(payload.len() + 3);
    frame.push(u8::try_from(payload.len() + 3).unwrap_or(u8::MAX));
    frame.extend_from_slice(payload);
    frame.extend_from_slice(&crc16(&frame).to_le_bytes());
    frame
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Protocol section 9.1.
    #[test]
    fn crc_vectors() {
        assert_eq!(crc16(b""), 0);
        assert_eq!(crc16(b"123456789"), 0xBCDD);
        assert_eq!(crc16(&[0]), 0x0000);
        assert_eq!(crc16(&[1]), 0x8303);
        assert_eq!(crc16(&[0xFF]), 0x0202);
        assert_eq!(crc16(&[4, 0]), 0x4003);
        assert_eq!(crc16(&[7, 0x30, 0, 0, 0]), 0x5D03);
        assert_eq!(crc16(&[0; 32]), 0);
        assert_eq!(crc16(&core::array::from_fn::<u8, 32, _>(|i| u8::try_from(i).unwrap())), 0x56C3);
    }

    /// Protocol section 9.2.
    #[test]
    fn status_frames() {
        let frame = |status: Status| response(&[status.byte()]);
        assert_eq!(frame(Status::Success), [0x04, 0x00, 0x03, 0x40]);
        assert_eq!(frame(Status::Miscompare), [0x04, 0x01, 0x00, 0xC3]);
        assert_eq!(frame(Status::Parse), [0x04, 0x03, 0x83, 0x42]);
        assert_eq!(frame(Status::Ecc), [0x04, 0x05, 0xC3, 0x43]);
        assert_eq!(frame(Status::SelfTest), [0x04, 0x07, 0x40, 0xC2]);
        assert_eq!(frame(Status::HealthTest), [0x04, 0x08, 0x60, 0xC0]);
        assert_eq!(frame(Status::Execution), [0x04, 0x0F, 0x23, 0x42]);
        assert_eq!(frame(Status::AfterWake), [0x04, 0x11, 0x33, 0x43]);
        assert_eq!(frame(Status::Watchdog), [0x04, 0xEE, 0x31, 0x41]);
        assert_eq!(frame(Status::Communication), [0x04, 0xFF, 0x01, 0x42]);
    }

    /// Protocol section 9.3.
    #[test]
    fn info_frames() {
        assert_eq!(response(&[0, 0, 0x50, 0]), [7, 0, 0, 0x50, 0, 3, 0x91]);
        assert_eq!(response(&[0, 0, 0x60, 2]), [7, 0, 0, 0x60, 2, 0x80, 0x38]);
        assert_eq!(response(&[0, 0, 0x60, 3]), [7, 0, 0, 0x60, 3, 0x83, 0xBB]);
    }

    #[test]
    fn a_packet_needs_its_own_count_and_crc() {
        let info = [0x07, 0x30, 0x00, 0x00, 0x00, 0x03, 0x5D];
        assert_eq!(Packet::parse(&info).unwrap().opcode, 0x30);
        assert!(Packet::parse(&info[..6]).is_none());
        for bit in 0..56 {
            let mut flipped = info;
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert!(Packet::parse(&flipped).is_none(), "bit {bit}");
        }
    }
}
