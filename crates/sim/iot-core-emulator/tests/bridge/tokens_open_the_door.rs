//! CONNECT: protocol level, client id, token, and the answers of both profiles.

use iot_core_emulator::{CloseReason, DevicePath, Event, PathError, Refusal, Timestamp, TokenError};
use mqtt_protocol_core::mqtt::packet::v3_1_1;

use crate::support::{Key, PROJECT, START, World, long_packet, string};

fn refusal(world: &World) -> Refusal {
    let refused = |event| match event {
        Event::Refused { reason, .. } => Some(reason),
        _ => None,
    };
    world.events().into_iter().find_map(refused).expect("a refusal")
}

#[test]
fn a_good_token_is_accepted_without_session_present() {
    let world = World::new();
    let mut client = world.accept();
    let connect = v3_1_1::Connect::builder()
        .client_id(world.path.to_string())
        .unwrap()
        .clean_session(false)
        .user_name("unused")
        .unwrap()
        .password(world.token().as_str())
        .unwrap();
    client.send(connect.build().unwrap(), world.now);
    assert_eq!(client.connack(), 0);
    assert!(!client.is_closed());
    assert!(world.emulator.is_connected(&world.path));
    let summary = world.emulator.summary();
    assert_eq!((summary.connect_attempts, summary.tokens_verified, summary.connections), (1, 1, 1));
}

#[test]
fn the_tutorials_client_id_has_96_bytes_and_a_long_project_works() {
    let world = World::new();
    assert_eq!(world.path.to_string().len(), 96);
    let project = "a-project-of-24-letters-"; // the length that Arduino's buffer breaks at
    let path = DevicePath::new(project, "europe-west1", "registry", "device").unwrap();
    world.emulator.create_registry(path.registry(), Default::default()).unwrap();
    world.emulator.create_device_with_pem(&path, &world.key.pem(), world.now).unwrap();
    let mut client = world.accept();
    let token = world.key.token_for(project, START, START + 60);
    client.connect(&path.to_string(), &token, 60, world.now);
    assert_eq!(client.connack(), 0);
}

#[test]
fn the_arduino_clients_connect_is_taken_although_it_has_no_user_name() {
    let body = |world: &World, will: bool| {
        let flags = if will { 0x46 } else { 0x42 };
        let will = if will { [string("will"), string("gone")].concat() } else { Vec::new() };
        let head = [&string("MQTT")[..], &[4, flags, 0, 60]].concat();
        [head, string(&world.path.to_string()), will, string(&world.token())].concat()
    };
    let world = World::with(|settings| settings.rules.refuse_will = false);
    let mut client = world.accept();
    let connect = long_packet(0x10, &body(&world, false));
    assert_eq!((connect.len(), &connect[..3]), (317, &[0x10, 0xba, 0x02][..]));
    for connect in [connect, long_packet(0x10, &body(&world, true))] {
        client.connection = world.emulator.accept_plain(world.now);
        client.connection.receive(&connect, world.now);
        assert_eq!(client.connection.transmit(world.now), [0x20, 2, 0, 0]);
    }

    let world = World::with(|settings| settings.rules.password_alone = false);
    let mut connection = world.emulator.accept_plain(world.now);
    connection.receive(&long_packet(0x10, &body(&world, false)), world.now);
    assert!(matches!(world.closed()[..], [CloseReason::Protocol(_)]));
    assert!(connection.transmit(world.now).is_empty());
}

