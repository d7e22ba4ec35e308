//! What the driver costs on the line, in virtual time: throughput, a steady minute, a cold boot.
//! `--json` prints one object as the last line; the table then goes to stderr.

#[path = "../tests/on_the_model/support/mod.rs"]
#[allow(dead_code, reason = "the tests use the rest")]
mod support;

use embedded_io::{Read, ReadReady, Write};
use monoclock::{Clock, Millis};
use sara_u201::{Config, DataMode};
use sara_u201_sim::{Latencies, Profile};
use support::peers::{script, serve};
use support::{Bench, config};

/// Bytes each way.
const AMOUNT: usize = 1024 * 1024;
/// The manual's pause between the prompt and the data.
const PROMPT_RULE: Millis = Millis(50);

#[derive(Default)]
struct Rows(Vec<String>);

impl Rows {
    fn add(
        &mut self,
        name: &str,
        value: f64,
        unit: &str,
        floor: Option<f64>,
        original: Option<f64>,
        goal: Option<(f64, bool)>,
    ) {
        let show = |number: Option<f64>| number.map_or("null".into(), |number| format!("{number:.2}"));
        let met = goal.map_or("null".into(), |(_, met)| met.to_string());
        eprintln!(
            "{name:<58}{value:>10.2} {unit:<8} limit {:>8}  original {:>8}  {}",
            show(floor),
            show(original),
            goal.map_or("", |(_, met)| if met { "met" } else { "MISSED" })
        );
        self.0.push(format!(
            "{{\"name\":\"{name}\",\"value\":{value:.3},\"unit\":\"{unit}\",\"floor\":{},\"original\":{},\
             \"goal\":{},\"met\":{met}}}",
            show(floor),
            show(original),
            show(goal.map(|(goal, _)| goal))
        ));
    }
}

/// Kilobytes a second that the line and the manual's rules allow (sara-u201-protocol section 17).
fn limit(rate: u32, hex: bool, write: bool, prompt_pause: Millis) -> f64 {
    let pause = 0.020 + f64::from(prompt_pause.0) / 1000.0;
    let (bytes, pauses, payload) = match (write, hex) {
        (true, false) => (1041.0 + 28.0, pause, 1024.0),
        (true, true) => (1043.0 + 24.0, 0.020, 512.0),
        (false, false) => (17.0 + 1051.0, 0.020, 1024.0),
        (false, true) => (16.0 + 1050.0, 0.020, 512.0),
    };
    payload / (bytes * 10.0 / f64::from(rate) + pauses) / 1000.0
}

fn throughput(rate: u32, mode: DataMode, prompt_pause: Millis, latencies: &Latencies) -> (f64, f64) {
    let bench = Bench::new(Profile { latencies: latencies.clone(), ..Profile::default() });
    bench.network.set_round_trip(core::time::Duration::from_millis(1));
    bench.network.set_window(1 << 20);
    let peer = script();
    serve(&bench.network, "host.example", 80, &peer);
    let mut modem = bench.modem();
    modem
        .start(&Config { baud_rate: rate, data_mode: mode, prompt_pause, ..config() })
        .expect("the modem comes up");
    let mut socket = modem.connect("host.example", 80).expect("the host answers");
    let data: Vec<u8> = (0..=255).cycle().take(AMOUNT).collect();
    let start = bench.clock.elapsed();
    socket.write_all(&data).expect("written");
    let written = (bench.clock.elapsed() - start).as_secs_f64();
    bench.clock.advance(core::time::Duration::from_secs(2));
    bench.simulation.catch_up();
    assert_eq!(peer.borrow().received.len(), AMOUNT);
    peer.borrow_mut().to_send.push_back((bench.clock.elapsed(), data.clone()));
    socket.write_all(b"x").expect("written");
    let mut back = vec![0; AMOUNT];
    socket.read(&mut back[..1]).expect("read");
    let start = bench.clock.elapsed();
    socket.read_exact(&mut back[1..]).expect("read");
    let read = (bench.clock.elapsed() - start).as_secs_f64();
    assert!(back == data, "the data came back");
    let amount = f64::from(u32::try_from(AMOUNT).expect("fits")) / 1000.0;
    (amount / written, amount / read)
}

