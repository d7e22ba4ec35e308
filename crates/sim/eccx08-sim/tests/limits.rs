//! What slots, locks and flags forbid, one refusal after the other.

mod support;

use eccx08_sim::{Builder, NvImage, Profile, Sim};
use sha2::{Digest, Sha256};
use support::{Host, hex, locked};

const REFUSED: [u8; 1] = [0x0F];
const KEY: [u8; 32] = [0x11; 32];
const SERIAL: [u8; 9] = [0xEE, 0, 0, 0, 0, 0x01, 0x23, 0, 0];

fn sha(parts: &[&[u8]]) -> [u8; 32] {
    Sha256::digest(parts.concat()).into()
}

/// Sets SlotConfig and KeyConfig of one slot.
fn with_slot(nv: NvImage, slot: u8, slot_config: [u8; 2], key_config: [u8; 2]) -> NvImage {
    let set = |nv: NvImage, start: u8, bytes: [u8; 2]| {
        let word = start + slot / 2;
        let at = usize::from(word) * 4;
        let mut old: [u8; 4] = nv.config()[at..at + 4].try_into().unwrap();
        let half = usize::from(slot % 2) * 2;
        old[half..half + 2].copy_from_slice(&bytes);
        nv.with_config_word(word, old)
    };
    set(set(nv, 5, slot_config), 24, key_config)
}

fn with_locked_slots(nv: NvImage, slots: u16) -> NvImage {
    let [low, high] = (!slots).to_le_bytes();
    nv.with_config_word(22, [low, high, 0, 0])
}

fn data(profile: Profile) -> NvImage {
    locked(profile).with_slot(4, &KEY).with_slot(5, &KEY)
}

const CLEAR: [u8; 2] = [0x1C, 0x00];
const PRIVATE: [u8; 2] = [0x33, 0x00];

fn on(profile: Profile, nv: NvImage) -> Host {
    Host::awake(builder(profile, nv))
}

fn builder(profile: Profile, nv: NvImage) -> Builder {
    Sim::builder(profile).nv(nv)
}

fn nonce(host: &mut Host) -> [u8; 32] {
    let random = host.fresh(0x16, 0, 0, &[7; 20]);
    sha(&[&random, &[7; 20], &[0x16, 0, 0]])
}

#[test]
fn a_locked_slot_takes_nothing() {
    let nv = data(Profile::Atecc608a);
    let nv = with_slot(nv, 0, [0x83, 0x64], PRIVATE);
    let nv = with_slot(nv, 4, [0x00, 0x24], CLEAR);
    for (slots, answer) in [(0, 0x00), (0xFFFF, 0x0F)] {
        let mut host = on(Profile::Atecc608a, with_locked_slots(nv.clone(), slots));
        assert_eq!(host.run(0x12, 0x82, 8 << 3, &[1; 32]), [answer]);
        nonce(&mut host);
        assert_eq!(host.run(0x1C, 0, 4, &[]), [answer]);
        assert_eq!(host.fresh(0x40, 4, 0, &[]).len() == 64, answer == 0);
    }
    let open = nv.with_config_word(21, [0, 0, 0x55, 0]);
    let plain = [&[0; 4][..], &[1; 32], &[0; 32]].concat();
    for (slots, answer) in [(0, 0x00), (1, 0x0F)] {
        let mut host = on(Profile::Atecc608a, with_locked_slots(open.clone(), slots));
        assert_eq!(host.run(0x46, 0, 0, &plain), [answer]);
    }
    let mut wrong = plain;
    wrong[0] = 1;
    assert_eq!(on(Profile::Atecc608a, open).run(0x46, 0, 0, &wrong), REFUSED, "the pad is not zero");
}

#[test]
fn write_configurations_are_kept() {
    let nv = data(Profile::Atecc608a);
    let nv = with_slot(nv, 9, [0x00, 0x10], [0x10, 0x00]); // PubInvalid
    let nv = with_slot(nv, 10, [0x80, 0x00], CLEAR); // secret, always
    let nv = with_slot(nv, 11, [0x00, 0x80], CLEAR); // never
    let mut host = on(Profile::Atecc608a, nv.with_slot(9, &[0x50; 4]));
    assert_eq!(host.run(0x12, 0x82, 9 << 3, &[0; 32]), REFUSED, "the public key is valid");
    assert_eq!(host.run(0x12, 0x02, 10 << 3, &[0; 4]), REFUSED, "four bytes of a secret");
    assert_eq!(host.run(0x12, 0x82, 10 << 3, &[0; 32]), [0]);
    assert_eq!(host.run(0x12, 0x82, 11 << 3, &[0; 32]), REFUSED, "never");
    assert_eq!(host.run(0x12, 0xC2, 10 << 3, &[0; 64]), REFUSED, "encrypted where it must be clear");
    assert_eq!(host.run(0x12, 0x42, 10 << 3, &[0; 36]), [0x03], "four bytes, encrypted");
    let invalid = with_slot(data(Profile::Atecc608a), 9, [0x00, 0x10], [0x10, 0x00]).with_slot(9, &[0xA0]);
    assert_eq!(on(Profile::Atecc608a, invalid).run(0x12, 0x82, 9 << 3, &[0; 32]), [0]);
}

