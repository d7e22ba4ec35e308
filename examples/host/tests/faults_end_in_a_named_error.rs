//! Every fault on the way ends in an error that names it, within bounded virtual time.

mod support;

use eccx08::ProvisionError;
use eccx08_sim::NvImage;
use gcp_iot_core::{ConnectError, DevicePath, Refusal, TokenError};
use iot_core_emulator::{Emulator, Settings as CloudSettings, Timestamp};
use sara_u201::{Apn, Certificate, ConnectReason, Error, RegistrationStatus, SimError};
use sara_u201_sim::{AccessPoint, Nitz, RegistrationOutcome};
use support::{SEED, fail, registered};
use tutorial::{Failure, Settings};
use tutorial_host::{Terminal, World, WorldSettings};

fn once(world: &World) -> Settings<'_> {
    Settings { attempts: Some(1), ..world.settings() }
}

#[test]
fn a_wrong_pin_is_tried_once_and_the_tries_left_are_told() {
    let mut settings = WorldSettings::new(SEED);
    settings.modem.sim.pin = Some("4711".into());
    let (world, _) = registered(settings);
    let wrong = Settings { pin: Some("1234"), attempts: None, ..world.settings() };

    let (failure, shown) = fail(&world, &wrong);

    assert!(
        matches!(failure, Failure::Modem(Error::Sim(SimError::WrongPin { tries_left: Some(2) }))),
        "{failure:?}"
    );
    assert!(shown.contains("2 tries left"), "{shown}");
    let tries = || world.modem.commands().iter().filter(|record| record.line.starts_with("AT+CPIN=")).count();
    assert_eq!(tries(), 1);

    // The same driver does not try it again, however often it is started.
    let (mut modem, config) =
        (world.modem_driver(), sara_u201::Config { pin: Some("1234"), ..sara_u201::Config::new(wrong.apn) });
    modem.start(&config).unwrap_err();
    let before = tries();
    for _ in 0..5 {
        let error = modem.start(&config).unwrap_err();
        assert!(matches!(error, Error::Sim(SimError::PinWithheld { .. })), "{error:?}");
    }
    assert_eq!(tries(), before);
}

#[test]
fn no_network_is_told_as_such() {
    let mut settings = WorldSettings::new(SEED);
    settings.modem.network.registration = RegistrationOutcome::Searching;
    let (world, _) = registered(settings);
    let (failure, _) = fail(&world, &once(&world));
    assert!(
        matches!(failure, Failure::Modem(Error::Registration { status: RegistrationStatus::Searching, .. })),
        "{failure:?}"
    );
}

#[test]
fn a_network_that_denies_is_told_as_such() {
    let mut settings = WorldSettings::new(SEED);
    settings.modem.network.registration = RegistrationOutcome::Denied;
    let (world, _) = registered(settings);
    let (failure, _) = fail(&world, &once(&world));
    assert!(
        matches!(failure, Failure::Modem(Error::Registration { status: RegistrationStatus::Denied, .. })),
        "{failure:?}"
    );
}

#[test]
fn refused_packet_data_keeps_the_modems_number() {
    let mut settings = WorldSettings::new(SEED);
    let known = AccessPoint { name: "operator.example".into(), ..AccessPoint::default() };
    settings.modem.network.access_points = vec![known];
    settings.modem.network.refusal_code = 133;
    let (world, _) = registered(settings);
    let wrong = Settings { apn: Apn::new("nonsense"), ..once(&world) };
    let (failure, _) = fail(&world, &wrong);
    assert!(
        matches!(failure, Failure::Modem(Error::PacketDataRefused(sara_u201::at::Cause::Cme(133)))),
        "{failure:?}"
    );
}

#[test]
fn a_server_of_an_unknown_authority_is_refused() {
    let (world, operator) = registered(WorldSettings::new(SEED));
    let stranger = Emulator::new(CloudSettings::google(Timestamp::from_unix(0))).unwrap();
    let root = Certificate::root("another-root", stranger.root_certificate().der());
    let (failure, _) = fail(&world, &Settings { root, ..once(&world) });
    let Failure::Modem(Error::Connect(error)) = failure else { panic!("{failure:?}") };
    assert_eq!(error.reason, ConnectReason::Tls);
    assert_eq!(operator.borrow().states_received(), 0);
    assert_eq!(world.emulator.summary().connect_attempts, 0, "no token was shown to a stranger");
}

#[test]
fn a_server_of_another_name_is_refused() {
    let mut settings = WorldSettings::new(SEED);
    settings.cloud.host_names = vec!["mqtt.example.com".into()];
    let (world, _) = registered(settings);
    let (failure, _) = fail(&world, &once(&world));
    let Failure::Modem(Error::Connect(error)) = failure else { panic!("{failure:?}") };
    assert_eq!(error.reason, ConnectReason::Tls);
    assert_eq!(world.emulator.summary().connect_attempts, 0, "no token was shown to a stranger");
}

