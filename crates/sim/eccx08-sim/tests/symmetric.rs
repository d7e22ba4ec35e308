//! The symmetric commands against the host-side digests of protocol section 9.7.

mod support;

use core::convert::Infallible;

use eccx08_sim::{Builder, NvImage, Profile, Sim};
use rand_core::{TryCryptoRng, TryRng};
use sha2::{Digest, Sha256};
use support::{Host, hex, locked};

const REFUSED: [u8; 1] = [0x0F];
const KEY: [u8; 32] = [0x11; 32];
/// TempKey after the random Nonce, and after GenDig with slot 4.
const NONCE: &str = "37f5a62e00ffc15e5d0b523455d34408eb1f7de42ce8760fe6a9214c01bbef49";
const GEN_DIG: &str = "06e770359696df8bd3cc6fd9a187f78482fd6dba5db638ffbaa713220d5b48e6";

/// A generator that always gives 00 01 02 ... 1F.
struct Counting;

impl TryRng for Counting {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok(0)
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok(0)
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        for (value, byte) in (0..).zip(bytes) {
            *byte = value;
        }
        Ok(())
    }
}

impl TryCryptoRng for Counting {}

fn counted<const N: usize>(start: u8) -> [u8; N] {
    core::array::from_fn(|at| start + u8::try_from(at).unwrap())
}

/// Slot 0: private, PrivWrite with key 4. Slot 4: a key that DeriveKey may roll. Slot 5: read and
/// written encrypted with key 4. Slot 8: clear.
fn image(profile: Profile) -> NvImage {
    locked(profile)
        .with_config_word(5, [0x83, 0x64, 0x87, 0x20])
        .with_config_word(7, [0x80, 0x20, 0xC4, 0x44])
        .with_config_word(26, [0x1C, 0x00, 0x1C, 0x00])
        .with_slot(4, &KEY)
        .with_slot(5, &[0x77; 32])
}

fn keyed(profile: Profile) -> Builder {
    Sim::builder(profile).nv(image(profile)).rng(Counting)
}

/// Nonce (random) with NumIn 20..33.
fn nonce(host: &mut Host) {
    assert_eq!(host.fresh(0x16, 0, 0, &counted::<20>(0x20)), counted::<32>(0));
}

fn gen_dig(host: &mut Host, slot: u16) {
    nonce(host);
    assert_eq!(host.run(0x15, 2, slot, &[]), [0]);
}

fn sha(parts: &[&[u8]]) -> [u8; 32] {
    Sha256::digest(parts.concat()).into()
}

#[test]
fn a_random_nonce_mixes_both_sides() {
    for profile in Profile::ALL {
        let mut host = Host::awake(keyed(profile));
        nonce(&mut host);
        // MAC with TempKey as challenge shows TempKey: key, challenge, then fixed bytes.
        let mac = host.run(0x08, 0x01, 4, &[]);
        let serial = [0xEE, 0, 0, 0, 0, 0x01, 0x23, 0, 0];
        let header = [0x08, 0x01, 4, 0];
        assert_eq!(mac, sha(&[&KEY, &hex::<32>(NONCE), &header, &[0; 11], &serial]));
        assert_eq!(host.run(0x08, 0x01, 4, &[]), REFUSED, "MAC used TempKey up");
    }
}

#[test]
fn mac_vectors() {
    let mut host = Host::awake(keyed(Profile::Atecc508a));
    let challenge: [u8; 32] = counted(0);
    let expected: [u8; 32] = hex("101783df1f9253d94f116a9b91c0dadb76eb262a2783d12e38950a2ede75784a");
    assert_eq!(host.run(0x08, 0, 4, &challenge), expected);
    let expected: [u8; 32] = hex("b126a82f9b03f93a03c3422987f76f0840811600ba2e463c7cb97df476890560");
    assert_eq!(host.run(0x08, 0x40, 4, &challenge), expected);
    assert_eq!(host.run(0x08, 0x05, 4, &[]), REFUSED, "no TempKey");
    nonce(&mut host);
    assert_eq!(host.run(0x08, 0x05, 4, &[]), REFUSED, "TempKey is random");
    assert_eq!(host.run(0x08, 0, 0, &challenge), REFUSED, "a private key");
    assert_eq!(host.run(0x08, 0x80, 4, &challenge), [0x03]);
    assert_eq!(host.run(0x08, 0x01, 4, &challenge), [0x03], "a challenge too many");
}

