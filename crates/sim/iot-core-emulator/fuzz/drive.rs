//! Plays a string of bytes as a sequence of events against the bridge.
//!
//! Used by the fuzz target and, with random input, by the crate's own tests.

use core::time::Duration;
use std::sync::OnceLock;

use iot_core_emulator::{
    Connection, DevicePath, DeviceSettings, Emulator, GatewayAuth, RateRule, RegistrySettings, Settings,
    Timestamp,
};

/// Virtual time zero: the golden token's `iat`.
const START: u64 = 1_552_600_000;
/// RFC 6979, appendix A.2.5: the key of the golden token.
const KEY: &str = concat!(
    "-----BEGIN PUBLIC KEY-----\n",
    "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEYP7UuiVanTHJYet0xjVtaMBJuJI7\n",
    "Yfps5mliLmDyn7Z5A/4QCLi8maQa6elWKLxk8vGyDC1+n1F3o8KU1EYimQ==\n",
    "-----END PUBLIC KEY-----\n",
);
/// A token for `mkr-gcp-tutorial` from `START` to a day later.
const TOKEN: &str = concat!(
    "eyJhbGciOiJFUzI1NiIsInR5cCI6IkpXVCJ9",
    ".eyJhdWQiOiJta3ItZ2NwLXR1dG9yaWFsIiwiaWF0IjoxNTUyNjAwMDAwLCJleHAiOjE1NTI2ODY0MDB9",
    ".htZVLA-AW6Nl5CCYexq-ggbrwsveLJKY0Brc5d4ZFkmAYVWCgDKEUxZC8T7AZXj4-GQXhxhtX84Egx9Tq3oOHA",
);

/// Plays `input`: a byte of rules, then orders of one byte each with their operands.
///
/// # Panics
/// When the bridge breaks one of its promises to the transport.
pub(crate) fn drive(input: &[u8]) {
    let mut input = Input(input);
    let rules = input.byte();
    let emulator = emulator(rules & 1 != 0, rules & 2 != 0);
    let path = DevicePath::new("mkr-gcp-tutorial", "us-central1", "registry", "device").unwrap();
    let other = path.registry().device("other").unwrap();
    prepare(emulator, &path, &other, rules & 4 != 0);

    let mut now = Duration::ZERO;
    let mut connections: Vec<Connection> = Vec::new();
    while let Some(order) = input.next() {
        let which = usize::from(order >> 4) % connections.len().max(1);
        match order & 0x0f {
            0..=2 => {
                let bytes = input.bytes();
                if let Some(connection) = connections.get_mut(which) {
                    connection.receive(bytes, now);
                }
            }
            3 => {
                let level = if order & 0x10 != 0 { 5 } else { 4 };
                let mut connection = emulator.accept_plain(now);
                connection.receive(&connect(&path, level, input.byte()), now);
                connections.push(connection);
            }
            4 => connections.push(emulator.accept_plain(now)),
            5 => connections.push(emulator.accept_tls(now)),
            6 => {
                let connection = connections.get_mut(which);
                publish(connection, input.byte(), input.bytes(), now);
            }
            7 => subscribe(connections.get_mut(which), input.byte(), now),
            8 => puback(connections.get_mut(which), input.byte(), now),
            9 => {
                let _ = emulator.set_config(&path, input.bytes(), now);
            }
            10 => {
                let subfolder = if order & 0x10 != 0 { "folder" } else { "" };
                let _ = emulator.send_command(&path, subfolder, input.bytes(), now);
                let _ = emulator.send_command(&other, subfolder, b"x", now);
            }
            11 => fault(emulator, input.byte(), now),
            12 => {
                let blocked = order & 0x10 != 0;
                emulator.set_blocked(&path, blocked, now).unwrap();
            }
            13 if which < connections.len() => drop(connections.swap_remove(which)),
            _ => now += Duration::from_millis(u64::from(input.byte()).pow(2) * 20),
        }
        for connection in &mut connections {
            settle(connection, now);
        }
        // The registry is bounded whatever happens.
        assert!(emulator.states(&path).unwrap().len() <= 10);
        assert!(emulator.configs(&path).unwrap().len() <= 10);
    }
    let open = connections.iter().filter(|connection| !connection.is_closed()).count();
    assert!(open <= connections.len());
    drop(connections);
    assert!(!emulator.is_connected(&path) && !emulator.is_connected(&other));
}

/// What every transport does after every event; checks what the bridge promises it.
fn settle(connection: &mut Connection, now: Duration) {
    let _ = connection.transmit(now);
    match connection.deadline() {
        Some(at) => assert!(at > now || connection.is_closed(), "a deadline that has passed was not met"),
        None => assert!(connection.is_closed(), "an open connection has a deadline"),
    }
    if connection.is_closed() {
        assert!(connection.transmit(now).is_empty(), "a closed connection has said all");
        assert_eq!(connection.deadline(), None);
    }
}