#[test]
fn a_login_that_is_not_authorized_names_the_return_code() {
    let service = |clearblade| {
        let start = Timestamp::from_unix(1_795_413_600);
        if clearblade { CloudSettings::clearblade(start) } else { CloudSettings::google(start) }
    };
    for (clearblade, expected) in [(false, 5), (true, 4)] {
        let mut settings = WorldSettings::new(SEED);
        settings.cloud = service(clearblade);
        let (world, _) = registered(settings);
        let device = DevicePath::new("mkr-gcp-tutorial", "us-central1", "MKR_GCP_Tutorial", "Unregistered");
        let stranger = Settings { device: device.unwrap(), ..once(&world) };
        let (failure, shown) = fail(&world, &stranger);
        assert!(
            matches!(
                failure,
                Failure::Login(ConnectError::Refused(Refusal::NotAuthorized { code })) if code == expected
            ),
            "{failure:?}"
        );
        assert!(shown.contains(&format!("CONNACK {expected}")), "{shown}");
    }
}

#[test]
fn a_clock_that_the_network_never_set_makes_no_token() {
    let mut settings = WorldSettings::new(SEED);
    settings.modem.network.nitz = Nitz::Never;
    let (world, _) = registered(settings);
    let (failure, shown) = fail(&world, &once(&world));
    assert!(matches!(failure, Failure::ClockNotSet), "{failure:?}");
    assert!(shown.contains("has not told the time"), "{shown}");
    assert_eq!(world.emulator.summary().connect_attempts, 0);
}

#[test]
fn a_server_that_is_not_there_is_told_as_such() {
    let (world, _) = registered(WorldSettings::new(SEED));
    world.network.stop_serving(World::ENDPOINT.host, World::ENDPOINT.port);
    let (failure, _) = fail(&world, &once(&world));
    assert!(matches!(failure, Failure::Modem(Error::Connect(_))), "{failure:?}");
}

#[test]
fn an_absent_element_is_told_as_such() {
    let settings = WorldSettings { element_absent: true, ..WorldSettings::new(SEED) };
    let world = World::new(settings.clone()).unwrap();
    let error = tutorial::provision::run(&mut world.element_driver(), &mut Terminal::silent()).unwrap_err();
    assert!(matches!(error, ProvisionError::Element(eccx08::Error::Absent { .. })), "{error:?}");

    let (failure, _) = fail(&world, &Settings { attempts: None, ..world.settings() });
    let Failure::Login(ConnectError::Token(TokenError::Signer(error))) = failure else {
        panic!("{failure:?}")
    };
    assert!(matches!(error, eccx08::Error::Absent { .. }), "{error:?}");
}

#[test]
fn an_element_that_is_not_provisioned_is_told_as_such() {
    let world = World::new(WorldSettings::new(SEED)).unwrap();
    let (failure, _) = fail(&world, &Settings { attempts: None, ..world.settings() });
    let Failure::Login(ConnectError::Token(TokenError::Signer(error))) = failure else {
        panic!("{failure:?}")
    };
    assert!(matches!(error, eccx08::Error::Unlocked { .. }), "{error:?}");
}

#[test]
fn an_element_locked_with_another_configuration_is_left_alone() {
    let mut settings = WorldSettings::new(SEED);
    let mut config = *NvImage::blank(settings.element).config();
    config[20] ^= 0x01; // slot 0 does not sign external digests
    let locked = NvImage::locked_with(settings.element, &config);
    settings.element_memory = Some(locked.clone());
    let world = World::new(settings).unwrap();

    let mut console = Terminal::silent().answering(&["y", "0", "y"]);
    let error = tutorial::provision::run(&mut world.element_driver(), &mut console).unwrap_err();

    assert!(matches!(error, ProvisionError::LockedOtherwise { .. }), "{error:?}");
    assert_eq!(world.element.nv().unwrap().to_bytes(), locked.to_bytes());
}

#[test]
fn an_element_is_not_locked_without_a_yes() {
    for answer in ["", "n", "no", "Never", "Ja"] {
        let world = World::new(WorldSettings::new(SEED)).unwrap();
        let before = world.element.nv().unwrap().to_bytes();
        let mut console = Terminal::silent().answering(&[answer]);
        let outcome = tutorial::provision::run(&mut world.element_driver(), &mut console).unwrap();
        assert_eq!(outcome, tutorial::provision::Outcome::Declined);
        assert_eq!(world.element.nv().unwrap().to_bytes(), before);
    }
}