#[test]
fn an_encrypted_write_follows_the_vector_and_reads_back() {
    for profile in Profile::ALL {
        let mut host = Host::awake(keyed(profile));
        let cipher: [u8; 32] = hex("46a63276d2d399cc9b852592edcab9cbd2ac3fe909e36ea8e2fe4979510616b9");
        let mac: [u8; 32] = hex("f8cf6ee01421cc2d59f58e1fba90df53d00feb8a4b8fc17e83912f92640e9771");
        let data = [cipher, mac].concat();
        gen_dig(&mut host, 4);
        let mut wrong = data.clone();
        wrong[63] ^= 1;
        assert_eq!(host.run(0x12, 0xC2, 5 << 3, &wrong), REFUSED, "another MAC");
        assert_eq!(host.run(0x12, 0xC2, 5 << 3, &data), REFUSED, "TempKey is used up");
        gen_dig(&mut host, 4);
        let frame = support::command(0x12, 0xC2, 5 << 3, &data);
        assert_eq!((frame.len(), &frame[70..]), (72, &hex::<2>("36 48")[..]));
        host.write(&frame).unwrap();
        assert_eq!(host.response(), [0], "{profile}");
        assert_eq!(host.run(0x12, 0x82, 5 << 3, &[0; 32]), REFUSED, "in clear");

        gen_dig(&mut host, 4);
        let cipher = host.run(0x02, 0x82, 5 << 3, &[]);
        let plain: Vec<u8> = cipher.iter().zip(hex::<32>(GEN_DIG)).map(|(a, b)| a ^ b).collect();
        assert_eq!(plain, counted::<32>(0x40));
        assert_eq!(host.run(0x02, 0x82, 5 << 3, &[]), REFUSED, "TempKey is used up");
        gen_dig(&mut host, 4);
        assert_eq!(host.run(0x02, 0x02, 5 << 3, &[]), REFUSED, "four bytes of a secret");
        gen_dig(&mut host, 8);
        assert_eq!(host.run(0x02, 0x82, 5 << 3, &[]), REFUSED, "another key");
        assert_eq!(host.fresh(0x16, 3, 0, &[0; 32]), [0]);
        assert_eq!(host.run(0x15, 2, 4, &[]), [0]);
        assert_eq!(host.run(0x02, 0x82, 5 << 3, &[]), REFUSED, "TempKey is not random");
    }
}

#[test]
fn derive_key_rolls_as_the_vector() {
    let rolled: [u8; 32] = hex("53825318e92c1b8ed9ae73e2f5ecbf4be9ba91d0bd0a3d3576c86ccc19d96704");
    let mac: [u8; 32] = hex("9a0246dd778976ce1a12a42d84db0ba32ce256045ed6ccc6062b0cc8ad8ccf92");
    for data in [&[][..], &mac] {
        let mut host = Host::awake(keyed(Profile::Atecc608a));
        nonce(&mut host);
        assert_eq!(host.run(0x1C, 0x04, 4, data), REFUSED, "TempKey is random");
        nonce(&mut host);
        assert_eq!(host.run(0x1C, 0, 4, data), [0]);
        let serial = [0xEE, 0, 0, 0, 0, 0x01, 0x23, 0, 0];
        let expected = sha(&[&rolled, &[7; 32], &[0x08, 0, 4, 0], &[0; 11], &serial]);
        assert_eq!(host.run(0x08, 0, 4, &[7; 32]), expected);
        nonce(&mut host);
        assert_eq!(host.run(0x1C, 0, 8, &[]), REFUSED, "its WriteConfig says no");
    }
    let must = image(Profile::Atecc608a).with_config_word(7, [0x80, 0xA0, 0xC4, 0x44]);
    let mut host = Host::awake(Sim::builder(Profile::Atecc608a).nv(must).rng(Counting));
    nonce(&mut host);
    assert_eq!(host.run(0x1C, 0, 4, &[]), REFUSED, "the MAC is missing");
    nonce(&mut host);
    assert_eq!(host.run(0x1C, 0, 4, &[0; 32]), REFUSED, "the MAC is wrong");
    nonce(&mut host);
    assert_eq!(host.run(0x1C, 0, 4, &mac), [0]);
}

