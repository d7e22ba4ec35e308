//! Per-key policy: who may sign, agree, verify and count (simulator specification, section 5).

mod support;

use eccx08_sim::{NvImage, Profile, Sim};
use support::{Host, hex, locked, verifies};

const REFUSED: [u8; 1] = [0x0F];
const DIGEST: [u8; 32] = [0x42; 32];
/// NIST CAVP ECDH, P-256, case 0 (protocol section 9.9).
const NIST_PUBLIC: &str = "700c48f77f56584c5cc632ca65640db91b6bacce3a4df6b42ce7cc838833d287
    db71e509e3fd9b060ddb20ba5c51dcc5948d46fbf640dfe0441782cab85fa4ac";
const NIST_PRIVATE: &str = "7d7dc5f71eb29ddaf80d6214632eeae03d9058af1fb6d22ed80badb62bc1a534";
const NIST_SECRET: &str = "46fc62106420ff012e54a434fbdd2d25ccc5852060561e68040dd7778997bd7b";

/// A chip with a private key in slots 0 to 2, and slots 0 and 1 set up as told.
fn with_slots(profile: Profile, slots: [u8; 4], keys: [u8; 4]) -> NvImage {
    let key = hex(NIST_PRIVATE);
    let nv = locked(profile).with_config_word(5, slots).with_config_word(24, keys);
    nv.with_private_key(0, &key).with_private_key(1, &key).with_private_key(2, &key)
}

fn host(nv: NvImage) -> Host {
    Host::awake(Sim::builder(Profile::Atecc608a).nv(nv))
}

const SIGNER: [u8; 4] = [0x33, 0x00, 0x33, 0x00];

#[test]
fn only_a_private_key_that_may_signs() {
    let mut host = host(with_slots(Profile::Atecc608a, [0x82, 0x20, 0x81, 0x20], SIGNER));
    assert_eq!(host.sign(0, &DIGEST), REFUSED, "internal signatures only");
    assert_eq!(host.sign(1, &DIGEST).len(), 64);
    assert_eq!(host.run(0x41, 0x80, 1, &[]), REFUSED, "Sign used TempKey up");
    assert_eq!(host.sign(8, &DIGEST), REFUSED, "no private key");
    assert_eq!(host.sign(3, &DIGEST), REFUSED, "no key was made");
    assert_eq!(host.sign(16, &DIGEST), [0x03]);
}

#[test]
fn a_missing_key_can_be_an_ecc_fault() {
    let nv = locked(Profile::Atecc608a);
    let sim = Sim::builder(Profile::Atecc608a).nv(nv).decide(|d| d.missing_key_is_ecc_fault = true);
    assert_eq!(Host::awake(sim).sign(0, &DIGEST), [0x05]);
}

#[test]
fn the_message_digest_buffer_signs_on_a_608_only() {
    let nv = with_slots(Profile::Atecc608a, [0x83, 0x20, 0x83, 0x20], SIGNER);
    let mut host = host(nv);
    assert_eq!(host.run(0x41, 0xA0, 0, &[]), REFUSED, "empty");
    assert_eq!(host.run(0x16, 0x43, 0, &DIGEST), [0]);
    let signature = host.run(0x41, 0xA0, 0, &[]);
    assert!(verifies(&hex::<64>(NIST_PUBLIC_OF_KEY), &DIGEST, &signature));
    let nv = with_slots(Profile::Atecc508a, [0x83, 0x20, 0x83, 0x20], SIGNER);
    let mut host = Host::awake(Sim::builder(Profile::Atecc508a).nv(nv));
    assert_eq!(host.run(0x16, 0x43, 0, &DIGEST), [0x03]);
    assert_eq!(host.run(0x41, 0xA0, 0, &[]), [0x03]);
}

/// The public key of `NIST_PRIVATE`, from the same CAVP case.
const NIST_PUBLIC_OF_KEY: &str = "ead218590119e8876b29146ff89ca61770c4edbbf97d38ce385ed281d8a6b230
    28af61281fd35e2fa7002523acc85a429cb06ee6648325389f59edfce1405141";

