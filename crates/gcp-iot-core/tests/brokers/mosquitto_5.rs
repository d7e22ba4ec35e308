//! Mosquitto 2: MQTT 5 by `minimq`, with the same session.

use core::task::Waker;
use std::sync::OnceLock;
use std::time::Instant;

use embassy_time_driver::{Driver, TICK_HZ, time_driver_impl};
use gcp_iot_core::{ClientId, ConnectError, Endpoint, MinimqError, MinimqLink, MinimqPlace, Session};
use monoclock::SystemClock;

use crate::application;
use crate::host::{self, DEVICE};
use crate::mosquitto::start;

/// The time of `minimq`: whoever waits is polled again and again, so a wake-up needs no queue.
struct HostTime(OnceLock<Instant>);

impl Driver for HostTime {
    fn now(&self) -> u64 {
        let elapsed = self.0.get_or_init(Instant::now).elapsed().as_micros();
        u64::try_from(elapsed * u128::from(TICK_HZ) / 1_000_000).unwrap()
    }

    fn schedule_wake(&self, _at: u64, waker: &Waker) {
        waker.wake_by_ref();
    }
}

time_driver_impl!(static TIME: HostTime = HostTime(OnceLock::new()));

#[test]
fn the_tutorials_session_runs_on_mosquitto_with_mqtt_5_with_tls_and_without() {
    let Some(broker) = start() else { return };
    let clock = SystemClock::new();
    for endpoint in broker.endpoints(Endpoint::mosquitto) {
        let (mut receive, mut transmit, mut message, mut login) = ([0; 512], [0; 1024], [0; 256], [0; 256]);
        let link = MinimqLink::new(&mut receive, &mut transmit, &mut message, &mut login);
        let mut session = Session::new(DEVICE, endpoint, link, &clock);
        let mut place = MinimqPlace::default();
        let stream = broker.open(session.endpoint());
        let device = session.connect_in(&mut place, stream, &mut host::signer(7), host::unix_now()).unwrap();
        application::run(device, &clock, &broker);
    }
}

#[test]
fn a_client_id_of_more_than_64_bytes_is_refused_by_name() {
    let Some(broker) = start() else { return };
    let clock = SystemClock::new();
    let [endpoint, _] = broker.endpoints(Endpoint::mosquitto);
    let id = "d".repeat(65);
    let device = gcp_iot_core::DevicePath::new("project", "us-central1", "Registry", &id).unwrap();
    for (client_id, refused) in [(ClientId::DeviceId, true), (ClientId::Text(&id[1..]), false)] {
        let (mut receive, mut transmit, mut message, mut login) = ([0; 512], [0; 1024], [0; 256], [0; 256]);
        let link = MinimqLink::new(&mut receive, &mut transmit, &mut message, &mut login);
        let mut session = Session::new(device, Endpoint { client_id, ..endpoint }, link, &clock);
        let mut place = MinimqPlace::default();
        let stream = broker.open(&endpoint);
        let result = session.connect_in(&mut place, stream, &mut host::signer(7), host::unix_now());
        match result {
            Ok(connection) => {
                assert!(!refused);
                connection.disconnect().unwrap();
            }
            Err(ConnectError::Link(MinimqError::ClientIdTooLong)) => assert!(refused),
            Err(error) => panic!("{error:?}"),
        }
    }
}
