//! What host and element compute alike from a key that both know: TempKey, MACs, ciphertexts.
//!
//! Formulas: ATECC508A data sheet DS20005927A; cryptoauthlib, lib/host/atca_host.c.

use sha2::{Digest, Sha256};

use crate::address::Slot;
use crate::command::{GenDig, PrivWrite};
use crate::config::SerialNumber;
use crate::opcode::Opcode;

/// A key that the host knows as well as the element, and what both mix into a nonce.
#[derive(Clone, Copy)]
pub struct SharedKey<'a> {
    /// The slot that holds the key: ReadKey or WriteKey of the slot that is accessed.
    pub slot: Slot,
    /// The key.
    pub value: &'a [u8; 32],
    /// Which element it is.
    pub serial_number: SerialNumber,
    /// The host's share in the nonce: fresh random bytes, so that nobody can replay an old session.
    pub num_in: &'a [u8; 20],
}

impl SharedKey<'_> {
    /// Computes what TempKey is after Nonce, which answered `random`, and GenDig with this key.
    pub(crate) fn session(&self, random: &[u8; 32]) -> Session {
        let nonce = hash(&[random, self.num_in, &[Opcode::Nonce.code(), 0x00, 0x00]]);
        let head = [Opcode::GenDig.code(), GenDig::DATA_ZONE, self.slot.number(), 0x00];
        let temp_key = hash(&[self.value, &head, &serial_part(&self.serial_number), &[0; 25], &nonce]);
        Session { temp_key, serial_number: self.serial_number }
    }
}

impl core::fmt::Debug for SharedKey<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("SharedKey").field("slot", &self.slot).finish_non_exhaustive()
    }
}

/// TempKey, known to both sides.
#[derive(Clone)]
pub(crate) struct Session {
    temp_key: [u8; 32],
    serial_number: SerialNumber,
}

impl Session {
    pub(crate) const EMPTY: Self = Self { temp_key: [0; 32], serial_number: SerialNumber([0; 9]) };

    /// Encrypts or decrypts 32 bytes.
    pub(crate) fn crypt(&self, data: &[u8; 32]) -> [u8; 32] {
        combine(data, &self.temp_key)
    }

    /// Computes the MAC of an encrypted Write.
    pub(crate) fn write_mac(&self, mode: u8, address: u16, plain: &[u8; 32]) -> [u8; 32] {
        let [low, high] = address.to_le_bytes();
        let head = [Opcode::Write.code(), mode, low, high];
        hash(&[&self.temp_key, &head, &serial_part(&self.serial_number), &[0; 25], plain])
    }

    /// Encrypts four zeros and a private key, as PrivWrite wants it, and computes the MAC.
    pub(crate) fn private_key(&self, slot: Slot, key: &[u8; 32]) -> ([u8; 36], [u8; 32]) {
        let mut plain = [0; 36];
        let (_, place) = plain.split_at_mut(4);
        place.copy_from_slice(key);
        let mut ciphertext = plain;
        let stream = self.temp_key.into_iter().chain(hash(&[&self.temp_key]));
        for (byte, key) in ciphertext.iter_mut().zip(stream) {
            *byte ^= key;
        }
        let head = [Opcode::PrivWrite.code(), PrivWrite::ENCRYPTED, slot.number(), 0x00];
        let mac = hash(&[&self.temp_key, &head, &serial_part(&self.serial_number), &[0; 21], &plain]);
        (ciphertext, mac)
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.temp_key = [0; 32];
        core::hint::black_box(&self.temp_key);
    }
}

impl core::fmt::Debug for Session {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Session").finish_non_exhaustive()
    }
}