#[test]
fn the_last_block_of_a_slot_is_partial() {
    let nv = with_slot(data(Profile::Atecc608a), 9, [0, 0], CLEAR).with_slot(9, &[0xAB; 72]);
    for (partial, read) in [(true, [vec![0xAB; 8], vec![0; 24]].concat()), (false, vec![0x03])] {
        let sim = builder(Profile::Atecc608a, nv.clone()).decide(|d| d.partial_blocks = partial);
        let mut host = Host::awake(sim);
        assert_eq!(host.run(0x02, 0x82, 0x0200 | 9 << 3, &[]), read);
        let answer = if partial { 0 } else { 3 };
        assert_eq!(host.run(0x12, 0x82, 0x0200 | 9 << 3, &[0xCD; 32]), [answer]);
        assert_eq!(host.run(0x02, 0x02, 10 << 3, &[]), [0xFF; 4], "the next slot is untouched");
    }
}

#[test]
fn slot_15_of_a_508a_has_128_uses() {
    let nv = with_slot(data(Profile::Atecc508a), 15, [0x20, 0x00], CLEAR)
        .with_config_word(17, [0x00, 0x00, 0x00, 0x03])
        .with_config_word(18, [0; 4])
        .with_config_word(19, [0; 4])
        .with_config_word(20, [0, 0, 0, 0x01]);
    let mut host = on(Profile::Atecc508a, nv);
    assert_eq!(host.run(0x08, 0, 15, &[1; 32]).len(), 32);
    assert_eq!(host.run(0x02, 0, 17, &[]), [0, 0, 0, 1]);
    assert_eq!(host.run(0x20, 2, 15, &[]), [0], "UpdateExtra takes one");
    assert_eq!(host.run(0x08, 0, 15, &[1; 32]).len(), 32);
    assert_eq!(host.run(0x02, 0, 20, &[]), [0; 4]);
    assert_eq!(host.run(0x08, 0, 15, &[1; 32]), REFUSED);
    assert_eq!(host.run(0x20, 2, 15, &[]), REFUSED);
    assert_eq!(host.run(0x20, 2, 4, &[]), REFUSED, "not slot 15");
}

