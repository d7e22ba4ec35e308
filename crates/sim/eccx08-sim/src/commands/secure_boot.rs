//! SecureBoot 0x80, of the 608 (section 5.21). Encryption and MAC are decisions: remembered, not re-read.

use crate::Profile;
use crate::chip::{Answer, Chip, done, require};
use crate::crypto::{self, equal, sha256, xor};
use crate::frame::{Packet, Status};
use crate::ram::Source;
use crate::zones::config;

const MODE: u8 = 0x07;
/// Verifies the signature in the data.
const FULL: u8 = 5;
/// Verifies with what is stored: a signature or a digest.
const FULL_STORE: u8 = 6;
/// Verifies the signature in the data, then stores it or the digest.
const FULL_COPY: u8 = 7;
const PROHIBIT: u8 = 0x40;
const ENCRYPTED: u8 = 0x80;
const DIGEST: usize = 32;
const SIGNATURE: usize = 64;

/// The SecureBoot word of the configuration.
struct Policy {
    mode: u16,
    persistent: bool,
    random_nonce: bool,
    digest_slot: u8,
    key_slot: u8,
}

/// Modes of the word.
const OFF: u16 = 0;
const FULL_SIGNATURE: u16 = 2;
const FULL_DIGEST: u16 = 3;

impl Policy {
    fn of(chip: &Chip) -> Self {
        let word = chip.nv.word16(config::SECURE_BOOT);
        let [_, slots] = word.to_le_bytes();
        Self {
            mode: word & 3,
            persistent: word & 8 != 0,
            random_nonce: word & 16 != 0,
            digest_slot: slots & 0x0F,
            key_slot: slots >> 4,
        }
    }
}

pub(super) fn accepts(_: Profile, packet: &Packet<'_>) -> bool {
    let length = match packet.param1 & MODE {
        FULL | FULL_COPY => DIGEST + SIGNATURE,
        FULL_STORE => DIGEST,
        _ => return false,
    };
    packet.param1 & !(MODE | PROHIBIT | ENCRYPTED) == 0 && packet.param2 == 0 && packet.data.len() == length
}

pub(super) fn run(chip: &mut Chip, packet: &Packet<'_>) -> Answer {
    chip.require_locked()?;
    let policy = Policy::of(chip);
    require(policy.mode != OFF)?;
    let (sent, signature) = packet.data.split_at(DIGEST);
    let key = if packet.param1 & ENCRYPTED == 0 { None } else { Some(session_key(chip, &policy)?) };
    let digest = key.map_or_else(|| sent.to_vec(), |key| xor(sent, &key));
    let digest: [u8; 32] = digest.try_into().map_err(|_| Status::Parse)?;

    if packet.param1 & PROHIBIT != 0 {
        chip.persistent_latch = false;
        return done();
    }
    let genuine = match packet.param1 & MODE {
        FULL_STORE => stored(chip, &policy, &digest)?,
        _ => verified(chip, &policy, &digest, signature)?,
    };
    if !genuine {
        return Err(Status::Miscompare);
    }
    if packet.param1 & MODE == FULL_COPY {
        copy(chip, &policy, &digest, signature)?;
    }
    if policy.persistent {
        chip.persistent_latch = true;
    }
    match key {
        Some(key) => Ok(sha256(&[&key, &digest, &packet.header(), signature]).to_vec()),
        None => done(),
    }
}

/// Digests IO protection key and TempKey; the word may ask for a random nonce.
fn session_key(chip: &mut Chip, policy: &Policy) -> Result<[u8; 32], Status> {
    let temp_key = chip.temp_key()?;
    require(!policy.random_nonce || temp_key.source == Source::Random)?;
    chip.ram.temp_key = None;
    Ok(sha256(&[&chip.io_protection_key()?, &temp_key.low()]))
}

fn verified(chip: &Chip, policy: &Policy, digest: &[u8; 32], signature: &[u8]) -> Result<bool, Status> {
    let public = chip.nv.stored_public_key(policy.key_slot).ok_or(Status::Execution)?;
    crypto::verify(&public, digest, signature).ok_or(Status::Ecc)
}

fn stored(chip: &Chip, policy: &Policy, digest: &[u8; 32]) -> Result<bool, Status> {
    let slot = chip.nv.slot(policy.digest_slot);
    match policy.mode {
        FULL_SIGNATURE => {
            let signature = slot.get(..SIGNATURE).ok_or(Status::Execution)?;
            verified(chip, policy, digest, signature)
        }
        FULL_DIGEST => Ok(equal(&slot[..DIGEST], digest)),
        _ => Err(Status::Execution),
    }
}

fn copy(chip: &mut Chip, policy: &Policy, digest: &[u8], signature: &[u8]) -> Result<(), Status> {
    let bytes = if policy.mode == FULL_SIGNATURE { signature } else { digest };
    require(matches!(policy.mode, FULL_SIGNATURE | FULL_DIGEST))?;
    require(!chip.nv.slot_locked(policy.digest_slot) && !chip.nv.key_config(policy.digest_slot).private())?;
    let slot = chip.nv.slot_mut(policy.digest_slot);
    slot.get_mut(..bytes.len()).ok_or(Status::Execution)?.copy_from_slice(bytes);
    Ok(())
}
