//! MD5, for comparing certificates only: the modem tells what it has stored by this digest.

/// Per-round shifts (RFC 1321 section 3.4).
const SHIFTS: [[u32; 4]; 4] = [[7, 12, 17, 22], [5, 9, 14, 20], [4, 11, 16, 23], [6, 10, 15, 21]];

/// The sine table (RFC 1321 section 3.4): floor(2^32 * abs(sin(i + 1))).
const SINES: [u32; 64] = [
    0xd76a_a478,
    0xe8c7_b756,
    0x2420_70db,
    0xc1bd_ceee,
    0xf57c_0faf,
    0x4787_c62a,
    0xa830_4613,
    0xfd46_9501,
    0x6980_98d8,
    0x8b44_f7af,
    0xffff_5bb1,
    0x895c_d7be,
    0x6b90_1122,
    0xfd98_7193,
    0xa679_438e,
    0x49b4_0821,
    0xf61e_2562,
    0xc040_b340,
    0x265e_5a51,
    0xe9b6_c7aa,
    0xd62f_105d,
    0x0244_1453,
    0xd8a1_e681,
    0xe7d3_fbc8,
    0x21e1_cde6,
    0xc337_07d6,
    0xf4d5_0d87,
    0x455a_14ed,
    0xa9e3_e905,
    0xfcef_a3f8,
    0x676f_02d9,
    0x8d2a_4c8a,
    0xfffa_3942,
    0x8771_f681,
    0x6d9d_6122,
    0xfde5_380c,
    0xa4be_ea44,
    0x4bde_cfa9,
    0xf6bb_4b60,
    0xbebf_bc70,
    0x289b_7ec6,
    0xeaa1_27fa,
    0xd4ef_3085,
    0x0488_1d05,
    0xd9d4_d039,
    0xe6db_99e5,
    0x1fa2_7cf8,
    0xc4ac_5665,
    0xf429_2244,
    0x432a_ff97,
    0xab94_23a7,
    0xfc93_a039,
    0x655b_59c3,
    0x8f0c_cc92,
    0xffef_f47d,
    0x8584_5dd1,
    0x6fa8_7e4f,
    0xfe2c_e6e0,
    0xa301_4314,
    0x4e08_11a1,
    0xf753_7e82,
    0xbd3a_f235,
    0x2ad7_d2bb,
    0xeb86_d391,
];

/// Computes the MD5 digest of `message`, at compile time when the result is a constant.
///
/// ```
/// const DIGEST: [u8; 16] = sara_u201::md5(b"abc");
/// assert_eq!(DIGEST[..4], [0x90, 0x01, 0x50, 0x98]);
/// ```
#[must_use]
#[expect(clippy::indexing_slicing, reason = "every index is reduced below the length of its array")]
#[expect(clippy::as_conversions, reason = "conversion traits are not const")]
pub const fn md5(message: &[u8]) -> [u8; 16] {
    let mut state: [u32; 4] = [0x6745_2301, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476];
    let bits = (message.len() as u64).wrapping_mul(8).to_le_bytes();
    let padded = (message.len() + 8) / 64 * 64 + 64;
    let mut block = 0;
    while block < padded {
        let mut words = [0u32; 16];
        let mut i = 0;
        while i < 64 {
            let place = block + i;
            let byte = if place < message.len() {
                message[place]
            } else if place == message.len() {
                0x80
            } else if place >= padded - 8 {
                bits[(place + 8 - padded) & 7]
            } else {
                0
            };
            words[(i / 4) & 15] |= (byte as u32) << (8 * (i & 3));
            i += 1;
        }
        state = compress(state, &words);
        block += 64;
    }
    let mut digest = [0; 16];
    let mut i = 0;
    while i < 16 {
        digest[i] = state[i / 4].to_le_bytes()[i & 3];
        i += 1;
    }
    digest
}

#[expect(clippy::indexing_slicing, reason = "every index is reduced below the length of its array")]
const fn compress(state: [u32; 4], words: &[u32; 16]) -> [u32; 4] {
    let [mut a, mut b, mut c, mut d] = state;
    let mut i = 0;
    while i < 64 {
        let (mix, word) = match i / 16 {
            0 => ((b & c) | (!b & d), i),
            1 => ((d & b) | (!d & c), 5 * i + 1),
            2 => (b ^ c ^ d, 3 * i + 5),
            _ => (c ^ (b | !d), 7 * i),
        };
        let sum = a.wrapping_add(mix).wrapping_add(SINES[i & 63]).wrapping_add(words[word & 15]);
        a = d;
        d = c;
        c = b;
        b = b.wrapping_add(sum.rotate_left(SHIFTS[(i / 16) & 3][i & 3]));
        i += 1;
    }
    [state[0].wrapping_add(a), state[1].wrapping_add(b), state[2].wrapping_add(c), state[3].wrapping_add(d)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::string::String;

    fn hex(digest: [u8; 16]) -> String {
        digest.iter().map(|byte| std::format!("{byte:02x}")).collect()
    }

    /// RFC 1321 section A.5.
    #[test]
    fn the_vectors_of_the_rfc_hold() {
        for (message, digest) in [
            ("", "d41d8cd98f00b204e9800998ecf8427e"),
            ("a", "0cc175b9c0f1b6a831c399e269772661"),
            ("message digest", "f96b697d7cb7938d525a2f31aaf161d0"),
            (
                "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789",
                "d174ab98d277d9f5a5611c2c9f419d9f",
            ),
            (
                "12345678901234567890123456789012345678901234567890123456789012345678901234567890",
                "57edf4a22be3c955ac49da2e2107b67a",
            ),
        ] {
            assert_eq!(hex(md5(message.as_bytes())), digest);
        }
    }
}
