//! The element as a generator for `rand_core`.

mod support;

use eccx08::{ChipRng, Error, Opcode, Zone};
use eccx08_sim::{Profile, Sim};
use rand_core::{TryCryptoRng, TryRng};
use support::{element, provisioned};

fn assert_is_for_cryptography(_: &impl TryCryptoRng) {}

#[test]
fn an_unlocked_element_is_no_generator() {
    for profile in Profile::ALL {
        let (_, mut element) = element(Sim::builder(profile));
        let mut rng = ChipRng::new(&mut element);
        let unlocked = Error::Unlocked { opcode: Opcode::Random, zone: Zone::Config };
        assert_eq!(rng.try_next_u32(), Err(unlocked));
        assert_eq!(rng.try_fill_bytes(&mut [0; 40]), Err(unlocked));
    }
}

#[test]
fn a_provisioned_one_is() {
    let nv = provisioned(Profile::Atecc608b);
    let (sim, mut element) = element(Sim::builder(Profile::Atecc608b).nv(nv));
    element.chip().unwrap();
    sim.clear_report();
    let mut rng = ChipRng::new(&mut element);
    assert_is_for_cryptography(&rng);
    let mut bytes = [0; 100];
    rng.try_fill_bytes(&mut bytes).unwrap();
    assert_eq!(sim.report().commands, 4);
    assert!(bytes.chunks(32).all(|chunk| chunk.iter().any(|byte| *byte != 0)));
    assert_ne!(rng.try_next_u64().unwrap(), rng.try_next_u64().unwrap());
}
