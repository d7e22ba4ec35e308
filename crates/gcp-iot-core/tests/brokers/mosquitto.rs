//! Mosquitto 2: MQTT 3.1.1 by `mqtt-lite`.

use core::time::Duration;
use std::process::{Command, Stdio};

use gcp_iot_core::{Endpoint, MqttLite, Session};
use monoclock::{Clock, Millis, SystemClock};
use mqtt_lite::{Connect, Filter, Publish};

use crate::application;
use crate::host::{self, Authority, Broker, DEVICE};

const PROGRAM: &str = "/usr/sbin/mosquitto";

pub(crate) fn start() -> Option<Broker> {
    if !host::is_installed(PROGRAM) {
        return None;
    }
    let (port, tls_port) = (host::free_port(), host::free_port());
    let folder = host::folder("mosquitto", port);
    let authority = Authority::write(&folder);
    let configuration = folder.join("mosquitto.conf");
    let text = format!(
        "allow_anonymous true\nlistener {port} 127.0.0.1\nlistener {tls_port} 127.0.0.1\n\
         certfile {folder}/server.pem\nkeyfile {folder}/server.key\n",
        folder = folder.display()
    );
    std::fs::write(&configuration, text).unwrap();
    let mut command = Command::new(PROGRAM);
    command.arg("-c").arg(configuration).stdout(Stdio::null()).stderr(Stdio::null());
    Some(host::start(&mut command, port, (tls_port, authority), folder, Duration::from_secs(10)))
}

#[test]
fn the_tutorials_session_runs_on_mosquitto_with_tls_and_without() {
    let Some(broker) = start() else { return };
    let clock = SystemClock::new();
    for endpoint in broker.endpoints(Endpoint::mosquitto) {
        let (mut receive, mut transmit) = ([0; 512], [0; 512]);
        let mut session = Session::new(DEVICE, endpoint, MqttLite::new(&mut receive, &mut transmit), &clock);
        let stream = broker.open(session.endpoint());
        let device = session.connect(stream, &mut host::signer(7), host::unix_now()).unwrap();
        application::run(device, &clock, &broker);
    }
}

#[test]
fn a_persistent_session_is_resumed_and_large_messages_come_in_chunks() {
    let Some(broker) = start() else { return };
    let clock = SystemClock::new();
    let endpoint = broker.endpoints(Endpoint::mosquitto)[1];
    let open = || broker.open(&endpoint);
    let (mut receive, mut transmit, mut retained) = ([0; 128], [0; 256], [0; 256]);
    let mut session = mqtt_lite::Session::with_retention(&mut receive, &mut transmit, &mut retained);
    let login = || Connect::new(&["persistent"]).clean_session(false);
    let mut connection = session.connect(open(), &clock, login()).unwrap();
    assert!(!connection.session().session_present());
    let filter = Filter { topic: &["large"], qos: mqtt_lite::QoS::AtLeastOnce };
    connection.subscribe(&[filter]).unwrap();
    let until = clock.now() + Millis::from_secs(5);
    assert!(matches!(connection.wait(until), Ok(Some(mqtt_lite::Event::Subscribed(..)))));
    drop(connection);

    // While the device is away: more than its receive buffer holds.
    let (mut receive, mut transmit) = ([0; 64], [0; 64]);
    let mut publisher = mqtt_lite::Session::new(&mut receive, &mut transmit);
    let mut application = publisher.connect(open(), &clock, Connect::new(&["application"])).unwrap();
    let message = Publish::new(&["large"], b"").qos(mqtt_lite::QoS::AtLeastOnce);
    let mut payload = application.publish_streamed(&message, 100_000).unwrap();
    for _ in 0..100 {
        payload.write(&[b'x'; 1000]).unwrap();
    }
    drop(payload);
    assert!(matches!(application.wait(until), Ok(Some(mqtt_lite::Event::Published(_)))));

    let mut connection = session.connect(open(), &clock, login()).unwrap();
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
