//! Attach, detach, errors, and what an attached device may do.

use iot_core_emulator::{CloseReason, Credential, DevicePath, DeviceSettings, Event, GatewayAuth};

use crate::support::{Client, Got, Key, START, World, topic};

/// A world whose device is a gateway, and two devices behind it: one bound, one not.
fn gateway(auth: GatewayAuth) -> (World, DevicePath, DevicePath) {
    let world = World::new();
    let settings = world.emulator.device(&world.path).unwrap().settings;
    let settings = DeviceSettings { gateway: Some(auth), ..settings };
    world.emulator.update_device(&world.path, settings, world.now).unwrap();
    let device = |id: &str| {
        let path = world.path.registry().device(id).unwrap();
        world.emulator.create_device(&path, DeviceSettings::default(), world.now).unwrap();
        path
    };
    let (bound, stranger) = (device("bound"), device("stranger"));
    world.emulator.bind_device(&world.path, &bound).unwrap();
    (world, bound, stranger)
}

fn attach(client: &mut Client, world: &World, device: &str, payload: &str, id: u16) {
    client.publish(&format!("/devices/{device}/attach"), payload.as_bytes(), Some(id), world.now);
}

#[test]
fn an_attached_device_publishes_and_receives_through_its_gateway() {
    let (world, bound, _) = gateway(GatewayAuth::AssociationOnly);
    let mut client = world.connect();
    attach(&mut client, &world, "bound", "", 1);
    assert_eq!(client.next(), Got::Puback(1));
    client.publish("/devices/bound/state", b"of the device", Some(2), world.now);
    client.publish(&topic("state"), b"of the gateway", Some(3), world.now);
    assert_eq!((client.next(), client.next()), (Got::Puback(2), Got::Puback(3)));
    assert_eq!(world.emulator.states(&bound).unwrap()[0].text(), Some("of the device"));
    assert_eq!(world.emulator.states(&world.path).unwrap()[0].text(), Some("of the gateway"));

    client.publish("/devices/bound/events/a", b"x", None, world.now);
    assert_eq!(world.emulator.telemetry()[0].device, bound);

    client.subscribe(4, &[("/devices/bound/config", 1), ("/devices/bound/commands/#", 1)], world.now);
    assert_eq!(client.next(), Got::Suback(4, vec![1, 1]));
    let (to, _, id, _) = client.message();
    assert_eq!(to, "/devices/bound/config");
    client.puback(id.unwrap(), world.now);
    assert!(world.emulator.configs(&bound).unwrap()[0].acknowledged.is_some());

    assert!(world.emulator.is_connected(&bound));
    let command = world.emulator.send_command(&bound, "lamp", b"on", world.now).unwrap();
    client.poll(world.now);
    let (to, _, id, _) = client.message();
    assert_eq!(to, "/devices/bound/commands/lamp");
    client.puback(id.unwrap(), world.now);
    assert!(world.events().contains(&Event::CommandAcknowledged { command }));
}

#[test]
fn before_attach_and_after_detach_the_device_is_a_stranger() {
    let (world, bound, _) = gateway(GatewayAuth::AssociationOnly);
    let mut client = world.connect();
    client.subscribe(1, &[("/devices/bound/config", 1)], world.now);
    assert_eq!(client.next(), Got::Suback(1, vec![0x80]));
    attach(&mut client, &world, "bound", "{}", 2);
    client.subscribe(3, &[("/devices/bound/commands/#", 1)], world.now);
    let command = world.emulator.send_command(&bound, "", b"x", world.now).unwrap();
    client.publish("/devices/bound/detach", b"", Some(4), world.now);
    assert!(world.events().contains(&Event::CommandLost { command }));
    for record in world.emulator.journal() {
        let json = serde_json::to_string(&record).unwrap();
        assert!(json.matches("\"device\":").count() <= 1, "{json}");
    }
    assert!(!world.emulator.is_connected(&bound));
    assert!(world.emulator.send_command(&bound, "", b"x", world.now).is_err());
    client.publish("/devices/bound/state", b"x", None, world.now);
    assert!(client.is_closed());
    assert_eq!(world.closed(), [CloseReason::ForeignTopic("/devices/bound/state".into())]);
}

#[test]
fn a_refused_attach_is_told_on_the_errors_topic() {
    let (world, _, stranger) = gateway(GatewayAuth::AssociationOnly);
    let mut client = world.connect();
    client.subscribe(1, &[(&topic("errors"), 0)], world.now);
    client.next();
    for (device, id) in [("stranger", 2), ("nobody", 3)] {
        attach(&mut client, &world, device, "{}", id);
        let (to, payload, ..) = client.message();
        assert_eq!(to, topic("errors"));
        let error: serde_json::Value = serde_json::from_slice(&payload).unwrap();
        assert_eq!(error["error_type"], "GATEWAY_ATTACHMENT_ERROR");
        assert_eq!(
            (error["device_id"].as_str(), error["packet_id"].as_u64()),
            (Some(device), Some(id.into()))
        );
        assert!(client.nothing(), "there is no PUBACK");
    }
    assert!(!client.is_closed());
    assert!(!world.emulator.is_connected(&stranger));
}

