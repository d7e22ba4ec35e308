//! PUBLISH from the device: states, events, and what closes the connection.

use iot_core_emulator::{CloseReason, DevicePath, Event, Rate, RateRule};

use crate::support::{Got, World, packet, string, topic};

#[test]
fn ten_states_are_kept_with_their_time_as_base64_and_text() {
    let mut world = World::new();
    let mut client = world.connect();
    for count in 0..12 {
        client.publish(&topic("state"), format!("hello {count}").as_bytes(), None, world.now);
        world.wait(5.0);
    }
    let states = world.emulator.states(&world.path).unwrap();
    assert_eq!(states.len(), 10);
    assert_eq!(states[0].text(), Some("hello 11"));
    assert_eq!(states[0].base64(), "aGVsbG8gMTE=");
    assert_eq!(states[0].at.to_string(), "2019-03-14T21:47:35.000Z");
    assert_eq!(states[9].text(), Some("hello 2"));
    assert_eq!(world.emulator.summary().states_received, 12);
    assert!(client.nothing(), "QoS 0 is not acknowledged");
}

#[test]
fn qos_1_is_acknowledged_exactly_once() {
    let mut world = World::new();
    let mut client = world.connect();
    client.publish(&topic("state"), b"state", Some(7), world.now);
    client.publish(&topic("events"), b"event", Some(8), world.now);
    assert_eq!((client.next(), client.next()), (Got::Puback(7), Got::Puback(8)));
    world.wait(30.0);
    client.poll(world.now);
    assert!(client.nothing());
}

#[test]
fn events_go_to_pub_sub_with_their_attributes() {
    let world = World::new();
    let mut client = world.connect();
    client.publish(&topic("events"), b"plain", None, world.now);
    client.publish(&topic("events/alerts/fire"), b"folder", Some(1), world.now);
    let telemetry = world.emulator.drain_telemetry();
    assert_eq!(telemetry.len(), 2);
    assert_eq!((telemetry[0].subfolder.as_str(), &telemetry[0].payload[..]), ("", &b"plain"[..]));
    assert_eq!((telemetry[1].subfolder.as_str(), &telemetry[1].payload[..]), ("alerts/fire", &b"folder"[..]));
    assert_eq!((&telemetry[1].device, telemetry[1].topic.as_str()), (&world.path, "telemetry"));
    assert_eq!(telemetry[1].number, world.emulator.device(&world.path).unwrap().number);
    assert!(world.emulator.telemetry().is_empty());
}

#[test]
fn without_a_pub_sub_topic_an_event_closes_and_a_state_does_not() {
    let world = World::new();
    let path = DevicePath::new("mkr-gcp-tutorial", "us-central1", "no-topic", "device").unwrap();
    world.emulator.create_registry(path.registry(), Default::default()).unwrap();
    world.emulator.create_device_with_pem(&path, &world.key.pem(), world.now).unwrap();
    let mut client = world.accept();
    client.connect(&path.to_string(), &world.token(), 60, world.now);
    client.publish("/devices/device/state", b"fine", None, world.now);
    assert!(!client.is_closed());
    client.publish("/devices/device/events", b"lost", Some(1), world.now);
    assert!(client.is_closed());
    assert_eq!(world.closed(), [CloseReason::NoEventTopic]);
    assert_eq!(world.emulator.device(&path).unwrap().last_error.unwrap().code, 5);
}

#[test]
fn qos_2_closes() {
    let world = World::new();
    let mut client = world.connect();
    client.connection.receive(&packet(0x34, &[&string(&topic("state"))[..], &[0, 1]].concat()), world.now);
    assert!(client.is_closed());
    assert_eq!(world.closed(), [CloseReason::Qos2]);
    assert!(world.emulator.states(&world.path).unwrap().is_empty());
}

#[test]
fn a_foreign_topic_closes() {
    for foreign in [
        "/devices/other/state",
        "/devices/mymkrgsm1400/state",
        "/devices/MyMKRGSM1400/config",
        "/devices/MyMKRGSM1400/commands",
        "/devices/MyMKRGSM1400/states",
        "devices/MyMKRGSM1400/state",
        "projects/mkr-gcp-tutorial/topics/telemetry",
    ] {
        let world = World::new();
        let mut client = world.connect();
        client.publish(foreign, b"x", Some(1), world.now);
        assert!(client.is_closed(), "{foreign}");
        assert_eq!(world.closed(), [CloseReason::ForeignTopic(foreign.into())]);
        assert!(world.last_error().is_some());
    }
}

