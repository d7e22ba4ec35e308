//! The whole chain: states go up, a configuration and a command come down.

mod support;

use core::time::Duration;
use std::time::Instant;

use gcp_iot_core::DevicePath;
use iot_core_emulator::Event;
use support::{SEED, registered, registered_as, run};
use tutorial::Settings;
use tutorial_host::{Backend, Report, WorldSettings};

/// Runs until `states` have arrived and everything else was seen.
fn complete(settings: WorldSettings, states: u64) -> (Report, String) {
    let (world, operator) = registered(settings);
    let limit = Duration::from_secs(120);
    let done = || {
        let operator = operator.borrow();
        let delivered = operator.command_sent().is_some_and(|sent| world.clock.elapsed() > sent + limit / 60);
        operator.states_received() >= states && operator.config_acknowledged() && delivered
    };
    let run = run(&world, &world.settings(), limit, done);
    run.outcome.unwrap();
    let report = Report::new(&world, &operator.borrow(), &run.shown, Duration::ZERO);
    assert!(report.is_complete(states), "{report}\n{}", run.shown);
    (report, run.shown)
}

#[test]
fn states_configuration_and_command_arrive() {
    let (report, shown) = complete(WorldSettings::new(SEED), 3);
    assert_eq!(report.states_received, 3);
    assert_eq!(report.connect_attempts, 1);
    assert!(shown.contains("Received a configuration: interval=5"), "{shown}");
    assert!(shown.contains("Received a command: Hello There!"), "{shown}");
}

#[test]
fn the_same_seed_gives_the_same_run() {
    let (first, _) = complete(WorldSettings::new(7), 2);
    let (second, _) = complete(WorldSettings::new(7), 2);
    assert_eq!(first, second);
    let (other, _) = complete(WorldSettings::new(8), 2);
    assert_ne!(first.virtual_time, other.virtual_time, "the seed has no effect");
}

#[test]
fn it_runs_in_real_time_over_loopback_sockets() {
    let mut settings = WorldSettings::new(SEED);
    settings.backend = Backend::Loopback;
    settings.modem.boot = Duration::from_millis(100);
    settings.modem.sim.busy = Duration::from_millis(100);
    settings.modem.network.search = Duration::from_millis(100);
    let started = Instant::now();
    let (report, _) = complete(settings, 1);
    assert!(report.virtual_time <= started.elapsed() + Duration::from_secs(1), "virtual time ran ahead");
}

#[test]
fn every_family_member_does() {
    // The helper's element is an ATECC508A; the others are provisioned here.
    use tutorial::provision::{self, Outcome};
    use tutorial_host::{Terminal, World};
    for element in eccx08_sim::Profile::ALL {
        let world = World::new(WorldSettings { element, ..WorldSettings::new(SEED) }).unwrap();
        let mut console = Terminal::silent().answering(&["y", "3", ""]);
        let outcome = provision::run(&mut world.element_driver(), &mut console).unwrap();
        let Outcome::Key(slot, key) = outcome else { panic!("declined") };
        assert_eq!(slot, eccx08::Slot::S3);
        assert_eq!(Some(*key.as_bytes()), world.element.public_key(3));

        // A second run changes nothing but asks for the key again.
        let mut console = Terminal::silent().answering(&["3", "n"]);
        let again = provision::run(&mut world.element_driver(), &mut console).unwrap();
        assert_eq!(again, outcome);
        assert!(console.shown().contains("locked with this configuration already"));
    }
}

#[test]
fn a_project_of_24_characters_logs_in() {
    // Its signing input has 128 bytes, where the Arduino library signs garbage.
    let project = "a-project-of-24-charact3";
    assert_eq!(project.len(), 24);
    let device = DevicePath::new(project, "us-central1", "MKR_GCP_Tutorial", "MyMKRGSM1400").unwrap();
    let (world, operator) = registered_as(WorldSettings::new(SEED), &device);
    let settings = Settings { device, attempts: Some(1), ..world.settings() };
    let run = run(&world, &settings, Duration::from_secs(60), || operator.borrow().states_received() > 0);
    run.outcome.unwrap();
    assert_eq!(world.emulator.summary().tokens_verified, 1);
}

#[test]
fn the_login_has_the_96_byte_client_id_and_an_hour() {
    let (world, operator) = registered(WorldSettings::new(SEED));
    // The journal is left to the test: nobody else reads it.
    world.as_time_passes(|_| {});
    let states = || world.emulator.summary().states_received > 0;
    run(&world, &world.settings(), Duration::from_secs(60), states).outcome.unwrap();
    drop(operator);
    let journal = world.emulator.journal();
    let client_id = journal.iter().find_map(|record| match &record.event {
        Event::Connect { client_id, .. } => Some(client_id.clone()),
        _ => None,
    });
    assert_eq!(
        client_id.as_deref(),
        Some(
            "projects/mkr-gcp-tutorial/locations/us-central1/registries/MKR_GCP_Tutorial/devices/MyMKRGSM1400"
        )
    );
    assert_eq!(client_id.unwrap().len(), 96);
    let lifetime = journal.iter().find_map(|record| match &record.event {
        Event::TokenVerified { issued, expires } => Some(expires.unix() - issued.unix()),
        _ => None,
    });
    assert_eq!(lifetime, Some(3600));
}

#[test]
fn each_configuration_is_acknowledged_exactly_once() {
    let (world, operator) = registered(WorldSettings::new(SEED));
    let limit = Duration::from_secs(90);
    run(&world, &world.settings(), limit, || operator.borrow().states_received() >= 8).outcome.unwrap();
    let summary = world.emulator.summary();
    // One that is not acknowledged would be sent again within these 40 seconds.
    assert!((1..=2).contains(&summary.configs_sent), "{summary:?}");
    assert!(operator.borrow().config_acknowledged());
    // A second PUBACK of the same message would answer nothing.
    assert_eq!(summary.unexpected_pubacks, 0);
}
