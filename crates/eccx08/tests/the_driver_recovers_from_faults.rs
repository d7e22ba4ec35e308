//! Damaged, lost and stale packets, a watchdog, a supply that dips: one fault each, on every chip.

mod support;

use core::time::Duration;

use eccx08::command::{Counter, CounterId};
use eccx08::{Error, Opcode, Slot, Status};
use eccx08_sim::{BusError, Fault, NackKind, Outcome, Profile, Sim, Torn, Trigger};
use embedded_hal::i2c::I2c;
use support::{assert_signs, element, provisioned};

const RANDOM: u8 = 0x1B;
const NONCE: u8 = 0x16;
const SIGN: u8 = 0x41;
const GEN_KEY: u8 = 0x40;
const COUNTER: u8 = 0x24;

fn sent(sim: &Sim, opcode: u8) -> usize {
    sim.log().iter().filter(|command| command.opcode == opcode).count()
}

/// Runs `scenario` on a provisioned element of every kind, awake for the first time.
fn on_every_chip(scenario: impl Fn(&Sim, &mut support::Element)) {
    for profile in Profile::ALL {
        let (sim, mut element) = element(Sim::builder(profile).nv(provisioned(profile)));
        element.chip().unwrap();
        sim.clear_report();
        scenario(&sim, &mut element);
        assert!(!sim.is_awake(), "{profile}: left awake");
        assert_eq!(sim.report().misuses, 0);
    }
}

#[test]
fn any_single_fault_in_a_signature_is_survived() {
    let faults = [
        Fault::FlipInCommand,
        Fault::FlipInResponse,
        Fault::FlipInOutputBuffer,
        Fault::DropCommand,
        Fault::DropResponse,
        Fault::Slow,
        Fault::WatchdogNow,
        Fault::Answer(eccx08_sim::Status::Watchdog),
        Fault::Answer(eccx08_sim::Status::Ecc),
        Fault::BrownOut(Torn::Before),
    ];
    on_every_chip(|sim, element| {
        for fault in faults {
            for opcode in [RANDOM, NONCE, SIGN] {
                sim.script(Trigger::Opcode(opcode), fault);
                let faults = sim.report().faults;
                assert_signs(sim, element);
                assert_eq!(sim.report().faults, faults + 1, "{fault:?} did not strike");
            }
        }
    });
}

/// The reply is read again after a rewind; the command is not sent again.
#[test]
fn a_damaged_reply_is_read_again() {
    on_every_chip(|sim, element| {
        sim.script(Trigger::Opcode(GEN_KEY), Fault::FlipInResponse);
        let key = element.key(Slot::S0).generate().unwrap();
        assert_eq!(Some(key), sim.public_key(0));
        assert_eq!(sent(sim, GEN_KEY), 1);
    });
}

/// The element says that it did not get the command: sending it again repeats nothing.
#[test]
fn a_damaged_command_is_sent_again() {
    on_every_chip(|sim, element| {
        sim.script(Trigger::Opcode(GEN_KEY), Fault::FlipInCommand);
        let key = element.key(Slot::S0).generate().unwrap();
        assert_eq!(Some(key), sim.public_key(0));
        let outcomes: Vec<_> = sim.log().iter().map(|command| command.outcome).collect();
        let damaged = Outcome::Status(eccx08_sim::Status::Communication);
        assert_eq!(outcomes, [damaged, Outcome::Payload(64)]);
    });
}

/// The output buffer still holds the wake reply: the command did not arrive.
#[test]
fn a_command_that_did_not_arrive_is_sent_again() {
    on_every_chip(|sim, element| {
        sim.script(Trigger::Opcode(GEN_KEY), Fault::DropCommand);
        let key = element.key(Slot::S0).generate().unwrap();
        assert_eq!(Some(key), sim.public_key(0));
    });
}

#[test]
fn what_must_not_be_repeated_is_not_when_its_reply_is_lost() {
    on_every_chip(|sim, element| {
        let before = sim.public_key(0);
        sim.script(Trigger::Opcode(GEN_KEY), Fault::DropResponse);
        let error = element.key(Slot::S0).generate().unwrap_err();
        assert!(matches!(error, Error::Unconfirmed { opcode: Opcode::GenKey, .. }), "{error:?}");
        assert_eq!(sent(sim, GEN_KEY), 1);
        // It was carried out, and the public key tells.
        assert_ne!(sim.public_key(0), before);
        assert_eq!(Some(element.key(Slot::S0).public_key().unwrap()), sim.public_key(0));

        let value = element.execute(&Counter::read(CounterId::One)).unwrap();
        sim.script(Trigger::Opcode(COUNTER), Fault::FlipInOutputBuffer);
        let error = element.execute(&Counter::increment(CounterId::One)).unwrap_err();
        assert!(matches!(error, Error::Unconfirmed { opcode: Opcode::Counter, .. }), "{error:?}");
        assert_eq!(element.execute(&Counter::read(CounterId::One)).unwrap(), value + 1);
    });
}