#[test]
fn without_a_subscription_to_errors_a_refused_attach_closes() {
    let (world, ..) = gateway(GatewayAuth::AssociationOnly);
    let mut client = world.connect();
    attach(&mut client, &world, "stranger", "{}", 1);
    assert!(matches!(world.closed()[..], [CloseReason::GatewayError(_)]));
    assert_eq!(world.last_error().map(|(code, _)| code), Some(9));
}

#[test]
fn a_token_of_the_device_is_asked_for_where_the_method_says_so() {
    for auth in [GatewayAuth::DeviceAuthTokenOnly, GatewayAuth::AssociationAndDeviceAuthToken] {
        let (world, bound, stranger) = gateway(auth);
        let key = Key::generate();
        for path in [&bound, &stranger] {
            let credentials = vec![Credential::from_pem(&key.pem()).unwrap()];
            let settings = DeviceSettings { credentials, ..DeviceSettings::default() };
            world.emulator.update_device(path, settings, world.now).unwrap();
        }
        let mut client = world.connect();
        client.subscribe(1, &[(&topic("errors"), 0)], world.now);
        client.next();
        let with = |token: &str| format!(r#"{{"authorization": "{token}"}}"#);
        let gateways_own = with(&world.token());
        for (bad, id) in ["", "{}", gateways_own.as_str(), "not JSON"].into_iter().zip(10..) {
            attach(&mut client, &world, "bound", bad, id);
            assert_eq!(client.message().0, topic("errors"), "{bad}");
        }
        attach(&mut client, &world, "bound", &with(&key.token(START)), 3);
        assert_eq!(client.next(), Got::Puback(3));
        attach(&mut client, &world, "stranger", &with(&key.token(START)), 4);
        if auth == GatewayAuth::DeviceAuthTokenOnly {
            assert_eq!(client.next(), Got::Puback(4), "the token is enough");
        } else {
            assert_eq!(client.message().0, topic("errors"), "the binding is wanted too");
        }
    }
}

#[test]
fn the_end_of_the_gateway_is_the_end_of_its_devices() {
    let (world, bound, _) = gateway(GatewayAuth::AssociationOnly);
    let mut client = world.connect();
    attach(&mut client, &world, "bound", "{}", 1);
    attach(&mut client, &world, "bound", "{}", 2);
    assert!(world.emulator.is_connected(&bound));
    assert!(!client.is_closed(), "attaching again changes nothing");
    drop(client);
    assert!(!world.emulator.is_connected(&bound));
}

#[test]
fn a_device_that_connects_itself_leaves_its_gateway() {
    let (world, bound, _) = gateway(GatewayAuth::AssociationOnly);
    let key = Key::generate();
    let settings = DeviceSettings::with_pem(&key.pem()).unwrap();
    world.emulator.update_device(&bound, settings, world.now).unwrap();
    let mut client = world.connect();
    attach(&mut client, &world, "bound", "{}", 1);
    let mut own = world.accept();
    own.connect(&bound.to_string(), &key.token(START), 60, world.now);
    assert_eq!(own.connack(), 0);
    assert!(world.events().contains(&Event::Detached { device: "bound".into() }));
    assert!(!client.is_closed());
    client.publish("/devices/bound/state", b"x", None, world.now);
    assert!(client.is_closed());
    // And the other way round.
    let mut client = world.connect();
    attach(&mut client, &world, "bound", "{}", 1);
    assert!(own.is_closed());
    assert_eq!(world.closed().last(), Some(&CloseReason::TakenOver));
}

#[test]
fn at_most_so_many_devices_are_attached() {
    let world = World::with(|settings| settings.limits.attached_devices = 1);
    let settings = world.emulator.device(&world.path).unwrap().settings;
    let settings = DeviceSettings { gateway: Some(GatewayAuth::AssociationOnly), ..settings };
    world.emulator.update_device(&world.path, settings, world.now).unwrap();
    let mut client = world.connect();
    client.subscribe(9, &[(&topic("errors"), 0)], world.now);
    client.next();
    for (id, device) in [(1, "one"), (2, "two")] {
        let path = world.path.registry().device(device).unwrap();
        world.emulator.create_device(&path, DeviceSettings::default(), world.now).unwrap();
        world.emulator.bind_device(&world.path, &path).unwrap();
        attach(&mut client, &world, device, "", id);
    }
    assert_eq!(client.next(), Got::Puback(1));
    assert_eq!(client.message().0, topic("errors"));
    client.publish("/devices/one/detach", b"", Some(3), world.now);
    attach(&mut client, &world, "two", "", 4);
    assert_eq!((client.next(), client.next()), (Got::Puback(3), Got::Puback(4)));
}

#[test]
fn blocking_an_attached_device_detaches_it() {
    let (world, bound, _) = gateway(GatewayAuth::AssociationOnly);
    let mut client = world.connect();
    attach(&mut client, &world, "bound", "{}", 1);
    world.emulator.set_blocked(&bound, true, world.now).unwrap();
    assert!(!world.emulator.is_connected(&bound));
    assert!(!client.is_closed());
    attach(&mut client, &world, "bound", "{}", 2);
    assert!(client.is_closed());
}
