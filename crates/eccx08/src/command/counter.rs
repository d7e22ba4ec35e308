//! Counter (0x24): two counters that only go up.

use super::{Command, bytes};
use crate::error::ReplyError;
use crate::opcode::Opcode;
use crate::packet::Packet;

/// One of the two counters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CounterId {
    /// Counter0, which limited-use keys count on.
    Zero,
    /// Counter1.
    One,
}

/// Counter; the answer is its value, after the increment if there is one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counter {
    mode: u8,
    id: CounterId,
}

impl Counter {
    /// The last value; incrementing there is refused.
    pub const MAX: u32 = 2_097_151;
    const INCREMENT: u8 = 0x01;

    /// Reads a counter.
    #[must_use]
    pub const fn read(id: CounterId) -> Self {
        Self { mode: 0x00, id }
    }

    /// Adds one, for ever.
    #[must_use]
    pub const fn increment(id: CounterId) -> Self {
        Self { mode: Self::INCREMENT, id }
    }
}

impl Command for Counter {
    type Response = u32;
    const OPCODE: Opcode = Opcode::Counter;

    fn encode(&self, packet: &mut Packet) {
        let id = match self.id {
            CounterId::Zero => 0,
            CounterId::One => 1,
        };
        packet.put(Self::OPCODE, self.mode, id, &[]);
    }

    fn decode(&self, payload: &[u8]) -> Result<u32, ReplyError> {
        let value = u32::from_le_bytes(bytes(payload)?);
        if value <= Self::MAX { Ok(value) } else { Err(ReplyError::Value) }
    }

    fn is_repeatable(&self) -> bool {
        self.mode != Self::INCREMENT
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::tests::encoded;

    /// Computed from the packet layout with another implementation of the CRC.
    #[test]
    fn vectors() {
        let read = Counter::read(CounterId::Zero);
        assert_eq!(encoded(&read), [0x03, 0x07, 0x24, 0x00, 0x00, 0x00, 0x0C, 0xFD]);
        let increment = Counter::increment(CounterId::Zero);
        assert_eq!(encoded(&increment), [0x03, 0x07, 0x24, 0x01, 0x00, 0x00, 0x0F, 0x77]);
        let other = Counter::read(CounterId::One);
        assert_eq!(encoded(&other), [0x03, 0x07, 0x24, 0x00, 0x01, 0x00, 0x05, 0x7D]);
        assert!(read.is_repeatable() && !increment.is_repeatable());
    }

    #[test]
    fn values() {
        let read = Counter::read(CounterId::One);
        assert_eq!(read.decode(&[0xFF, 0xFF, 0x1F, 0x00]), Ok(Counter::MAX));
        assert_eq!(read.decode(&[0x00, 0x00, 0x20, 0x00]), Err(ReplyError::Value));
    }
}
