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

/// Bytes each way: the figure is a rate, so a part of a mebibyte shows it.
const AMOUNT: usize = 256 * 1024;

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
fn limit(rate: u32, hex: bool, write: bool) -> f64 {
    let (bytes, pauses, payload) = match (write, hex) {
        (true, false) => (1041.0 + 28.0, 0.070, 1024.0),
        (true, true) => (1043.0 + 24.0, 0.020, 512.0),
        (false, false) => (17.0 + 1051.0, 0.020, 1024.0),
        (false, true) => (16.0 + 1050.0, 0.020, 512.0),
    };
    payload / (bytes * 10.0 / f64::from(rate) + pauses) / 1000.0
}

fn throughput(rate: u32, mode: DataMode, latencies: &Latencies) -> (f64, f64) {
    let bench = Bench::new(Profile { latencies: latencies.clone(), ..Profile::default() });
    bench.network.set_round_trip(core::time::Duration::from_millis(1));
    bench.network.set_window(1 << 20);
    let peer = script();
    serve(&bench.network, "host.example", 80, &peer);
    let mut modem = bench.modem();
    modem.start(&Config { baud_rate: rate, data_mode: mode, ..config() }).expect("the modem comes up");
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

fn steady_minute(rows: &mut Rows) {
    let bench = Bench::new(Profile::default());
    let peer = script();
    serve(&bench.network, "host.example", 80, &peer);
    let mut modem = bench.ready();
    let mut socket = modem.connect("host.example", 80).expect("the host answers");
    let before = bench.simulation.statistics();
    let clock = bench.simulation.clock();
    let end = clock.now() + Millis::from_secs(60);
    let mut publish_at = clock.now();
    while !clock.now().has_reached(end) {
        if clock.now().has_reached(publish_at) {
            socket.write_all(&[0x30; 43]).expect("published");
            publish_at += Millis::from_secs(5);
        }
        assert_eq!(socket.read_ready(), Ok(false));
        clock.wait(publish_at.earlier(end));
    }
    let after = bench.simulation.statistics();
    let commands = after.at_commands - before.at_commands;
    let bytes = after.uart_bytes() - before.uart_bytes();
    let number = |count: u64| f64::from(u32::try_from(count).unwrap_or(u32::MAX));
    rows.add(
        "steady minute, 12 publishes: commands",
        number(commands),
        "",
        Some(12.0),
        Some(2921.0),
        Some((20.0, commands <= 20)),
    );
    rows.add(
        "steady minute, 12 publishes: bytes on the line",
        number(bytes),
        "B",
        None,
        Some(153_843.0),
        Some((3000.0, bytes <= 3000)),
    );
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
    rows.add("cold boot to first publish (no TLS)", took, "s", None, None, None);
    eprintln!("commands of the cold boot: {}", bench.sent().join(" | "));
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
    for (latencies, label) in [(Latencies::zero(), "no latency"), (Latencies::default(), "default latencies")]
    {
        for (rate, original) in [(115_200, 3.8), (460_800, 8.0), (921_600, 9.8)] {
            for (mode, name, hex) in [(DataMode::Hex, "hex", true), (DataMode::Binary, "binary", false)] {
                let (written, read) = throughput(rate, mode, &latencies);
                for (rate_seen, direction, write) in [(written, "write", true), (read, "read", false)] {
                    let limit = limit(rate, hex, write);
                    // Only without latency is the wire the limit.
                    let goal = (label == "no latency")
                        .then(|| (0.95 * limit, (0.95 * limit..=limit * 1.001).contains(&rate_seen)));
                    let original = (write && goal.is_some()).then_some(original);
                    rows.add(
                        &format!("{direction} {name} at {rate}, {label}"),
                        rate_seen,
                        "kB/s",
                        Some(limit),
                        original,
                        goal,
                    );
                }
            }
        }
    }
    steady_minute(&mut rows);
    cold_boot(&mut rows);
    if json {
        println!("{{\"rows\":[{}]}}", rows.0.join(","));
    }
}
