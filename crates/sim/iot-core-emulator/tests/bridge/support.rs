//! A cloud with one device, and a client that follows orders.

use core::time::Duration;
use std::collections::VecDeque;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use iot_core_emulator::{
    CloseReason, Connection, DevicePath, Emulator, Event, RegistrySettings, Settings, Timestamp,
};
use mqtt_protocol_core::mqtt;
use mqtt_protocol_core::mqtt::common::Cursor;
use mqtt_protocol_core::mqtt::connection::{Connection as Codec, Event as CodecEvent, role};
use mqtt_protocol_core::mqtt::packet::{GenericPacketTrait as _, Packet, Qos, SubEntry, SubOpts, v3_1_1};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};

pub(crate) const PROJECT: &str = "mkr-gcp-tutorial";
/// Unix time at virtual time zero: the golden token's `iat`.
pub(crate) const START: u64 = 1_552_600_000;
pub(crate) const DEVICE: &str = "MyMKRGSM1400";

/// A key that signs tokens; not the implementation that the device uses.
pub(crate) struct Key(EcdsaKeyPair);

impl Key {
    pub(crate) fn generate() -> Self {
        let random = SystemRandom::new();
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
        Self(EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8.as_ref(), &random).unwrap())
    }

    pub(crate) fn pem(&self) -> String {
        let prefix = STANDARD.decode("MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgA=").unwrap();
        let der = [&prefix, self.0.public_key().as_ref()].concat();
        let base64 = STANDARD.encode(der);
        format!(
            "-----BEGIN PUBLIC KEY-----\n{}\n{}\n-----END PUBLIC KEY-----\n",
            &base64[..64],
            &base64[64..]
        )
    }

    pub(crate) fn sign(&self, header: &str, claims: &str) -> String {
        let input = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
        let signature = self.0.sign(&SystemRandom::new(), input.as_bytes()).unwrap();
        format!("{input}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    /// A token for one hour from `iat`.
    pub(crate) fn token(&self, iat: u64) -> String {
        self.token_for(PROJECT, iat, iat + 3600)
    }

    pub(crate) fn token_for(&self, aud: &str, iat: u64, exp: u64) -> String {
        self.sign(r#"{"alg":"ES256","typ":"JWT"}"#, &format!(r#"{{"aud":"{aud}","iat":{iat},"exp":{exp}}}"#))
    }
}

pub(crate) struct World {
    pub(crate) emulator: Emulator,
    pub(crate) key: Key,
    pub(crate) path: DevicePath,
    pub(crate) now: Duration,
}

impl World {
    pub(crate) fn new() -> Self {
        Self::with(|_| {})
    }

    pub(crate) fn with(change: impl FnOnce(&mut Settings)) -> Self {
        Self::with_settings(Settings::google(Timestamp::from_unix(START)), change)
    }

    pub(crate) fn clearblade() -> Self {
        Self::with_settings(Settings::clearblade(Timestamp::from_unix(START)), |_| {})
    }

    fn with_settings(mut settings: Settings, change: impl FnOnce(&mut Settings)) -> Self {
        change(&mut settings);
        let emulator = Emulator::new(settings).unwrap();
        let path = DevicePath::new(PROJECT, "us-central1", "MKR_GCP_Tutorial", DEVICE).unwrap();
        let key = Key::generate();
        emulator.create_registry(path.registry(), RegistrySettings::with_event_topic("telemetry")).unwrap();
        emulator.create_device_with_pem(&path, &key.pem(), Duration::ZERO).unwrap();
        Self { emulator, key, path, now: Duration::ZERO }
    }

    pub(crate) fn unix(&self) -> u64 {
        START + self.now.as_secs()
    }

    pub(crate) fn wait(&mut self, seconds: f64) {
        self.now += Duration::from_secs_f64(seconds);
    }

    pub(crate) fn token(&self) -> String {
        self.key.token(self.unix())
    }

    pub(crate) fn accept(&self) -> Client {
        Client::new(self.emulator.accept_plain(self.now))
    }

    /// A client that has sent CONNECT with its path and `token`.
    pub(crate) fn try_connect(&self, token: &str) -> Client {
        let mut client = self.accept();
        client.connect(&self.path.to_string(), token, 60, self.now);
        client
    }

    /// A client that is connected.
    pub(crate) fn connect(&self) -> Client {
        let mut client = self.try_connect(&self.token());
        assert_eq!(client.connack(), 0);
        client
    }

    /// Why connections were closed so far.
    pub(crate) fn closed(&self) -> Vec<CloseReason> {
        let reason = |event| match event {
            Event::Closed { reason } => Some(reason),
            _ => None,
        };
        self.events().into_iter().filter_map(reason).collect()
    }

    pub(crate) fn events(&self) -> Vec<Event> {
        self.emulator.journal().into_iter().map(|record| record.event).collect()
    }

    pub(crate) fn last_error(&self) -> Option<(u32, String)> {
        self.emulator.device(&self.path).unwrap().last_error.map(|error| (error.code, error.message))
    }
}

/// What the bridge sent, in brief.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Got {
    Connack(u8, bool),
    Suback(u16, Vec<u8>),
    Unsuback(u16),
    Puback(u16),
    Pingresp,
    Publish { topic: String, payload: Vec<u8>, qos: u8, id: Option<u16>, dup: bool, retain: bool },
}

pub(crate) struct Client {
    pub(crate) connection: Connection,
    codec: Codec<role::Client>,
    inbox: VecDeque<Got>,
}

impl Client {
    pub(crate) fn new(connection: Connection) -> Self {
        let codec = Codec::new(mqtt::Version::V3_1_1);
        Self { connection, codec, inbox: VecDeque::new() }
    }

    pub(crate) fn connect(&mut self, client_id: &str, token: &str, keep_alive: u16, now: Duration) {
        let connect = v3_1_1::Connect::builder()
            .client_id(client_id)
            .unwrap()
            .clean_session(true)
            .keep_alive(keep_alive)
            .user_name("unused")
            .unwrap()
            .password(token)
            .unwrap()
            .build()
            .unwrap();
        self.send(connect, now);
    }

    pub(crate) fn subscribe(&mut self, id: u16, filters: &[(&str, u8)], now: Duration) {
        let entry = |(filter, qos): &(&str, u8)| {
            SubEntry::new(*filter, SubOpts::new().set_qos(Qos::try_from(*qos).unwrap())).unwrap()
        };
        self.codec.register_packet_id(id).unwrap();
        let entries: Vec<SubEntry> = filters.iter().map(entry).collect();
        self.send(v3_1_1::Subscribe::builder().packet_id(id).entries(entries).build().unwrap(), now);
    }

    pub(crate) fn unsubscribe(&mut self, id: u16, filters: &[&str], now: Duration) {
        self.codec.register_packet_id(id).unwrap();
        let unsubscribe = v3_1_1::Unsubscribe::builder().packet_id(id).entries(filters.to_vec()).unwrap();
        self.send(unsubscribe.build().unwrap(), now);
    }

    pub(crate) fn publish(&mut self, topic: &str, payload: &[u8], id: Option<u16>, now: Duration) {
        if let Some(id) = id {
            self.codec.register_packet_id(id).unwrap();
        }
        let qos = if id.is_some() { Qos::AtLeastOnce } else { Qos::AtMostOnce };
        let publish = v3_1_1::Publish::builder().topic_name(topic).unwrap().qos(qos).packet_id(id);
        self.send(publish.payload(payload).build().unwrap(), now);
    }

    pub(crate) fn puback(&mut self, id: u16, now: Duration) {
        self.raw(&packet(0x40, &id.to_be_bytes()), now);
    }

    pub(crate) fn ping(&mut self, now: Duration) {
        self.raw(&[0xc0, 0], now);
    }

    pub(crate) fn send(&mut self, packet: impl Into<Packet>, now: Duration) {
        for event in self.codec.send(packet.into()) {
            match event {
                CodecEvent::RequestSendPacket { packet, .. } => self.raw(&packet.to_continuous_buffer(), now),
                CodecEvent::NotifyError(error) => panic!("the client cannot send this: {error}"),
                _ => {}
            }
        }
    }

    /// Sends bytes as they are.
    pub(crate) fn raw(&mut self, bytes: &[u8], now: Duration) {
        self.connection.receive(bytes, now);
        self.poll(now);
    }

    /// Takes what the bridge sends at `now`.
    pub(crate) fn poll(&mut self, now: Duration) {
        let bytes = self.connection.transmit(now);
        let mut cursor = Cursor::new(&bytes[..]);
        while cursor.position() < bytes.len() as u64 {
            for event in self.codec.recv(&mut cursor) {
                match event {
                    CodecEvent::NotifyPacketReceived(packet) => self.inbox.push_back(brief(packet)),
                    CodecEvent::NotifyError(error) => panic!("the bridge sent {bytes:x?}: {error}"),
                    _ => {}
                }
            }
        }
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.connection.is_closed()
    }

    pub(crate) fn next(&mut self) -> Got {
        self.inbox.pop_front().expect("the bridge sent nothing more")
    }

    pub(crate) fn nothing(&self) -> bool {
        self.inbox.is_empty()
    }

    pub(crate) fn connack(&mut self) -> u8 {
        match self.next() {
            Got::Connack(code, false) => code,
            other => panic!("{other:?} instead of CONNACK without Session Present"),
        }
    }

    /// The next message: topic, payload, packet identifier, DUP.
    pub(crate) fn message(&mut self) -> (String, Vec<u8>, Option<u16>, bool) {
        match self.next() {
            Got::Publish { topic, payload, id, dup, retain: false, .. } => (topic, payload, id, dup),
            other => panic!("{other:?} instead of PUBLISH"),
        }
    }
}

fn brief(packet: Packet) -> Got {
    match packet {
        Packet::V3_1_1Connack(packet) => Got::Connack(packet.return_code() as u8, packet.session_present()),
        Packet::V3_1_1Suback(packet) => Got::Suback(
            packet.packet_id(),
            packet.return_codes().into_iter().map(|code| code as u8).collect(),
        ),
        Packet::V3_1_1Unsuback(packet) => Got::Unsuback(packet.packet_id()),
        Packet::V3_1_1Puback(packet) => Got::Puback(packet.packet_id()),
        Packet::V3_1_1Pingresp(_) => Got::Pingresp,
        Packet::V3_1_1Publish(packet) => Got::Publish {
            topic: packet.topic_name().into(),
            payload: packet.payload().as_slice().into(),
            qos: packet.qos() as u8,
            id: packet.packet_id(),
            dup: packet.dup(),
            retain: packet.retain(),
        },
        other => panic!("unexpected {other:?}"),
    }
}

/// A topic of the device.
pub(crate) fn topic(rest: &str) -> String {
    format!("/devices/{DEVICE}/{rest}")
}

/// A control packet with a short body.
pub(crate) fn packet(first: u8, body: &[u8]) -> Vec<u8> {
    assert!(body.len() < 128);
    [&[first, u8::try_from(body.len()).unwrap()], body].concat()
}

/// A string with its length before it. (MQTT 3.1.1, section 1.5.3)
pub(crate) fn string(text: &str) -> Vec<u8> {
    [&u16::try_from(text.len()).unwrap().to_be_bytes(), text.as_bytes()].concat()
}

/// A control packet with a body of 128 to 16 383 bytes.
pub(crate) fn long_packet(first: u8, body: &[u8]) -> Vec<u8> {
    assert!((128..16_384).contains(&body.len()));
    let low = u8::try_from(body.len() % 128).unwrap() | 0x80;
    let high = u8::try_from(body.len() / 128).unwrap();
    [&[first, low, high], body].concat()
}
