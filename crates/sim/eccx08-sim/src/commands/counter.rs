//! Counter 0x24 (section 5.10).

use crate::Profile;
use crate::chip::{Answer, Chip, require};
use crate::counter;
use crate::frame::{Packet, Status};

const INCREMENT: u8 = 1;

pub(super) fn accepts(_: Profile, packet: &Packet<'_>) -> bool {
    packet.param1 <= INCREMENT && packet.param2 <= 1 && packet.data.is_empty()
}

pub(super) fn run(chip: &mut Chip, packet: &Packet<'_>) -> Answer {
    let index = usize::from(packet.param2);
    let mut value = counter::read(&chip.nv, index).ok_or(Status::Execution)?;
    if packet.param1 == INCREMENT {
        require(chip.nv.config_locked() || chip.decisions.counter_before_lock)?;
        require(value < counter::MAXIMUM)?;
        value += 1;
        counter::write(&mut chip.nv, index, value);
    }
    Ok(value.to_le_bytes().to_vec())
}
