//! Random 0x1B (section 5.2).

use crate::Profile;
use crate::chip::{Answer, Chip};
use crate::frame::Packet;

pub(super) fn accepts(_: Profile, packet: &Packet<'_>) -> bool {
    packet.param1 <= 1 && packet.param2 == 0 && packet.data.is_empty()
}

pub(super) fn run(chip: &mut Chip, _: &Packet<'_>) -> Answer {
    Ok(chip.random().to_vec())
}
