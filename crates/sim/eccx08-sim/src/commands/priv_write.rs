//! PrivWrite 0x46 (section 5.20).

use crate::Profile;
use crate::chip::{Answer, Chip, done, require};
use crate::crypto::{self, equal, sha256, xor};
use crate::frame::{Packet, Status};

const ENCRYPTED: u8 = 0x40;
/// Four zeros and the scalar; then a MAC, zeros in clear.
const PLAIN: usize = 36;
const DATA: usize = PLAIN + 32;
/// WriteConfig: PrivWrite is allowed, encrypted.
const ALLOWED: u8 = 0b0100;

pub(super) fn accepts(_: Profile, packet: &Packet<'_>) -> bool {
    packet.param1 & !ENCRYPTED == 0 && packet.param2 < 16 && packet.data.len() == DATA
}

pub(super) fn run(chip: &mut Chip, packet: &Packet<'_>) -> Answer {
    chip.require_config_locked()?;
    let slot = Chip::slot_of(packet)?;
    let key = chip.nv.key_config(slot);
    require(key.private() && key.is_p256() && !chip.nv.slot_locked(slot))?;
    let encrypted = packet.param1 & ENCRYPTED != 0;
    if chip.nv.data_locked() {
        require(encrypted && chip.nv.slot_config(slot).write_config() & ALLOWED != 0)?;
    }
    let plain = if encrypted { decrypt(chip, packet, slot)? } else { packet.data[..PLAIN].to_vec() };
    let scalar = plain[4..].try_into().map_err(|_| Status::Parse)?;
    require(plain[..4] == [0; 4] && crypto::public_key(&scalar).is_some())?;
    chip.nv.store_private_key(slot, &scalar);
    done()
}

/// Decrypts 36 bytes: the last four with a digest of TempKey. TempKey is used up.
fn decrypt(chip: &mut Chip, packet: &Packet<'_>, slot: u8) -> Result<Vec<u8>, Status> {
    let key = chip.session_key(chip.nv.slot_config(slot).write_key())?;
    chip.ram.temp_key = None;
    let (cipher, mac) = packet.data.split_at(PLAIN);
    let plain = xor(cipher, &[key, sha256(&[&key])].concat());
    let expected = sha256(&[&key, &packet.header(), &chip.serial_tail(), &[0; 21], &plain]);
    require(equal(mac, &expected))?;
    Ok(plain)
}
