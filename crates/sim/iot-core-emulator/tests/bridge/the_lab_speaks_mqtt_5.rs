//! The lab switch: MQTT 5, and a device id alone as a client id.

use core::time::Duration;

use iot_core_emulator::{Connection, Event};
use mqtt_protocol_core::mqtt;
use mqtt_protocol_core::mqtt::common::Cursor;
use mqtt_protocol_core::mqtt::connection::{Connection as Codec, Event as CodecEvent, role};
use mqtt_protocol_core::mqtt::packet::{GenericPacketTrait as _, Packet, Qos, SubEntry, SubOpts, v5_0};

use crate::support::{DEVICE, PROJECT, World, topic};

fn lab() -> World {
    World::with(|settings| settings.rules.mqtt5 = true)
}

struct Client5 {
    connection: Connection,
    codec: Codec<role::Client>,
}

impl Client5 {
    fn connect(world: &World, client_id: &str, token: &str) -> (Self, Packet) {
        let mut client = Self {
            connection: world.emulator.accept_plain(world.now),
            codec: Codec::new(mqtt::Version::V5_0),
        };
        let connect = v5_0::Connect::builder()
            .client_id(client_id)
            .unwrap()
            .clean_start(true)
            .keep_alive(60)
            .user_name("unused")
            .unwrap()
            .password(token)
            .unwrap();
        let mut answer = client.send(connect.build().unwrap(), world.now);
        (client, answer.remove(0))
    }

    fn send(&mut self, packet: impl Into<Packet>, now: Duration) -> Vec<Packet> {
        for event in self.codec.send(packet.into()) {
            if let CodecEvent::RequestSendPacket { packet, .. } = event {
                self.connection.receive(&packet.to_continuous_buffer(), now);
            }
        }
        self.poll(now)
    }

    fn poll(&mut self, now: Duration) -> Vec<Packet> {
        let bytes = self.connection.transmit(now);
        let mut cursor = Cursor::new(&bytes[..]);
        let mut packets = Vec::new();
        while cursor.position() < bytes.len() as u64 {
            for event in self.codec.recv(&mut cursor) {
                match event {
                    CodecEvent::NotifyPacketReceived(packet) => packets.push(packet),
                    CodecEvent::NotifyError(error) => panic!("the bridge sent {bytes:x?}: {error}"),
                    _ => {}
                }
            }
        }
        packets
    }
}

fn reason(packet: &Packet) -> u8 {
    match packet {
        Packet::V5_0Connack(connack) => {
            assert!(!connack.session_present());
            connack.reason_code() as u8
        }
        other => panic!("{other:?} instead of CONNACK"),
    }
}

#[test]
fn a_device_id_or_a_path_is_a_client_id() {
    let world = lab();
    for client_id in [DEVICE.to_owned(), world.path.to_string()] {
        let (_, connack) = Client5::connect(&world, &client_id, &world.token());
        assert_eq!(reason(&connack), 0, "{client_id}");
    }
    let (_, connack) = Client5::connect(&world, "nobody", &world.token());
    assert_eq!(reason(&connack), 0x87);
    let (client, connack) = Client5::connect(&world, DEVICE, &world.key.token_for("other", 0, 1));
    assert_eq!(reason(&connack), 0x87);
    assert!(client.connection.is_closed());
}

#[test]
fn an_id_in_two_registries_names_neither() {
    let world = lab();
    let twin = iot_core_emulator::DevicePath::new(PROJECT, "asia-east1", "other", DEVICE).unwrap();
    world.emulator.create_registry(twin.registry(), Default::default()).unwrap();
    world.emulator.create_device_with_pem(&twin, &world.key.pem(), world.now).unwrap();
    let (_, connack) = Client5::connect(&world, DEVICE, &world.token());
    assert_eq!(reason(&connack), 0x87);
}

#[test]
fn the_same_rules_hold() {
    let mut world = lab();
    let (mut client, _) = Client5::connect(&world, DEVICE, &world.token());
    let entries: Vec<SubEntry> = ["config", "commands/#", "nothing"]
        .iter()
        .map(|rest| SubEntry::new(topic(rest), SubOpts::new().set_qos(Qos::AtLeastOnce)).unwrap())
        .collect();
    client.codec.register_packet_id(1).unwrap();
    let subscribe = v5_0::Subscribe::builder().packet_id(1).entries(entries).build().unwrap();
    let answer = client.send(subscribe, world.now);
    let Packet::V5_0Suback(suback) = &answer[0] else { panic!("{answer:?}") };
    let codes: Vec<u8> = suback.reason_codes().iter().map(|code| *code as u8).collect();
    assert_eq!(codes, [1, 1, 0x87]);
    let Packet::V5_0Publish(config) = &answer[1] else { panic!("{answer:?}") };
    assert_eq!(config.topic_name(), topic("config"));

    // Within a connection MQTT 5 sends nothing again.
    world.wait(30.0);
    assert!(client.poll(world.now).is_empty());
    let puback = v5_0::Puback::builder().packet_id(config.packet_id().unwrap()).build().unwrap();
    client.send(puback, world.now);
    assert_eq!(world.emulator.summary().configs_acknowledged, 1);

    client.codec.register_packet_id(2).unwrap();
    let state =
        v5_0::Publish::builder().topic_name(topic("state")).unwrap().qos(Qos::AtLeastOnce).packet_id(2u16);
    let answer = client.send(state.payload(b"five".as_slice()).build().unwrap(), world.now);
    assert!(matches!(&answer[..], [Packet::V5_0Puback(puback)] if puback.packet_id() == 2));
    assert_eq!(world.emulator.states(&world.path).unwrap()[0].text(), Some("five"));
    assert!(matches!(&client.send(v5_0::Pingreq::new(), world.now)[..], [Packet::V5_0Pingresp(_)]));

    client.send(v5_0::Disconnect::builder().build().unwrap(), world.now);
    assert!(client.connection.is_closed());
}

#[test]
fn mqtt_3_1_1_is_still_spoken() {
    let world = lab();
    let mut client = world.connect();
    client.ping(world.now);
    assert!(!client.is_closed());
    let mut short = world.accept();
    short.connect(DEVICE, &world.token(), 60, world.now);
    assert_eq!(short.connack(), 0);
    assert!(world.events().contains(&Event::Connected));
}