#[test]
fn priv_write_follows_the_vector() {
    let cipher: [u8; 36] = hex("06e770359794dc8fd6ca68d1a88dfc888ff362aa4ca42bebafb1043a144153fae374dbca");
    let mac: [u8; 32] = hex("4cef03554780fd6b6ba0ab83bef453ee17ef213bdcd7634f4d5706d9a5517332");
    let data = [&cipher[..], &mac].concat();
    let mut host = Host::awake(keyed(Profile::Atecc508a));
    gen_dig(&mut host, 4);
    assert_eq!(host.run(0x46, 0x40, 0, &data), [0]);
    let expected = NvImage::blank(Profile::Atecc508a).with_private_key(0, &counted(1));
    let other = Sim::builder(Profile::Atecc508a).nv(expected).build(std::rc::Rc::default());
    assert_eq!(host.sim.public_key(0), other.public_key(0));
    gen_dig(&mut host, 4);
    assert_eq!(host.run(0x46, 0x40, 1, &data), REFUSED, "slot 1 does not allow it");
    let clear = [&[0; 4][..], &counted::<32>(1), &[0; 32]].concat();
    assert_eq!(host.run(0x46, 0, 0, &clear), REFUSED, "in clear after the lock");

    let open = image(Profile::Atecc508a).with_config_word(21, [0, 0, 0x55, 0]);
    let mut host = Host::awake(Sim::builder(Profile::Atecc508a).nv(open));
    assert_eq!(host.run(0x46, 0, 1, &clear), [0], "in clear before the lock");
    assert_eq!(host.run(0x46, 0, 8, &clear), REFUSED, "no private slot");
    let mut invalid = clear.clone();
    invalid[4..36].fill(0xFF);
    assert_eq!(host.run(0x46, 0, 1, &invalid), REFUSED, "not below the order");
}

