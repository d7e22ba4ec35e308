//! Nonce 0x16 (section 5.3).

use crate::Profile;
use crate::chip::{Answer, Chip, done};
use crate::crypto::sha256;
use crate::frame::{Packet, Status};
use crate::ram::{Buffer, Shaped, Source, TempKey};

const PASS_THROUGH: u8 = 3;
/// 608: the nonce has 64 bytes.
const LONG: u8 = 0x20;
/// 608: where a pass-through goes.
const TARGET: u8 = 0xC0;
const MESSAGE_DIGEST_BUFFER: u8 = 0x40;
const ALTERNATE_KEY_BUFFER: u8 = 0x80;
/// 608: TempKey takes the place of the random number.
const CALCULATE: u16 = 0x8000;
/// Bytes of NumIn.
const NUM_IN: usize = 20;

pub(super) fn accepts(profile: Profile, packet: &Packet<'_>) -> bool {
    let Packet { param1, param2, data, .. } = packet;
    if !profile.is_608() && param1 & !3 != 0 {
        return false;
    }
    match param1 & 3 {
        0 | 1 => {
            let calculate = profile.is_608() && *param2 == CALCULATE;
            param1 & !1 == 0 && (*param2 == 0 || calculate) && data.len() == NUM_IN
        }
        PASS_THROUGH => {
            let length = if param1 & LONG == 0 { 32 } else { 64 };
            let target = match param1 & TARGET {
                0 | MESSAGE_DIGEST_BUFFER => true,
                ALTERNATE_KEY_BUFFER => param1 & LONG == 0,
                _ => false,
            };
            param1 & 0x1C == 0 && target && *param2 == 0 && data.len() == length
        }
        _ => false,
    }
}

pub(super) fn run(chip: &mut Chip, packet: &Packet<'_>) -> Answer {
    if packet.param1 & 3 == PASS_THROUGH { pass_through(chip, packet) } else { random(chip, packet) }
}

fn random(chip: &mut Chip, packet: &Packet<'_>) -> Answer {
    let calculate = packet.param2 == CALCULATE;
    let start = if calculate { chip.temp_key()?.low() } else { chip.random() };
    let value = sha256(&[&start, packet.data, &[packet.opcode, packet.param1, 0]]);
    chip.ram.temp_key = Some(TempKey::new(&value, Source::Random, Shaped::Nonce));
    Ok(if calculate { value } else { start }.to_vec())
}

fn pass_through(chip: &mut Chip, packet: &Packet<'_>) -> Answer {
    let long = packet.param1 & LONG != 0;
    let mut bytes = [0; 64];
    bytes[..packet.data.len()].copy_from_slice(packet.data);
    match packet.param1 & TARGET {
        MESSAGE_DIGEST_BUFFER => chip.ram.message_digest = Some(Buffer { bytes, long }),
        ALTERNATE_KEY_BUFFER => {
            let key = packet.data.try_into().map_err(|_| Status::Parse)?;
            chip.ram.alternate_key = Some(key);
        }
        _ => {
            let key = TempKey { bytes, long, source: Source::Input, shaped: Shaped::Nonce };
            chip.ram.temp_key = Some(key);
            return done();
        }
    }
    if chip.decisions.other_buffer_clears_temp_key {
        chip.ram.temp_key = None;
    }
    done()
}
