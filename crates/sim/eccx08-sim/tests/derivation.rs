//! The commands of the 608 that derive and attest: KDF, SecureBoot, the latch, Verify with a MAC.

mod support;

use core::time::Duration;

use eccx08_sim::{NvImage, Profile, Sim};
use sha2::{Digest, Sha256};
use support::{Host, hex, locked, verifies};

const REFUSED: [u8; 1] = [0x0F];
const IO_KEY: [u8; 32] = [0x66; 32];
/// Private key of the boot signatures.
const BOOT: [u8; 32] = [0x21; 32];

fn sha(parts: &[&[u8]]) -> [u8; 32] {
    Sha256::digest(parts.concat()).into()
}

/// IO protection key in slot 6; a private key in slot 0, its public key in slot 9; ChipOptions and
/// SecureBoot as told.
fn image(options: [u8; 2], secure_boot: [u8; 2]) -> NvImage {
    let nv = locked(Profile::Atecc608a).with_private_key(0, &BOOT);
    let public = Sim::builder(Profile::Atecc608a).nv(nv.clone()).build(std::rc::Rc::default());
    let public = public.public_key(0).unwrap();
    nv.with_config_word(22, [0xFF, 0xFF, options[0], options[1]])
        .with_config_word(17, [0, 0x84, secure_boot[0], secure_boot[1]])
        .with_slot(4, &[0x44; 32])
        .with_config_word(26, [0x1C, 0x00, 0x1C, 0x00])
        .with_slot(6, &IO_KEY)
        .with_slot(9, &[&[0; 4], &public[..32], &[0; 4], &public[32..]].concat())
}

fn host(options: [u8; 2], secure_boot: [u8; 2]) -> Host {
    Host::awake(Sim::builder(Profile::Atecc608a).nv(image(options, secure_boot)))
}

