//! Read 0x02 (section 5.7).

use crate::Profile;
use crate::chip::{Answer, Chip, require};
use crate::crypto::xor;
use crate::frame::{Packet, Status};
use crate::zones::{Access, Zone};

/// Zone and width.
const MASK: u8 = 0x83;

pub(super) fn accepts(_: Profile, packet: &Packet<'_>) -> bool {
    let access = Access::decode(packet.param1, packet.param2);
    packet.param1 & !MASK == 0 && access.is_some() && packet.data.is_empty()
}

pub(super) fn run(chip: &mut Chip, packet: &Packet<'_>) -> Answer {
    let access = Access::decode(packet.param1, packet.param2).ok_or(Status::Parse)?;
    let range = access.offset..access.offset + access.present;
    match access.zone {
        Zone::Config => Ok(chip.nv.config_bytes(range).to_vec()),
        Zone::Otp => {
            chip.require_locked()?;
            Ok(chip.nv.otp()[range].to_vec())
        }
        Zone::Data { slot } => {
            chip.require_locked()?;
            let mut bytes = chip.nv.slot(slot)[range].to_vec();
            if bytes.len() < access.width {
                if !chip.decisions.partial_blocks {
                    return Err(Status::Parse);
                }
                bytes.resize(access.width, 0);
            }
            read_slot(chip, slot, bytes)
        }
    }
}

/// Applies the slot's policy: clear, encrypted with TempKey, or never.
fn read_slot(chip: &mut Chip, slot: u8, bytes: Vec<u8>) -> Answer {
    let policy = chip.nv.slot_config(slot);
    require(!chip.nv.key_config(slot).private())?;
    match (policy.is_secret(), policy.encrypt_read()) {
        (false, false) => Ok(bytes),
        (true, true) => {
            require(bytes.len() == 32)?;
            let key = chip.session_key(policy.read_key())?;
            chip.ram.temp_key = None;
            Ok(xor(&bytes, &key))
        }
        (true, false) | (false, true) => Err(Status::Execution),
    }
}
