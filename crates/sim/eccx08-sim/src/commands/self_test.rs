//! SelfTest 0x77, of the 608 (section 5.22).

use crate::Profile;
use crate::chip::{Answer, Chip};
use crate::frame::Packet;

/// Bits of the tests that exist.
const TESTS: u8 = 0x3F;
/// The test that fails while the chip is in failure mode: the random generator's.
const RANDOM: u8 = 0x01;

pub(super) fn accepts(_: Profile, packet: &Packet<'_>) -> bool {
    packet.param1 & !TESTS == 0 && packet.param2 == 0 && packet.data.is_empty()
}

/// Answers the tests that failed; without a test in the mode, the failure register.
pub(super) fn run(chip: &mut Chip, packet: &Packet<'_>) -> Answer {
    let failed = if chip.self_test_failed { RANDOM } else { 0 };
    let asked = if packet.param1 == 0 { TESTS } else { packet.param1 };
    Ok(vec![failed & asked])
}