/// One emulator for each set of rules: making its certificates is slow.
fn emulator(mqtt5: bool, strict: bool) -> &'static Emulator {
    static EMULATORS: [OnceLock<Emulator>; 4] = [const { OnceLock::new() }; 4];
    EMULATORS[usize::from(mqtt5) * 2 + usize::from(strict)].get_or_init(|| {
        let mut settings = Settings::google(Timestamp::from_unix(START));
        settings.kept = 10;
        settings.rules.mqtt5 = mqtt5;
        if strict {
            settings.rules.strict_puback = true;
            settings.rules.refuse_will = false;
            settings.rules.dup_after_reconnect = true;
            settings.rules.state_rate = RateRule::Close;
            settings.rules.message_rate = RateRule::Close;
            settings.limits.messages_per_second = 3;
        }
        Emulator::new(settings).unwrap()
    })
}

/// Makes the devices anew: one that connects, and one behind it where it is a gateway.
fn prepare(emulator: &Emulator, path: &DevicePath, other: &DevicePath, gateway: bool) {
    emulator.with_faults(|faults| *faults = Default::default());
    // It is there from the second time on.
    let _ = emulator.create_registry(path.registry(), RegistrySettings::with_event_topic("events"));
    for device in [path, other] {
        let _ = emulator.delete_device(device, Duration::ZERO);
    }
    let mut settings = DeviceSettings::with_pem(KEY).unwrap();
    settings.gateway = gateway.then_some(GatewayAuth::AssociationOnly);
    emulator.create_device(path, settings, Duration::ZERO).unwrap();
    emulator.create_device(other, DeviceSettings::default(), Duration::ZERO).unwrap();
    let _ = emulator.bind_device(path, other);
}

fn fault(emulator: &Emulator, kind: u8, now: Duration) {
    let span = Duration::from_secs(u64::from(kind >> 3));
    match kind & 7 {
        0 => emulator.restart(now, span),
        1 => emulator.with_faults(|faults| faults.unavailable_until = Some(now + span)),
        2 => emulator.with_faults(|faults| faults.drop_at.push(now + span)),
        3 => emulator.with_faults(|faults| faults.puback_delay = span),
        4 => emulator.with_faults(|faults| faults.lose_pubacks = 1),
        5 => emulator.with_faults(|faults| faults.lose_publishes = 1),
        6 => emulator.with_faults(|faults| faults.silent_until = Some(now + span)),
        _ => emulator.with_faults(|faults| *faults = Default::default()),
    }
}

fn string(text: &str) -> Vec<u8> {
    [&u16::try_from(text.len()).unwrap().to_be_bytes(), text.as_bytes()].concat()
}

fn packet(first: u8, body: &[u8]) -> Vec<u8> {
    let mut packet = vec![first];
    let mut rest = body.len();
    loop {
        let low = u8::try_from(rest % 128).unwrap();
        rest /= 128;
        packet.push(if rest > 0 { low | 0x80 } else { low });
        if rest == 0 {
            break;
        }
    }
    [&packet, body].concat()
}

fn connect(path: &DevicePath, level: u8, keep_alive: u8) -> Vec<u8> {
    let properties: &[u8] = if level == 5 { &[0] } else { &[] };
    let body = [
        &string("MQTT")[..],
        &[level, 0xc2, 0, keep_alive],
        properties,
        &string(&path.to_string()),
        &string("unused"),
        &string(TOKEN),
    ];
    packet(0x10, &body.concat())
}

fn publish(connection: Option<&mut Connection>, kind: u8, payload: &[u8], now: Duration) {
    let topics =
        ["device/state", "device/events", "device/events/a", "other/attach", "other/detach", "other/state"];
    let topic = format!("/devices/{}", topics[usize::from(kind >> 2) % topics.len()]);
    let qos = kind & 3;
    let id: &[u8] = if qos > 0 { &[0, 7] } else { &[] };
    if let Some(connection) = connection {
        connection.receive(&packet(0x30 | qos << 1, &[&string(&topic)[..], id, payload].concat()), now);
    }
}

fn subscribe(connection: Option<&mut Connection>, kind: u8, now: Duration) {
    let filters =
        ["device/config", "device/commands/#", "device/errors", "other/config", "other/commands/#", "x"];
    let filter = format!("/devices/{}", filters[usize::from(kind >> 3) % filters.len()]);
    let body = if kind & 4 == 0 {
        packet(0x82, &[&[0, 1][..], &string(&filter), &[kind & 1]].concat())
    } else {
        packet(0xa2, &[&[0, 1][..], &string(&filter)].concat())
    };
    if let Some(connection) = connection {
        connection.receive(&body, now);
    }
}

fn puback(connection: Option<&mut Connection>, id: u8, now: Duration) {
    if let Some(connection) = connection {
        connection.receive(&[0x40, 2, 0, id % 8], now);
    }
}

struct Input<'a>(&'a [u8]);

impl<'a> Input<'a> {
    fn next(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    fn byte(&mut self) -> u8 {
        self.next().unwrap_or_default()
    }

    fn bytes(&mut self) -> &'a [u8] {
        let length = usize::from(self.byte()).min(self.0.len());
        let (bytes, rest) = self.0.split_at(length);
        self.0 = rest;
        bytes
    }
}