#[test]
fn a_pass_through_nonce_elsewhere_invalidates_temp_key() {
    for keeps in [false, true] {
        let nv = with_slots(Profile::Atecc608a, [0x83, 0x20, 0x83, 0x20], SIGNER);
        let sim = Sim::builder(Profile::Atecc608a).nv(nv);
        let mut host = Host::awake(sim.decide(|d| d.other_buffer_clears_temp_key = !keeps));
        assert_eq!(host.run(0x16, 0x03, 0, &DIGEST), [0]);
        assert_eq!(host.run(0x16, 0x43, 0, &DIGEST), [0]);
        assert_eq!(host.run(0x41, 0x80, 0, &[]).len() == 64, keeps);
    }
}

#[test]
fn sha_start_destroys_temp_key_on_a_508a() {
    for profile in Profile::ALL {
        let nv = with_slots(profile, [0x83, 0x20, 0x83, 0x20], SIGNER);
        let mut host = Host::awake(Sim::builder(profile).nv(nv));
        assert_eq!(host.run(0x16, 0x03, 0, &DIGEST), [0]);
        assert_eq!(host.run(0x47, 0, 0, &[]), [0]);
        assert_eq!(host.run(0x41, 0x80, 0, &[]).len() == 64, profile.is_608(), "{profile}");
    }
}

#[test]
fn req_random_wants_a_random_temp_key() {
    let nv = with_slots(Profile::Atecc608a, [0x83, 0x20, 0x83, 0x20], [0x73, 0x00, 0x33, 0x00]);
    let mut host = host(nv);
    assert_eq!(host.sign(0, &DIGEST), REFUSED);
    assert_eq!(host.fresh(0x16, 0, 0, &[0; 20]).len(), 32);
    assert_eq!(host.run(0x41, 0x80, 0, &[]).len(), 64);
}

#[test]
fn a_limited_key_counts_its_uses() {
    // Counter0 stands two below its greatest value.
    let nv = with_slots(Profile::Atecc508a, [0xA3, 0x20, 0x83, 0x20], SIGNER)
        .with_config_word(13, hex("00000007"))
        .with_config_word(14, hex("FFFFFFFF"));
    let mut host = Host::awake(Sim::builder(Profile::Atecc508a).nv(nv));
    let count = |host: &mut Host| host.run(0x24, 0, 0, &[]);
    assert_eq!(count(&mut host), 2_097_149_u32.to_le_bytes());
    assert_eq!(host.sign(0, &DIGEST).len(), 64);
    assert_eq!(host.sign(1, &DIGEST).len(), 64, "not limited");
    assert_eq!(host.sign(0, &DIGEST).len(), 64);
    assert_eq!(count(&mut host), 2_097_151_u32.to_le_bytes());
    assert_eq!(host.sign(0, &DIGEST), REFUSED);
}

#[test]
fn count_match_limits_the_uses_on_a_608() {
    // CountMatch enabled with slot 8, whose first word is 3.
    let nv = with_slots(Profile::Atecc608a, [0xA3, 0x20, 0x83, 0x20], SIGNER)
        .with_config_word(4, [0xC0, 0x00, 0x81, 0x00])
        .with_slot(8, &3_u32.to_le_bytes());
    let mut host = host(nv);
    for _ in 0..3 {
        assert_eq!(host.sign(0, &DIGEST).len(), 64);
    }
    assert_eq!(host.sign(0, &DIGEST), REFUSED);
}

#[test]
fn counters_count_to_their_end() {
    let mut host = Host::locked(Profile::Atecc508a);
    for value in 0_u32..40 {
        assert_eq!(host.fresh(0x24, 0, 1, &[]), value.to_le_bytes());
        assert_eq!(host.run(0x24, 1, 1, &[]), (value + 1).to_le_bytes());
    }
    assert_eq!(host.fresh(0x02, 0, 15, &[]), hex::<4>("00FF 0000"));
    let end = locked(Profile::Atecc608a)
        .with_config_word(13, hex("00000001"))
        .with_config_word(14, hex("FFFFFFFF"))
        .with_config_word(15, [0; 4]);
    let mut host = self::host(end);
    assert_eq!(host.run(0x24, 1, 0, &[]), REFUSED, "at its greatest value");
    assert_eq!(host.run(0x24, 0, 1, &[]), REFUSED, "corrupt");
    assert_eq!(host.run(0x24, 0, 2, &[]), [0x03]);
    let mut blank = Host::awake(Sim::builder(Profile::Atecc608a));
    assert_eq!(blank.run(0x24, 1, 0, &[]), REFUSED, "the configuration is not locked");
    let sim = Sim::builder(Profile::Atecc608a).decide(|d| d.counter_before_lock = true);
    assert_eq!(Host::awake(sim).run(0x24, 1, 0, &[]), [1, 0, 0, 0]);
}