fn steady_minute(rows: &mut Rows, downlink: bool) {
    let bench = Bench::new(Profile::default());
    let peer = script();
    serve(&bench.network, "host.example", 80, &peer);
    let mut modem = bench.ready();
    let mut socket = modem.connect("host.example", 80).expect("the host answers");
    let before = bench.simulation.statistics();
    let clock = bench.simulation.clock();
    let end = clock.now() + Millis::from_secs(60);
    let mut publish_at = clock.now();
    if downlink {
        // One configuration and one command.
        for (after, length) in [(17, 120), (41, 80)] {
            let at = bench.clock.elapsed() + core::time::Duration::from_secs(after);
            peer.borrow_mut().to_send.push_back((at, vec![0x30; length]));
        }
    }
    let mut heard = 0;
    while !clock.now().has_reached(end) {
        if clock.now().has_reached(publish_at) {
            socket.write_all(&[0x30; 43]).expect("published");
            publish_at += Millis::from_secs(5);
        }
        while socket.read_ready().expect("open") {
            heard += socket.read(&mut [0; 128]).expect("read");
        }
        clock.wait(publish_at.earlier(end));
    }
    assert_eq!(heard, if downlink { 200 } else { 0 });
    let after = bench.simulation.statistics();
    let commands = after.at_commands - before.at_commands;
    let bytes = after.uart_bytes() - before.uart_bytes();
    let number = |count: u64| f64::from(u32::try_from(count).unwrap_or(u32::MAX));
    let label =
        if downlink { "steady minute, 12 publishes, 2 received" } else { "steady minute, 12 publishes" };
    let original = |figure| (!downlink).then_some(figure);
    let goal = (!downlink).then_some((20.0, commands <= 20));
    let floor = if downlink { 14.0 } else { 12.0 };
    rows.add(&format!("{label}: commands"), number(commands), "", Some(floor), original(2921.0), goal);
    let goal = (!downlink).then_some((3000.0, bytes <= 3000));
    rows.add(&format!("{label}: bytes on the line"), number(bytes), "B", None, original(153_843.0), goal);
}

/// What must be said from power-up to the first publish, whoever says it, and why.
const SHORTEST: [(&str, &str); 16] = [
    ("AT", "fixes the baud rate"),
    ("ATE0", "no echo"),
    ("AT+CMEE=1", "errors with numbers"),
    ("AT+UDCONF=1,1", "data in digits: cheaper for small messages"),
    ("AT+CTZU=1", "the network's time, from this registration on"),
    ("AT+CREG=2", "loss of registration is told"),
    ("AT+CGREG=2", "loss of packet service is told"),
    ("AT+CPIN?", "the SIM is ready, or wants its PIN"),
    ("AT+CGREG?", "registered"),
    ("AT+UPSND=0,8", "activating twice is an error"),
    ("AT+UPSD=0,1,\"internet\"", "access point"),
    ("AT+UPSD=0,6,0", "no login"),
    ("AT+UPSD=0,7,\"0.0.0.0\"", "address from the network"),
    ("AT+UPSDA=0,3", "activation"),
    ("AT+USOCR=6", "socket"),
    ("AT+USOCO=0,\"host.example\",80", "connection"),
];

