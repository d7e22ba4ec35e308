//! From the factory to the first signature, on every chip.

mod support;

use eccx08::provision::Survey;
use eccx08::{Consent, Image, Slot, Zone};
use eccx08_sim::{Profile, Sim};
use support::{assert_signs, element, provision, sha256, verifies};

#[test]
fn every_chip_is_provisioned_and_signs() {
    for profile in Profile::ALL {
        let (sim, mut element) = element(Sim::builder(profile));
        provision(&mut element);
        assert_eq!(element.lock_bytes().unwrap().first_unlocked(), None);
        let key = element.key(Slot::S0).public_key().unwrap();
        assert_eq!(Some(key), sim.public_key(0));
        let digest = sha256(b"hello");
        let signature = element.key(Slot::S0).sign(&digest).unwrap();
        assert!(verifies(&key, &digest, &signature), "{profile}");
        assert_eq!(sim.report().misuses, 0);
        assert!(!sim.is_awake());
    }
}

/// Every private slot gets a key of the element's own: those that the lock needed are gone.
#[test]
fn each_slot_has_another_key() {
    let (_, mut element) = element(Sim::builder(Profile::Atecc508a));
    provision(&mut element);
    let keys: Vec<_> = Slot::ALL[..5].iter().map(|slot| element.key(*slot).public_key().unwrap()).collect();
    for (index, key) in keys.iter().enumerate() {
        assert!(!keys[..index].contains(key), "slot {index}");
    }
}

/// Lock is sent with the summary, for both zones: bit 7 of param1 would leave it out.
#[test]
fn both_zones_are_locked_with_their_summary() {
    let (sim, mut element) = element(Sim::builder(Profile::Atecc608b));
    provision(&mut element);
    let locks: Vec<_> = sim.log().iter().filter(|c| c.opcode == 0x17).map(|c| c.param1).collect();
    assert_eq!(locks, [0x00, 0x01]);
}

#[test]
fn a_dry_run_prints_the_words_and_writes_nothing() {
    let (sim, mut element) = element(Sim::builder(Profile::Atecc508a));
    let Survey::Blank(blank) = element.survey(Image::ATECC508A_ARDUINO).unwrap() else { panic!("not blank") };
    assert_eq!(
        blank.to_string(),
        "bytes  24 to  27 (SlotConfig of slots 2 and 3): [8F, 20, C4, 8F] -> [87, 20, 87, 2F]\n\
         bytes  28 to  31 (SlotConfig of slots 4 and 5): [8F, 8F, 8F, 8F] -> [87, 2F, 8F, 8F]\n\
         bytes 100 to 103 (KeyConfig of slots 2 and 3): [33, 00, 1C, 00] -> [33, 00, 33, 00]\n\
         bytes 104 to 107 (KeyConfig of slots 4 and 5): [1C, 00, 1C, 00] -> [33, 00, 1C, 00]\n"
    );
    assert_eq!(blank.serial_number().to_string(), "0123456789ABCDEFEE");
    assert!(sim.log().iter().all(|command| matches!(command.opcode, 0x30 | 0x02)));
}

#[test]
fn a_provisioned_element_is_recognised_and_left_alone() {
    let (sim, mut element) = element(Sim::builder(Profile::Atecc608a));
    provision(&mut element);
    let before = sim.nv();
    let survey = element.survey(Image::ATECC608).unwrap();
    let Survey::Provisioned(provisioned) = survey else { panic!("not recognised") };
    let consent = Consent::to_lock_for_ever(provisioned.serial_number());
    Survey::Provisioned(provisioned).complete(&consent).unwrap();
    assert!(sim.nv() == before);
    assert_signs(&sim, &mut element);
}

/// The Arduino image on an ATECC608: what boards in the field have.
#[test]
fn the_arduino_image_works_on_a_608() {
    let (sim, mut element) = element(Sim::builder(Profile::Atecc608a));
    let survey = element.survey(Image::ATECC508A_ARDUINO).unwrap();
    let consent = Consent::to_lock_for_ever(eccx08::SerialNumber(*b"\x01\x23\x45\x67\x89\xAB\xCD\xEF\xEE"));
    survey.complete(&consent).unwrap();
    assert!(element.lock_bytes().unwrap().is_locked(Zone::Data));
    assert_signs(&sim, &mut element);
}