#[test]
fn update_extra_writes_once_after_the_lock() {
    let mut host = Host::awake(Sim::builder(Profile::Atecc608a));
    assert_eq!(host.run(0x20, 0, 1, &[]), [0]);
    assert_eq!(host.run(0x20, 0, 2, &[]), [0], "not locked yet");
    let mut host = Host::locked(Profile::Atecc608a);
    assert_eq!(host.run(0x20, 1, 0x6A, &[]), [0]);
    assert_eq!(host.run(0x20, 1, 0x6C, &[]), REFUSED);
    assert_eq!(host.run(0x02, 0, 21, &[]), [0, 0x6A, 0, 0]);
    assert_eq!(host.run(0x20, 2, 15, &[]), REFUSED, "a 608 has no LastKeyUse");
    assert_eq!(host.run(0x20, 3, 0, &[]), [0x03]);
}

#[test]
fn the_other_address_comes_from_user_extra_add() {
    let nv = locked(Profile::Atecc608a).with_config_word(4, [0xC0, 0, 0, 1]);
    let mut host = host(nv);
    assert_eq!(host.run(0x20, 1, 0x6A, &[]), [0]);
    host.sleep();
    host.pulse();
    assert!(host.read(4).is_err());
    let mut reply = [0; 4];
    embedded_hal::i2c::I2c::read(&mut host.bus, 0x35, &mut reply).unwrap();
    assert_eq!(reply[1], 0x11);
}

#[test]
fn ecdh_agrees_as_the_nist_vector() {
    let public: [u8; 64] = hex(NIST_PUBLIC);
    let secret: [u8; 32] = hex(NIST_SECRET);
    for profile in Profile::ALL {
        let nv = with_slots(profile, [0x83, 0x20, 0x87, 0x20], SIGNER);
        let mut host = Host::awake(Sim::builder(profile).nv(nv));
        assert_eq!(host.run(0x43, 0, 1, &public), secret);
        assert_eq!(host.run(0x43, 0, 0, &public), REFUSED, "the key may not");
        let mut off = public;
        off[63] ^= 1;
        assert_eq!(host.run(0x43, 0, 1, &off), [0x05], "not on the curve");
        let to_temp_key = host.fresh(0x43, 0x08, 1, &public);
        assert_eq!(to_temp_key, if profile.is_608() { [0] } else { [0x03] });
    }
}

#[test]
fn ecdh_puts_the_secret_where_slot_and_mode_say() {
    let public: [u8; 64] = hex(NIST_PUBLIC);
    let secret: [u8; 32] = hex(NIST_SECRET);
    // Slot 0 stores into slot 1, which is clear data here.
    let nv = with_slots(Profile::Atecc608a, [0x8F, 0x20, 0x00, 0x00], [0x33, 0x00, 0x3C, 0x00]);
    let mut host = host(nv);
    assert_eq!(host.run(0x43, 0, 0, &public), [0]);
    assert_eq!(host.run(0x02, 0x82, 1 << 3, &[]), secret);
    assert_eq!(host.run(0x43, 0x0C, 0, &public), REFUSED, "not in the clear");
    assert_eq!(host.fresh(0x43, 0x08, 0, &public), [0]);
    // TempKey holds the secret: an AES key of zeros would not give this.
    assert_eq!(host.run(0x51, 0x00, 0xFFFF, &[0; 16]).len(), 16);

    let ephemeral = host.fresh(0x40, 0x04, 0xFFFF, &[]);
    assert_eq!(ephemeral.len(), 64);
    assert_eq!(host.run(0x43, 0x0D, 0, &public).len(), 32, "with the key in TempKey");
    assert_eq!(host.run(0x41, 0x80, 2, &[]), REFUSED, "which is no digest");
}

