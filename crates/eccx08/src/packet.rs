//! Packets on the bus: a command on its way out, a reply on its way in.
//!
//! ```text
//! out: 03 | count | opcode | param1 | param2 (2) | data … | CRC (2)     count = data + 7
//! in:  count | payload … | CRC (2)                                      count >= 4
//! ```

use crate::Crc16;
use crate::error::ReplyError;
use crate::opcode::Opcode;

/// First byte of a write: what the rest of it is (word address).
#[derive(Debug)]
pub(crate) struct WordAddress;

impl WordAddress {
    /// Rewinds the output buffer to its first byte.
    pub(crate) const RESET: u8 = 0x00;
    /// Sends the element to sleep; its volatile memory is lost.
    pub(crate) const SLEEP: u8 = 0x01;
    /// Sends the element to idle; its volatile memory is kept.
    pub(crate) const IDLE: u8 = 0x02;
    /// A command follows.
    pub(crate) const COMMAND: u8 = 0x03;
}

/// Bytes of a command around its data: count, opcode, param1, param2, CRC.
const OVERHEAD: usize = 7;
/// Longest command, without the word address.
const MAX_COMMAND: usize = 151;
/// Longest reply, its count and CRC included.
pub(crate) const MAX_REPLY: usize = 75;
/// Shortest reply: count, one byte, CRC.
pub(crate) const MIN_REPLY: usize = 4;

/// One command as it goes over the bus, word address included.
#[derive(Clone)]
pub struct Packet {
    bytes: [u8; 1 + MAX_COMMAND],
    length: usize,
}

impl Packet {
    /// Most bytes of data that a packet can take.
    pub const MAX_DATA: usize = MAX_COMMAND - OVERHEAD;

    /// Makes an empty packet.
    #[must_use]
    pub const fn new() -> Self {
        Self { bytes: [0; 1 + MAX_COMMAND], length: 0 }
    }

    /// Writes a whole command: its head, its data in `parts`, its CRC.
    ///
    /// Data beyond [`Self::MAX_DATA`] is left out; no command of this crate has so much.
    pub fn put(&mut self, opcode: Opcode, param1: u8, param2: u16, parts: &[&[u8]]) {
        let [low, high] = param2.to_le_bytes();
        self.length = 0;
        self.push(&[WordAddress::COMMAND, 0, opcode.code(), param1, low, high]);
        for part in parts {
            let room = (1 + MAX_COMMAND - 2).saturating_sub(self.length);
            self.push(part.get(..room).unwrap_or(part));
        }
        // Word address out, CRC in: the count is one more than the length so far.
        self.bytes[1] = u8::try_from(self.length + 1).unwrap_or(u8::MAX);
        let crc = Crc16::of(self.as_bytes().get(1..).unwrap_or_default());
        self.push(&crc.to_bytes());
    }

    /// Gives the bytes to write to the element.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..self.length).unwrap_or_default()
    }

    /// Overwrites what the packet held: it may have been a secret.
    pub fn wipe(&mut self) {
        self.bytes = [0; 1 + MAX_COMMAND];
        self.length = 0;
        core::hint::black_box(&self.bytes);
    }

    fn push(&mut self, part: &[u8]) {
        let end = self.length + part.len();
        if let Some(room) = self.bytes.get_mut(self.length..end) {
            room.copy_from_slice(part);
            self.length = end;
        }
    }
}

impl Default for Packet {
    fn default() -> Self {
        Self::new()
    }
}

impl core::fmt::Debug for Packet {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        // The data may be a secret: the head is enough to tell one command from another.
        write!(f, "Packet({:02X?} …, {} bytes)", self.as_bytes().get(..6).unwrap_or_default(), self.length)
    }
}

