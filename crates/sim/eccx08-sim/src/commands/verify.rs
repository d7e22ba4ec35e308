//! Verify 0x45 (section 5.6).

use crate::Profile;
use crate::chip::{Answer, Chip, done, require};
use crate::crypto::{self, sha256};
use crate::frame::{Packet, Status};
use crate::ram::Shaped;

const MODE: u8 = 0x07;
const STORED: u8 = 0;
const VALIDATE_EXTERNAL: u8 = 1;
const EXTERNAL: u8 = 2;
const VALIDATE: u8 = 3;
const INVALIDATE: u8 = 7;
/// 608: the digest is in the message digest buffer.
const MESSAGE_DIGEST_BUFFER: u8 = 0x20;
/// 608: answers a MAC made with the IO protection key.
const MAC: u8 = 0x80;
/// Key type P-256, in param2 of the external mode.
const P256: u16 = 4;
/// Signature, signature and key, signature and other data.
const LENGTHS: [usize; 3] = [64, 128, 83];
/// High nibble of a public key's first byte.
const VALID: u8 = 0x50;
const INVALID: u8 = 0xA0;

pub(super) fn accepts(profile: Profile, packet: &Packet<'_>) -> bool {
    let Packet { param1, param2, data, .. } = packet;
    let extra = param1 & !MODE;
    if extra & !(MESSAGE_DIGEST_BUFFER | MAC) != 0 || extra != 0 && !profile.is_608() {
        return false;
    }
    let slot = *param2 < 16;
    match param1 & MODE {
        STORED => slot && data.len() == LENGTHS[0],
        VALIDATE_EXTERNAL => extra == 0 && slot && data.len() == LENGTHS[1],
        EXTERNAL => *param2 == P256 && data.len() == LENGTHS[1],
        VALIDATE | INVALIDATE => extra == 0 && slot && data.len() == LENGTHS[2],
        _ => false,
    }
}

pub(super) fn run(chip: &mut Chip, packet: &Packet<'_>) -> Answer {
    let (signature, rest) = packet.data.split_at(64);
    match packet.param1 & MODE {
        EXTERNAL => {
            let public = rest.try_into().map_err(|_| Status::Parse)?;
            let digest = digest(chip, packet)?;
            answer(chip, packet, signature, &digest, public)
        }
        STORED => {
            let slot = public_slot(chip, packet)?;
            require(!chip.nv.key_config(slot).pub_info() || is_valid(chip, slot))?;
            let public = chip.nv.stored_public_key(slot).ok_or(Status::Execution)?;
            let digest = digest(chip, packet)?;
            chip.use_key(slot)?;
            answer(chip, packet, signature, &digest, &public)
        }
        VALIDATE_EXTERNAL => validate_external(chip, packet, signature, rest),
        mode => validate(chip, packet, signature, rest, mode == VALIDATE),
    }
}

fn digest(chip: &mut Chip, packet: &Packet<'_>) -> Result<[u8; 32], Status> {
    if packet.param1 & MESSAGE_DIGEST_BUFFER != 0 {
        return Ok(chip.ram.message_digest.as_ref().ok_or(Status::Execution)?.low());
    }
    Ok(chip.temp_key()?.low())
}

/// Answers success, a miscompare, an ECC fault for a bad point, or the MAC of a success.
fn answer(
    chip: &Chip,
    packet: &Packet<'_>,
    signature: &[u8],
    digest: &[u8; 32],
    public: &[u8; 64],
) -> Answer {
    match crypto::verify(public, digest, signature) {
        None => Err(Status::Ecc),
        Some(false) => Err(Status::Miscompare),
        Some(true) if packet.param1 & MAC == 0 => done(),
        Some(true) => mac(chip, packet, signature, digest),
    }
}

/// Decision: SHA-256 of IO protection key, digest, system nonce (the upper half of the message digest
/// buffer), signature and header.
fn mac(chip: &Chip, packet: &Packet<'_>, signature: &[u8], digest: &[u8; 32]) -> Answer {
    let key = chip.io_protection_key()?;
    let buffer = chip.ram.message_digest.as_ref().filter(|buffer| buffer.long).ok_or(Status::Execution)?;
    Ok(sha256(&[&key, digest, &buffer.bytes[32..], signature, &packet.header()]).to_vec())
}

/// Takes the slot of a stored public key.
fn public_slot(chip: &Chip, packet: &Packet<'_>) -> Result<u8, Status> {
    chip.require_keys_usable()?;
    let slot = Chip::slot_of(packet)?;
    let key = chip.nv.key_config(slot);
    require(key.is_p256() && !key.private())?;
    Ok(slot)
}

fn is_valid(chip: &Chip, slot: u8) -> bool {
    chip.nv.slot(slot)[0] & 0xF0 == VALID
}

/// Verifies with a public key from outside whose digest GenKey left in TempKey, for the slot of its parent.
fn validate_external(chip: &mut Chip, packet: &Packet<'_>, signature: &[u8], public: &[u8]) -> Answer {
    let slot = public_slot(chip, packet)?;
    let digest = chip.temp_key()?.low();
    let public = public.try_into().map_err(|_| Status::Parse)?;
    require(chip.nv.stored_public_key(slot).as_ref() == Some(public))?;
    answer(chip, packet, signature, &digest, public)
}

/// Verifies the parent's internal signature over TempKey, then marks the stored key (in)valid.
fn validate(chip: &mut Chip, packet: &Packet<'_>, signature: &[u8], other: &[u8], valid: bool) -> Answer {
    let slot = public_slot(chip, packet)?;
    let key = chip.temp_key()?;
    require(key.shaped == Shaped::GenKey { slot })?;
    let parent = chip.nv.slot_config(slot).read_key();
    let public = chip.nv.stored_public_key(parent).ok_or(Status::Execution)?;
    // OtherData is mode, key, both configurations, flags; serial number parts; lock, validity, zero.
    let serial = chip.nv.serial_number();
    let digest = sha256(&[
        &key.low(),
        &[crate::commands::opcode::SIGN],
        &other[..10],
        &serial[8..],
        &other[10..14],
        &serial[..2],
        &other[14..],
    ]);
    answer(chip, packet, signature, &digest, &public)?;
    let first = &mut chip.nv.slot_mut(slot)[0];
    *first = *first & 0x0F | if valid { VALID } else { INVALID };
    done()
}
