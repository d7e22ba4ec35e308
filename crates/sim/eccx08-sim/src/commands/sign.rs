//! Sign 0x41 (section 5.5).

use crate::Profile;
use crate::chip::{Answer, Chip, require};
use crate::crypto::{self, sha256};
use crate::frame::{Packet, Status};
use crate::ram::{Shaped, Source};

const EXTERNAL: u8 = 0x80;
/// The message of an internal signature holds the whole serial number.
const FULL_SERIAL: u8 = 0x40;
/// 608: the digest is in the message digest buffer.
const MESSAGE_DIGEST_BUFFER: u8 = 0x20;
/// The internal signature is meant for Verify (invalidate).
const INVALIDATE: u8 = 0x01;

pub(super) fn accepts(profile: Profile, packet: &Packet<'_>) -> bool {
    let mode = match packet.param1 {
        EXTERNAL => true,
        p1 if p1 == EXTERNAL | MESSAGE_DIGEST_BUFFER => profile.is_608(),
        p1 => p1 & !(FULL_SERIAL | INVALIDATE) == 0,
    };
    mode && packet.param2 < 16 && packet.data.is_empty()
}

pub(super) fn run(chip: &mut Chip, packet: &Packet<'_>) -> Answer {
    chip.require_keys_usable()?;
    let slot = Chip::slot_of(packet)?;
    let key = chip.nv.key_config(slot);
    let policy = chip.nv.slot_config(slot);
    require(key.private() && key.is_p256())?;
    let digest = if packet.param1 & EXTERNAL == 0 {
        require(policy.internal_sign())?;
        internal(chip, packet, slot)?
    } else {
        require(policy.external_sign())?;
        external(chip, packet, slot)?
    };
    let private = chip.nv.private_key(slot);
    if crypto::public_key(&private).is_none() {
        return Err(chip.missing_key());
    }
    chip.use_key(slot)?;
    let signature = crypto::sign(&private, &digest, chip.signature_nonce, &mut *chip.rng);
    chip.ram.temp_key = None;
    Ok(signature.ok_or(Status::Ecc)?.to_vec())
}

fn external(chip: &mut Chip, packet: &Packet<'_>, slot: u8) -> Result<[u8; 32], Status> {
    if packet.param1 & MESSAGE_DIGEST_BUFFER != 0 {
        chip.require_random(slot, Source::Input)?;
        return Ok(chip.ram.message_digest.as_ref().ok_or(Status::Execution)?.low());
    }
    let key = chip.temp_key()?;
    chip.require_random(slot, key.source)?;
    Ok(key.low())
}

/// Digests the 55-byte message about TempKey, which GenDig or GenKey shaped.
fn internal(chip: &mut Chip, packet: &Packet<'_>, slot: u8) -> Result<[u8; 32], Status> {
    let key = chip.temp_key()?;
    chip.require_random(slot, key.source)?;
    let subject = match key.shaped {
        Shaped::GenDig { id, .. } => id & 0x0F,
        Shaped::GenKey { slot } => slot,
        Shaped::Nonce | Shaped::PrivateKey => return Err(Status::Execution),
    };
    let serial = chip.nv.serial_number();
    let full = packet.param1 & FULL_SERIAL != 0;
    let when_full = |bytes: &[u8]| if full { bytes.to_vec() } else { vec![0; bytes.len()] };
    let valid = u8::from(packet.param1 & INVALIDATE == 0);
    Ok(sha256(&[
        &key.low(),
        &packet.header(),
        &chip.nv.slot_config(subject).0.to_le_bytes(),
        &chip.nv.key_config(subject).0.to_le_bytes(),
        &[key.flags(), 0, 0],
        &serial[8..],
        &when_full(&serial[4..8]),
        &serial[..2],
        &when_full(&serial[2..4]),
        &[u8::from(!chip.nv.slot_locked(subject)), valid, 0],
    ]))
}
