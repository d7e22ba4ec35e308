//! GenDig 0x15 (section 5.19).

use crate::Profile;
use crate::chip::{Answer, Chip, done, require};
use crate::frame::{Packet, Status};
use crate::ram::{Shaped, TempKey};

const CONFIG: u8 = 0;
const OTP: u8 = 1;
const DATA: u8 = 2;
const SHARED_NONCE: u8 = 3;
const COUNTER: u8 = 4;
const KEY_CONFIG: u8 = 5;
/// Bytes of OtherData, which takes the place of opcode and parameters for keys with NoMac.
const OTHER_DATA: usize = 4;
/// Shared nonce: TempKey comes first in the message.
const TEMP_KEY_FIRST: u16 = 0x8000;

pub(super) fn accepts(_: Profile, packet: &Packet<'_>) -> bool {
    let Packet { param1, param2, data, .. } = packet;
    match *param1 {
        CONFIG => *param2 < 4 && data.is_empty(),
        OTP | COUNTER => *param2 < 2 && data.is_empty(),
        DATA => *param2 < 16 && (data.is_empty() || data.len() == OTHER_DATA),
        SHARED_NONCE => data.len() == 32,
        KEY_CONFIG => *param2 < 16 && data.is_empty(),
        _ => false,
    }
}

pub(super) fn run(chip: &mut Chip, packet: &Packet<'_>) -> Answer {
    chip.require_config_locked()?;
    let key = chip.temp_key()?;
    let [id, _] = packet.param2.to_le_bytes();
    let block = usize::from(id) * 32;
    let mut header = packet.header();
    let mut no_mac = false;
    // What stands between the serial number and TempKey.
    let mut middle = [0; 25];
    let mut value = [0; 32];
    match packet.param1 {
        CONFIG => value.copy_from_slice(chip.nv.config_bytes(block..block + 32)),
        OTP => {
            chip.require_locked()?;
            value.copy_from_slice(&chip.nv.otp()[block..block + 32]);
        }
        DATA => {
            value = data_key(chip, &key, id)?;
            no_mac = chip.nv.slot_config(id).no_mac();
            if no_mac {
                header = packet.data.try_into().map_err(|_| Status::Execution)?;
            }
        }
        SHARED_NONCE => value.copy_from_slice(packet.data),
        COUNTER => {
            let count = crate::counter::read(&chip.nv, usize::from(id)).ok_or(Status::Execution)?;
            middle[1..5].copy_from_slice(&count.to_le_bytes());
        }
        _ => {
            middle[1..3].copy_from_slice(&chip.nv.slot_config(id).0.to_le_bytes());
            middle[3..5].copy_from_slice(&chip.nv.key_config(id).0.to_le_bytes());
            middle[5] = u8::from(!chip.nv.slot_locked(id));
        }
    }
    let serial = chip.serial_tail();
    let low = key.low();
    let swapped = packet.param1 == SHARED_NONCE && packet.param2 & TEMP_KEY_FIRST != 0;
    let (first, last) = if swapped { (&low, &value) } else { (&value, &low) };
    let shaped = Shaped::GenDig { id, data_zone: packet.param1 == DATA, no_mac };
    chip.ram.digest_into_temp_key(&[first, &header, &serial, &middle, last], shaped);
    done()
}

/// Takes the key of a slot; a private key cannot be digested.
fn data_key(chip: &mut Chip, temp_key: &TempKey, slot: u8) -> Result<[u8; 32], Status> {
    require(!chip.nv.key_config(slot).private())?;
    chip.require_random(slot, temp_key.source)?;
    chip.use_key(slot)?;
    Ok(chip.nv.key(slot))
}
