//! The power goes at every write to the non-volatile memory, in three ways; the next run goes on from there.

mod support;

use eccx08::provision::Survey;
use eccx08::{Consent, Eccx08, Image, SerialNumber, Slot};
use eccx08_sim::{Fault, FaultRates, Profile, Sim, Torn, Trigger};
use support::{assert_signs, element, seeds};

const SERIAL_NUMBER: SerialNumber = SerialNumber([0x01, 0x23, 0x45, 0x67, 0x89, 0xAB, 0xCD, 0xEF, 0xEE]);

/// Provisions; tells whether it came to its end.
fn provision(element: &mut support::Element, image: Image) -> bool {
    let consent = Consent::to_lock_for_ever(SERIAL_NUMBER);
    match element.survey(image) {
        Ok(survey) => survey.complete(&consent).is_ok(),
        Err(error) => panic!("the way is barred: {error}"),
    }
}

fn resumes(profile: Profile, image: Image) {
    for torn in [Torn::Before, Torn::Half, Torn::After] {
        for write in 0.. {
            let (sim, mut element) = element(Sim::builder(profile).seed(write.into()));
            sim.script(Trigger::NonVolatileWrite(write), Fault::PowerCut(torn));
            let uncut = provision(&mut element, image);
            if sim.report().faults == 0 {
                assert!(uncut && write > 20, "only {write} writes");
                break;
            }
            // A cut after a last write may go unnoticed, for nothing is asked of the element any more.
            sim.power_on();
            let mut element = Eccx08::new(sim.bus(), sim.delay());
            assert!(provision(&mut element, image), "{profile}, write {write}, {torn:?}");
            let nv = sim.nv().unwrap();
            assert!(nv.config_locked() && nv.data_locked());
            assert_signs(&sim, &mut element);
            assert!(matches!(element.survey(image), Ok(Survey::Provisioned(_))));
        }
    }
}

#[test]
fn on_a_508_with_the_arduino_image() {
    resumes(Profile::Atecc508a, Image::ATECC508A_ARDUINO);
}

#[test]
fn on_a_608_with_its_own_image() {
    resumes(Profile::Atecc608a, Image::ATECC608);
}

/// The keys that the data lock needs have crossed the bus: a run that was cut short before they were replaced
/// must not pass for a whole one.
#[test]
fn keys_that_crossed_the_bus_are_replaced() {
    let (sim, mut element) = element(Sim::builder(Profile::Atecc508a));
    sim.script(Trigger::Opcode(0x40), Fault::PowerCut(Torn::Before));
    assert!(!provision(&mut element, Image::ATECC508A_ARDUINO));
    sim.power_on();
    let crossed = sim.public_key(0);
    let survey = element.survey(Image::ATECC508A_ARDUINO).unwrap();
    assert!(matches!(survey, Survey::KeysPending(_)));
    survey.complete(&Consent::to_lock_for_ever(SERIAL_NUMBER)).unwrap();
    assert_ne!(element.key(Slot::S0).public_key().ok(), crossed);
}

/// Damaged and lost packets, watchdogs and brown-outs all along: a run ends well or with an error, and the next
/// one goes on.
#[test]
fn random_faults_all_along() {
    let rates = FaultRates {
        flip_in_command: 20,
        flip_in_response: 20,
        drop_command: 10,
        drop_response: 10,
        slow: 20,
        watchdog: 10,
        brown_out: 10,
    };
    for (profile, image) in
        [(Profile::Atecc508a, Image::ATECC508A_ARDUINO), (Profile::Atecc608a, Image::ATECC608)]
    {
        for seed in seeds() {
            let (sim, mut element) = element(Sim::builder(profile).seed(seed).fault_rates(rates));
            let consent = Consent::to_lock_for_ever(SERIAL_NUMBER);
            let runs = (1..=20)
                .find(|_| element.survey(image).is_ok_and(|survey| survey.complete(&consent).is_ok()));
            assert!(runs.is_some(), "{profile}, seed {seed}");
            assert!(sim.report().faults > 0);
            sim.clear_faults();
            assert_signs(&sim, &mut element);
            assert!(matches!(element.survey(image), Ok(Survey::Provisioned(_))));
            let locks = element.lock_bytes().unwrap();
            assert_eq!((locks.config, locks.data), (0, 0));
        }
    }
}