#[test]
fn check_mac_compares_and_authorises() {
    // Slot 0 asks for authorisation by slot 4.
    let nv = image(Profile::Atecc608a)
        .with_config_word(24, [0xB3, 0x04, 0x33, 0x00])
        .with_private_key(0, &counted(1));
    let mut host = Host::awake(Sim::builder(Profile::Atecc608a).nv(nv).rng(Counting));
    let other = [0x08, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    let challenge = counted::<32>(0);
    let mac: [u8; 32] = hex("101783df1f9253d94f116a9b91c0dadb76eb262a2783d12e38950a2ede75784a");
    let data = [&challenge[..], &mac, &other].concat();
    assert_eq!(host.sign(0, &[3; 32]), REFUSED);
    let mut wrong = data.clone();
    wrong[40] ^= 1;
    assert_eq!(host.fresh(0x28, 0, 4, &wrong), [0x01]);
    assert_eq!(host.sign(0, &[3; 32]), REFUSED);
    assert_eq!(host.fresh(0x28, 0, 4, &data), [0]);
    assert_eq!(host.sign(0, &[3; 32]).len(), 64);
    host.sleep();
    host.wake();
    assert_eq!(host.sign(0, &[3; 32]), REFUSED, "sleep forgets it");
}

#[test]
fn gen_dig_takes_other_data_for_keys_without_mac() {
    let no_mac = image(Profile::Atecc608a).with_config_word(7, [0x90, 0x20, 0xC4, 0x44]);
    let mut host = Host::awake(Sim::builder(Profile::Atecc608a).nv(no_mac).rng(Counting));
    nonce(&mut host);
    assert_eq!(host.run(0x15, 2, 4, &[]), REFUSED, "OtherData is missing");
    nonce(&mut host);
    assert_eq!(host.run(0x15, 2, 4, &[0x15, 2, 4, 0]), [0]);
    let cipher = host.run(0x02, 0x82, 5 << 3, &[]);
    let expected: Vec<u8> = hex::<32>(GEN_DIG).iter().map(|byte| byte ^ 0x77).collect();
    assert_eq!(cipher, expected);
    assert_eq!(host.run(0x08, 0, 4, &[0; 32]), REFUSED, "NoMac");
    assert_eq!(host.run(0x47, 4, 4, &[]), REFUSED, "NoMac");
    assert_eq!(host.run(0x15, 2, 4, &[]), REFUSED, "no TempKey");
    nonce(&mut host);
    assert_eq!(host.run(0x15, 2, 0, &[]), REFUSED, "a private key");
    for (zone, id, data) in [(0, 1, &[][..]), (1, 1, &[]), (3, 0, &[5; 32]), (4, 0, &[]), (5, 7, &[])] {
        nonce(&mut host);
        assert_eq!(host.run(0x15, zone, id, data), [0], "zone {zone}");
    }
}

#[test]
fn hmac_by_sha_and_by_its_own_command() {
    // HMAC-SHA-256 with key 11*32 over "abc", computed with Python's hmac.
    let expected: [u8; 32] = hex(HMAC_ABC);
    for profile in Profile::ALL {
        let mut host = Host::awake(keyed(profile));
        let end = if profile.is_608() { 2 } else { 5 };
        assert_eq!(host.run(0x47, 4, 4, &[]), [0]);
        if !profile.is_608() {
            assert_eq!(host.run(0x47, 2, 3, b"abc"), REFUSED, "the end of a plain SHA");
        }
        assert_eq!(host.run(0x47, end, 3, b"abc"), expected, "{profile}");
        assert_eq!(host.run(0x47, 4, 0, &[]), REFUSED, "a private key");
        nonce(&mut host);
        let answer = host.run(0x11, 0, 4, &[]);
        assert_eq!(answer.len(), if profile.is_608() { 1 } else { 32 });
    }
}

/// `hmac.new(b"\x11" * 32, b"abc", "sha256")`.
const HMAC_ABC: &str = "8094a4aa0311ceadd62bd4b17fa76cb0066cff4f125cbfc64dea5bab2493f2cd";

#[test]
fn pause_idles_other_selectors() {
    let mut host = Host::awake(keyed(Profile::Atecc508a));
    assert_eq!(host.run(0x01, 0, 0, &[]), [0]);
    host.write(&support::command(0x01, 7, 0, &[])).unwrap();
    host.sim.set_bus_hz(400_000); // at 100 kHz the polls would wake it
    assert_eq!(host.poll(), None);
    host.sim.set_bus_hz(100_000);
    host.wake();
    let mut host = Host::awake(keyed(Profile::Atecc608a));
    assert_eq!(host.run(0x01, 0, 0, &[]), [0x03]);
}

#[test]
fn aes_vectors_on_the_chip() {
    let key: [u8; 16] = hex("2b7e1516 28aed2a6 abf71588 09cf4f3c");
    let plain: [u8; 16] = hex("3243f6a8 885a308d 313198a2 e0370734");
    let cipher: [u8; 16] = hex("3925841d 02dc09fb dc118597 196a0b32");
    // Slot 9 holds AES keys: KeyType 6. The key is its second block.
    let nv = locked(Profile::Atecc608a)
        .with_config_word(28, [0x3C, 0x00, 0x3A, 0x00])
        .with_slot(9, &[[0; 16], key].concat());
    let mut host = Host::awake(Sim::builder(Profile::Atecc608a).nv(nv.clone()));
    assert_eq!(host.run(0x51, 0x40, 9, &plain), cipher);
    assert_eq!(host.run(0x51, 0x41, 9, &cipher), plain);
    assert_eq!(host.run(0x51, 0x40, 8, &plain), REFUSED, "not an AES key");
    assert_eq!(host.run(0x16, 3, 0, &[[0; 16], key].concat()), [0]);
    assert_eq!(host.run(0x51, 0x40, 0xFFFF, &plain), cipher, "from TempKey");
    assert_eq!(host.run(0x51, 0x80, 0xFFFF, &plain), REFUSED, "TempKey has two blocks");
    let product: [u8; 16] = hex("5e2ec746 91706288 2c85b068 5353deb7");
    let factors = hex::<32>("66e94bd4ef8a2c3b884cfa59ca342b2e 0388dace60b6a392f328c2b971b2fe78");
    assert_eq!(host.run(0x51, 0x03, 0, &factors), product);
    let disabled = nv.with_config_word(3, [0xEE, 0, 1, 0]);
    let mut host = Host::awake(Sim::builder(Profile::Atecc608a).nv(disabled));
    assert_eq!(host.run(0x51, 0x40, 9, &plain), REFUSED, "AES_Enable is 0");
    assert_eq!(Host::awake(keyed(Profile::Atecc508a)).run(0x51, 0, 9, &plain), [0x03]);
}
