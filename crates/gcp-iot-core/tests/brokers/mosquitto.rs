//! Mosquitto 2: MQTT 3.1.1 by `mqtt-lite`.

use core::time::Duration;
use std::process::{Command, Stdio};

use gcp_iot_core::{Event, MqttLite, QoS, Session};
use monoclock::{Clock, Millis, SystemClock};
use mqtt_lite::{Connect, Filter, Publish};

use crate::host::{self, Broker, DEVICE, ENDPOINT, Socket};

const PROGRAM: &str = "/usr/sbin/mosquitto";

pub(crate) fn start() -> Option<Broker> {
    if !host::is_installed(PROGRAM) {
        return None;
    }
    let port = host::free_port();
    let folder = host::folder("mosquitto", port);
    let configuration = folder.join("mosquitto.conf");
    std::fs::write(&configuration, format!("listener {port} 127.0.0.1\nallow_anonymous true\n")).unwrap();
    let mut command = Command::new(PROGRAM);
    command.arg("-c").arg(configuration).stdout(Stdio::null()).stderr(Stdio::null());
    Some(host::start(&mut command, port, folder, Duration::from_secs(10)))
}

/// What the cloud does at an IoT Core registry, an application does at a broker: it publishes.
pub(crate) fn publish_to_device(port: u16, topic: &[&str], payload: &[u8]) {
    let (mut receive, mut transmit) = ([0; 256], [0; 256]);
    let mut session = mqtt_lite::Session::new(&mut receive, &mut transmit);
    let clock = SystemClock::new();
    let mut connection = session.connect(Socket::open(port), &clock, Connect::new(&["application"])).unwrap();
    connection.publish(&Publish::new(topic, payload).qos(mqtt_lite::QoS::AtLeastOnce)).unwrap();
    let arrived = connection.wait(clock.now() + Millis::from_secs(5)).unwrap();
    assert!(matches!(arrived, Some(mqtt_lite::Event::Published(_))));
    connection.disconnect().unwrap();
}

#[test]
fn the_tutorials_session_runs_on_mosquitto() {
    let Some(broker) = start() else { return };
    let clock = SystemClock::new();
    let (mut receive, mut transmit) = ([0; 512], [0; 512]);
    let mut session = Session::new(DEVICE, ENDPOINT, MqttLite::new(&mut receive, &mut transmit), &clock);
    let socket = Socket::open(broker.port);
    let mut device = session.connect(socket, &mut host::signer(7), host::unix_now()).unwrap();
    let until = clock.now() + Millis::from_secs(5);
    assert!(matches!(device.wait(until), Ok(Some(Event::Subscribed))));

    publish_to_device(broker.port, &["/devices/MyMKRGSM1400/config"], b"{\"led\":true}");
    let event = device.wait(until).unwrap();
    assert!(matches!(event, Some(Event::Config(config)) if config.payload == b"{\"led\":true}"), "{event:?}");
    publish_to_device(broker.port, &["/devices/MyMKRGSM1400/commands", "/led"], b"Hello There!");
    let event = device.wait(until).unwrap();
    assert!(matches!(event, Some(Event::Command(command)) if command.subfolder == "led"), "{event:?}");

    let number = device.publish_event("temperature", b"21.5", QoS::AtLeastOnce).unwrap().unwrap();
    assert_eq!(device.wait(until).unwrap(), Some(Event::Published(number)));
    device.publish_state(b"hello", QoS::AtMostOnce).unwrap();
    device.disconnect().unwrap();
}

#[test]
fn a_persistent_session_is_resumed_and_large_messages_come_in_chunks() {
    let Some(broker) = start() else { return };
    let clock = SystemClock::new();
    let (mut receive, mut transmit, mut retained) = ([0; 128], [0; 256], [0; 256]);
    let mut session = mqtt_lite::Session::with_retention(&mut receive, &mut transmit, &mut retained);
    let login = || Connect::new(&["persistent"]).clean_session(false);
    let mut connection = session.connect(Socket::open(broker.port), &clock, login()).unwrap();
    assert!(!connection.session().session_present());
    let filter = Filter { topic: &["large"], qos: mqtt_lite::QoS::AtLeastOnce };
    connection.subscribe(&[filter]).unwrap();
    let until = clock.now() + Millis::from_secs(5);
    assert!(matches!(connection.wait(until), Ok(Some(mqtt_lite::Event::Subscribed(..)))));
    drop(connection);

    // While the device is away: more than its receive buffer holds.
    let (mut receive, mut transmit) = ([0; 64], [0; 64]);
    let mut publisher = mqtt_lite::Session::new(&mut receive, &mut transmit);
    let mut application =
        publisher.connect(Socket::open(broker.port), &clock, Connect::new(&["application"])).unwrap();
    let message = Publish::new(&["large"], b"").qos(mqtt_lite::QoS::AtLeastOnce);
    let mut payload = application.publish_streamed(&message, 100_000).unwrap();
    for _ in 0..100 {
        payload.write(&[b'x'; 1000]).unwrap();
    }
    drop(payload);
    assert!(matches!(application.wait(until), Ok(Some(mqtt_lite::Event::Published(_)))));

    let mut connection = session.connect(Socket::open(broker.port), &clock, login()).unwrap();
    assert!(connection.session().session_present());
    let mut received = 0;
    loop {
        match connection.wait(until).unwrap().expect("the message did not come") {
            mqtt_lite::Event::LargeMessage { length, .. } => assert_eq!(length, 100_000),
            mqtt_lite::Event::Chunk { payload, left } => {
                assert!(payload.iter().all(|byte| *byte == b'x'));
                received += payload.len();
                if left == 0 {
                    break;
                }
            }
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(received, 100_000);
    connection.disconnect().unwrap();
}