#[test]
fn an_encrypted_secret_needs_the_io_protection_key() {
    let public: [u8; 64] = hex(NIST_PUBLIC);
    let nv = with_slots(Profile::Atecc608a, [0x83, 0x20, 0x87, 0x20], SIGNER).with_slot(6, &[0x66; 32]);
    assert_eq!(host(nv.clone()).run(0x43, 0x0E, 1, &public), REFUSED, "not enabled");
    // ChipOptions: IO protection enabled, key in slot 6, ECDH output encrypted only.
    let mut host = host(nv.with_config_word(22, [0xFF, 0xFF, 0x02, 0x61]));
    assert_eq!(host.run(0x43, 0x0C, 1, &public), REFUSED, "in the clear");
    let answer = host.run(0x43, 0x0E, 1, &public);
    use sha2::Digest;
    let pad = sha2::Sha256::digest([&[0x66; 32][..], &answer[32..48]].concat());
    let plain: Vec<u8> = answer[..32].iter().zip(pad).map(|(a, b)| a ^ b).collect();
    assert_eq!(plain, hex::<32>(NIST_SECRET));
}

#[test]
fn a_stored_public_key_verifies() {
    let key: [u8; 64] = hex(NIST_PUBLIC_OF_KEY);
    let stored = [&[0; 4], &key[..32], &[0; 4], &key[32..]].concat();
    // Slot 9: public key, clear. Slot 10: the same, but it must be validated first.
    let nv = with_slots(Profile::Atecc608a, [0x83, 0x20, 0x83, 0x20], SIGNER)
        .with_config_word(28, [0x3C, 0x00, 0x10, 0x00])
        .with_config_word(29, [0x12, 0x00, 0x3C, 0x00])
        .with_slot(9, &stored)
        .with_slot(10, &stored);
    let mut host = host(nv);
    let signature = host.sign(0, &DIGEST);
    assert_eq!(host.fresh(0x16, 3, 0, &DIGEST), [0]);
    assert_eq!(host.run(0x45, 0, 9, &signature), [0]);
    assert_eq!(host.run(0x45, 0, 10, &signature), REFUSED, "not validated");
    assert_eq!(host.fresh(0x16, 3, 0, &[1; 32]), [0]);
    assert_eq!(host.run(0x45, 0, 9, &signature), [0x01]);
    assert_eq!(host.fresh(0x16, 3, 0, &[1; 32]), [0]);
    assert_eq!(host.run(0x45, 0, 0, &signature), REFUSED, "a private key");
}

#[test]
fn an_internal_signature_validates_a_public_key() {
    let key: [u8; 64] = hex(NIST_PUBLIC_OF_KEY);
    let stored = [&[0; 4], &key[..32], &[0; 4], &key[32..]].concat();
    // Slot 10 is validated by the parent's public key in slot 9 (ReadKey), whose private key is slot 0.
    let nv = with_slots(Profile::Atecc608a, [0x83, 0x20, 0x83, 0x20], SIGNER)
        .with_config_word(10, [0x09, 0x10, 0x00, 0x00])
        .with_config_word(28, [0x3C, 0x00, 0x10, 0x00])
        .with_config_word(29, [0x12, 0x00, 0x3C, 0x00])
        .with_slot(9, &stored)
        .with_slot(10, &stored);
    let mut host = host(nv);
    let digest = |host: &mut Host| {
        assert_eq!(host.fresh(0x16, 0x03, 0, &[9; 32]), [0]);
        assert_eq!(host.run(0x40, 0x10, 10, &[0; 3]), [0]);
    };
    digest(&mut host);
    let signature = host.run(0x41, 0x00, 0, &[]);
    assert_eq!(signature.len(), 64);
    // Mode, key, configurations, flags (GenKey, slot 10, source input), serial, lock, validity.
    let other: [u8; 19] = hex("00 0000 0910 1200 5A 0000 00000000 0000 01 01 00");
    digest(&mut host);
    assert_eq!(host.run(0x45, 0x03, 10, &[&signature[..], &[0; 19]].concat()), [0x01]);
    digest(&mut host);
    assert_eq!(host.run(0x45, 0x03, 10, &[&signature[..], &other].concat()), [0]);
    let external = host.sign(0, &DIGEST);
    assert_eq!(host.fresh(0x16, 3, 0, &DIGEST), [0]);
    assert_eq!(host.run(0x45, 0, 10, &external), [0]);
}

