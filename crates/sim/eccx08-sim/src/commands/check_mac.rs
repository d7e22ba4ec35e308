//! CheckMac 0x28 (section 5.18).

use crate::Profile;
use crate::chip::{Answer, Chip, done};
use crate::commands::mac;
use crate::crypto::{equal, sha256};
use crate::frame::{Packet, Status};
use crate::ram::{Shaped, Source, TempKey};

const CHALLENGE_FROM_TEMP_KEY: u8 = 0x01;
const KEY_FROM_TEMP_KEY: u8 = 0x02;
const SOURCE_INPUT: u8 = 0x04;
const OTP_8: u8 = 0x20;
const MASK: u8 = CHALLENGE_FROM_TEMP_KEY | KEY_FROM_TEMP_KEY | SOURCE_INPUT | OTP_8;
/// ClientChal, ClientResp, OtherData.
const DATA: usize = 32 + 32 + 13;

pub(super) fn accepts(_: Profile, packet: &Packet<'_>) -> bool {
    packet.param1 & !MASK == 0 && packet.param2 < 16 && packet.data.len() == DATA
}

pub(super) fn run(chip: &mut Chip, packet: &Packet<'_>) -> Answer {
    chip.require_locked()?;
    let slot = Chip::slot_of(packet)?;
    let (challenge, rest) = packet.data.split_at(32);
    let (response, other) = rest.split_at(32);
    let from_temp_key = packet.param1 & (CHALLENGE_FROM_TEMP_KEY | KEY_FROM_TEMP_KEY) != 0;
    let temp_key = if from_temp_key { Some(mac::matching(chip, packet.param1)?) } else { None };
    let temp_key_bytes = temp_key.as_ref().map_or([0; 32], TempKey::low);
    let by_slot = packet.param1 & KEY_FROM_TEMP_KEY == 0;
    let key = if by_slot {
        if let Some(temp_key) = &temp_key {
            chip.require_random(slot, temp_key.source)?;
        }
        mac::symmetric_key(chip, slot)?
    } else {
        temp_key_bytes
    };
    let challenge = if packet.param1 & CHALLENGE_FROM_TEMP_KEY == 0 { challenge } else { &temp_key_bytes };
    let otp =
        if packet.param1 & OTP_8 == 0 { [0; 8] } else { chip.nv.otp()[..8].try_into().unwrap_or_default() };
    let serial = chip.nv.serial_number();
    let expected = sha256(&[
        &key,
        challenge,
        &other[..4],
        &otp,
        &other[4..7],
        &serial[8..],
        &other[7..11],
        &serial[..2],
        &other[11..],
    ]);
    if !equal(response, &expected) {
        return Err(Status::Miscompare);
    }
    if by_slot {
        chip.ram.authorised = Some(slot);
    }
    copy(chip, packet.param1, slot);
    done()
}

/// Modes 01 and 05 with an even key copy the next slot into TempKey, when its ReadKey is 0 (a decision).
fn copy(chip: &mut Chip, mode: u8, slot: u8) {
    if mode & !SOURCE_INPUT != CHALLENGE_FROM_TEMP_KEY {
        return;
    }
    chip.ram.temp_key = None;
    let target = slot + 1;
    if slot.is_multiple_of(2)
        && !chip.nv.key_config(target).private()
        && chip.nv.slot_config(target).read_key() == 0
    {
        let key = chip.nv.key(target);
        chip.ram.temp_key = Some(TempKey::new(&key, Source::Input, Shaped::Nonce));
    }
}