/// The test vector of P_SHA256 that circulates since TLS 1.2: 16 bytes of key, label and seed.
#[test]
fn prf_follows_the_vector() {
    let message: [u8; 26] = hex("74657374206c6162656c a0ba9f936cda311827a6f796ffd5198c");
    let expected: [u8; 64] = hex("e3f229ba727be17b8d122620557cd453c2aab21d07c3d495329b52d4e61edb5a
         6b301791e90d35c9c9a46b4e14baf9af0fa022f7077def17abfd3797c0564bab");
    let mut host = host([0, 0], [0, 0]);
    let key: [u8; 32] = hex("9bbe436ba940f017b17652849a71db35 00000000000000000000000000000000");
    assert_eq!(host.run(0x16, 3, 0, &key), [0]);
    let data = [&[0x00, 0x01, 0x00, 26][..], &message].concat();
    assert_eq!(host.run(0x56, 0x10, 0, &data), expected);
    let short = [&[0x00, 0x00, 0x00, 26][..], &message].concat();
    assert_eq!(host.run(0x56, 0x10, 0, &short), expected[..32]);
    assert_eq!(host.run(0x56, 0x10, 0, &data[..20]), [0x03], "the length differs");
    let long = [&[0x03, 0x00, 0x00, 26][..], &message].concat();
    assert_eq!(host.run(0x56, 0x10, 0, &long), REFUSED, "TempKey has 32 bytes");
}

#[test]
fn hkdf_goes_where_the_mode_says() {
    let expected: [u8; 32] = hex("3011cf57b5d6999f3e5fc6c345339a8056e093789d5324dfc01ab2afe9070412");
    let data = [&[0x02, 0, 0, 3][..], b"abc"].concat();
    let from_slot = |target: u8| 0x42 | target;
    let mut host = host([2, 0x60], [0, 0]);
    assert_eq!(host.run(0x56, from_slot(0x10), 4, &data), expected);
    assert_eq!(host.run(0x56, from_slot(0x10), 0, &data), REFUSED, "a private key");
    assert_eq!(host.run(0x56, from_slot(0x08), 0x0804, &data), [0]);
    assert_eq!(host.run(0x02, 0x82, 8 << 3, &[]), expected);
    assert_eq!(host.run(0x56, from_slot(0x00), 4, &data), [0]);
    let sealed = host.run(0x56, from_slot(0x14), 4, &data);
    let pad = sha(&[&IO_KEY, &sealed[32..48]]);
    let plain: Vec<u8> = sealed[..32].iter().zip(pad).map(|(a, b)| a ^ b).collect();
    assert_eq!(plain, expected);
    assert_eq!(host.fresh(0x56, from_slot(0x0C), 4, &data), [0]);
    assert_eq!(host.run(0x56, 0x43 | 0x10, 0, &data).len(), 32, "from AltKeyBuf");
    let forbidden = [2, 0x68];
    assert_eq!(self::host(forbidden, [0, 0]).run(0x56, from_slot(0x10), 4, &data), REFUSED);
    assert_eq!(Host::locked(Profile::Atecc508a).run(0x56, 0x52, 4, &data), [0x03]);
}

#[test]
fn kdf_by_aes_needs_its_option() {
    let data = [&[0, 0, 0, 16][..], &hex::<16>("3243f6a8885a308d313198a2e0370734")].concat();
    let key: [u8; 32] = hex("2b7e151628aed2a6abf7158809cf4f3c 00000000000000000000000000000000");
    for (options, enabled) in [([0, 0], false), ([4, 0], true)] {
        let mut host = host(options, [0, 0]);
        assert_eq!(host.run(0x16, 3, 0, &key), [0]);
        let answer = host.run(0x56, 0x30, 0, &data);
        if enabled {
            assert_eq!(answer[..16], hex::<16>("3925841d02dc09fbdc118597196a0b32"));
        } else {
            assert_eq!(answer, REFUSED);
        }
    }
}

/// SecureBoot word: mode, digest or signature in slot 10, public key in slot 9.
fn boot(mode: u8) -> [u8; 2] {
    [mode, 0x9A]
}

fn signed(host: &mut Host, digest: &[u8; 32]) -> Vec<u8> {
    let signature = host.sign(0, digest);
    let public = host.sim.public_key(0).unwrap();
    assert!(verifies(&public, digest, &signature));
    signature
}

#[test]
fn secure_boot_compares_with_what_it_stored() {
    let digest = [0x42; 32];
    for mode in [2, 3] {
        let mut host = host([0, 0], boot(mode));
        let signature = signed(&mut host, &digest);
        assert_eq!(host.fresh(0x80, 0x06, 0, &digest), [0x01], "nothing stored");
        let full = [&digest[..], &signature].concat();
        assert_eq!(host.run(0x80, 0x05, 0, &full), [0]);
        let wrong = [&[0x43; 32][..], &signature].concat();
        assert_eq!(host.run(0x80, 0x07, 0, &wrong), [0x01]);
        assert_eq!(host.fresh(0x80, 0x07, 0, &full), [0]);
        assert_eq!(host.run(0x80, 0x06, 0, &digest), [0], "mode {mode}");
        assert_eq!(host.run(0x80, 0x06, 0, &[0x43; 32]), [0x01]);
        assert_eq!(host.run(0x80, 0x06, 0, &full), [0x03]);
    }
    assert_eq!(host([0, 0], boot(0)).run(0x80, 0x06, 0, &digest), REFUSED, "off");
    assert_eq!(Host::locked(Profile::Atecc508a).run(0x80, 0x06, 0, &digest), [0x03]);
}

#[test]
fn secure_boot_encrypts_and_answers_a_mac() {
    let digest = [0x42; 32];
    // Persistent, with a random nonce.
    let mut host = host([2, 0x60], [1 | 8 | 16, 0x9A]);
    let signature = signed(&mut host, &digest);
    let nonce = host.fresh(0x16, 0, 0, &[7; 20]);
    let temp_key = sha(&[&nonce, &[7; 20], &[0x16, 0, 0]]);
    let key = sha(&[&IO_KEY, &temp_key]);
    let sent: Vec<u8> = digest.iter().zip(key).map(|(a, b)| a ^ b).collect();
    let mac = host.run(0x80, 0x85, 0, &[&sent[..], &signature].concat());
    assert_eq!(mac, sha(&[&key, &digest, &[0x80, 0x85, 0, 0], &signature]));
    assert_eq!(host.run(0x30, 4, 0, &[]), [1, 0, 0, 0], "the latch is set");
    host.sleep();
    host.wake();
    assert_eq!(host.run(0x30, 4, 0, &[]), [1, 0, 0, 0], "and outlasts sleep");
    host.sim.power_off(eccx08_sim::Torn::Before);
    host.sim.power_on();
    host.wake();
    assert_eq!(host.run(0x30, 4, 0, &[]), [0, 0, 0, 0], "but not the supply");
}

#[test]
fn a_persistently_disabled_key_needs_the_latch() {
    let nv = image([0, 0], [0, 0]).with_config_word(24, [0x33, 0x10, 0x33, 0x00]);
    let mut host = Host::awake(Sim::builder(Profile::Atecc608a).nv(nv));
    assert_eq!(host.sign(0, &[1; 32]), REFUSED);
    assert_eq!(host.fresh(0x30, 4, 3, &[]), REFUSED, "slot 4 has not authorised it");
    let other = [0x08, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    let mac = host.run(0x08, 0, 4, &[9; 32]);
    let data = [&[9; 32][..], &mac, &other].concat();
    assert_eq!(host.run(0x28, 0, 4, &data), [0]);
    assert_eq!(host.run(0x30, 4, 3, &[]), [1, 0, 0, 0]);
    assert_eq!(host.sign(0, &[1; 32]).len(), 64);
    assert_eq!(host.fresh(0x30, 4, 2, &[]), [0; 4]);
    assert_eq!(host.sign(0, &[1; 32]), REFUSED);
}

#[test]
fn verify_answers_a_mac_when_asked() {
    let mut host = host([2, 0x60], [0, 0]);
    let digest = [0x42; 32];
    let signature = host.sign(0, &digest);
    let public = host.sim.public_key(0).unwrap();
    let nonce = [5; 32];
    assert_eq!(host.fresh(0x16, 0x63, 0, &[digest, nonce].concat()), [0]);
    let data = [&signature[..], &public].concat();
    let mac = host.run(0x45, 0xA2, 4, &data);
    assert_eq!(mac, sha(&[&IO_KEY, &digest, &nonce, &signature, &[0x45, 0xA2, 4, 0]]));
    assert_eq!(host.run(0x45, 0x22, 4, &data), [0]);
}

#[test]
fn a_divided_clock_needs_the_long_watchdog() {
    for (chip_mode, status) in [(0x68, 0xEE), (0x6C, 0x0F)] {
        let nv = locked(Profile::Atecc608a).with_config_word(4, [0xC0, 0, 0, chip_mode]);
        let mut host = Host::awake(Sim::builder(Profile::Atecc608a).nv(nv));
        host.wait(Duration::from_millis(300));
        assert_eq!(host.run(0x45, 2, 4, &[1; 128]), [status]);
        assert_eq!(host.fresh(0x40, 4, 0, &[]).len(), 64);
        let spent = host.sim.log().last().unwrap().execution;
        assert!(spent > Duration::from_millis(300), "{spent:?}");
    }
}

#[test]
fn secure_boot_can_take_the_latch_away() {
    let digest = [0x42; 32];
    let mut host = host([0, 0], [1 | 8, 0x9A]);
    let full = [&digest[..], &signed(&mut host, &digest)].concat();
    assert_eq!(host.fresh(0x80, 0x05, 0, &full), [0]);
    assert_eq!(host.run(0x30, 4, 0, &[]), [1, 0, 0, 0]);
    assert_eq!(host.run(0x80, 0x45, 0, &full), [0]);
    assert_eq!(host.run(0x30, 4, 0, &[]), [0; 4]);
}

#[test]
fn secure_boot_wants_a_random_nonce_where_the_word_says_so() {
    for (word, answer) in [(1, 32), (1 | 16, 1)] {
        let digest = [0x42; 32];
        let mut host = host([2, 0x60], [word, 0x9A]);
        let signature = signed(&mut host, &digest);
        assert_eq!(host.fresh(0x16, 3, 0, &[7; 32]), [0]);
        let key = sha(&[&IO_KEY, &[7; 32]]);
        let sent: Vec<u8> = digest.iter().zip(key).map(|(a, b)| a ^ b).collect();
        let reply = host.run(0x80, 0x85, 0, &[&sent[..], &signature].concat());
        assert_eq!(reply.len(), answer, "{reply:02X?}");
    }
}

#[test]
fn the_upper_half_of_temp_key_is_a_key_when_it_is_there() {
    let data = [&[0x01, 0, 0, 3][..], b"abc"].concat();
    let mut host = host([0, 0], [0, 0]);
    assert_eq!(host.run(0x16, 0x03, 0, &[1; 32]), [0]);
    assert_eq!(host.run(0x56, 0x11, 0, &data), REFUSED);
    assert_eq!(host.run(0x16, 0x23, 0, &[[1; 32], [2; 32]].concat()), [0]);
    let upper = host.run(0x56, 0x11, 0, &data);
    assert_eq!(host.run(0x16, 0x03, 0, &[2; 32]), [0]);
    assert_eq!(host.run(0x56, 0x10, 0, &data), upper);
    assert_eq!(host.run(0x56, 0x04, 0, &data), [0], "into the upper half");
    assert_eq!(host.run(0x56, 0x11, 0, &data).len(), 32);
}
