//! ECDH 0x43 (section 5.12).

use crate::Profile;
use crate::chip::{Answer, Chip, done, require};
use crate::crypto;
use crate::frame::{Packet, Status};
use crate::ram::{Shaped, Source, TempKey};
use crate::zones::config;

/// 608: the private key is in TempKey.
const FROM_TEMP_KEY: u8 = 0x01;
/// 608: the output is encrypted with the IO protection key.
const ENCRYPTED: u8 = 0x02;
/// 608: where the secret goes.
const COPY: u8 = 0x0C;
const COMPATIBLE: u8 = 0x00;
const TO_SLOT: u8 = 0x04;
const TO_TEMP_KEY: u8 = 0x08;
const TO_OUTPUT: u8 = 0x0C;

pub(super) fn accepts(profile: Profile, packet: &Packet<'_>) -> bool {
    let mask = if profile.is_608() { FROM_TEMP_KEY | ENCRYPTED | COPY } else { 0 };
    let output = matches!(packet.param1 & COPY, COMPATIBLE | TO_OUTPUT);
    packet.param1 & !mask == 0
        && (output || packet.param1 & ENCRYPTED == 0)
        && packet.param2 < 16
        && packet.data.len() == 64
}

pub(super) fn run(chip: &mut Chip, packet: &Packet<'_>) -> Answer {
    chip.require_keys_usable()?;
    let slot = Chip::slot_of(packet)?;
    let from_temp_key = packet.param1 & FROM_TEMP_KEY != 0;
    let private = if from_temp_key { temp_key_scalar(chip)? } else { slot_scalar(chip, slot)? };
    let public = packet.data.try_into().map_err(|_| Status::Parse)?;
    let secret = crypto::shared_secret(&private, public).ok_or(Status::Ecc)?;

    let to_slot = !from_temp_key && chip.nv.slot_config(slot).ecdh_to_slot();
    match packet.param1 & COPY {
        COMPATIBLE if to_slot => store(chip, slot, &secret),
        TO_SLOT if !from_temp_key => store(chip, slot, &secret),
        TO_SLOT => Err(Status::Execution),
        TO_TEMP_KEY => {
            chip.ram.temp_key = Some(TempKey::new(&secret, Source::Input, Shaped::Nonce));
            done()
        }
        _ => {
            require(!to_slot)?;
            output(chip, packet.param1 & ENCRYPTED != 0, &secret)
        }
    }
}

fn temp_key_scalar(chip: &mut Chip) -> Result<[u8; 32], Status> {
    chip.ram.temp_key_used = true;
    let key = chip.ram.temp_key.as_ref().ok_or(Status::Execution)?;
    require(key.shaped == Shaped::PrivateKey)?;
    Ok(key.low())
}

fn slot_scalar(chip: &mut Chip, slot: u8) -> Result<[u8; 32], Status> {
    let key = chip.nv.key_config(slot);
    require(key.private() && key.is_p256() && chip.nv.slot_config(slot).ecdh())?;
    let private = chip.nv.private_key(slot);
    if crypto::public_key(&private).is_none() {
        return Err(chip.missing_key());
    }
    chip.use_key(slot)?;
    Ok(private)
}

/// Stores the secret in slot N|1, which must be neither locked nor private (a decision).
fn store(chip: &mut Chip, slot: u8, secret: &[u8; 32]) -> Answer {
    let target = slot | 1;
    require(target != slot && !chip.nv.slot_locked(target) && !chip.nv.key_config(target).private())?;
    chip.nv.slot_mut(target)[..32].copy_from_slice(secret);
    done()
}

/// Answers the secret, as far as ChipOptions allows it (608).
fn output(chip: &mut Chip, encrypted: bool, secret: &[u8; 32]) -> Answer {
    if chip.profile.is_608() {
        let protection = chip.nv.word16(config::CHIP_OPTIONS) >> 8 & 3;
        require(protection == 0 || protection == 1 && encrypted)?;
    }
    if encrypted { chip.protect_output(secret) } else { Ok(secret.to_vec()) }
}
