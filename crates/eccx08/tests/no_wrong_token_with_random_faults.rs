//! Seeded faults of every kind, at rates far above any real bus: no panic, no hang, no wrong signature.
//!
//! `ECCX08_SEEDS` sets the number of seeds.

mod support;

use core::time::Duration;

use eccx08::{Error, Slot};
use eccx08_sim::{FaultRates, Profile, Sim};
use support::{element, provisioned, seeds, sha256, verifies};

/// A sequence of three commands, each given up at its deadline, in four attempts, and the wakes between.
const DEADLINE: Duration = Duration::from_secs(12);

fn each_fault() -> Vec<(&'static str, FaultRates)> {
    let none = FaultRates::default();
    vec![
        ("flip in command", FaultRates { flip_in_command: 300, ..none }),
        ("flip in response", FaultRates { flip_in_response: 300, ..none }),
        ("dropped command", FaultRates { drop_command: 200, ..none }),
        ("dropped response", FaultRates { drop_response: 200, ..none }),
        ("slow", FaultRates { slow: 500, ..none }),
        ("watchdog", FaultRates { watchdog: 200, ..none }),
        ("brown-out", FaultRates { brown_out: 200, ..none }),
        (
            "all",
            FaultRates {
                flip_in_command: 60,
                flip_in_response: 60,
                drop_command: 40,
                drop_response: 40,
                slow: 60,
                watchdog: 40,
                brown_out: 40,
            },
        ),
    ]
}

#[test]
fn every_signature_that_comes_out_is_right() {
    for profile in [Profile::Atecc508a, Profile::Atecc608b] {
        let nv = provisioned(profile);
        for (name, rates) in each_fault() {
            let (mut signed, mut tried) = (0, 0);
            for seed in seeds() {
                let (sim, mut element) = element(Sim::builder(profile).nv(nv.clone()).seed(seed));
                let public_key = sim.public_key(0).unwrap();
                sim.set_fault_rates(rates);
                for length in [63, 64, 65, 127, 128, 129] {
                    let message = vec![b'x'; length];
                    let start = sim.clock().elapsed();
                    let digest = sha256(&message);
                    tried += 1;
                    match element.key(Slot::S0).sign(&digest) {
                        Ok(signature) => {
                            assert!(verifies(&public_key, &digest, &signature), "{name}, seed {seed}");
                            signed += 1;
                        }
                        Err(Error::NoReply { .. } | Error::Reply { .. } | Error::Absent { .. }) => {}
                        Err(Error::Refused { .. }) => {}
                        Err(error) => panic!("{name}, seed {seed}: {error}"),
                    }
                    let took = sim.clock().elapsed() - start;
                    assert!(took < DEADLINE, "{name}, seed {seed}: {took:?}");
                }
                assert_eq!(sim.report().misuses, 0);
            }
            assert!(signed * 10 >= tried * 8, "{profile}, {name}: {signed} of {tried} signed");
        }
    }
}

/// A key that the driver says it made is the key that is there.
#[test]
fn every_key_that_comes_out_is_there() {
    for profile in [Profile::Atecc508a, Profile::Atecc608b] {
        let nv = provisioned(profile);
        for (name, rates) in each_fault() {
            for seed in seeds() {
                let (sim, mut element) = element(Sim::builder(profile).nv(nv.clone()).seed(seed));
                sim.set_fault_rates(rates);
                for slot in [Slot::S0, Slot::S1, Slot::S2] {
                    if let Ok(key) = element.key(slot).generate() {
                        assert_eq!(sim.public_key(slot.number()), Some(key), "{name}, seed {seed}");
                    }
                }
            }
        }
    }
}
