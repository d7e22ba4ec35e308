//! Bytes and writes of the session beside those of ArduinoMqttClient 0.1.8.
//!
//! `cargo bench -p gcp-iot-core --bench session -- [--json]`; every figure is a count in virtual time.

#[path = "../tests/support/mod.rs"]
mod support;

use gcp_iot_core::{Event, QoS};
use monoclock::{Clock, Millis};
use support::World;

/// One line of the report; `None` stands for "has none".
struct Row {
    name: &'static str,
    value: usize,
    unit: &'static str,
    floor: usize,
    original: Option<usize>,
    goal: usize,
}

fn main() {
    let rows = measure();
    for row in &rows {
        eprintln!(
            "{:<44} {:>6} {:<8} floor {:>5}  original {:>5}  goal {:>5}  {}",
            row.name,
            row.value,
            row.unit,
            row.floor,
            row.original.map_or("-".into(), |original| original.to_string()),
            row.goal,
            if row.value <= row.goal { "met" } else { "MISSED" }
        );
    }
    if std::env::args().any(|argument| argument == "--json") {
        let rows: Vec<_> = rows
            .iter()
            .map(|row| {
                let original = row.original.map_or("null".into(), |original| original.to_string());
                format!(
                    r#"{{"name":"{}","value":{},"unit":"{}","floor":{},"original":{original},"goal":{},"met":{}}}"#,
                    row.name,
                    row.value,
                    row.unit,
                    row.floor,
                    row.goal,
                    row.value <= row.goal
                )
            })
            .collect();
        println!(r#"{{"rows":[{}]}}"#, rows.join(","));
    }
}

fn measure() -> Vec<Row> {
    let world = World::new();
    let mut buffers = [[0; 512]; 2];
    let mut session = world.session(&mut buffers);
    let mut device = session.connect(world.open(), &mut world.signer.clone(), world.unix_now()).unwrap();
    let [connect, subscribe] = [world.writes.borrow()[0].len(), world.writes.borrow()[1].len()];
    world.cloud.set_config(&world.device, b"on", world.now()).unwrap();
    while device.wait(world.clock.now() + Millis(100)).unwrap().is_some() {}
    let acknowledgements = world.writes.borrow().iter().filter(|packet| packet[0] == 0x40).count();
    let configs = usize::try_from(world.cloud.summary().configs_sent).unwrap();

    world.writes.borrow_mut().clear();
    device.publish_state(b"hello 464488", QoS::AtMostOnce).unwrap();
    let publish_writes = world.writes.borrow().len();
    let publish = world.writes.borrow().concat().len();

    // The tutorial's loop: a state each 5 s, for a minute.
    world.writes.borrow_mut().clear();
    let end = world.clock.now() + Millis::from_secs(60);
    let mut next = world.clock.now() + Millis::from_secs(5);
    while !world.clock.now().has_reached(end) {
        if device.wait(next).unwrap().is_none() {
            device.publish_state(b"hello 464488", QoS::AtMostOnce).unwrap();
            next += Millis::from_secs(5);
        }
    }
    let minute = world.writes.borrow().len();

    // An idle hour, but for the renewal of the token.
    world.writes.borrow_mut().clear();
    let end = world.clock.now() + Millis::from_secs(3000);
    while let Some(event) = device.wait(end).unwrap() {
        assert!(!matches!(event, Event::Other { .. }));
    }
    let pings = world.writes.borrow().concat();
    assert!(pings.chunks(2).all(|ping| ping == [0xC0, 0]));

    let row = |name, value, unit, floor, original, goal| Row { name, value, unit, floor, original, goal };
    vec![
        // Floor: client id and token with their lengths, and 14 bytes; the user name takes 8.
        row("CONNECT, 96-byte id and 204-byte token", connect, "bytes", 317, Some(317), 325),
        row("both subscriptions", subscribe, "bytes", 67, None, 70),
        row("publish 12 bytes to state", publish, "bytes", 43, Some(43), 43),
        row("writes per publish", publish_writes, "writes", 1, Some(2), 1),
        row("PUBACK per configuration", acknowledgements / configs, "packets", 1, Some(2), 1),
        row("writes of the tutorial's minute", minute, "writes", 12, Some(23), 12),
        row("pings in 50 idle minutes", pings.len() / 2, "packets", 50, Some(50), 67),
    ]
}