#[test]
fn attach_and_detach_by_a_device_that_is_no_gateway_close() {
    for name in ["attach", "detach"] {
        let world = World::new();
        let mut client = world.connect();
        client.publish(&topic(name), b"{}", Some(1), world.now);
        assert_eq!(world.closed(), [CloseReason::NotGateway]);
    }
}

#[test]
fn sizes_are_64_kb_for_states_and_256_kb_for_events() {
    for (name, largest) in [("state", 64 * 1024), ("events", 256 * 1024)] {
        let world = World::new();
        let mut client = world.connect();
        client.publish(&topic(name), &vec![1; largest], Some(1), world.now);
        assert_eq!(client.next(), Got::Puback(1));
        client.publish(&topic(name), &vec![1; largest + 1], Some(2), world.now);
        assert!(client.is_closed() && client.nothing());
        assert_eq!(world.closed(), [CloseReason::PayloadTooLarge(largest + 1)]);
        assert_eq!(world.last_error().map(|(code, _)| code), Some(3));
    }
}

#[test]
fn states_faster_than_one_per_second_follow_the_rule() {
    let two_states = |rule| {
        let mut world = World::with(|settings| settings.rules.state_rate = rule);
        let mut client = world.connect();
        client.publish(&topic("state"), b"1", Some(1), world.now);
        world.wait(0.999);
        client.publish(&topic("state"), b"2", Some(2), world.now);
        let stored = world.emulator.states(&world.path).unwrap().len();
        let noted = world.events().contains(&Event::RateExceeded { rate: Rate::State });
        (stored, noted, client.is_closed(), world.last_error().map(|(code, _)| code))
    };
    assert_eq!(two_states(RateRule::Ignore), (2, false, false, None));
    assert_eq!(two_states(RateRule::Record), (2, true, false, Some(8)));
    assert_eq!(two_states(RateRule::Close), (1, true, true, Some(8)));
}

#[test]
fn one_state_per_second_is_in_order() {
    let mut world = World::with(|settings| settings.rules.state_rate = RateRule::Close);
    let mut client = world.connect();
    for _ in 0..5 {
        client.publish(&topic("state"), b"x", None, world.now);
        world.wait(1.0);
    }
    assert!(!client.is_closed());
}

#[test]
fn more_than_100_messages_per_second_follow_the_rule() {
    let mut world = World::with(|settings| settings.rules.message_rate = RateRule::Close);
    let mut client = world.connect();
    for _ in 0..3 {
        for _ in 0..100 {
            client.publish(&topic("events"), b"x", None, world.now);
        }
        world.wait(1.0);
    }
    assert!(!client.is_closed());
    for _ in 0..101 {
        client.connection.receive(&event(), world.now);
    }
    assert_eq!(world.closed(), [CloseReason::Rate(Rate::Messages)]);
    assert_eq!(world.emulator.summary().events_received, 400);
}

#[test]
fn more_than_512_kb_per_second_follow_the_rule() {
    let world = World::with(|settings| settings.rules.byte_rate = RateRule::Close);
    let mut client = world.connect();
    let half = vec![0; 256 * 1024];
    client.publish(&topic("events"), &half, None, world.now);
    client.publish(&topic("events"), &half, None, world.now);
    assert!(!client.is_closed());
    client.publish(&topic("events"), b"x", None, world.now);
    assert_eq!(world.closed(), [CloseReason::Rate(Rate::Bytes)]);
}

#[test]
fn retain_is_ignored() {
    let world = World::new();
    let mut client = world.connect();
    let mut retained = event();
    retained[0] |= 1;
    client.raw(&retained, world.now);
    assert!(!client.is_closed());
    assert_eq!(world.emulator.summary().events_received, 1);
}

/// An event as bytes: QoS 0, one byte of payload.
fn event() -> Vec<u8> {
    packet(0x30, &[&string(&topic("events"))[..], b"x"].concat())
}
