//! A driver that knows nothing of us: at-cryptoauth 0.6 on the model of an ATECC608A.
//!
//! It speaks embedded-hal 1.0, so the bus needs no adapter; for its delays it asks for a global
//! time driver, which here moves the virtual clock of the test's own thread. What the driver gets
//! wrong is shown as it is and listed in the README; the model does not give way.

mod support;

use core::cell::RefCell;
use core::task::Waker;
use core::time::Duration;
use std::rc::Rc;

use at_cryptoauth::AtCaClient;
use at_cryptoauth::memory::Slot;
use at_cryptoauth::signature::hazmat::PrehashSigner;
use eccx08_sim::{Fault, Profile, Sim, SimBus, Trigger};
use embassy_sync::blocking_mutex::raw::NoopRawMutex;
use monoclock::ManualClock;
use sha2::{Digest, Sha256};
use support::{locked, verifies};

thread_local! {
    static CLOCK: RefCell<Option<Rc<ManualClock>>> = const { RefCell::new(None) };
}

/// Time moves by a microsecond whenever somebody looks: a delay is a loop that looks.
struct VirtualTime;

impl embassy_time_driver::Driver for VirtualTime {
    fn now(&self) -> u64 {
        CLOCK.with_borrow(|clock| {
            let clock = clock.as_ref().expect("the test has set its clock");
            clock.advance(Duration::from_micros(1));
            let ticks = clock.elapsed().as_micros() * u128::from(embassy_time_driver::TICK_HZ) / 1_000_000;
            u64::try_from(ticks).unwrap()
        })
    }

    fn schedule_wake(&self, _: u64, _: &Waker) {
        unimplemented!("only blocking calls are used");
    }
}

embassy_time_driver::time_driver_impl!(static DRIVER: VirtualTime = VirtualTime);

type Client = AtCaClient<NoopRawMutex, SimBus>;

fn client(sim: &Sim) -> Client {
    AtCaClient::new(sim.bus())
}

fn locked_608() -> Sim {
    let clock = Rc::new(ManualClock::new());
    CLOCK.set(Some(Rc::clone(&clock)));
    Sim::builder(Profile::Atecc608a).nv(locked(Profile::Atecc608a)).build(clock)
}

#[test]
fn it_asks_for_the_revision() {
    let sim = locked_608();
    let revision = client(&sim).info_blocking().unwrap();
    assert_eq!(revision.as_ref(), [0x00, 0x00, 0x60, 0x02]);
}

#[test]
fn it_makes_a_key_and_signs() {
    let sim = locked_608();
    let client = client(&sim);
    let public = client.create_private_key_blocking(Slot::PrivateKey00).unwrap();
    let public_key = sim.public_key(0).unwrap();
    assert_eq!(public.as_ref(), public_key);
    for message in [&b"abc"[..], &[0x5A; 63], &[0x5A; 64], &[0x5A; 200]] {
        let signature = client.signer(Slot::PrivateKey00).sign_blocking(message).unwrap();
        let digest = Sha256::digest(message).into();
        assert!(verifies(&public_key, &digest, &signature.to_bytes()));
    }
    let record = *sim.log().last().unwrap();
    assert_eq!((record.opcode, record.param1), (0x41, 0xA0));
}

#[test]
fn it_hashes_what_was_already_hashed() {
    let sim = locked_608();
    let client = client(&sim);
    client.create_private_key_blocking(Slot::PrivateKey00).unwrap();
    let digest: [u8; 32] = Sha256::digest(b"abc").into();
    let signer = client.signer(Slot::PrivateKey00);
    let signature: at_cryptoauth::Signature = signer.sign_prehash(&digest).unwrap();
    let public_key = sim.public_key(0).unwrap();
    assert!(!verifies(&public_key, &digest, &signature.to_bytes()));
    assert!(verifies(&public_key, &Sha256::digest(digest).into(), &signature.to_bytes()));
}

#[test]
fn it_loses_the_joint_of_two_updates() {
    let sim = locked_608();
    let client = client(&sim);
    let mut sha = client.sha();
    sha.init_blocking().unwrap();
    sha.update_blocking(&[1; 40]).unwrap();
    sha.update_blocking(&[2; 40]).unwrap();
    let digest = sha.finalize_blocking().unwrap();
    assert_eq!(digest.as_ref(), &Sha256::digest([1; 40])[..], "the second update is dropped");
}

#[test]
fn it_does_not_wake_a_chip_above_100_khz() {
    let sim = locked_608();
    sim.set_bus_hz(400_000);
    assert!(client(&sim).info_blocking().is_err());
    assert_eq!(sim.report().wakes, 0);
}

#[test]
fn it_does_not_know_a_508a() {
    let clock = Rc::new(ManualClock::new());
    CLOCK.set(Some(Rc::clone(&clock)));
    let sim = Sim::builder(Profile::Atecc508a).nv(locked(Profile::Atecc508a)).build(clock);
    let client = client(&sim);
    client.create_private_key_blocking(Slot::PrivateKey00).unwrap();
    assert!(client.signer(Slot::PrivateKey00).sign_blocking(b"abc").is_err());
}

#[test]
fn it_leaves_the_chip_awake_after_an_error_and_then_fails_to_wake_it() {
    let sim = locked_608();
    let client = client(&sim);
    sim.script(Trigger::Opcode(0x30), Fault::DropResponse);
    assert!(client.info_blocking().is_err());
    assert!(sim.is_awake(), "no idle on the way out");
    assert!(client.info_blocking().is_err(), "the old reply is not 0x11");
}

#[test]
fn it_takes_the_pattern_of_an_unlocked_chip_for_random_numbers() {
    let clock = Rc::new(ManualClock::new());
    CLOCK.set(Some(Rc::clone(&clock)));
    let sim = Sim::builder(Profile::Atecc608a).build(clock);
    let client = client(&sim);
    let mut bytes = [0; 32];
    client.random().try_fill_bytes_blocking(&mut bytes).unwrap();
    assert_eq!(bytes[..4], [0xFF, 0xFF, 0x00, 0x00]);
}
