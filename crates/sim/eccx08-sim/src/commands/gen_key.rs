//! GenKey 0x40 (section 5.4).

use crate::Profile;
use crate::chip::{Answer, Chip, done, require};
use crate::crypto;
use crate::frame::{Packet, Status};
use crate::ram::{Shaped, Source, TempKey};

const CREATE: u8 = 0x04;
const DIGEST: u8 = 0x08;
/// Digest of a stored public key, nothing else.
const STORED_DIGEST: u8 = 0x10;
/// 608: the private key goes to TempKey.
const TO_TEMP_KEY: u16 = 0xFFFF;
const OTHER_DATA: usize = 3;

pub(super) fn accepts(profile: Profile, packet: &Packet<'_>) -> bool {
    let slot = packet.param2 < 16;
    match packet.param1 {
        CREATE => (slot || profile.is_608() && packet.param2 == TO_TEMP_KEY) && packet.data.is_empty(),
        0 | DIGEST => slot && packet.data.is_empty(),
        p1 if p1 == CREATE | DIGEST => slot && packet.data.is_empty(),
        STORED_DIGEST => slot && packet.data.len() == OTHER_DATA,
        _ => false,
    }
}

pub(super) fn run(chip: &mut Chip, packet: &Packet<'_>) -> Answer {
    chip.require_config_locked()?;
    if packet.param2 == TO_TEMP_KEY {
        return into_temp_key(chip);
    }
    let slot = Chip::slot_of(packet)?;
    if packet.param1 == STORED_DIGEST {
        let public = chip.nv.stored_public_key(slot).ok_or(Status::Execution)?;
        require(chip.nv.key_config(slot).is_p256() && !chip.nv.key_config(slot).private())?;
        digest(chip, packet, slot, &public)?;
        return done();
    }
    let key = chip.nv.key_config(slot);
    require(key.private() && key.is_p256())?;
    let create = packet.param1 & CREATE != 0;
    let public = if create { self::create(chip, slot)? } else { derive(chip, slot)? };
    if packet.param1 & DIGEST != 0 {
        digest(chip, packet, slot, &public)?;
    }
    require(!create || key.pub_info() || chip.decisions.create_answers_public_key)?;
    Ok(public.to_vec())
}

fn create(chip: &mut Chip, slot: u8) -> Result<[u8; 64], Status> {
    /// WriteConfig xx1x: GenKey may write the slot.
    const GEN_KEY: u8 = 0b0010;
    require(!chip.nv.slot_locked(slot))?;
    if chip.nv.data_locked() {
        require(chip.nv.slot_config(slot).write_config() & GEN_KEY != 0)?;
    }
    chip.use_key(slot)?;
    let private = crypto::generate(&mut *chip.rng);
    chip.nv.store_private_key(slot, &private);
    crypto::public_key(&private).ok_or(Status::Ecc)
}

fn derive(chip: &mut Chip, slot: u8) -> Result<[u8; 64], Status> {
    require(chip.nv.key_config(slot).pub_info())?;
    let public = crypto::public_key(&chip.nv.private_key(slot)).ok_or_else(|| chip.missing_key())?;
    chip.use_key(slot)?;
    Ok(public)
}

/// Puts the digest of a public key into TempKey, which must be valid.
fn digest(chip: &mut Chip, packet: &Packet<'_>, slot: u8, public: &[u8; 64]) -> Result<(), Status> {
    let key = chip.temp_key()?;
    chip.require_random(slot, key.source)?;
    let mut header = packet.header();
    if packet.param1 == STORED_DIGEST {
        header[1..].copy_from_slice(packet.data);
    }
    let serial = chip.serial_tail();
    chip.ram.digest_into_temp_key(&[&key.low(), &header, &serial, &[0; 25], public], Shaped::GenKey { slot });
    Ok(())
}

fn into_temp_key(chip: &mut Chip) -> Answer {
    let private = crypto::generate(&mut *chip.rng);
    let public = crypto::public_key(&private).ok_or(Status::Ecc)?;
    chip.ram.temp_key = Some(TempKey::new(&private, Source::Random, Shaped::PrivateKey));
    Ok(public.to_vec())
}
