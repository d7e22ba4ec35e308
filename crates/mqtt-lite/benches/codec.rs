//! Instructions to encode and decode a PUBLISH of 64 bytes, beside those of other crates in the same run.
//!
//! `cargo bench -p mqtt-lite --bench codec -- [--json]`. The program runs itself under Callgrind, twice for
//! each crate: the difference of the two counts is what the messages between them took. What others do with
//! a codec alone is done here by the whole session: its rules, its buffers and the copy into them included.

use core::hint::black_box;
use std::process::Command;

use monoclock::Instant;
use mqtt_lite::{Connect, Event, Publish, Session};
use mqtt_protocol_core::mqtt::Arc;
use mqtt_protocol_core::mqtt::packet::v3_1_1;

const TOPIC: &str = "/devices/MyMKRGSM1400/state";
const PAYLOAD: [u8; 64] = [0x55; 64];
const PACKET: usize = 2 + 2 + TOPIC.len() + PAYLOAD.len();

/// Runs that are compared.
const FEW: u64 = 1000;
const MANY: u64 = 3000;

/// Encodes and decodes so many times.
type Rounds = fn(u64);

/// A crate, and a function that encodes and decodes so many messages.
const CRATES: [(&str, Rounds); 3] =
    [("mqtt-lite", ours), ("mqtt-protocol-core", protocol_core), ("mqttrs2", mqttrs2)];

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    if let [_, flag, name, count] = &arguments[..]
        && flag == "--run"
    {
        let (_, run) = CRATES.iter().find(|(known, _)| known == name).expect("a crate of the table");
        return run(count.parse().expect("a number"));
    }
    let json = arguments.iter().any(|argument| argument == "--json");
    let Some(counts) = CRATES.iter().map(|(name, _)| instructions(name)).collect::<Option<Vec<_>>>() else {
        eprintln!("NOT MEASURED: valgrind is not there");
        if json {
            println!(r#"{{"rows":[]}}"#);
        }
        return;
    };
    let best = counts[1..].iter().copied().min().unwrap_or_default();
    let mut rows = Vec::new();
    for ((name, _), count) in CRATES.iter().zip(counts) {
        let (goal, met) = match *name {
            "mqtt-lite" => (best.to_string(), (count <= best).to_string()),
            _ => ("null".into(), "null".into()),
        };
        eprintln!("{name:<20} {count:>6} instructions per message, both ways   goal {goal:>6}  met {met}");
        rows.push(format!(
            r#"{{"name":"{name}: encode and decode a publish of 64 bytes","value":{count},"unit":"instructions","floor":null,"original":null,"goal":{goal},"met":{met}}}"#
        ));
    }
    if json {
        println!(r#"{{"rows":[{}]}}"#, rows.join(","));
    }
}

/// Counts the instructions of one message; none when there is no valgrind.
fn instructions(name: &str) -> Option<u64> {
    let count = |messages: u64| {
        let program = std::env::current_exe().expect("this program has a path");
        let mut valgrind = Command::new("valgrind");
        valgrind.args(["--tool=callgrind", "--callgrind-out-file=/dev/null"]).arg(program);
        let output = valgrind.args(["--run", name, &messages.to_string()]).output().ok()?;
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{text}");
        let (_, collected) = text.split_once("Collected : ").expect("Callgrind's count");
        Some(collected.split_whitespace().next()?.parse::<u64>().expect("a number"))
    };
    Some((count(MANY)? - count(FEW)?) / (MANY - FEW))
}

fn ours(messages: u64) {
    let mut buffers = [[0; 256]; 4];
    let [receive, transmit, others_receive, others_transmit] = &mut buffers;
    let mut sender = connected(receive, transmit);
    let mut receiver = connected(others_receive, others_transmit);
    for _ in 0..messages {
        sender.publish(black_box(&Publish::new(&[TOPIC], &PAYLOAD))).unwrap();
        let packet = sender.poll_transmit().unwrap();
        assert_eq!(packet.len(), PACKET);
        deliver(&mut receiver, black_box(packet));
        sender.handle_transmitted(PACKET, Instant::from_millis(0));
        let Ok(Some(Event::Message(message))) = receiver.poll_event() else { panic!("no message") };
        black_box(message);
    }
}

fn connected<'b>(receive: &'b mut [u8], transmit: &'b mut [u8]) -> Session<'b> {
    let mut session = Session::new(receive, transmit);
    session.begin(Connect::new(&["c"])).unwrap();
    let length = session.poll_transmit().unwrap().len();
    session.handle_transmitted(length, Instant::from_millis(0));
    deliver(&mut session, &[0x20, 2, 0, 0]);
    assert_eq!(session.poll_event(), Ok(None));
    session
}

fn deliver(session: &mut Session<'_>, bytes: &[u8]) {
    session.receive_space()[..bytes.len()].copy_from_slice(bytes);
    session.handle_received(bytes.len());
}

fn protocol_core(messages: u64) {
    for _ in 0..messages {
        let publish = v3_1_1::Publish::builder().topic_name(black_box(TOPIC)).unwrap();
        let publish = publish.payload(black_box(&PAYLOAD[..])).build().unwrap();
        let wire = black_box(publish.to_continuous_buffer());
        let (read, _) = v3_1_1::Publish::parse(wire[0] & 0x0F, Arc::from(&wire[2..])).unwrap();
        black_box((read.topic_name(), read.payload().as_slice()));
    }
}

fn mqttrs2(messages: u64) {
    use mqttrs2::{Packet, QosPid, decode_slice, encode_slice};
    let mut wire = [0; PACKET];
    for _ in 0..messages {
        let publish = mqttrs2::Publish {
            dup: false,
            qospid: QosPid::AtMostOnce,
            retain: false,
            topic_name: TOPIC,
            payload: &PAYLOAD,
        };
        encode_slice(black_box(&Packet::Publish(publish)), &mut wire).unwrap();
        let Ok(Some(Packet::Publish(read))) = decode_slice(black_box(&wire)) else { panic!("no message") };
        black_box(read);
    }
}
