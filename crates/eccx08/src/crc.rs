//! The CRC-16 that guards every packet in both directions, and the summary that Lock compares.

/// A CRC-16 over bytes that may come in pieces.
///
/// Polynomial 0x8005, start value 0; the bits of a byte enter the least significant first, the register
/// is not reflected. The low byte is sent first.
///
/// ```
/// use eccx08::Crc16;
///
/// assert_eq!(Crc16::of(b"123456789").value(), 0xBCDD);
/// assert_eq!(Crc16::of(b"12345").update(b"6789"), Crc16::of(b"123456789"));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Crc16(u16);

impl Crc16 {
    const POLYNOMIAL: u16 = 0x8005;

    /// Starts over no bytes at all.
    #[must_use]
    pub const fn new() -> Self {
        Self(0)
    }

    /// Computes the CRC of `bytes`.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        Self::new().update(bytes)
    }

    /// Continues over `bytes`.
    #[must_use]
    pub fn update(self, bytes: &[u8]) -> Self {
        let mut register = self.0;
        for byte in bytes {
            let mut bits = u16::from(*byte);
            for _ in 0..8 {
                let differs = (bits & 1) != register >> 15;
                register <<= 1;
                if differs {
                    register ^= Self::POLYNOMIAL;
                }
                bits >>= 1;
            }
        }
        Self(register)
    }

    /// Tells the value of the register.
    #[must_use]
    pub const fn value(self) -> u16 {
        self.0
    }

    /// Gives the two bytes as they are sent, the low one first.
    #[must_use]
    pub const fn to_bytes(self) -> [u8; 2] {
        self.0.to_le_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Values computed with another implementation; `04 11 33 43` is the wake reply of the data sheets.
    #[test]
    fn vectors() {
        let counting: [u8; 32] = core::array::from_fn(|i| u8::try_from(i).unwrap());
        for (bytes, crc) in [
            (&[][..], [0, 0]),
            (b"123456789", [0xDD, 0xBC]),
            (&[0x01], [0x03, 0x83]),
            (&[0xFF], [0x02, 0x02]),
            (&[0x04, 0x11], [0x33, 0x43]),
            (&[0x07, 0x30, 0, 0, 0], [0x03, 0x5D]),
            (&[0; 32], [0, 0]),
            (&counting, [0xC3, 0x56]),
        ] {
            assert_eq!(Crc16::of(bytes).to_bytes(), crc);
        }
    }
}
