//! Write 0x12 (section 5.8).

use crate::Profile;
use crate::chip::{Answer, Chip, done, require};
use crate::crypto::{equal, sha256, xor};
use crate::frame::{Packet, Status};
use crate::zones::{Access, Zone, config};

/// Zone, encryption and width.
const MASK: u8 = 0xC3;
const ENCRYPTED: u8 = 0x40;
const MAC_SIZE: usize = 32;
/// OTPmode of a 508A in which bits can be cleared after the lock.
const CONSUMPTION: u8 = 0x55;

pub(super) fn accepts(_: Profile, packet: &Packet<'_>) -> bool {
    let Some(access) = Access::decode(packet.param1, packet.param2) else { return false };
    let encrypted = packet.param1 & ENCRYPTED != 0;
    if encrypted && (access.width != 32 || !matches!(access.zone, Zone::Data { .. })) {
        return false;
    }
    let mac = if encrypted { MAC_SIZE } else { 0 };
    packet.param1 & !MASK == 0 && packet.data.len() == access.width + mac
}

pub(super) fn run(chip: &mut Chip, packet: &Packet<'_>) -> Answer {
    let access = Access::decode(packet.param1, packet.param2).ok_or(Status::Parse)?;
    if access.present < access.width && !chip.decisions.partial_blocks {
        return Err(Status::Parse);
    }
    match access.zone {
        Zone::Config => write_config(chip, &access, packet.data),
        Zone::Otp => write_otp(chip, &access, packet.data),
        Zone::Data { slot } => write_slot(chip, packet, &access, slot),
    }
}

fn write_config(chip: &mut Chip, access: &Access, data: &[u8]) -> Answer {
    require(!chip.nv.config_locked())?;
    let range = access.offset..access.offset + access.width;
    let overlaps = |start: usize, end: usize| range.start < end && start < range.end;
    if overlaps(0, config::I2C_ADDRESS) || overlaps(config::USER_EXTRA, config::SLOT_LOCKED) {
        let parse = chip.decisions.reserved_word_is_parse_error;
        return Err(if parse { Status::Parse } else { Status::Execution });
    }
    chip.nv.config_mut()[range].copy_from_slice(data);
    done()
}

fn write_otp(chip: &mut Chip, access: &Access, data: &[u8]) -> Answer {
    chip.require_config_locked()?;
    let range = access.offset..access.offset + access.width;
    if chip.nv.data_locked() {
        let consumption = chip.nv.config()[config::OTP_MODE] == CONSUMPTION;
        require(!chip.profile.is_608() && consumption)?;
        for (to, from) in chip.nv.otp_mut()[range].iter_mut().zip(data) {
            *to &= from;
        }
        return done();
    }
    require(access.width == 32)?;
    chip.nv.otp_mut()[range].copy_from_slice(data);
    done()
}

fn write_slot(chip: &mut Chip, packet: &Packet<'_>, access: &Access, slot: u8) -> Answer {
    chip.require_config_locked()?;
    require(!chip.nv.key_config(slot).private() && !chip.nv.slot_locked(slot))?;
    let encrypted = packet.param1 & ENCRYPTED != 0;
    if !chip.nv.data_locked() {
        require(access.width == 32 && !encrypted)?;
        store(chip, access, slot, packet.data);
        return done();
    }
    let policy = chip.nv.slot_config(slot);
    match policy.write_config() {
        0b0000 => require(!encrypted)?,
        0b0001 => require(!encrypted && is_public_invalid(chip, slot))?,
        pattern if pattern & 0b0100 != 0 => {
            require(encrypted)?;
            let plain = decrypt(chip, packet, policy.write_key())?;
            store(chip, access, slot, &plain);
            return done();
        }
        _ => return Err(Status::Execution),
    }
    require(access.width == 32 || !policy.is_secret())?;
    store(chip, access, slot, packet.data);
    done()
}

fn store(chip: &mut Chip, access: &Access, slot: u8, data: &[u8]) {
    let range = access.offset..access.offset + access.present;
    chip.nv.slot_mut(slot)[range].copy_from_slice(&data[..access.present]);
}

/// PubInvalid: only a public key that is not valid can be overwritten.
fn is_public_invalid(chip: &Chip, slot: u8) -> bool {
    chip.nv.slot(slot)[0] & 0xF0 != 0x50
}

/// Decrypts with TempKey and checks the MAC; TempKey is used up either way.
fn decrypt(chip: &mut Chip, packet: &Packet<'_>, write_key: u8) -> Result<Vec<u8>, Status> {
    let key = chip.session_key(write_key)?;
    chip.ram.temp_key = None;
    let (cipher, mac) = packet.data.split_at(32);
    let plain = xor(cipher, &key);
    let expected = sha256(&[&key, &packet.header(), &chip.serial_tail(), &[0; 25], &plain]);
    require(equal(mac, &expected))?;
    Ok(plain)
}
