//! SHA 0x47 (section 5.11).

use crate::Profile;
use crate::chip::{Answer, Chip, done, require};
use crate::crypto::{hmac_block, sha256};
use crate::frame::{Packet, Status};
use crate::ram::{Buffer, ShaContext, Shaped, Source, TempKey};
use crate::sha::Hasher;

const MODE: u8 = 0x07;
const START: u8 = 0;
const UPDATE: u8 = 1;
const END: u8 = 2;
/// Hashes the public key of a slot, as an update of 64 bytes.
const PUBLIC: u8 = 3;
const HMAC_START: u8 = 4;
/// 508A: the end of an HMAC. A 608 ends it with `END`.
const HMAC_END: u8 = 5;
/// 608.
const READ_CONTEXT: u8 = 6;
const WRITE_CONTEXT: u8 = 7;
/// 608: where the digest goes besides the output.
const TARGET: u8 = 0xC0;
const TARGET_TEMP_KEY: u8 = 0x00;
const TARGET_MESSAGE_DIGEST_BUFFER: u8 = 0x40;
const TARGET_OUTPUT_ONLY: u8 = 0xC0;
/// 608: the HMAC key is TempKey.
const FROM_TEMP_KEY: u16 = 0xFFFF;
/// The only length of an update; one more than the longest end.
const BLOCK: usize = 64;

pub(super) fn accepts(profile: Profile, packet: &Packet<'_>) -> bool {
    let Packet { param1, param2, data, .. } = packet;
    let length = usize::from(*param2);
    let mode = param1 & MODE;
    let target = match param1 & !MODE {
        0 => true,
        TARGET_MESSAGE_DIGEST_BUFFER | TARGET_OUTPUT_ONLY => profile.is_608() && mode == END,
        _ => false,
    };
    target
        && match mode {
            START => *param2 == 0 && data.is_empty(),
            UPDATE => length == BLOCK && data.len() == BLOCK,
            END => length < BLOCK && data.len() == length,
            HMAC_END => !profile.is_608() && length < BLOCK && data.len() == length,
            PUBLIC => length < 16 && data.is_empty(),
            HMAC_START => (length < 16 || profile.is_608() && *param2 == FROM_TEMP_KEY) && data.is_empty(),
            READ_CONTEXT => profile.is_608() && *param2 == 0 && data.is_empty(),
            WRITE_CONTEXT => profile.is_608() && data.len() == length,
            _ => false,
        }
}

pub(super) fn run(chip: &mut Chip, packet: &Packet<'_>) -> Answer {
    match packet.param1 & MODE {
        START => {
            start(chip, None);
            done()
        }
        HMAC_START => {
            let key = hmac_block(&hmac_key(chip, packet)?);
            start(chip, Some(key));
            done()
        }
        UPDATE => {
            chip.ram.sha.as_mut().ok_or(Status::Execution)?.hasher.update(packet.data);
            done()
        }
        PUBLIC => {
            let slot = Chip::slot_of(packet)?;
            let key = chip.nv.key_config(slot);
            require(key.is_p256() && !key.private())?;
            let public = chip.nv.stored_public_key(slot).ok_or(Status::Execution)?;
            chip.ram.sha.as_mut().ok_or(Status::Execution)?.hasher.update(&public);
            done()
        }
        READ_CONTEXT => {
            let context = chip.ram.sha.as_ref().filter(|context| context.hmac_key.is_none());
            Ok(context.ok_or(Status::Execution)?.hasher.context())
        }
        WRITE_CONTEXT => {
            let hasher = Hasher::from_context(packet.data).ok_or(Status::Parse)?;
            chip.ram.sha = Some(ShaContext { hasher, hmac_key: None });
            done()
        }
        mode => end(chip, packet, mode),
    }
}

fn start(chip: &mut Chip, hmac_key: Option<[u8; 64]>) {
    let mut hasher = Hasher::new();
    if let Some(key) = &hmac_key {
        hasher.update(&key.map(|byte| byte ^ 0x36));
    }
    chip.ram.sha = Some(ShaContext { hasher, hmac_key });
    if !chip.profile.is_608() || chip.decisions.sha_start_clears_temp_key {
        chip.ram.temp_key = None;
    }
}

fn hmac_key(chip: &mut Chip, packet: &Packet<'_>) -> Result<[u8; 32], Status> {
    if packet.param2 == FROM_TEMP_KEY {
        return Ok(chip.temp_key()?.low());
    }
    chip.require_locked()?;
    let slot = Chip::slot_of(packet)?;
    require(!chip.nv.key_config(slot).private() && !chip.nv.slot_config(slot).no_mac())?;
    chip.use_key(slot)?;
    Ok(chip.nv.key(slot))
}

fn end(chip: &mut Chip, packet: &Packet<'_>, mode: u8) -> Answer {
    let context = chip.ram.sha.clone().ok_or(Status::Execution)?;
    if !chip.profile.is_608() {
        require((mode == HMAC_END) == context.hmac_key.is_some())?;
    }
    chip.ram.sha = None;
    let mut hasher = context.hasher;
    hasher.update(packet.data);
    let mut digest = hasher.finish();
    if let Some(key) = context.hmac_key {
        digest = sha256(&[&key.map(|byte| byte ^ 0x5C), &digest]);
    }
    if chip.profile.is_608() {
        keep(chip, packet.param1 & TARGET, &digest);
    }
    Ok(digest.to_vec())
}

/// Puts the digest where the 608 was told to.
fn keep(chip: &mut Chip, target: u8, digest: &[u8; 32]) {
    match target {
        TARGET_TEMP_KEY => {
            chip.ram.temp_key = Some(TempKey::new(digest, Source::Input, Shaped::Nonce));
        }
        TARGET_MESSAGE_DIGEST_BUFFER => {
            let mut bytes = [0; 64];
            bytes[..32].copy_from_slice(digest);
            chip.ram.message_digest = Some(Buffer { bytes, long: false });
        }
        _ => {}
    }
}
