//! The loader's checksum.

/// Returns the CRC-16/XMODEM of `bytes`: polynomial 0x1021, starting from zero.
///
/// ```
/// assert_eq!(sam_ba::crc16(b"123456789"), 0x31C3);
/// ```
pub fn crc16(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0, |crc, byte| {
        (0..8).fold(crc ^ u16::from(*byte) << 8, |crc: u16, _| {
            let shifted = crc << 1;
            if crc & 0x8000 == 0 { shifted } else { shifted ^ 0x1021 }
        })
    })
}
