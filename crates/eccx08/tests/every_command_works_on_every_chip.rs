//! Every command on every chip that has it; the model computes with other code than the driver.

mod support;

use eccx08::command::{
    Aes, AesKey, Challenge, CheckMac, Counter, CounterId, DeriveKey, EcdhInside, Engines, GenDig, GenKey,
    Hmac, InfoKeyValid, InfoState, Kdf, KdfInput, KdfOutput, KdfSource, KdfTarget, Lock, Mac,
    NoncePassThrough, NonceRandom, Pause, SecureBoot, SelfTest, Sign, TempKeySource, UpdateExtra, Verdict,
    VerifyStored,
};
use eccx08::config::{KeyConfig, SlotConfig};
use eccx08::sequence::{Kept, ReadEncrypted, WriteBlockEncrypted, WritePrivateKey};
use eccx08::shared_key::{SharedKey, expected_mac};
use eccx08::{Chip, ChipSha256, Error, Image, Location, Opcode, SerialNumber, Slot, Status};
use eccx08_sim::{Profile, Sim};
use p256::elliptic_curve::sec1::ToSec1Point;
use support::{element, owned, provisioned, sha256, verifies};

const SECRET: [u8; 32] = [0x5A; 32];
/// Details of HKDF: the message comes with the command.
const MESSAGE_IN_INPUT: u32 = 2;
const SERIAL_NUMBER: SerialNumber = SerialNumber([0x01, 0x23, 0x45, 0x67, 0x89, 0xAB, 0xCD, 0xEF, 0xEE]);

fn image(profile: Profile) -> Image {
    if profile.is_608() { Image::ATECC608 } else { Image::ATECC508A_ARDUINO }
}

/// Slot 5 holds [`SECRET`]; slot 9 is read and written encrypted with it, and slot 4 takes a private key.
fn guarded(profile: Profile) -> Image {
    let guarded = SlotConfig::open().with_encrypted_read(Slot::S5).with_encrypted_write(Slot::S5);
    let secret = SlotConfig::from_bits(0x8080);
    let private = SlotConfig::signing_key().with_encrypted_write(Slot::S5);
    image(profile)
        .with_slot(Slot::S5, secret, KeyConfig::data())
        .with_slot(Slot::S9, guarded, KeyConfig::data())
        .with_slot(Slot::S4, private, KeyConfig::private_key())
}

fn key(num_in: &[u8; 20]) -> SharedKey<'_> {
    SharedKey { slot: Slot::S5, value: &SECRET, serial_number: SERIAL_NUMBER, num_in }
}

#[test]
fn a_guarded_slot_is_written_and_read_encrypted() {
    for profile in Profile::ALL {
        let nv = owned(profile, &guarded(profile), &[(Slot::S5, &SECRET)]);
        let (sim, mut element) = element(Sim::builder(profile).nv(nv));
        let location = Location::slot_block(Slot::S9, 1).unwrap();
        let data: [u8; 32] = core::array::from_fn(|index| u8::try_from(index).unwrap());
        element.run(WriteBlockEncrypted::new(key(&[1; 20]), location, &data)).unwrap();
        assert_eq!(element.run(ReadEncrypted::new(key(&[2; 20]), location)).unwrap(), data);
        // In clear neither works.
        let refused = |opcode| Error::Refused { opcode, status: Status::Execution };
        assert_ne!(element.read_block(location), Ok(data));
        assert_eq!(element.write_block(location, &data), Err(refused(Opcode::Write)));
        // Who does not know the key reads noise and writes nothing.
        let wrong = SharedKey { value: &[0; 32], ..key(&[3; 20]) };
        assert_ne!(element.run(ReadEncrypted::new(wrong, location)).unwrap(), data);
        let write = WriteBlockEncrypted::new(wrong, location, &[0; 32]);
        assert_eq!(element.run(write), Err(refused(Opcode::Write)));
        assert_eq!(element.run(ReadEncrypted::new(key(&[4; 20]), location)).unwrap(), data);
        assert!(!sim.is_awake());
    }
}