/// The floor: a player that says the shortest list on the same model, each line 20 ms behind the last
/// received one, and asks again at once where the modem is not ready yet.
fn cold_boot_floor() -> f64 {
    let bench = Bench::new(Profile::default());
    let peer = script();
    serve(&bench.network, "host.example", 80, &peer);
    let (mut serial, mut wires) = (bench.simulation.serial(), support::Wires::new(&bench.simulation));
    let clock = bench.simulation.clock();
    let pause = |span: Millis| {
        let until = clock.now() + span;
        while !clock.now().has_reached(until) {
            clock.wait(until);
        }
    };
    sara_u201::Wiring::<sara_u201_sim::Serial>::dtr(&mut wires, true);
    sara_u201::Wiring::<sara_u201_sim::Serial>::reset(&mut wires, true);
    pause(Millis(50));
    sara_u201::Wiring::<sara_u201_sim::Serial>::reset(&mut wires, false);
    let publish = format!("AT+USOWR=0,43,\"{}\"", "30".repeat(43));
    let lines = SHORTEST.iter().map(|(line, _)| *line);
    for line in lines.chain([publish.as_str()]) {
        loop {
            serial.write_all(format!("{line}\r").as_bytes()).expect("sent");
            let mut answer = String::new();
            let limit = clock.now() + if line == "AT" { Millis(20) } else { Millis::from_secs(180) };
            let over = |answer: &str| {
                let ended = ["OK\r\n", "ERROR\r\n"].iter().any(|end| answer.ends_with(end));
                ended || answer.contains("+CME ERROR") && answer.ends_with("\r\n")
            };
            while !over(&answer) && !clock.now().has_reached(limit) {
                if serial.read_ready().expect("open") {
                    let mut bytes = [0; 64];
                    let count = serial.read(&mut bytes).expect("read");
                    answer.extend(bytes[..count].iter().map(|&byte| char::from(byte)));
                } else {
                    clock.wait(limit);
                }
            }
            pause(Millis(20));
            let registered = !line.starts_with("AT+CGREG?") || answer.contains(",1") || answer.contains(",5");
            if answer.ends_with("OK\r\n") && registered {
                break;
            }
        }
    }
    bench.clock.elapsed().as_secs_f64()
}

fn cold_boot(rows: &mut Rows) {
    let bench = Bench::new(Profile::default());
    let peer = script();
    serve(&bench.network, "host.example", 80, &peer);
    let mut modem = bench.modem();
    modem.start(&config()).expect("the modem comes up");
    let mut socket = modem.connect("host.example", 80).expect("the host answers");
    socket.write_all(&[0x30; 43]).expect("published");
    let took = bench.clock.elapsed().as_secs_f64();
    let floor = cold_boot_floor();
    let goal = Some((1.05 * floor, (floor..=1.05 * floor).contains(&took)));
    rows.add("cold boot to first publish (no TLS)", took, "s", Some(floor), None, goal);
    eprintln!("commands of the cold boot:");
    for line in bench.sent() {
        let why =
            SHORTEST.iter().find(|(known, _)| *known == line).map_or("asked again, or data", |known| known.1);
        eprintln!("  {line:<40} {why}");
    }
    let statistics = bench.simulation.statistics();
    let broken = statistics.prompt_rule_violations + statistics.pacing_violations + statistics.aborts;
    rows.add(
        "rules of the manual broken in the cold boot",
        f64::from(u32::try_from(broken).unwrap_or(u32::MAX)),
        "",
        Some(0.0),
        None,
        Some((0.0, broken == 0)),
    );
}

fn main() {
    let json = std::env::args().any(|argument| argument == "--json");
    let mut rows = Rows::default();
    steady_minute(&mut rows, false);
    steady_minute(&mut rows, true);
    cold_boot(&mut rows);
    for (latencies, label) in [(Latencies::zero(), "no latency"), (Latencies::default(), "default latencies")]
    {
        for (rate, original) in [(115_200, 3.8), (460_800, 8.0), (921_600, 9.8)] {
            for (mode, name, pause) in [
                (DataMode::Hex, "hex", PROMPT_RULE),
                (DataMode::Binary, "binary", PROMPT_RULE),
                (DataMode::Binary, "binary without the pause", Millis(0)),
                (DataMode::Auto, "mode chosen by itself", PROMPT_RULE),
            ] {
                let (written, read) = throughput(rate, mode, pause, &latencies);
                for (seen, direction, write) in [(written, "write", true), (read, "read", false)] {
                    let limit = match mode {
                        DataMode::Hex => limit(rate, true, write, pause),
                        DataMode::Binary => limit(rate, false, write, pause),
                        DataMode::Auto => {
                            limit(rate, true, write, pause).max(limit(rate, false, write, pause))
                        }
                    };
                    // Only without latency is the wire the limit.
                    let goal = (label == "no latency")
                        .then(|| (0.95 * limit, (0.95 * limit..=limit * 1.001).contains(&seen)));
                    let original = (write && goal.is_some()).then_some(original);
                    let name = format!("{direction} {name} at {rate}, {label}");
                    rows.add(&name, seen, "kB/s", Some(limit), original, goal);
                }
            }
        }
    }
    if json {
        println!("{{\"rows\":[{}]}}", rows.0.join(","));
    }
}