#[test]
fn each_bad_token_is_refused_with_5_by_google_and_4_by_clearblade() {
    for (world, code) in [(World::new(), 5), (World::clearblade(), 4)] {
        let key = &world.key;
        for token in [
            String::new(),
            "token".into(),
            Key::generate().token(START),
            key.token_for("another-project", START, START + 3600),
            key.token_for(PROJECT, START - 7200, START - 601),
            key.token_for(PROJECT, START + 601, START + 3600),
            key.token_for(PROJECT, START, START + 86_400 + 601),
            key.sign(r#"{"alg":"none","typ":"JWT"}"#, "{}"),
        ] {
            let mut client = world.try_connect(&token);
            assert_eq!(client.connack(), code, "{token}");
            assert!(client.is_closed());
        }
        assert_eq!(world.emulator.summary().refusals, 8);
        assert_eq!(world.emulator.summary().connections, 0);
        assert!(world.closed().iter().all(|reason| *reason == CloseReason::Refused));
        assert_eq!(world.last_error().map(|(code, _)| code), Some(16));
    }
}

#[test]
fn the_reason_of_a_refusal_is_logged() {
    let world = World::new();
    world.try_connect(&world.key.token_for(PROJECT, START - 7200, START - 700));
    let expired = TokenError::Expired(Timestamp::from_unix(START - 700));
    assert_eq!(refusal(&world), Refusal::Token(expired.clone()));
    assert_eq!(world.last_error(), Some((16, expired.to_string())));
}

#[test]
fn the_journal_reads_as_text_and_as_json() {
    let world = World::new();
    world.try_connect("bad");
    let journal = world.emulator.journal();
    assert_eq!(
        journal[2].to_string(),
        "       0.000 #1    -                CONNACK 5: token: malformed token: not three parts"
    );
    let json = serde_json::to_value(&journal[2]).unwrap();
    assert_eq!((&json["event"], &json["code"]), (&"refused".into(), &5.into()));
}

#[test]
fn any_of_three_keys_will_do() {
    let world = World::new();
    let keys = [Key::generate(), Key::generate()];
    let mut settings = world.emulator.device(&world.path).unwrap().settings;
    for key in &keys {
        settings.credentials.push(iot_core_emulator::Credential::from_pem(&key.pem()).unwrap());
    }
    world.emulator.update_device(&world.path, settings, world.now).unwrap();
    for key in keys.iter().chain([&world.key]) {
        assert_eq!(world.try_connect(&key.token(START)).connack(), 0);
    }
}

#[test]
fn unknown_and_blocked_devices_are_refused() {
    let id = |registry: &str, device: &str| {
        format!("projects/{PROJECT}/locations/us-central1/registries/{registry}/devices/{device}")
    };
    for (client_id, reason) in [
        (id("MKR_GCP_Tutorial", "other"), Refusal::NoDevice),
        (id("MKR_GCP_Tutorial", "mymkrgsm1400"), Refusal::NoDevice),
        (id("other", "MyMKRGSM1400"), Refusal::NoRegistry),
        (id("MKR_GCP_Tutorial", "x"), Refusal::ClientId(PathError::Device)),
        ("MyMKRGSM1400".into(), Refusal::ClientId(PathError::Form)),
        (format!("/{}", id("MKR_GCP_Tutorial", "MyMKRGSM1400")), Refusal::ClientId(PathError::Form)),
        (String::new(), Refusal::ClientId(PathError::Form)),
    ] {
        let world = World::new();
        let mut client = world.accept();
        client.connect(&client_id, &world.token(), 60, world.now);
        assert_eq!(client.connack(), 5, "{client_id}");
        assert_eq!(refusal(&world), reason);
    }
    let world = World::new();
    world.emulator.set_blocked(&world.path, true, world.now).unwrap();
    assert_eq!(world.try_connect(&world.token()).connack(), 5);
    assert_eq!(refusal(&world), Refusal::Blocked);
    world.emulator.set_blocked(&world.path, false, world.now).unwrap();
    assert_eq!(world.try_connect(&world.token()).connack(), 0);
}

#[test]
fn the_number_names_the_device_in_client_id_and_topics() {
    let world = World::new();
    let number = world.emulator.device(&world.path).unwrap().number;
    let mut client = world.accept();
    let path = world.path.registry().device(&number.to_string()).unwrap();
    client.connect(&path.to_string(), &world.token(), 60, world.now);
    assert_eq!(client.connack(), 0);
    client.publish(&format!("/devices/{number}/state"), b"by number", None, world.now);
    assert_eq!(world.emulator.states(&world.path).unwrap()[0].text(), Some("by number"));
}

#[test]
fn blocking_a_device_closes_its_connection() {
    let world = World::new();
    let mut client = world.connect();
    world.emulator.set_blocked(&world.path, true, world.now).unwrap();
    client.poll(world.now);
    assert!(client.is_closed());
    assert_eq!(world.closed(), [CloseReason::DeviceGone]);
    assert!(!world.emulator.is_connected(&world.path));
}

#[test]
fn deleting_a_device_closes_its_connection() {
    let world = World::new();
    let client = world.connect();
    world.emulator.delete_device(&world.path, world.now).unwrap();
    assert!(client.is_closed());
    assert_eq!(world.closed(), [CloseReason::DeviceGone]);
}

#[test]
fn only_protocol_level_4_is_spoken() {
    // CONNECT of MQTT 5 and of MQTT 3.1, each with an empty client id.
    let v5 = [0x10, 14, 0, 4, b'M', b'Q', b'T', b'T', 5, 2, 0, 60, 0, 0, 0, 0];
    let v31 = [0x10, 14, 0, 6, b'M', b'Q', b'I', b's', b'd', b'p', 3, 2, 0, 60, 0, 0];
    for (connect, level) in [(v5, 5), (v31, 3)] {
        let world = World::new();
        let mut connection = world.emulator.accept_plain(world.now);
        connection.receive(&connect, world.now);
        assert_eq!(connection.transmit(world.now), [0x20, 2, 0, 1]);
        assert!(connection.is_closed());
        assert_eq!(refusal(&world), Refusal::ProtocolLevel(level));
    }
}

#[test]
fn a_will_is_refused_by_closing_or_taken_and_never_published() {
    let connect = |world: &World| {
        let mut client = world.accept();
        let connect = v3_1_1::Connect::builder()
            .client_id(world.path.to_string())
            .unwrap()
            .will_message("/devices/MyMKRGSM1400/state", b"gone", 0.try_into().unwrap(), false)
            .unwrap()
            .user_name("unused")
            .unwrap()
            .password(world.token().as_str())
            .unwrap();
        client.send(connect.build().unwrap(), world.now);
        client
    };
    let world = World::new();
    let client = connect(&world);
    assert!(client.nothing() && client.is_closed());
    assert_eq!(world.closed(), [CloseReason::Will]);

    let world = World::with(|settings| settings.rules.refuse_will = false);
    let mut client = connect(&world);
    assert_eq!(client.connack(), 0);
    drop(client);
    assert_eq!(world.closed(), [CloseReason::ByPeer]);
    assert!(world.emulator.states(&world.path).unwrap().is_empty());
}

#[test]
fn regions_and_ids_are_checked_when_a_registry_is_created() {
    let world = World::new();
    let mars = DevicePath::new(PROJECT, "mars-north1", "registry", "device").unwrap();
    assert_eq!(
        world.emulator.create_registry(mars.registry(), Default::default()),
        Err(iot_core_emulator::RegistryError::UnknownRegion)
    );
    assert_eq!(DevicePath::new(PROJECT, "us-central1", "goog-registry", "device"), Err(PathError::Registry));
}