/// The whole sequence is begun again, Nonce first: the digest was lost with the volatile memory.
#[test]
fn the_watchdog_between_nonce_and_sign_redoes_the_sequence() {
    on_every_chip(|sim, element| {
        sim.script(Trigger::Opcode(SIGN), Fault::WatchdogNow);
        assert_signs(sim, element);
        assert_eq!((sent(sim, RANDOM), sent(sim, NONCE), sent(sim, SIGN)), (2, 2, 2));
    });
}

#[test]
fn too_little_time_before_the_watchdog_redoes_the_sequence() {
    on_every_chip(|sim, element| {
        sim.script(Trigger::Opcode(SIGN), Fault::Answer(eccx08_sim::Status::Watchdog));
        assert_signs(sim, element);
        assert_eq!((sent(sim, RANDOM), sent(sim, NONCE), sent(sim, SIGN)), (2, 2, 2));
    });
}

/// Even what must not be repeated: the element says that it was not begun.
#[test]
fn too_little_time_before_the_watchdog_repeats_a_key_generation() {
    on_every_chip(|sim, element| {
        sim.script(Trigger::Opcode(GEN_KEY), Fault::Answer(eccx08_sim::Status::Watchdog));
        let key = element.key(Slot::S0).generate().unwrap();
        assert_eq!(Some(key), sim.public_key(0));
    });
}

#[test]
fn a_watchdog_without_end_is_an_error() {
    on_every_chip(|sim, element| {
        for _ in 0..20 {
            sim.script(Trigger::Opcode(RANDOM), Fault::Answer(eccx08_sim::Status::Watchdog));
        }
        let error = element.random().unwrap_err();
        assert_eq!(error, Error::Refused { opcode: Opcode::Random, status: Status::Watchdog });
        assert_eq!(sent(sim, RANDOM), 4);
        sim.clear_faults();
        element.random().unwrap();
    });
}

/// A driver that starts while the element is awake finds the reply to somebody else's command.
#[test]
fn a_stale_reply_is_not_taken_for_ones_own() {
    for profile in Profile::ALL {
        let (sim, mut element) = element(Sim::builder(profile).nv(provisioned(profile)));
        element.chip().unwrap();
        let mut bus = sim.bus();
        let _ = bus.write(0x00, &[0x01]);
        sim.clock().advance(Duration::from_micros(1500));
        // Info, whose reply nobody reads.
        bus.write(0x60, &[0x03, 0x07, 0x30, 0x00, 0x00, 0x00, 0x03, 0x5D]).unwrap();
        sim.clock().advance(Duration::from_millis(10));
        assert!(sim.is_awake());
        assert_signs(&sim, &mut element);
        assert!(!sim.is_awake());
    }
}

/// A controller that was reset while the element computes.
#[test]
fn an_element_at_work_for_somebody_else_is_waited_for() {
    for profile in Profile::ALL {
        let (sim, mut element) = element(Sim::builder(profile).nv(provisioned(profile)));
        let mut bus = sim.bus();
        let _ = bus.write(0x00, &[0x01]);
        sim.clock().advance(Duration::from_micros(1500));
        // GenKey (derive), 115 ms at most.
        bus.write(0x60, &[0x03, 0x07, 0x40, 0x00, 0x00, 0x00, 0x00, 0x05]).unwrap();
        assert_signs(&sim, &mut element);
    }
}

#[test]
fn every_kind_of_missing_acknowledge_means_not_yet() {
    for nack in [NackKind::Exact, NackKind::Unknown, NackKind::Atsamd] {
        for profile in Profile::ALL {
            let builder = Sim::builder(profile).nv(provisioned(profile)).nack(nack);
            let (sim, mut element) = element(builder);
            assert_signs(&sim, &mut element);
            element.key(Slot::S1).generate().unwrap();
        }
    }
}

#[test]
fn an_element_without_power_is_absent_and_back_when_it_is() {
    on_every_chip(|sim, element| {
        sim.power_off(Torn::After);
        let error = element.random().unwrap_err();
        let cause = BusError::NoAcknowledge(embedded_hal::i2c::NoAcknowledgeSource::Address);
        assert_eq!(error, Error::Absent { cause: Some(cause) });
        sim.power_on();
        assert_signs(sim, element);
    });
}

/// The deadline is half more than the sheet's maximum and 50 ms, for each of four attempts.
#[test]
fn an_element_that_never_answers_is_given_up() {
    on_every_chip(|sim, element| {
        for _ in 0..20 {
            sim.script(Trigger::Opcode(RANDOM), Fault::WatchdogNow);
        }
        let start = sim.clock().elapsed();
        let error = element.random().unwrap_err();
        assert!(matches!(error, Error::NoReply { opcode: Opcode::Random, cause: Some(_) }), "{error:?}");
        assert!(sim.clock().elapsed() - start < Duration::from_millis(4 * 150));
        assert!(sim.log().iter().all(|command| command.outcome == Outcome::Lost));
        sim.clear_faults();
    });
}

/// Other devices' zeros wake the element, and its watchdog runs out under the next sequence.
#[test]
fn traffic_of_other_devices_does_no_harm() {
    on_every_chip(|sim, element| {
        for pause in [1, 600, 1200, 1290, 1299, 1400] {
            sim.other_traffic(&[0x90, 0x00, 0x00]);
            sim.clock().advance(Duration::from_millis(pause));
            assert_signs(sim, element);
        }
    });
}
