//! KDF 0x56, of the 608 (section 5.14). The details words are decisions: remembered, not re-read.

use crate::Profile;
use crate::chip::{Answer, Chip, done, require};
use crate::commands::aes;
use crate::crypto::hmac_sha256;
use crate::frame::{Packet, Status};
use crate::ram::{Shaped, Source, TempKey};
use crate::zones::config;

const SOURCE: u8 = 0x03;
const TARGET: u8 = 0x1C;
const ALGORITHM: u8 = 0x60;
const PRF: u8 = 0x00;
const AES: u8 = 0x20;
const HKDF: u8 = 0x40;
const OUTPUT: u8 = 0x10;
const OUTPUT_ENCRYPTED: u8 = 0x14;

pub(super) fn accepts(_: Profile, packet: &Packet<'_>) -> bool {
    let Some((details, message)) = packet.data.split_first_chunk::<4>() else { return false };
    let length = match packet.param1 & ALGORITHM {
        PRF | HKDF => usize::from(details[3]),
        AES => 16,
        _ => return false,
    };
    packet.param1 & 0x80 == 0 && packet.param1 & TARGET <= OUTPUT_ENCRYPTED && message.len() == length
}

pub(super) fn run(chip: &mut Chip, packet: &Packet<'_>) -> Answer {
    chip.require_locked()?;
    let (details, message) = packet.data.split_first_chunk::<4>().ok_or(Status::Parse)?;
    let details = u32::from_le_bytes(*details);
    let key = source(chip, packet)?;
    let derived = match packet.param1 & ALGORITHM {
        PRF => prf(&key, details, message)?,
        AES => aes(chip, &key, details, message)?,
        _ => hkdf(chip, packet, &key, details, message)?,
    };
    deliver(chip, packet, &derived)
}

/// Takes the source key: TempKey, its upper half, a slot, or AltKeyBuf.
fn source(chip: &mut Chip, packet: &Packet<'_>) -> Result<Vec<u8>, Status> {
    let [slot, _] = packet.param2.to_le_bytes();
    Ok(match packet.param1 & SOURCE {
        0 => {
            let key = chip.temp_key()?;
            key.bytes[..if key.long { 64 } else { 32 }].to_vec()
        }
        1 => {
            let key = chip.temp_key()?;
            require(key.long)?;
            key.bytes[32..].to_vec()
        }
        2 => slot_key(chip, slot)?,
        _ => chip.ram.alternate_key.ok_or(Status::Execution)?.to_vec(),
    })
}

fn slot_key(chip: &mut Chip, slot: u8) -> Result<Vec<u8>, Status> {
    require(slot < 16 && !chip.nv.key_config(slot).private())?;
    chip.use_key(slot)?;
    Ok(chip.nv.slot(slot).to_vec())
}

/// P_SHA256 of TLS 1.2; details: bits 1:0 length of the key, bit 8 a target of 64 bytes.
fn prf(key: &[u8], details: u32, message: &[u8]) -> Result<Vec<u8>, Status> {
    let length = [16, 32, 48, 64][usize::from(details.to_le_bytes()[0] & 3)];
    let key = key.get(..length).ok_or(Status::Execution)?;
    let mut derived = Vec::new();
    let mut chain = hmac_sha256(key, &[message]);
    for _ in 0..1 + (details >> 8 & 1) {
        derived.extend_from_slice(&hmac_sha256(key, &[&chain, message]));
        chain = hmac_sha256(key, &[&chain]);
    }
    Ok(derived)
}

/// One AES block, filled up with zeros; details: bits 1:0 the block of the key.
fn aes(chip: &Chip, key: &[u8], details: u32, message: &[u8]) -> Result<Vec<u8>, Status> {
    const KDF_AES_ENABLE: u16 = 4;
    require(chip.nv.word16(config::CHIP_OPTIONS) & KDF_AES_ENABLE != 0)?;
    let start = usize::from(details.to_le_bytes()[0] & 3) * 16;
    let key = key.get(start..start + 16).ok_or(Status::Execution)?;
    let key = key.try_into().map_err(|_| Status::Execution)?;
    let message = message.try_into().map_err(|_| Status::Parse)?;
    Ok([aes::encrypt(key, message), [0; 16]].concat())
}

/// HMAC-SHA-256; details: bits 1:0 where the message is, bit 2 a key of zeros.
fn hkdf(
    chip: &mut Chip,
    packet: &Packet<'_>,
    key: &[u8],
    details: u32,
    input: &[u8],
) -> Result<Vec<u8>, Status> {
    let message = match details & 3 {
        0 => {
            let [_, slot] = packet.param2.to_le_bytes();
            let bytes = slot_key(chip, slot)?;
            bytes.get(..input.len()).ok_or(Status::Execution)?.to_vec()
        }
        1 => chip.temp_key()?.low().to_vec(),
        2 => input.to_vec(),
        // The special initialisation vector is not modelled.
        _ => return Err(Status::Execution),
    };
    let zeros = [0; 32];
    let key = if details & 4 == 0 { key.get(..32).ok_or(Status::Execution)? } else { &zeros };
    Ok(hmac_sha256(key, &[&message]).to_vec())
}

/// Puts the derived key where the mode says.
fn deliver(chip: &mut Chip, packet: &Packet<'_>, derived: &[u8]) -> Answer {
    let [_, slot] = packet.param2.to_le_bytes();
    let mut low = [0; 32];
    low.copy_from_slice(&derived[..32]);
    match packet.param1 & TARGET {
        0x00 => {
            let mut key = TempKey::new(&low, Source::Input, Shaped::Nonce);
            key.long = derived.len() == 64;
            key.bytes[..derived.len()].copy_from_slice(derived);
            chip.ram.temp_key = Some(key);
        }
        0x04 => {
            require(derived.len() == 32)?;
            let mut key = chip.temp_key()?;
            key.bytes[32..].copy_from_slice(derived);
            key.long = true;
            chip.ram.temp_key = Some(key);
        }
        0x08 => {
            require(slot < 16 && !chip.nv.slot_locked(slot) && !chip.nv.key_config(slot).private())?;
            let bytes = chip.nv.slot_mut(slot).get_mut(..derived.len()).ok_or(Status::Execution)?;
            bytes.copy_from_slice(derived);
        }
        0x0C => chip.ram.alternate_key = Some(low),
        target => {
            let protection = chip.nv.word16(config::CHIP_OPTIONS) >> 10 & 3;
            let encrypted = target != OUTPUT;
            require(protection == 0 || protection == 1 && encrypted)?;
            return if encrypted { chip.protect_output(derived) } else { Ok(derived.to_vec()) };
        }
    }
    done()
}