#[test]
fn a_private_key_is_written_encrypted() {
    for profile in Profile::ALL {
        let nv = owned(profile, &guarded(profile), &[(Slot::S5, &SECRET)]);
        let (sim, mut element) = element(Sim::builder(profile).nv(nv));
        element.run(WritePrivateKey::new(key(&[1; 20]), Slot::S4, &[7; 32])).unwrap();
        let public = element.key(Slot::S4).public_key().unwrap();
        assert_eq!(sim.public_key(4), Some(public));
        let ours = p256::SecretKey::from_slice(&[7; 32]).unwrap().public_key().to_sec1_point(false);
        assert_eq!(ours.as_bytes()[1..], public);
        let digest = sha256(b"imported");
        assert!(verifies(&public, &digest, &element.key(Slot::S4).sign(&digest).unwrap()));
    }
}

#[test]
fn a_mac_is_what_the_host_computes() {
    for profile in Profile::ALL {
        let nv = owned(profile, &guarded(profile), &[(Slot::S5, &SECRET)]);
        let (_, mut element) = element(Sim::builder(profile).nv(nv));
        for with_serial_number in [false, true] {
            let challenge = [0x33; 32];
            let mac = Mac { slot: Slot::S5, challenge: Challenge::Given(&challenge), with_serial_number };
            let answer = element.execute(&mac).unwrap();
            assert_eq!(answer, expected_mac(&SECRET, Slot::S5, mac.mode(), &challenge, &SERIAL_NUMBER));
        }
        // CheckMac with what another element would have sent: opcode, mode, key id and its serial number.
        let challenge = [0x44; 32];
        let mac = Mac { slot: Slot::S5, challenge: Challenge::Given(&challenge), with_serial_number: false };
        let response = element.execute(&mac).unwrap();
        let other_data = [0x08, 0x00, 0x05, 0x00, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        let check = CheckMac::new(Slot::S5, &challenge, &response, &other_data);
        assert_eq!(element.execute(&check), Ok(Verdict::Match));
        let check = CheckMac::new(Slot::S5, &[0; 32], &response, &other_data);
        assert_eq!(element.execute(&check), Ok(Verdict::Mismatch));
    }
}

#[test]
fn a_secret_is_agreed_on() {
    for profile in Profile::ALL {
        let (_, mut element) = element(Sim::builder(profile).nv(provisioned(profile)));
        let ours = p256::SecretKey::from_slice(&[9; 32]).unwrap();
        let point = ours.public_key().to_sec1_point(false);
        let public: [u8; 64] = point.as_bytes()[1..].try_into().unwrap();
        let secret = element.key(Slot::S1).diffie_hellman(&public).unwrap();
        let mut theirs = [4; 65];
        theirs[1..].copy_from_slice(&element.key(Slot::S1).public_key().unwrap());
        let theirs = p256::PublicKey::from_sec1_bytes(&theirs).unwrap();
        let shared = p256::ecdh::diffie_hellman(ours.to_nonzero_scalar(), theirs.as_affine());
        assert_eq!(shared.raw_secret_bytes().as_slice(), secret);
        // Slot 0 signs only.
        let error = element.key(Slot::S0).diffie_hellman(&public).unwrap_err();
        assert_eq!(error, Error::Refused { opcode: Opcode::Ecdh, status: Status::Execution });
        let to_temp_key = element.execute(&EcdhInside::to_temp_key(Slot::S1, &public));
        if profile.is_608() {
            to_temp_key.unwrap();
        } else {
            assert_eq!(to_temp_key, Err(Error::Unsupported { opcode: Opcode::Ecdh, chip: Chip::Atecc508a }));
        }
    }
}

#[test]
fn counters_only_go_up() {
    for profile in Profile::ALL {
        let (_, mut element) = element(Sim::builder(profile).nv(provisioned(profile)));
        for id in [CounterId::Zero, CounterId::One] {
            assert_eq!(element.execute(&Counter::read(id)), Ok(0));
            for value in 1..=40 {
                assert_eq!(element.execute(&Counter::increment(id)), Ok(value));
            }
            assert_eq!(element.execute(&Counter::read(id)), Ok(40));
        }
    }
}

#[test]
fn a_signature_is_verified_inside() {
    for profile in Profile::ALL {
        let stored = image(profile).with_slot(Slot::S10, SlotConfig::open(), KeyConfig::public_key());
        let (_, mut element) = element(Sim::builder(profile).nv(owned(profile, &stored, &[])));
        let public = element.key(Slot::S0).generate().unwrap();
        let digest = sha256(b"verified");
        let signature = element.key(Slot::S0).sign(&digest).unwrap();
        assert_eq!(element.verify(&public, &digest, &signature), Ok(Verdict::Match));
        assert_eq!(element.verify(&public, &sha256(b"another"), &signature), Ok(Verdict::Mismatch));
        // A stored public key is X and Y, four zeros before each.
        let mut slot = [0; 72];
        slot[4..36].copy_from_slice(&public[..32]);
        slot[40..].copy_from_slice(&public[32..]);
        for (word, data) in (0..).zip(slot.chunks(4)) {
            let location = Location::slot_word(Slot::S10, word).unwrap();
            element.write_word(location, data.try_into().unwrap()).unwrap();
        }
        element.run(Kept(&NoncePassThrough::temp_key(&digest))).unwrap();
        let verify = VerifyStored { source: Default::default(), slot: Slot::S10, signature: &signature };
        assert_eq!(element.execute(&verify), Ok(Verdict::Match));
    }
}

#[test]
fn digests_and_hmacs_of_every_length() {
    for profile in Profile::ALL {
        let nv = owned(profile, &guarded(profile), &[(Slot::S5, &SECRET)]);
        let (sim, mut element) = element(Sim::builder(profile).nv(nv));
        let mut padded = [0x36; 64];
        padded[..32].iter_mut().for_each(|byte| *byte = 0x36 ^ 0x5A);
        for length in [0_u8, 1, 63, 64, 65, 127, 128, 129] {
            let message: Vec<u8> = (0..length).collect();
            let mut hash = ChipSha256::new(&mut element);
            message.chunks(50).for_each(|piece| hash.update(piece).unwrap());
            assert_eq!(hash.finish().unwrap(), sha256(&message), "{profile}, {length} bytes");
            let mut hmac = ChipSha256::hmac(&mut element, Slot::S5);
            hmac.update(&message).unwrap();
            let inner = sha256(&[&padded[..], &message].concat());
            let mut outer = [0x5C; 64];
            outer[..32].iter_mut().for_each(|byte| *byte = 0x5C ^ 0x5A);
            assert_eq!(hmac.finish().unwrap(), sha256(&[&outer[..], &inner].concat()), "{profile}, {length}");
        }
        assert!(!sim.is_awake());
    }
}

#[test]
fn a_digest_that_lost_its_beginning_does_not_come_out() {
    let nv = provisioned(Profile::Atecc508a);
    let (sim, mut element) = element(Sim::builder(Profile::Atecc508a).nv(nv));
    let mut hash = ChipSha256::new(&mut element);
    hash.update(&[1; 100]).unwrap();
    sim.power_off(eccx08_sim::Torn::After);
    sim.power_on();
    assert_eq!(hash.finish(), Err(Error::Refused { opcode: Opcode::Sha, status: Status::Execution }));
    hash.update(&[1; 100]).unwrap();
    assert_eq!(hash.finish().unwrap(), sha256(&[1; 100]));
}

#[test]
fn what_only_one_family_has() {
    let aes_image = Image::ATECC608.with_slot(Slot::S9, SlotConfig::open(), KeyConfig::aes_key());
    for profile in Profile::ALL {
        let nv = owned(profile, if profile.is_608() { &aes_image } else { &Image::ATECC508A_ARDUINO }, &[]);
        let (sim, mut element) = element(Sim::builder(profile).nv(nv));
        let chip = element.chip().unwrap();
        sim.clear_report();
        let unsupported = |opcode| Error::<eccx08_sim::BusError>::Unsupported { opcode, chip };
        let aes_key = AesKey::slot(Slot::S9, 0).unwrap();
        let self_test = SelfTest { engines: Engines::ALL };
        let input = KdfInput::hkdf(MESSAGE_IN_INPUT, b"message").unwrap();
        let kdf = KdfOutput::<32> { source: KdfSource::TempKey, input };
        let kdf_inside = Kdf { source: KdfSource::TempKey, target: KdfTarget::AlternateKeyBuffer, input };
        let boot = SecureBoot::full_store(&[1; 32]);
        let hmac = Hmac { slot: Slot::S5, source: TempKeySource::Random, with_serial_number: false };
        if profile.is_608() {
            // Both ways, with the key of all ones that a blank slot holds.
            let ciphertext = element.execute(&Aes::encrypt(aes_key, &[0; 16])).unwrap();
            assert_ne!(ciphertext, [0; 16]);
            assert_eq!(element.execute(&Aes::decrypt(aes_key, &ciphertext)), Ok([0; 16]));
            assert_eq!(element.execute(&self_test), Ok(Engines::NONE));
            sim.script(eccx08_sim::Trigger::Opcode(0x77), eccx08_sim::Fault::DropCommand);
            assert_eq!(element.execute(&self_test), Ok(Engines::NONE));
            element.run(Kept(&NoncePassThrough::temp_key(&[3; 32]))).unwrap();
            let derived = element.run(Kept(&kdf)).unwrap();
            assert_ne!(derived, [3; 32]);
            element.run(Kept(&NoncePassThrough::temp_key(&[3; 32]))).unwrap();
            assert_eq!(element.run(Kept(&kdf)), Ok(derived));
            element.run(Kept(&NoncePassThrough::temp_key(&[3; 32]))).unwrap();
            element.run(Kept(&kdf_inside)).unwrap();
            assert_eq!(element.execute(&hmac), Err(unsupported(Opcode::Hmac)));
            assert_eq!(element.execute(&Pause { selector: 0 }), Err(unsupported(Opcode::Pause)));
            element.run(Kept(&GenKey::ephemeral())).unwrap();
        } else {
            assert_eq!(element.execute(&Aes::encrypt(aes_key, &[0; 16])), Err(unsupported(Opcode::Aes)));
            assert_eq!(element.execute(&self_test), Err(unsupported(Opcode::SelfTest)));
            assert_eq!(element.execute(&kdf), Err(unsupported(Opcode::Kdf)));
            assert_eq!(element.execute(&kdf_inside), Err(unsupported(Opcode::Kdf)));
            assert_eq!(element.execute(&boot), Err(unsupported(Opcode::SecureBoot)));
            assert_eq!(sim.report().addressed, 0);
            element.execute(&Pause { selector: 0 }).unwrap();
        }
    }
}

#[test]
fn the_rest_of_the_family() {
    for profile in Profile::ALL {
        let rolling = guarded(profile).with_slot(Slot::S6, SlotConfig::from_bits(0x2680), KeyConfig::data());
        let nv = owned(profile, &rolling, &[(Slot::S5, &SECRET), (Slot::S6, &SECRET)]);
        let (sim, mut element) = element(Sim::builder(profile).nv(nv));
        element.key(Slot::S0).generate().unwrap();
        assert_eq!(element.execute(&InfoKeyValid { slot: Slot::S0 }), Ok(true));
        assert_eq!(element.execute(&InfoKeyValid { slot: Slot::S1 }), Ok(false));
        element.execute(&InfoState).unwrap();
        // An internal signature: what GenKey has put into TempKey.
        element.run(Kept(&NonceRandom { num_in: &[1; 20] })).unwrap();
        element.run(Kept(&GenKey::derive(Slot::S0).with_digest())).unwrap();
        element.execute(&Sign::internal(Slot::S0)).unwrap();
        // A rolled key answers another MAC.
        let mac = Mac { slot: Slot::S6, challenge: Challenge::Given(&[0; 32]), with_serial_number: false };
        let before = element.execute(&mac).unwrap();
        element.run(Kept(&NonceRandom { num_in: &[1; 20] })).unwrap();
        let derive = DeriveKey { slot: Slot::S6, source: TempKeySource::Random, mac: None };
        element.execute(&derive).unwrap();
        assert_ne!(element.execute(&mac).unwrap(), before);
        element.run(Kept(&NonceRandom { num_in: &[1; 20] })).unwrap();
        element.execute(&GenDig::config(1).unwrap()).unwrap();
        element.execute(&UpdateExtra::user_extra(0x21)).unwrap();
        assert_eq!(element.config().unwrap().user_extra(), 0x21);
        element.execute(&Lock::slot(Slot::S8)).unwrap();
        assert!(element.config().unwrap().is_slot_locked(Slot::S8));
        assert!(!sim.is_awake());
    }
}