/// Checks a whole reply, count and CRC included, and gives its payload.
///
/// Bytes after the counted ones are ignored.
///
/// # Errors
/// [`ReplyError::Count`] when the count cannot be one, [`ReplyError::Crc`] when the CRC differs.
///
/// ```
/// assert_eq!(eccx08::parse_reply(&[0x04, 0x11, 0x33, 0x43]), Ok(&[0x11][..]));
/// ```
pub fn parse_reply(reply: &[u8]) -> Result<&[u8], ReplyError> {
    let count = *reply.first().ok_or(ReplyError::Count(0))?;
    let length = reply_length(count)?;
    let reply = reply.get(..length).ok_or(ReplyError::Count(count))?;
    let (counted, crc) = reply.split_last_chunk().ok_or(ReplyError::Count(count))?;
    if Crc16::of(counted).to_bytes() == *crc {
        Ok(counted.get(1..).unwrap_or_default())
    } else {
        Err(ReplyError::Crc)
    }
}

/// Turns the count byte of a reply into its length.
pub(crate) fn reply_length(count: u8) -> Result<usize, ReplyError> {
    let length = usize::from(count);
    if (MIN_REPLY..=MAX_REPLY).contains(&length) { Ok(length) } else { Err(ReplyError::Count(count)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_packet_without_data() {
        let mut packet = Packet::new();
        packet.put(Opcode::Info, 0, 0, &[]);
        assert_eq!(packet.as_bytes(), [0x03, 0x07, 0x30, 0x00, 0x00, 0x00, 0x03, 0x5D]);
    }

    #[test]
    fn data_that_does_not_fit_is_left_out() {
        let mut packet = Packet::new();
        packet.put(Opcode::Kdf, 0, 0, &[&[1; 100], &[2; 100]]);
        assert_eq!(packet.as_bytes().len(), 152);
        assert_eq!(packet.as_bytes()[1], 151);
        packet.wipe();
        assert!(packet.as_bytes().is_empty());
    }

    /// The wake reply as the data sheets list it; the others computed with another implementation of the CRC.
    #[test]
    fn status_replies() {
        for reply in [
            [0x04, 0x00, 0x03, 0x40],
            [0x04, 0x01, 0x00, 0xC3],
            [0x04, 0x03, 0x83, 0x42],
            [0x04, 0x05, 0xC3, 0x43],
            [0x04, 0x07, 0x40, 0xC2],
            [0x04, 0x08, 0x60, 0xC0],
            [0x04, 0x0F, 0x23, 0x42],
            [0x04, 0x11, 0x33, 0x43],
            [0x04, 0xEE, 0x31, 0x41],
            [0x04, 0xFF, 0x01, 0x42],
        ] {
            assert_eq!(parse_reply(&reply), Ok(&reply[1..2]));
        }
    }

    /// Captured from ATECC608A: helium/gateway-mfr-rs issue 16, Lora-net/LoRaMac-node pull request 981.
    #[test]
    fn captured_replies() {
        let info = [0x07, 0x00, 0x00, 0x60, 0x02, 0x80, 0x38];
        assert_eq!(parse_reply(&info), Ok(&info[1..5]));
        let block = [
            0x23, 0x01, 0x23, 0x4B, 0x16, 0x00, 0x00, 0x60, 0x02, 0x0F, 0x3A, 0x7D, 0xF2, 0x27, 0x01, 0x55,
            0x00, 0xB2, 0x00, 0x00, 0x01, 0x8F, 0xBD, 0x85, 0x8F, 0xCE, 0x0F, 0xCE, 0x0F, 0xCE, 0x0F, 0xCE,
            0x0F, 0x6B, 0x82,
        ];
        assert_eq!(parse_reply(&block), Ok(&block[1..33]));
    }

    #[test]
    fn broken_replies() {
        assert_eq!(parse_reply(&[]), Err(ReplyError::Count(0)));
        assert_eq!(parse_reply(&[0xFF; 80]), Err(ReplyError::Count(0xFF)));
        assert_eq!(parse_reply(&[0x03, 0, 0]), Err(ReplyError::Count(3)));
        assert_eq!(parse_reply(&[0x04, 0x00, 0x03]), Err(ReplyError::Count(4)));
        assert_eq!(parse_reply(&[0x04, 0x00, 0x03, 0x41]), Err(ReplyError::Crc));
    }
}
