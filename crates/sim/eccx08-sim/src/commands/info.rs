//! Info 0x30 (section 5.1).

use crate::Profile;
use crate::chip::{Answer, Chip, require};
use crate::crypto;
use crate::frame::Packet;
use crate::zones::config;

const REVISION: u8 = 0;
const KEY_VALID: u8 = 1;
const STATE: u8 = 2;
/// 608: the persistent latch.
const VOLATILE_KEY_PERMISSION: u8 = 4;

pub(super) fn accepts(profile: Profile, packet: &Packet<'_>) -> bool {
    let parameters = match packet.param1 {
        REVISION | STATE => packet.param2 == 0,
        KEY_VALID => packet.param2 < 16,
        VOLATILE_KEY_PERMISSION => profile.is_608() && packet.param2 <= 3,
        _ => false,
    };
    parameters && packet.data.is_empty()
}

pub(super) fn run(chip: &mut Chip, packet: &Packet<'_>) -> Answer {
    match packet.param1 {
        REVISION => Ok(chip.revision.to_vec()),
        KEY_VALID => {
            let slot = Chip::slot_of(packet)?;
            let private = chip.nv.key_config(slot).private();
            let valid = private && crypto::public_key(&chip.nv.private_key(slot)).is_some();
            Ok(vec![0, 0, 0, u8::from(valid)])
        }
        STATE => Ok(state(chip)),
        _ => latch(chip, packet.param2),
    }
}

/// Decision: Flags of TempKey, then a byte with TempKey.valid in bit 7 and "configuration locked" in bit 0.
fn state(chip: &Chip) -> Vec<u8> {
    let key = chip.ram.temp_key.as_ref();
    let flags = key.map_or(0, |key| key.flags());
    let valid = u8::from(key.is_some()) << 7 | u8::from(chip.nv.config_locked());
    vec![flags, valid, 0, 0]
}

/// Reads or sets the persistent latch; setting needs the key that VolatileKeyPermission names (a decision).
fn latch(chip: &mut Chip, param2: u16) -> Answer {
    let permission = chip.nv.config()[config::VOLATILE_KEY_PERMISSION];
    require(permission & 0x80 != 0)?;
    if param2 & 2 != 0 {
        require(param2 & 1 == 0 || chip.ram.authorised == Some(permission & 0x0F))?;
        chip.persistent_latch = param2 & 1 == 1;
    }
    Ok(vec![u8::from(chip.persistent_latch), 0, 0, 0])
}
