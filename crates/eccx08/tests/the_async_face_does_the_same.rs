//! The async face on the same model: bit by bit the same traffic as the blocking one.

mod support;

use core::pin::pin;
use core::task::{Context, Poll, Waker};
use std::rc::Rc;

use eccx08::{Error, Slot, asynch};
use eccx08_sim::{Fault, Profile, Sim, Trigger};
use monoclock::ManualClock;
use support::{element, provisioned, sha256, verifies};

/// Runs a future whose bus and delay are always ready.
fn block_on<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            return output;
        }
    }
}

#[test]
fn both_faces_make_the_same_traffic() {
    for profile in Profile::ALL {
        let nv = provisioned(profile);
        let digest = sha256(b"both faces");
        let script = |sim: &Sim| sim.script(Trigger::Opcode(0x41), Fault::WatchdogNow);

        let (blocking, mut device) = element(Sim::builder(profile).nv(nv.clone()).seed(3));
        script(&blocking);
        let public = device.key(Slot::S0).public_key().unwrap();
        let signature = device.key(Slot::S0).sign(&digest).unwrap();
        device.random().unwrap();
        let found = device.find();

        let sim = Sim::builder(profile).nv(nv).seed(3).build(Rc::new(ManualClock::new()));
        script(&sim);
        let mut device = asynch::Eccx08::new(sim.bus(), sim.delay());
        block_on(async {
            assert_eq!(device.public_key(Slot::S0).await.unwrap(), public);
            assert_eq!(device.sign(Slot::S0, &digest).await.unwrap(), signature);
            device.random().await.unwrap();
            assert_eq!(device.find().await, found);
        });
        assert!(verifies(&public, &digest, &signature));
        assert_eq!(sim.report(), blocking.report());
        assert_eq!(sim.log(), blocking.log());
        assert_eq!(sim.clock().elapsed(), blocking.clock().elapsed());
    }
}

#[test]
fn an_absent_element() {
    let sim = Sim::builder(Profile::Atecc508a).absent().build(Rc::new(ManualClock::new()));
    let mut device = asynch::Eccx08::new(sim.bus(), sim.delay());
    assert!(matches!(block_on(device.chip()), Err(Error::Absent { cause: Some(_) })));
}