/// Computes the answer of MAC with a given challenge, to check an element that has `key` in `slot`.
///
/// `mode` is [`Mac::mode`](crate::command::Mac::mode); the whole serial number enters with bit 6.
#[must_use]
pub fn expected_mac(
    key: &[u8; 32],
    slot: Slot,
    mode: u8,
    challenge: &[u8; 32],
    serial_number: &SerialNumber,
) -> [u8; 32] {
    let [s0, s1, s2, s3, s4, s5, s6, s7, s8] = serial_number.0;
    let whole = mode & 0x40 != 0;
    let middle = if whole { [s4, s5, s6, s7] } else { [0; 4] };
    let end = if whole { [s2, s3] } else { [0; 2] };
    let head = [Opcode::Mac.code(), mode, slot.number(), 0x00];
    hash(&[key, challenge, &head, &[0; 11], &[s8], &middle, &[s0, s1], &end])
}

/// SN[8], SN[0], SN[1].
fn serial_part(serial_number: &SerialNumber) -> [u8; 3] {
    let [s0, s1, .., s8] = serial_number.0;
    [s8, s0, s1]
}

fn combine(data: &[u8; 32], key: &[u8; 32]) -> [u8; 32] {
    let mut combined = *data;
    for (byte, key) in combined.iter_mut().zip(key) {
        *byte ^= key;
    }
    combined
}

fn hash(parts: &[&[u8]]) -> [u8; 32] {
    let mut digest = Sha256::new();
    for part in parts {
        digest.update(part);
    }
    digest.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::address::Location;
    use crate::command::WriteEncrypted;
    use crate::command::tests::{counting, hex};

    const SERIAL_NUMBER: SerialNumber = SerialNumber([0x01, 0x23, 0x45, 0x67, 0x89, 0xAB, 0xCD, 0xEF, 0xEE]);

    fn session() -> Session {
        let num_in = counting(0x20);
        let key =
            SharedKey { slot: Slot::S4, value: &[0x11; 32], serial_number: SERIAL_NUMBER, num_in: &num_in };
        key.session(&counting(0))
    }

    /// Computed from the formulas of the data sheet with another implementation of SHA-256.
    #[test]
    fn temp_key_vector() {
        let expected = hex("06e770359696df8bd3cc6fd9a187f78482fd6dba5db638ffbaa713220d5b48e6");
        assert_eq!(session().temp_key, *expected);
    }

    /// Computed from the formulas of the data sheet with another implementation of SHA-256.
    #[test]
    fn encrypted_write_vector() {
        let plain = counting(0x40);
        let location = Location::slot_block(Slot::S5, 0).unwrap();
        let mac = session().write_mac(WriteEncrypted::mode(location), location.address(), &plain);
        let ciphertext = hex("46a63276d2d399cc9b852592edcab9cbd2ac3fe909e36ea8e2fe4979510616b9");
        assert_eq!(session().crypt(&plain), *ciphertext);
        assert_eq!(mac, *hex("f8cf6ee01421cc2d59f58e1fba90df53d00feb8a4b8fc17e83912f92640e9771"));
    }

    /// Computed from the formulas of the data sheet with another implementation of SHA-256.
    #[test]
    fn private_key_vector() {
        let (ciphertext, mac) = session().private_key(Slot::S0, &counting(1));
        let expected = hex("06e770359794dc8fd6ca68d1a88dfc888ff362aa4ca42bebafb1043a144153fae374dbca");
        assert_eq!(ciphertext, *expected);
        assert_eq!(mac, *hex("4cef03554780fd6b6ba0ab83bef453ee17ef213bdcd7634f4d5706d9a5517332"));
    }

    /// Computed from the formulas of the data sheet with another implementation of SHA-256.
    #[test]
    fn mac_vectors() {
        for (mode, mac) in [
            (0x00, "101783df1f9253d94f116a9b91c0dadb76eb262a2783d12e38950a2ede75784a"),
            (0x40, "b126a82f9b03f93a03c3422987f76f0840811600ba2e463c7cb97df476890560"),
        ] {
            let challenge = counting(0);
            assert_eq!(expected_mac(&[0x11; 32], Slot::S4, mode, &challenge, &SERIAL_NUMBER), *hex(mac));
        }
    }
}
