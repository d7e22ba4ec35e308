//! Encoding of the monotonic counters (section 5.10).

use crate::nv::NvImage;
use crate::zones::config;

/// Greatest value of a counter.
pub(crate) const MAXIMUM: u32 = 2_097_151;

/// Writes a value as the chip stores it: two linear counters of 16 bits, two binary ones.
pub(crate) fn encode(value: u32) -> [u8; 8] {
    let second = value.checked_sub(16);
    let linear = |count: u32| 0xFFFF_u32 >> (count % 32);
    let words =
        [linear(value), second.map_or(0xFFFF, linear), value / 32, second.map_or(0, |second| second / 32)];
    let mut bytes = [0; 8];
    for (to, word) in bytes.chunks_exact_mut(2).zip(words) {
        to.copy_from_slice(&word.to_be_bytes()[2..]);
    }
    bytes
}

/// Reads a stored value; nothing when the bytes are no encoding of a value.
pub(crate) fn decode(bytes: [u8; 8]) -> Option<u32> {
    let high = u32::from(u16::from_be_bytes([bytes[4], bytes[5]])) * 32;
    (high..high + 32).find(|value| *value <= MAXIMUM && encode(*value) == bytes)
}

pub(crate) fn read(nv: &NvImage, counter: usize) -> Option<u32> {
    let start = config::COUNTERS + counter * 8;
    decode(nv.config_bytes(start..start + 8).try_into().ok()?)
}

pub(crate) fn write(nv: &mut NvImage, counter: usize, value: u32) {
    let start = config::COUNTERS + counter * 8;
    nv.config_mut()[start..start + 8].copy_from_slice(&encode(value));
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Protocol section 9.8.
    #[test]
    fn counter_vectors() {
        let vectors: [(u32, u64); 13] = [
            (0, 0xFFFF_FFFF_0000_0000),
            (1, 0x7FFF_FFFF_0000_0000),
            (15, 0x0001_FFFF_0000_0000),
            (16, 0x0000_FFFF_0000_0000),
            (17, 0x0000_7FFF_0000_0000),
            (31, 0x0000_0001_0000_0000),
            (32, 0xFFFF_0000_0001_0000),
            (33, 0x7FFF_0000_0001_0000),
            (48, 0x0000_FFFF_0001_0001),
            (63, 0x0000_0001_0001_0001),
            (64, 0xFFFF_0000_0002_0001),
            (1000, 0x00FF_0000_001F_001E),
            (MAXIMUM, 0x0000_0001_FFFF_FFFF),
        ];
        for (value, bytes) in vectors {
            assert_eq!(encode(value), bytes.to_be_bytes(), "{value}");
            assert_eq!(decode(bytes.to_be_bytes()), Some(value));
        }
        assert_eq!(decode([0; 8]), None);
        assert_eq!(decode([0xFF; 8]), None);
    }

    #[test]
    fn every_value_reads_back() {
        for value in (0..5000).chain(MAXIMUM - 100..=MAXIMUM) {
            assert_eq!(decode(encode(value)), Some(value));
        }
    }
}
