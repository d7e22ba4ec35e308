//! Lock 0x17 (section 5.9).

use crate::Profile;
use crate::chip::{Answer, Chip, done, require};
use crate::frame::{Packet, crc16};
use crate::zones::config;

const ZONE: u8 = 0x03;
const CONFIG: u8 = 0;
const DATA_AND_OTP: u8 = 1;
const SLOT: u8 = 2;
const NO_CHECKSUM: u8 = 0x80;

pub(super) fn accepts(_: Profile, packet: &Packet<'_>) -> bool {
    let slot_bits = packet.param1 & 0x3C;
    let zone = match packet.param1 & ZONE {
        CONFIG | DATA_AND_OTP => slot_bits == 0,
        SLOT => true,
        _ => false,
    };
    zone && packet.param1 & 0x40 == 0 && packet.data.is_empty()
}

pub(super) fn run(chip: &mut Chip, packet: &Packet<'_>) -> Answer {
    let checked = packet.param1 & NO_CHECKSUM == 0;
    match packet.param1 & ZONE {
        CONFIG => {
            require(!chip.nv.config_locked())?;
            require(!checked || crc16(chip.nv.config()) == packet.param2)?;
            chip.nv.config_mut()[config::LOCK_CONFIG] = 0;
        }
        DATA_AND_OTP => {
            chip.require_config_locked()?;
            require(!chip.nv.data_locked())?;
            require(!checked || crc16(&chip.nv.data_and_otp()) == packet.param2)?;
            chip.nv.config_mut()[config::LOCK_VALUE] = 0;
        }
        _ => lock_slot(chip, packet.param1 >> 2 & 0x0F)?,
    }
    done()
}

fn lock_slot(chip: &mut Chip, slot: u8) -> Result<(), crate::Status> {
    chip.require_config_locked()?;
    require(chip.nv.data_locked() || chip.decisions.slot_lock_before_data_lock)?;
    require(chip.nv.key_config(slot).lockable() && !chip.nv.slot_locked(slot))?;
    let unlocked = chip.nv.word16(config::SLOT_LOCKED) & !(1 << slot);
    chip.nv.config_mut()[config::SLOT_LOCKED..config::SLOT_LOCKED + 2]
        .copy_from_slice(&unlocked.to_le_bytes());
    Ok(())
}
