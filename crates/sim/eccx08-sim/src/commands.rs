//! The commands: which chips know them, what they accept, what they do (protocol section 5).

mod aes;
mod check_mac;
mod counter;
mod derive_key;
mod ecdh;
mod gen_dig;
mod gen_key;
mod hmac;
mod info;
mod kdf;
mod lock;
mod mac;
mod nonce;
mod pause;
mod priv_write;
mod random;
mod read;
mod secure_boot;
mod self_test;
mod sha;
mod sign;
mod update_extra;
mod verify;
mod write;

use crate::Profile;
use crate::chip::{Answer, Chip};
use crate::frame::Packet;

/// Opcodes.
pub(crate) mod opcode {
    pub(crate) const PAUSE: u8 = 0x01;
    pub(crate) const READ: u8 = 0x02;
    pub(crate) const MAC: u8 = 0x08;
    pub(crate) const HMAC: u8 = 0x11;
    pub(crate) const WRITE: u8 = 0x12;
    pub(crate) const GEN_DIG: u8 = 0x15;
    pub(crate) const NONCE: u8 = 0x16;
    pub(crate) const LOCK: u8 = 0x17;
    pub(crate) const RANDOM: u8 = 0x1B;
    pub(crate) const DERIVE_KEY: u8 = 0x1C;
    pub(crate) const UPDATE_EXTRA: u8 = 0x20;
    pub(crate) const COUNTER: u8 = 0x24;
    pub(crate) const CHECK_MAC: u8 = 0x28;
    pub(crate) const INFO: u8 = 0x30;
    pub(crate) const GEN_KEY: u8 = 0x40;
    pub(crate) const SIGN: u8 = 0x41;
    pub(crate) const ECDH: u8 = 0x43;
    pub(crate) const VERIFY: u8 = 0x45;
    pub(crate) const PRIV_WRITE: u8 = 0x46;
    pub(crate) const SHA: u8 = 0x47;
    pub(crate) const AES: u8 = 0x51;
    pub(crate) const KDF: u8 = 0x56;
    pub(crate) const SELF_TEST: u8 = 0x77;
    pub(crate) const SECURE_BOOT: u8 = 0x80;
}

/// Which parts know a command.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Known {
    All,
    Only508,
    Only608,
}

/// One command of the family.
pub(crate) struct Command {
    opcode: u8,
    name: &'static str,
    known: Known,
    /// Tells whether parameters and length are legal in any state.
    pub(crate) accepts: fn(Profile, &Packet<'_>) -> bool,
    /// Does it, or refuses.
    pub(crate) run: fn(&mut Chip, &Packet<'_>) -> Answer,
}

macro_rules! command {
    ($opcode:ident, $name:literal, $known:ident, $module:ident) => {
        Command {
            opcode: opcode::$opcode,
            name: $name,
            known: Known::$known,
            accepts: $module::accepts,
            run: $module::run,
        }
    };
}

const COMMANDS: [Command; 24] = [
    command!(PAUSE, "Pause", Only508, pause),
    command!(READ, "Read", All, read),
    command!(MAC, "MAC", All, mac),
    command!(HMAC, "HMAC", Only508, hmac),
    command!(WRITE, "Write", All, write),
    command!(GEN_DIG, "GenDig", All, gen_dig),
    command!(NONCE, "Nonce", All, nonce),
    command!(LOCK, "Lock", All, lock),
    command!(RANDOM, "Random", All, random),
    command!(DERIVE_KEY, "DeriveKey", All, derive_key),
    command!(UPDATE_EXTRA, "UpdateExtra", All, update_extra),
    command!(COUNTER, "Counter", All, counter),
    command!(CHECK_MAC, "CheckMac", All, check_mac),
    command!(INFO, "Info", All, info),
    command!(GEN_KEY, "GenKey", All, gen_key),
    command!(SIGN, "Sign", All, sign),
    command!(ECDH, "ECDH", All, ecdh),
    command!(VERIFY, "Verify", All, verify),
    command!(PRIV_WRITE, "PrivWrite", All, priv_write),
    command!(SHA, "SHA", All, sha),
    command!(AES, "AES", Only608, aes),
    command!(KDF, "KDF", Only608, kdf),
    command!(SELF_TEST, "SelfTest", Only608, self_test),
    command!(SECURE_BOOT, "SecureBoot", Only608, secure_boot),
];

/// Looks a command up; nothing when this part does not know it.
pub(crate) fn find(profile: Profile, opcode: u8) -> Option<&'static Command> {
    const TABLE: &[Command] = &COMMANDS;
    TABLE.iter().find(|command| {
        let known = match command.known {
            Known::All => true,
            Known::Only508 => !profile.is_608(),
            Known::Only608 => profile.is_608(),
        };
        command.opcode == opcode && known
    })
}

/// Names an opcode, for the log.
pub(crate) fn name(opcode: u8) -> &'static str {
    COMMANDS.iter().find(|command| command.opcode == opcode).map_or("?", |command| command.name)
}
