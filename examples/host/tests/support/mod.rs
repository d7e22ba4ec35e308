//! A provisioned and registered device, ready to run.
#![allow(dead_code, reason = "each test binary uses its part")]

use core::cell::RefCell;
use core::time::Duration;
use std::rc::Rc;

use eccx08_sim::{NvImage, SimBus};
use embedded_hal::i2c::ErrorType;
use gcp_iot_core::{MqttLink, MqttLite};
use tutorial::provision::Outcome;
use tutorial::{Failure, Settings};
use tutorial_host::{Operator, Plan, Terminal, World, WorldSettings};

pub(crate) type BusError = <SimBus as ErrorType>::Error;
pub(crate) type CloudFailure =
    Failure<<MqttLite<'static> as MqttLink>::Error<sara_u201::Error>, eccx08::Error<BusError>>;

/// Seed of the world in which nothing else is asked for.
pub(crate) const SEED: u64 = 2026;

/// What a run left behind.
pub(crate) struct Run {
    pub(crate) outcome: Result<(), CloudFailure>,
    pub(crate) shown: String,
}

/// Provisions an element and gives its memory and its public key.
pub(crate) fn provisioned_element() -> (NvImage, String) {
    let world = World::new(WorldSettings::new(SEED)).unwrap();
    let mut console = Terminal::silent().answering(&["y", "0", "y"]);
    let outcome = tutorial::provision::run(&mut world.element_driver(), &mut console).unwrap();
    let Outcome::Key(_, public_key) = outcome else { panic!("declined") };
    (world.element.nv().unwrap(), public_key.to_string())
}

/// A world with a provisioned element, and its operator, who has registered the key.
pub(crate) fn registered(settings: WorldSettings) -> (World, Rc<RefCell<Operator>>) {
    registered_as(settings, &World::DEVICE)
}

pub(crate) fn registered_as(
    settings: WorldSettings,
    device: &gcp_iot_core::DevicePath<'_>,
) -> (World, Rc<RefCell<Operator>>) {
    let (memory, pem) = provisioned_element();
    let world = World::new(WorldSettings { element_memory: Some(memory), ..settings }).unwrap();
    let operator = Operator::register(
        &world.emulator,
        device,
        &pem,
        Duration::ZERO,
        Plan::default(),
        Terminal::silent(),
    );
    let operator = Rc::new(RefCell::new(operator.unwrap()));
    let watching = Rc::clone(&operator);
    world.as_time_passes(move |now| watching.borrow_mut().act(now));
    (world, operator)
}

/// Runs the cloud part until `until` holds, an error ends it, or `limit` of virtual time is over.
pub(crate) fn run(world: &World, settings: &Settings<'_>, limit: Duration, until: impl Fn() -> bool) -> Run {
    let mut console = Terminal::silent();
    let start = world.clock.elapsed();
    let outcome = tutorial::cloud::run(
        &mut world.element_driver(),
        &mut world.modem_driver(),
        &world.driver_clock(),
        settings,
        &mut console,
        || !until() && world.clock.elapsed() - start < limit,
    );
    Run { outcome, shown: console.shown().to_owned() }
}

/// Runs into a failure, which must come within ten virtual minutes.
pub(crate) fn fail(world: &World, settings: &Settings<'_>) -> (CloudFailure, String) {
    let run = run(world, settings, Duration::from_secs(600), || false);
    (run.outcome.expect_err("the run must fail"), run.shown)
}
