//! An element that is absent, unknown, unlocked or locked otherwise: each has an error of its own.

mod support;

use core::time::Duration;

use eccx08::provision::Survey;
use eccx08::{
    Chip, Consent, Error, Image, Opcode, ProvisionError, SerialNumber, Slot, Status, Zone, command,
};
use eccx08_sim::{BusError, NackKind, NvImage, Profile, Sim};
use support::{element, provision, provisioned};

#[test]
fn an_absent_element() {
    for nack in [NackKind::Exact, NackKind::Unknown, NackKind::Atsamd] {
        let (sim, mut element) = element(Sim::builder(Profile::Atecc508a).absent().nack(nack));
        let error = element.chip().unwrap_err();
        assert!(matches!(error, Error::Absent { cause: Some(_) }), "{error:?}");
        assert!(sim.clock().elapsed() < Duration::from_secs(2), "{:?}", sim.clock().elapsed());
    }
}

#[test]
fn an_element_of_an_unknown_family() {
    let builder = Sim::builder(Profile::Atecc508a).revision([0, 0, 0x20, 9]);
    let (sim, mut element) = element(builder);
    assert_eq!(element.chip(), Err(Error::UnknownRevision { revision: [0, 0, 0x20, 9] }));
    let error = element.survey(Image::ATECC608).unwrap_err();
    assert!(matches!(error, ProvisionError::Element(Error::UnknownRevision { .. })));
    assert!(!sim.is_awake());
}

#[test]
fn a_bus_too_fast_for_the_wake_pulse() {
    let (_, mut element) = element(Sim::builder(Profile::Atecc508a).bus_hz(400_000));
    assert!(matches!(element.chip(), Err(Error::Absent { .. })));
}

#[test]
fn an_unlocked_element_gives_neither_random_numbers_nor_keys_nor_signatures() {
    for profile in Profile::ALL {
        let (sim, mut element) = element(Sim::builder(profile));
        let unlocked = |opcode| Error::<BusError>::Unlocked { opcode, zone: Zone::Config };
        assert_eq!(element.random(), Err(unlocked(Opcode::Random)));
        assert_eq!(element.key(Slot::S0).generate(), Err(unlocked(Opcode::GenKey)));
        assert_eq!(element.key(Slot::S0).sign(&[1; 32]), Err(unlocked(Opcode::Random)));
        assert!(!sim.is_awake());
    }
}

#[test]
fn signing_with_the_data_zone_unlocked() {
    let nv = NvImage::blank(Profile::Atecc508a).with_config_locked();
    let (_, mut element) = element(Sim::builder(Profile::Atecc508a).nv(nv));
    let key = element.key(Slot::S0).generate().unwrap();
    assert_eq!(element.key(Slot::S0).public_key().unwrap(), key);
    let error = element.key(Slot::S0).sign(&[1; 32]).unwrap_err();
    assert_eq!(error, Error::Unlocked { opcode: Opcode::Sign, zone: Zone::Data });
}

#[test]
fn a_slot_without_a_private_key() {
    let nv = provisioned(Profile::Atecc608a);
    let (sim, mut element) = element(Sim::builder(Profile::Atecc608a).nv(nv));
    let error = element.key(Slot::S9).sign(&[1; 32]).unwrap_err();
    assert_eq!(error, Error::Refused { opcode: Opcode::Sign, status: Status::Execution });
    assert!(!sim.is_awake());
}

#[test]
fn a_mode_that_the_chip_lacks_is_refused_before_a_byte_is_sent() {
    let nv = provisioned(Profile::Atecc508a);
    let (sim, mut element) = element(Sim::builder(Profile::Atecc508a).nv(nv));
    assert_eq!(element.chip(), Ok(Chip::Atecc508a));
    sim.clear_report();
    let before = sim.clock().elapsed();
    let sign = command::Sign::external(Slot::S0, command::DigestSource::MessageDigestBuffer);
    let error = element.execute(&sign).unwrap_err();
    assert_eq!(error, Error::Unsupported { opcode: Opcode::Sign, chip: Chip::Atecc508a });
    assert_eq!(sim.report().addressed, 0);
    assert_eq!(sim.clock().elapsed(), before);
}

#[test]
fn an_element_locked_with_another_configuration() {
    let mut other = [0; 128];
    other[16..].copy_from_slice(Image::ATECC508A_ARDUINO.bytes());
    other[20] = 0x8F;
    other[96] = 0x13;
    let nv = NvImage::locked_with(Profile::Atecc508a, &other);
    let (sim, mut element) = element(Sim::builder(Profile::Atecc508a).nv(nv));
    let error = element.survey(Image::ATECC508A_ARDUINO).unwrap_err();
    let ProvisionError::LockedOtherwise { first, words } = error else { panic!("{error:?}") };
    assert_eq!((first.word, first.from, words), (5, [0x8F, 0x20, 0x87, 0x20], 2));
    assert!(error.to_string().starts_with("the secure element is locked with another configuration"));
    assert!(sim.log().iter().all(|command| matches!(command.opcode, 0x30 | 0x02)));
}

#[test]
fn an_element_configured_for_another_purpose() {
    let nv = NvImage::blank(Profile::Atecc508a).with_config_word(7, [0x11, 0x22, 0x33, 0x44]);
    let (sim, mut element) = element(Sim::builder(Profile::Atecc508a).nv(nv));
    let error = element.survey(Image::ATECC508A_ARDUINO).unwrap_err();
    let ProvisionError::UnexpectedWord { word } = error else { panic!("{error:?}") };
    assert_eq!((word.word, word.from), (7, [0x11, 0x22, 0x33, 0x44]));
    assert!(sim.log().iter().all(|command| matches!(command.opcode, 0x30 | 0x02)));
}

#[test]
fn a_partly_locked_element() {
    let data_only = NvImage::blank(Profile::Atecc608b).with_data_locked();
    let one_slot = NvImage::blank(Profile::Atecc608b).with_config_word(22, [0xFE, 0xFF, 0x00, 0x00]);
    for nv in [data_only, one_slot] {
        let (sim, mut element) = element(Sim::builder(Profile::Atecc608b).nv(nv));
        let error = element.survey(Image::ATECC608).unwrap_err();
        assert!(matches!(error, ProvisionError::PartlyLocked { .. }), "{error:?}");
        assert!(sim.log().iter().all(|command| matches!(command.opcode, 0x30 | 0x02)));
    }
}

#[test]
fn a_consent_for_another_element() {
    let (sim, mut element) = element(Sim::builder(Profile::Atecc508a));
    let other = SerialNumber(*b"not this!");
    let Survey::Blank(blank) = element.survey(Image::ATECC508A_ARDUINO).unwrap() else { panic!("not blank") };
    let found = blank.serial_number();
    let error = blank.write().unwrap().lock_config(&Consent::to_lock_for_ever(other)).unwrap_err();
    assert_eq!(error, ProvisionError::ConsentForAnother { named: other, found });
    assert!(sim.log().iter().all(|command| command.opcode != 0x17));
    assert!(!sim.nv().unwrap().config_locked());
    provision(&mut element);
}

#[test]
fn errors_are_sentences() {
    let absent = Error::Absent { cause: Some(BusError::ArbitrationLost) };
    assert_eq!(absent.to_string(), "no secure element answers (bus: ArbitrationLost)");
    let refused = Error::<BusError>::Refused { opcode: Opcode::Sign, status: Status::Execution };
    assert_eq!(
        refused.to_string(),
        "the secure element refuses Sign: wrong state, or against the policy of the slot (0x0F)"
    );
}
