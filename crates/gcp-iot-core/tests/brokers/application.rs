//! The application, which is the same at every broker and over both links.

use gcp_iot_core::{Connection, Endpoint, Event, MqttConnection, QoS};
use monoclock::{Clock, Millis, SystemClock};
use mqtt_lite::{Connect, Publish};

use crate::host::{self, Broker};

/// Gets a configuration and a command, sends an event and a state.
pub(crate) fn run<M: MqttConnection, C: Clock>(
    mut device: Connection<'_, M, C>,
    clock: &SystemClock,
    broker: &Broker,
) where
    M::Error: core::fmt::Debug,
{
    let until = clock.now() + Millis::from_secs(20);
    assert_eq!(device.wait(until).unwrap(), Some(Event::Subscribed));
    publish_to_device(broker, "/devices/MyMKRGSM1400/config", b"{\"led\":true}");
    let event = device.wait(until).unwrap();
    assert!(matches!(event, Some(Event::Config(config)) if config.payload == b"{\"led\":true}"), "{event:?}");
    publish_to_device(broker, "/devices/MyMKRGSM1400/commands/led", b"Hello There!");
    let event = device.wait(until).unwrap();
    assert!(
        matches!(event, Some(Event::Command(command))
            if command.subfolder == "led" && command.payload == b"Hello There!"),
        "{event:?}"
    );
    let number = device.publish_event("temperature", b"21.5", QoS::AtLeastOnce).unwrap().unwrap();
    assert_eq!(device.wait(until).unwrap(), Some(Event::Published(number)));
    device.publish_state(b"hello", QoS::AtMostOnce).unwrap();
    assert_eq!(device.poll().unwrap(), None);
    device.disconnect().unwrap();
}

/// What the cloud does at an IoT Core registry, an application does at a broker: it publishes.
fn publish_to_device(broker: &Broker, topic: &str, payload: &[u8]) {
    let (mut receive, mut transmit, clock) = ([0; 256], [0; 512], SystemClock::new());
    let mut session = mqtt_lite::Session::new(&mut receive, &mut transmit);
    let claims =
        jwt_signer::IotCoreClaims::new("mkr-gcp-tutorial", host::unix_now().try_into().unwrap(), 3600);
    let claims: jwt_signer::Payload = jwt_signer::Payload::new(&claims).unwrap();
    let mut token = [0; 256];
    let token = jwt_signer::Token::new(claims.as_bytes()).sign(&mut host::signer(7), &mut token).unwrap();
    let stream = broker.open(&broker.endpoints(Endpoint::mosquitto)[0]);
    let login = Connect::new(&["application"]).login("unused", token);
    let mut connection = session.connect(stream, &clock, login).unwrap();
    connection.publish(&Publish::new(&[topic], payload).qos(mqtt_lite::QoS::AtLeastOnce)).unwrap();
    let arrived = connection.wait(clock.now() + Millis::from_secs(20)).unwrap();
    assert!(matches!(arrived, Some(mqtt_lite::Event::Published(_))));
    connection.disconnect().unwrap();
}
