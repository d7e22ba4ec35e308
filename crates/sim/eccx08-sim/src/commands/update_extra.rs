//! UpdateExtra 0x20 (section 5.15).

use crate::Profile;
use crate::chip::{Answer, Chip, done, require};
use crate::frame::Packet;
use crate::zones::config;

const USER_EXTRA: u8 = 0;
/// 508A: Selector. 608: UserExtraAdd, the other I2C address.
const SELECTOR: u8 = 1;
/// Takes one use of a limited key away.
const DECREMENT: u8 = 2;

pub(super) fn accepts(_: Profile, packet: &Packet<'_>) -> bool {
    let parameters = match packet.param1 {
        USER_EXTRA | SELECTOR => packet.param2 <= 0xFF,
        DECREMENT => packet.param2 < 16,
        _ => false,
    };
    parameters && packet.data.is_empty()
}

pub(super) fn run(chip: &mut Chip, packet: &Packet<'_>) -> Answer {
    if packet.param1 == DECREMENT {
        let slot = Chip::slot_of(packet)?;
        chip.require_config_locked()?;
        require(!chip.profile.is_608() && slot == 15 && chip.nv.slot_config(slot).limited_use())?;
        chip.consume_last_key_use()?;
        return done();
    }
    let offset = if packet.param1 == USER_EXTRA { config::USER_EXTRA } else { config::SELECTOR };
    require(!chip.nv.config_locked() || chip.nv.config()[offset] == 0)?;
    chip.nv.config_mut()[offset] = packet.param2.to_le_bytes()[0];
    done()
}
