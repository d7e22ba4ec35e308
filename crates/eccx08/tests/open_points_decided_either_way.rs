//! What public sources leave open, decided the other way in the model: the driver does not depend on it.

mod support;

use eccx08::{Consent, Error, Image, Opcode, ProvisionError, Slot, Status};
use eccx08_sim::{Decisions, NvImage, Profile, Sim};
use support::{assert_signs, element, provision};

/// A name, and the switch.
type Switch = (&'static str, fn(&mut Decisions));

#[test]
fn provisioning_and_signing_depend_on_no_guess() {
    let switches: [Switch; 12] = [
        ("idle watchdog", |it| it.idle_watchdog ^= true),
        ("split commands", |it| it.split_commands ^= true),
        ("reserved words", |it| it.reserved_word_is_parse_error ^= true),
        ("keys before the data lock", |it| it.keys_before_data_lock ^= true),
        ("slot lock before the data lock", |it| it.slot_lock_before_data_lock ^= true),
        ("missing key", |it| it.missing_key_is_ecc_fault ^= true),
        ("SHA start", |it| it.sha_start_clears_temp_key ^= true),
        ("other buffer", |it| it.other_buffer_clears_temp_key ^= true),
        ("refusal", |it| it.refusal_clears_temp_key ^= true),
        ("counters before the lock", |it| it.counter_before_lock ^= true),
        ("public key of a new key", |it| it.create_answers_public_key ^= true),
        ("watchdog guard", |it| it.watchdog_guard ^= true),
    ];
    for profile in Profile::ALL {
        for (name, switch) in switches {
            let (sim, mut element) = element(Sim::builder(profile).decide(switch));
            provision(&mut element);
            assert_signs(&sim, &mut element);
            let key = element.key(Slot::S0).generate().unwrap();
            assert_eq!(element.key(Slot::S0).public_key(), Ok(key), "{profile}, {name}");
        }
    }
}

/// Where a block may not reach over the end of a slot, the end cannot be written before the lock. What is there
/// is tried, all ones and all zeros: a wrong summary is refused, and locks nothing.
#[test]
fn the_ends_of_slots_are_tried() {
    for profile in Profile::ALL {
        let builder = Sim::builder(profile).decide(|it| it.partial_blocks = false);
        let (sim, mut element) = element(builder);
        provision(&mut element);
        assert_signs(&sim, &mut element);
        for blank in [0x00, 0x37] {
            // A slot of 72 bytes whose last 8 are not what a blank one has.
            let nv = Slot::ALL
                .iter()
                .fold(NvImage::blank(profile), |nv, slot| nv.with_slot(slot.number(), &[blank; 416]));
            let builder = Sim::builder(profile).decide(|it| it.partial_blocks = false).nv(nv);
            let (sim, mut element) = support::element(builder);
            let image = Image::for_chip(element.chip().unwrap());
            let consent = Consent::to_lock_for_ever(element.serial_number().unwrap());
            let done = element.survey(image).unwrap().complete(&consent).map(|_| ());
            if blank == 0x00 {
                done.unwrap();
                assert_signs(&sim, &mut element);
            } else {
                let refused = Error::Refused { opcode: Opcode::Lock, status: Status::Execution };
                assert_eq!(done, Err(ProvisionError::Element(refused)));
                assert!(!sim.nv().unwrap().data_locked());
            }
        }
    }
}