#[test]
fn check_mac_copies_the_next_slot() {
    // TempKey is the challenge; slot 4 is the key, slot 5 the one to copy.
    for (read_key, copied) in [(0, true), (3, false)] {
        let nv = with_slot(data(Profile::Atecc608a), 4, [0x80, 0x00], CLEAR);
        let nv = with_slot(nv, 5, [0x80 | read_key, 0x00], CLEAR).with_slot(5, &[0x55; 32]);
        let mut host = on(Profile::Atecc608a, nv);
        let challenge = nonce(&mut host);
        let other = [0x28, 1, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        let response = sha(&[
            &KEY,
            &challenge,
            &other[..4],
            &[0; 8],
            &other[4..7],
            &[0xEE],
            &other[7..11],
            &[0x01, 0x23],
            &other[11..],
        ]);
        let data = [&[0; 32][..], &response, &other].concat();
        assert_eq!(host.run(0x28, 0x01, 4, &data), [0]);
        let mac = host.run(0x08, 0x06, 8, &[9; 32]);
        if copied {
            assert_eq!(mac, sha(&[&[0x55; 32], &[9; 32], &[0x08, 0x06, 8, 0], &[0; 11], &SERIAL]));
        } else {
            assert_eq!(mac, REFUSED);
        }
    }
}

#[test]
fn mac_takes_otp_when_asked() {
    let open = data(Profile::Atecc608a).with_config_word(21, [0, 0, 0x55, 0]);
    let mut host = on(Profile::Atecc608a, open);
    let otp: [u8; 32] = core::array::from_fn(|at| u8::try_from(at).unwrap() + 1);
    assert_eq!(host.run(0x12, 0x81, 0, &otp), [0]);
    assert_eq!(host.run(0x17, 0x81, 0, &[]), [0]);
    let nv = with_slot(host.sim.nv().unwrap(), 4, [0x80, 0x00], CLEAR);
    let mut host = on(Profile::Atecc608a, nv);
    for (mode, eight, three) in [(0x10, &otp[..8], &otp[8..11]), (0x20, &otp[..8], &[0; 3][..])] {
        let mac = host.run(0x08, mode, 4, &[9; 32]);
        assert_eq!(mac, sha(&[&KEY, &[9; 32], &[0x08, mode, 4, 0], eight, three, &SERIAL]));
    }
}

#[test]
fn req_random_holds_for_every_use_of_temp_key() {
    let random = [0x5C, 0x00];
    let nv = with_slot(data(Profile::Atecc608a), 4, [0x80, 0x20], random);
    let nv = with_slot(nv, 0, [0x83, 0x20], [0x73, 0x00]).with_private_key(0, &[1; 32]);
    let mut host = on(Profile::Atecc608a, nv);
    let given = |host: &mut Host| assert_eq!(host.fresh(0x16, 3, 0, &[1; 32]), [0]);
    given(&mut host);
    assert_eq!(host.run(0x08, 0x05, 4, &[]), REFUSED, "MAC");
    given(&mut host);
    assert_eq!(host.run(0x15, 2, 4, &[]), REFUSED, "GenDig");
    given(&mut host);
    assert_eq!(host.run(0x1C, 4, 4, &[]), REFUSED, "DeriveKey");
    given(&mut host);
    assert_eq!(host.run(0x40, 8, 0, &[]), REFUSED, "GenKey");
    assert_eq!(host.run(0x16, 0x43, 0, &[1; 32]), [0]);
    assert_eq!(host.run(0x41, 0xA0, 0, &[]), REFUSED, "Sign from the message digest buffer");
    nonce(&mut host);
    assert_eq!(host.run(0x08, 0x01, 4, &[]).len(), 32);
}

#[test]
fn a_nonce_can_be_calculated_from_temp_key_on_a_608() {
    let mut host = on(Profile::Atecc608a, data(Profile::Atecc608a));
    assert_eq!(host.run(0x16, 0, 0x8000, &[7; 20]), REFUSED, "no TempKey");
    assert_eq!(host.run(0x16, 3, 0, &[1; 32]), [0]);
    let expected = sha(&[&[1; 32], &[7; 20], &[0x16, 0, 0]]);
    assert_eq!(host.run(0x16, 0, 0x8000, &[7; 20]), expected);
    assert_eq!(host.run(0x16, 0xA3, 0, &[1; 64]), [0x03], "AltKeyBuf has 32 bytes");
    assert_eq!(host.run(0x16, 0x02, 0, &[1; 20]), [0x03]);
    assert_eq!(on(Profile::Atecc508a, data(Profile::Atecc508a)).run(0x16, 0, 0x8000, &[7; 20]), [0x03]);
}

#[test]
fn derive_key_can_create_from_a_parent() {
    // Slot 5 is created from its WriteKey, slot 4.
    let nv = with_slot(data(Profile::Atecc608a), 4, [0x80, 0x00], CLEAR);
    let nv = with_slot(nv, 5, [0x80, 0x34], CLEAR).with_slot(5, &[0; 32]);
    let mut host = on(Profile::Atecc608a, nv);
    let temp_key = nonce(&mut host);
    assert_eq!(host.run(0x1C, 0, 5, &[]), [0]);
    let key = sha(&[&KEY, &[0x1C, 0, 5, 0], &[0xEE, 0x01, 0x23], &[0; 25], &temp_key]);
    let mac = host.run(0x08, 0, 5, &[9; 32]);
    assert_eq!(mac, sha(&[&key, &[9; 32], &[0x08, 0, 5, 0], &[0; 11], &SERIAL]));
}

#[test]
fn authorisation_is_for_one_key() {
    // Slot 0 asks for slot 5; slot 4 does not help.
    let nv = with_slot(data(Profile::Atecc608a), 4, [0x80, 0x00], CLEAR);
    let nv = with_slot(nv, 5, [0x80, 0x00], CLEAR);
    let nv = with_slot(nv, 0, [0x83, 0x20], [0xB3, 0x05]).with_private_key(0, &[1; 32]);
    let mut host = on(Profile::Atecc608a, nv);
    for (slot, signs) in [(4_u8, false), (5, true)] {
        let mac = host.fresh(0x08, 0, u16::from(slot), &[9; 32]);
        let other = [0x08, 0, slot, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        let data = [&[9; 32][..], &mac, &other].concat();
        assert_eq!(host.run(0x28, 0, u16::from(slot), &data), [0]);
        assert_eq!(host.sign(0, &[3; 32]).len() == 64, signs, "slot {slot}");
    }
}

#[test]
fn verify_validates_only_what_it_names() {
    let point: [u8; 64] = hex("60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6
         7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299");
    let stored = [&[0; 4], &point[..32], &[0; 4], &point[32..]].concat();
    let key = hex("C9AFA9D845BA75166B5C215767B1D6934E50C3DB36E89B127B8A622B120F6721");
    let nv = with_slot(data(Profile::Atecc608a), 9, [0x0B, 0], [0x10, 0x00]).with_slot(9, &stored);
    let nv = with_slot(nv, 10, [0, 0], [0x10, 0x00]);
    let nv = with_slot(nv, 11, [0x29, 0x00], [0x10, 0x00]).with_slot(11, &stored);
    let mut host = on(Profile::Atecc608a, nv.with_private_key(0, &key));
    let digest = [0x42; 32];
    let signature = host.sign(0, &digest);
    let data = [&signature[..], &point].concat();
    assert_eq!(host.fresh(0x16, 3, 0, &digest), [0]);
    assert_eq!(host.run(0x45, 1, 10, &data), REFUSED, "another key is stored there");
    assert_eq!(host.fresh(0x16, 3, 0, &digest), [0]);
    assert_eq!(host.run(0x45, 1, 9, &data), [0]);
    let other = [&signature[..], &[0; 19]].concat();
    assert_eq!(host.fresh(0x16, 3, 0, &digest), [0]);
    assert_eq!(host.run(0x45, 3, 9, &other), REFUSED, "TempKey is no digest of its public key");
    assert_eq!(host.fresh(0x16, 3, 0, &digest), [0]);
    assert_eq!(host.run(0x45, 0, 11, &signature), [0]);
    assert_eq!(host.run(0x24, 0, 0, &[]), 1_u32.to_le_bytes(), "a limited key counts");
    assert_eq!(host.fresh(0x16, 3, 0, &[1; 32]), [0]);
    assert_eq!(host.run(0x45, 0, 11, &signature), [0x01]);
    assert_eq!(host.run(0x24, 0, 0, &[]), 2_u32.to_le_bytes(), "also for a miscompare");
}

#[test]
fn ecdh_stores_only_beside_an_even_slot() {
    let nv = with_slot(data(Profile::Atecc608a), 1, [0x8F, 0x20], PRIVATE).with_private_key(1, &[1; 32]);
    let mut host = on(Profile::Atecc608a, nv);
    let public: [u8; 64] = hex("700c48f77f56584c5cc632ca65640db91b6bacce3a4df6b42ce7cc838833d287
         db71e509e3fd9b060ddb20ba5c51dcc5948d46fbf640dfe0441782cab85fa4ac");
    assert_eq!(host.run(0x43, 0, 1, &public), REFUSED);
    assert_eq!(host.run(0x16, 3, 0, &[1; 32]), [0]);
    assert_eq!(host.run(0x43, 0x0D, 0, &public), REFUSED, "TempKey is no private key");
    assert_eq!(host.run(0x43, 0x06, 0, &public), [0x03], "an encrypted output to a slot");
}

#[test]
fn a_refused_command_leaves_the_memory_alone() {
    let nv = data(Profile::Atecc608a).with_private_key(0, &[1; 32]);
    let mut host = on(Profile::Atecc608a, nv);
    let key = host.run(0x40, 0, 0, &[]);
    assert_eq!(host.run(0x40, 0x0C, 0, &[]), REFUSED, "no TempKey for the digest");
    assert_eq!(host.run(0x40, 0, 0, &[]), key, "the key is the old one");
    assert_eq!(host.run(0x16, 3, 0, &[1; 32]), [0]);
    let other = host.run(0x40, 0x0C, 0, &[]);
    assert_ne!(other, key);
    assert_eq!(host.run(0x40, 0, 0, &[]), other);
}

#[test]
fn the_digest_of_a_stored_public_key_takes_other_data() {
    let nv = with_slot(data(Profile::Atecc608a), 9, [0, 0], [0x10, 0x00]).with_slot(9, &[0xAB; 72]);
    let mut host = on(Profile::Atecc608a, with_slot(nv, 4, [0x80, 0x00], CLEAR));
    let temp_key = nonce(&mut host);
    assert_eq!(host.run(0x40, 0x10, 9, &[1, 2, 3]), [0]);
    let digest = sha(&[&temp_key, &[0x40, 1, 2, 3], &[0xEE, 0x01, 0x23], &[0; 25], &[0xAB; 64]]);
    let mac = host.run(0x08, 0x01, 4, &[]);
    assert_eq!(mac, sha(&[&KEY, &digest, &[0x08, 0x01, 4, 0], &[0; 11], &SERIAL]));
}
