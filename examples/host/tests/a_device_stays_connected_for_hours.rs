//! Hours of virtual time: tokens are renewed, losses of network and cloud are survived.

mod support;

use core::cell::Cell;
use core::time::Duration;
use std::rc::Rc;

use iot_core_emulator::{CloseReason, Event};
use support::{SEED, registered, run};
use tutorial_host::WorldSettings;

const HOUR: Duration = Duration::from_secs(3600);

#[test]
fn tokens_are_renewed_before_they_expire() {
    let (world, operator) = registered(WorldSettings::new(SEED));
    world.as_time_passes(|_| {});
    drop(operator);
    run(&world, &world.settings(), 6 * HOUR, || false).outcome.unwrap();

    let summary = world.emulator.summary();
    assert!((6..=8).contains(&summary.tokens_verified), "{summary:?}");
    assert_eq!(summary.refusals, 0);
    let expired = world
        .emulator
        .journal()
        .iter()
        .any(|r| r.event == Event::Closed { reason: CloseReason::TokenExpired });
    assert!(!expired, "the cloud cut the connection");
    // One state in 5 s, less what reconnecting takes.
    assert!(summary.states_received > 6 * 720 - 60, "{summary:?}");
}

#[test]
fn it_comes_back_after_losses_of_network_cloud_and_data() {
    let (world, operator) = registered(WorldSettings::new(SEED));
    drop(operator);
    let (emulator, network) = (world.emulator.clone(), world.network.clone());
    let stage = Rc::new(Cell::new(0));
    let reached = Rc::clone(&stage);
    // Every ten minutes something else breaks.
    world.as_time_passes(move |now| {
        let minute = now.as_secs() / 60;
        let at = |stage: u32, from: u64| reached.get() == stage && minute >= from;
        if at(0, 10) {
            emulator.restart(now, Duration::from_secs(90));
        } else if at(1, 20) {
            network.set_link(false);
        } else if at(2, 25) {
            network.set_link(true);
        } else if at(3, 35) {
            network.reset_connections();
        } else if at(4, 45) {
            network.set_resolver(false);
            network.reset_connections();
        } else if at(5, 50) {
            network.set_resolver(true);
        } else {
            return;
        }
        reached.set(reached.get() + 1);
    });

    let run = run(&world, &world.settings(), HOUR, || false);

    run.outcome.unwrap();
    assert_eq!(stage.get(), 6, "not everything was broken");
    let path = iot_core_emulator::DevicePath::new(
        "mkr-gcp-tutorial",
        "us-central1",
        "MKR_GCP_Tutorial",
        "MyMKRGSM1400",
    );
    let last = world.emulator.device(&path.unwrap()).unwrap().last_state.unwrap();
    let end = 1_795_413_600 + world.clock.elapsed().as_secs();
    assert!(end - last.unix() < 10, "the device is not connected any more:\n{}", run.shown);
    let summary = world.emulator.summary();
    assert!(summary.connections >= 4, "{summary:?}");
    assert!(summary.states_received > 500, "{summary:?}");
}
