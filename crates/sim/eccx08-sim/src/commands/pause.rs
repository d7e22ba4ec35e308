//! Pause 0x01, of the 508A alone (section 5.23).

use crate::Profile;
use crate::chip::{Answer, Chip, done};
use crate::frame::Packet;
use crate::zones::config;

pub(super) fn accepts(_: Profile, packet: &Packet<'_>) -> bool {
    packet.param2 == 0 && packet.data.is_empty()
}

/// A chip with another Selector goes idle and does not answer (a decision).
pub(super) fn run(chip: &mut Chip, packet: &Packet<'_>) -> Answer {
    chip.paused = chip.nv.config()[config::SELECTOR] != packet.param1;
    done()
}
