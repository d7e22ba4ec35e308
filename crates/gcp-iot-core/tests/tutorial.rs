//! The tutorial's day: states go up, a configuration and a command come down.

mod support;

use gcp_iot_core::{Event, QoS};
use monoclock::{Clock, Millis};
use support::{DEVICE, World};

#[test]
fn states_go_up_and_configuration_and_commands_come_down() {
    let world = World::new();
    world.cloud.set_config(&world.device, b"{\"led\":true}", world.now()).unwrap();
    let mut buffers = [[0; 512]; 2];
    let mut session = world.session(&mut buffers);
    let mut cloud = session.connect(world.open(), &mut world.signer.clone(), world.unix_now()).unwrap();

    let (mut configs, mut commands, mut states) = (Vec::new(), Vec::new(), 0);
    let mut next_state = world.clock.now();
    while states < 5 {
        match cloud.wait(next_state).unwrap() {
            Some(Event::Config(config)) => {
                assert_eq!(config.device, DEVICE.device());
                configs.push(String::from_utf8(config.payload.to_vec()).unwrap());
            }
            Some(Event::Command(command)) => {
                commands.push((command.subfolder.to_owned(), command.payload.to_vec()));
            }
            Some(_) => {}
            None => {
                let text = format!("hello {}", world.clock.now().as_millis());
                cloud.publish_state(text.as_bytes(), QoS::AtMostOnce).unwrap();
                next_state += Millis::from_secs(5);
                states += 1;
                if states == 2 {
                    world.cloud.send_command(&world.device, "", b"Hello There!", world.now()).unwrap();
                    world.cloud.send_command(&world.device, "led/on", b"", world.now()).unwrap();
                }
            }
        }
    }
    cloud.disconnect().unwrap();

    assert_eq!(configs, ["{\"led\":true}"]);
    assert_eq!(commands, [(String::new(), b"Hello There!".to_vec()), ("led/on".to_owned(), Vec::new())]);
    assert_eq!(world.states(), ["hello 0", "hello 5000", "hello 10000", "hello 15000", "hello 20000"]);
    let summary = world.cloud.summary();
    assert_eq!((summary.connect_attempts, summary.tokens_verified), (1, 1));
    assert_eq!((summary.configs_sent, summary.configs_acknowledged), (1, 1));
    assert_eq!(summary.unexpected_pubacks, 0, "a message of QoS 1 is acknowledged exactly once");
}

#[test]
fn every_packet_is_one_write() {
    let world = World::new();
    let mut buffers = [[0; 512]; 2];
    let mut session = world.session(&mut buffers);
    let mut cloud = session.connect(world.open(), &mut world.signer.clone(), world.unix_now()).unwrap();
    cloud.publish_state(b"hello 464488", QoS::AtMostOnce).unwrap();
    let number = cloud.publish_event("temperature", b"21.5", QoS::AtLeastOnce).unwrap();
    assert!(number.is_some());
    cloud.disconnect().unwrap();
    assert_eq!(world.now(), core::time::Duration::ZERO, "nothing waits for what is there already");
    let first: Vec<_> = world.writes.borrow().iter().map(|packet| packet[0]).collect();
    assert_eq!(first, [0x10, 0x82, 0x30, 0x32, 0xE0]);
    assert_eq!(world.writes.borrow()[0].len(), 325, "96 bytes of client id, 204 of token");
    let telemetry = world.cloud.telemetry();
    assert_eq!(telemetry.len(), 1);
}

#[test]
fn an_event_of_qos_1_is_reported_when_it_has_arrived() {
    let world = World::new();
    let mut buffers = [[0; 512]; 2];
    let mut session = world.session(&mut buffers);
    let mut cloud = session.connect(world.open(), &mut world.signer.clone(), world.unix_now()).unwrap();
    let number = cloud.publish_event("", b"21.5", QoS::AtLeastOnce).unwrap().unwrap();
    let mut seen = Vec::new();
    while let Some(event) = cloud.wait(world.clock.now() + Millis(500)).unwrap() {
        match event {
            Event::Subscribed => seen.push(0),
            Event::Published(number) => seen.push(number),
            Event::Config(config) => assert!(config.payload.is_empty()),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(seen, [0, number]);
}

#[test]
fn an_idle_connection_is_kept_alive_for_half_an_hour() {
    let world = World::new();
    let mut buffers = [[0; 512]; 2];
    let mut session = world.session(&mut buffers);
    let mut cloud = session.connect(world.open(), &mut world.signer.clone(), world.unix_now()).unwrap();
    let end = world.clock.now() + Millis::from_secs(1800);
    assert_eq!(cloud.wait(end), Ok(Some(Event::Subscribed)));
    assert!(matches!(cloud.wait(end), Ok(Some(Event::Config(_)))));
    assert_eq!(cloud.wait(end), Ok(None));
    // Three quarters of 60 s apart.
    assert_eq!(world.cloud.summary().pings, 1800 / 45);
    assert!(world.cloud.is_connected(&world.device));
}

#[test]
fn a_project_id_of_24_characters_works() {
    // The original's signature breaks there: the signing input has 128 bytes.
    let world = World::new();
    let path =
        gcp_iot_core::DevicePath::new("a-24-character-project-x", "us-central1", "Registry", "Device-1");
    let path = path.unwrap();
    assert_eq!(path.project().len(), 24);
    let registry =
        iot_core_emulator::RegistryPath::new(path.project(), path.region(), path.registry()).unwrap();
    let settings = iot_core_emulator::RegistrySettings::default();
    world.cloud.create_registry(&registry, settings).unwrap();
    let device = path.to_string().parse().unwrap();
    let pem = world.signer.0.public_key().to_pem();
    world.cloud.create_device_with_pem(&device, pem.as_str(), world.now()).unwrap();
    let mut buffers = [[0; 512]; 2];
    let [receive, transmit] = &mut buffers;
    let link = gcp_iot_core::MqttLite::new(receive, transmit);
    let mut session = gcp_iot_core::Session::new(path, gcp_iot_core::Endpoint::GOOGLE, link, &world);
    session.connect(world.open(), &mut world.signer.clone(), world.unix_now()).unwrap();
}
