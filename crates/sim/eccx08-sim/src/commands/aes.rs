//! AES 0x51, of the 608 (section 5.13).

use aes::Aes128;
use aes::cipher::{BlockCipherDecrypt, BlockCipherEncrypt, KeyInit};

use crate::Profile;
use crate::chip::{Answer, Chip, require};
use crate::frame::{Packet, Status};
use crate::zones::config;

const ENCRYPT: u8 = 0;
const DECRYPT: u8 = 1;
/// Multiplication in the field of GCM.
const GFM: u8 = 3;
const FROM_TEMP_KEY: u16 = 0xFFFF;

pub(super) fn accepts(_: Profile, packet: &Packet<'_>) -> bool {
    let length = match packet.param1 & 0x3F {
        ENCRYPT | DECRYPT => 16,
        GFM => 32,
        _ => return false,
    };
    (packet.param2 < 16 || packet.param2 == FROM_TEMP_KEY) && packet.data.len() == length
}

pub(super) fn run(chip: &mut Chip, packet: &Packet<'_>) -> Answer {
    require(chip.nv.config()[config::AES_ENABLE] & 1 == 1)?;
    let (first, second) = packet.data.split_at(16);
    let first = first.try_into().map_err(|_| Status::Parse)?;
    if packet.param1 & 0x3F == GFM {
        let second = second.try_into().map_err(|_| Status::Parse)?;
        return Ok(multiply(first, second).to_vec());
    }
    let key = key(chip, packet)?;
    let block = if packet.param1 & 0x3F == ENCRYPT { encrypt(&key, first) } else { decrypt(&key, first) };
    Ok(block.to_vec())
}

/// Takes the 16 bytes of the key block that bits 7:6 name.
fn key(chip: &mut Chip, packet: &Packet<'_>) -> Result<[u8; 16], Status> {
    let start = usize::from(packet.param1 >> 6) * 16;
    let bytes = if packet.param2 == FROM_TEMP_KEY {
        let key = chip.temp_key()?;
        key.bytes[..if key.long { 64 } else { 32 }].to_vec()
    } else {
        chip.require_locked()?;
        let slot = Chip::slot_of(packet)?;
        require(chip.nv.key_config(slot).is_aes())?;
        chip.use_key(slot)?;
        chip.nv.slot(slot).to_vec()
    };
    let block = bytes.get(start..start + 16).ok_or(Status::Execution)?;
    block.try_into().map_err(|_| Status::Execution)
}

pub(super) fn encrypt(key: &[u8; 16], block: &[u8; 16]) -> [u8; 16] {
    let mut block = (*block).into();
    Aes128::new(&(*key).into()).encrypt_block(&mut block);
    block.into()
}

fn decrypt(key: &[u8; 16], block: &[u8; 16]) -> [u8; 16] {
    let mut block = (*block).into();
    Aes128::new(&(*key).into()).decrypt_block(&mut block);
    block.into()
}

/// Multiplies in GF(2^128) with the bit order of GCM (SP 800-38D, 6.3).
fn multiply(left: &[u8; 16], right: &[u8; 16]) -> [u8; 16] {
    const POLYNOMIAL: u128 = 0xE1 << 120;
    let (left, mut addend, mut product) = (u128::from_be_bytes(*left), u128::from_be_bytes(*right), 0);
    for bit in (0..128).rev() {
        if left >> bit & 1 == 1 {
            product ^= addend;
        }
        addend = if addend & 1 == 1 { addend >> 1 ^ POLYNOMIAL } else { addend >> 1 };
    }
    product.to_be_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// FIPS 197, appendix B; GCM specification (McGrew and Viega), test case 2: H, C and their product.
    #[test]
    fn vectors() {
        let bytes = u128::to_be_bytes;
        let key = bytes(0x2b7e_1516_28ae_d2a6_abf7_1588_09cf_4f3c);
        let plain = bytes(0x3243_f6a8_885a_308d_3131_98a2_e037_0734);
        let cipher = bytes(0x3925_841d_02dc_09fb_dc11_8597_196a_0b32);
        assert_eq!(encrypt(&key, &plain), cipher);
        assert_eq!(decrypt(&key, &cipher), plain);
        let h = bytes(0x66e9_4bd4_ef8a_2c3b_884c_fa59_ca34_2b2e);
        let c = bytes(0x0388_dace_60b6_a392_f328_c2b9_71b2_fe78);
        assert_eq!(multiply(&h, &c), bytes(0x5e2e_c746_9170_6288_2c85_b068_5353_deb7));
        assert_eq!(multiply(&c, &h), multiply(&h, &c));
    }
}
