//! HMAC 0x11, of the 508A alone (section 5.23).

use crate::Profile;
use crate::chip::{Answer, Chip};
use crate::commands::mac;
use crate::crypto::hmac_sha256;
use crate::frame::Packet;

/// SourceFlag, OTP and serial number, as in MAC.
const MASK: u8 = 0x74;

pub(super) fn accepts(_: Profile, packet: &Packet<'_>) -> bool {
    packet.param1 & !MASK == 0 && packet.param2 < 16 && packet.data.is_empty()
}

/// Decision: The message is 32 zeros, TempKey, and the tail of MAC.
pub(super) fn run(chip: &mut Chip, packet: &Packet<'_>) -> Answer {
    chip.require_locked()?;
    let slot = Chip::slot_of(packet)?;
    let temp_key = mac::matching(chip, packet.param1)?;
    chip.require_random(slot, temp_key.source)?;
    let key = mac::symmetric_key(chip, slot)?;
    let tail = mac::tail(chip, packet.param1);
    chip.ram.temp_key = None;
    Ok(hmac_sha256(&key, &[&[0; 32], &temp_key.low(), &packet.header(), &tail]).to_vec())
}
