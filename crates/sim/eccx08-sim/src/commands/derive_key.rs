//! DeriveKey 0x1C (section 5.16).

use crate::Profile;
use crate::chip::{Answer, Chip, done, require};
use crate::commands::mac;
use crate::crypto::{equal, sha256};
use crate::frame::Packet;

const SOURCE_INPUT: u8 = 0x04;
/// WriteConfig patterns (section 4.2).
const ALLOWED: u8 = 0b0010;
const CREATE: u8 = 0b0001;
const MAC: u8 = 0b1000;

pub(super) fn accepts(_: Profile, packet: &Packet<'_>) -> bool {
    let mac = packet.data.is_empty() || packet.data.len() == 32;
    packet.param1 & !SOURCE_INPUT == 0 && packet.param2 < 16 && mac
}

pub(super) fn run(chip: &mut Chip, packet: &Packet<'_>) -> Answer {
    chip.require_locked()?;
    let target = Chip::slot_of(packet)?;
    let pattern = chip.nv.slot_config(target).write_config();
    require(pattern & ALLOWED != 0)?;
    require(!chip.nv.key_config(target).private() && !chip.nv.slot_locked(target))?;
    let parent = if pattern & CREATE == 0 { target } else { chip.nv.slot_config(target).write_key() };
    require(!chip.nv.key_config(parent).private())?;
    require(pattern & MAC == 0 || packet.data.len() == 32)?;

    let temp_key = mac::matching(chip, packet.param1)?;
    chip.require_random(parent, temp_key.source)?;
    chip.use_key(parent)?;
    let parent = chip.nv.key(parent);
    let serial = chip.serial_tail();
    if !packet.data.is_empty() {
        require(equal(packet.data, &sha256(&[&parent, &packet.header(), &serial])))?;
    }
    let key = sha256(&[&parent, &packet.header(), &serial, &[0; 25], &temp_key.low()]);
    chip.nv.slot_mut(target)[..32].copy_from_slice(&key);
    chip.ram.temp_key = None;
    done()
}
