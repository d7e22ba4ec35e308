//! MAC 0x08 (section 5.17).

use crate::Profile;
use crate::chip::{Answer, Chip, require};
use crate::crypto::sha256;
use crate::frame::{Packet, Status};
use crate::ram::{Source, TempKey};

/// The challenge is TempKey rather than data.
const CHALLENGE_FROM_TEMP_KEY: u8 = 0x01;
/// The key is TempKey rather than a slot.
const KEY_FROM_TEMP_KEY: u8 = 0x02;
/// TempKey.SourceFlag must be this.
const SOURCE_INPUT: u8 = 0x04;
const OTP_11: u8 = 0x10;
const OTP_8: u8 = 0x20;
const SERIAL: u8 = 0x40;
const MASK: u8 = CHALLENGE_FROM_TEMP_KEY | KEY_FROM_TEMP_KEY | SOURCE_INPUT | OTP_11 | OTP_8 | SERIAL;

pub(super) fn accepts(_: Profile, packet: &Packet<'_>) -> bool {
    let challenge = if packet.param1 & CHALLENGE_FROM_TEMP_KEY == 0 { 32 } else { 0 };
    packet.param1 & !MASK == 0 && packet.param2 < 16 && packet.data.len() == challenge
}

pub(super) fn run(chip: &mut Chip, packet: &Packet<'_>) -> Answer {
    chip.require_locked()?;
    let slot = Chip::slot_of(packet)?;
    let from_temp_key = packet.param1 & (CHALLENGE_FROM_TEMP_KEY | KEY_FROM_TEMP_KEY) != 0;
    let temp_key = if from_temp_key { Some(matching(chip, packet.param1)?) } else { None };
    let temp_key_bytes = temp_key.as_ref().map_or([0; 32], TempKey::low);
    let key = if packet.param1 & KEY_FROM_TEMP_KEY == 0 {
        if let Some(temp_key) = &temp_key {
            chip.require_random(slot, temp_key.source)?;
        }
        symmetric_key(chip, slot)?
    } else {
        temp_key_bytes
    };
    let challenge = if packet.param1 & CHALLENGE_FROM_TEMP_KEY == 0 { packet.data } else { &temp_key_bytes };
    let tail = tail(chip, packet.param1);
    chip.ram.temp_key = None;
    Ok(sha256(&[&key, challenge, &packet.header(), &tail]).to_vec())
}

/// Takes TempKey when its SourceFlag is the one that the mode asks for.
pub(super) fn matching(chip: &mut Chip, mode: u8) -> Result<TempKey, Status> {
    let key = chip.temp_key()?;
    require((key.source == Source::Input) == (mode & SOURCE_INPUT != 0))?;
    Ok(key)
}

/// Takes the key of a slot for MAC, CheckMac and HMAC.
pub(super) fn symmetric_key(chip: &mut Chip, slot: u8) -> Result<[u8; 32], Status> {
    require(!chip.nv.key_config(slot).private() && !chip.nv.slot_config(slot).no_mac())?;
    chip.use_key(slot)?;
    Ok(chip.nv.key(slot))
}

/// OTP and serial number as the message of MAC and HMAC ends with them, zeros where not asked for.
pub(super) fn tail(chip: &Chip, mode: u8) -> [u8; 20] {
    let mut tail = [0; 20];
    if mode & (OTP_8 | OTP_11) != 0 {
        tail[..8].copy_from_slice(&chip.nv.otp()[..8]);
    }
    if mode & OTP_11 != 0 {
        tail[8..11].copy_from_slice(&chip.nv.otp()[8..11]);
    }
    let serial = chip.nv.serial_number();
    tail[11] = serial[8];
    tail[16..18].copy_from_slice(&serial[..2]);
    if mode & SERIAL != 0 {
        tail[12..16].copy_from_slice(&serial[4..8]);
        tail[18..].copy_from_slice(&serial[2..4]);
    }
    tail
}