#[test]
fn gen_key_makes_other_keys_and_digests() {
    let mut host = Host::locked(Profile::Atecc608a);
    let first = host.run(0x40, 0x04, 0, &[]);
    let second = host.fresh(0x40, 0x04, 0, &[]);
    assert_ne!(first, second);
    assert_eq!(host.fresh(0x40, 0x08, 0, &[]), REFUSED, "no TempKey");
    assert_eq!(host.run(0x16, 3, 0, &[1; 32]), [0]);
    assert_eq!(host.run(0x40, 0x08, 0, &[]), second);
    let signature = host.run(0x41, 0x40, 0, &[]);
    assert_eq!(signature.len(), 64, "an internal signature over the digest");
    assert_eq!(host.fresh(0x40, 0x04, 8, &[]), REFUSED, "a data slot");
    let private = with_slots(Profile::Atecc608a, [0x83, 0x20, 0x83, 0x00], [0x31, 0x00, 0x33, 0x00]);
    let mut host = self::host(private);
    assert_eq!(host.run(0x40, 0x00, 0, &[]), REFUSED, "PubInfo is 0");
    assert_eq!(host.run(0x40, 0x04, 1, &[]), REFUSED, "WriteConfig does not allow it");
}

#[test]
fn info_shows_keys_and_state() {
    let mut host = Host::locked(Profile::Atecc608a);
    assert_eq!(host.run(0x30, 1, 0, &[]), [0, 0, 0, 0]);
    assert_eq!(host.run(0x40, 4, 0, &[]).len(), 64);
    assert_eq!(host.run(0x30, 1, 0, &[]), [0, 0, 0, 1]);
    assert_eq!(host.run(0x30, 2, 0, &[])[1] & 0x80, 0);
    assert_eq!(host.run(0x16, 3, 0, &DIGEST), [0]);
    assert_eq!(host.run(0x30, 2, 0, &[])[..2], [0x10, 0x81]);
    assert_eq!(host.run(0x30, 4, 0, &[]), REFUSED, "no persistent latch");
    assert_eq!(host.run(0x30, 3, 0, &[]), [0x03]);
}

#[test]
fn the_sha_context_can_be_saved_on_a_608() {
    let mut host = Host::locked(Profile::Atecc608a);
    assert_eq!(host.run(0x47, 0, 0, &[]), [0]);
    assert_eq!(host.run(0x47, 1, 64, &[7; 64]), [0]);
    let context = host.run(0x47, 6, 0, &[]);
    assert_eq!(context.len(), 40);
    let digest = host.run(0x47, 0xC2, 1, &[8]);
    assert_eq!(host.run(0x41, 0x80, 0, &[]), REFUSED, "output only: TempKey is not set");
    assert_eq!(host.run(0x47, 7, 40, &context), [0]);
    assert_eq!(host.run(0x47, 2, 1, &[8]), digest);
    assert_eq!(host.run(0x30, 2, 0, &[])[1] & 0x80, 0x80, "TempKey holds the digest");
}

#[test]
fn self_test_answers_a_bitmap() {
    let mut host = Host::locked(Profile::Atecc608b);
    assert_eq!(host.run(0x77, 0x3B, 0, &[]), [0]);
    host.sim.set_self_test_failed(true);
    assert_eq!(host.fresh_failed(0x77, 0x3B), [0x01]);
    assert_eq!(host.run(0x77, 0x20, 0, &[]), [0]);
    assert_eq!(host.run(0x77, 0x00, 0, &[]), [0x01]);
    assert_eq!(Host::locked(Profile::Atecc508a).run(0x77, 0x3B, 0, &[]), [0x03]);
}

impl Host {
    fn fresh_failed(&mut self, opcode: u8, param1: u8) -> Vec<u8> {
        self.idle();
        self.pulse();
        assert_eq!(self.read(4).unwrap()[1], 0x07);
        self.run(opcode, param1, 0, &[])
    }
}
