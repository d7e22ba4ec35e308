//! One token of 204 bytes: virtual time, commands, bytes and polls on the element's model.
//!
//! The floor is computed from each run: the wake pulse and tWHI, Random, Nonce and Sign at the times that the
//! model drew, each necessary frame once on the bus, one Sleep. The reply to the wake pulse, which a careful
//! driver reads too, is not in it.

use core::time::Duration;
use std::rc::Rc;

use eccx08::{Eccx08, Slot};
use eccx08_sim::{BusError, Execution, NvImage, Profile, Sim, SimBus, SimDelay};
use jwt_signer::{Es256Signer, IotCoreClaims, Payload, Token};
use monoclock::ManualClock;

/// Runs with random execution times.
const SEEDS: u64 = 100;
/// Clock at which the wake pulse is long enough.
const WAKE_HZ: u32 = 100_000;
/// What Arduino's library needs (ArduinoECCX08 1.4.1), at the fixed delays it was written with.
const ARDUINO: Figures =
    Figures { time: Duration::from_micros(176_600), commands: 6, written: 221, read: 185, polls: 0 };

#[derive(Clone, Copy, Default)]
struct Figures {
    time: Duration,
    commands: u64,
    written: u64,
    read: u64,
    polls: u32,
}

/// One row of the report.
struct Row {
    name: String,
    value: f64,
    unit: &'static str,
    floor: Option<f64>,
    original: Option<f64>,
    goal: Option<f64>,
}

struct Signer<D: FnMut(&[u8; 32]) -> Result<[u8; 64], eccx08::Error<BusError>>>(D);

impl<D: FnMut(&[u8; 32]) -> Result<[u8; 64], eccx08::Error<BusError>>> Es256Signer for Signer<D> {
    type Error = eccx08::Error<BusError>;

    fn sign_digest(&mut self, digest: &[u8; 32]) -> Result<[u8; 64], Self::Error> {
        (self.0)(digest)
    }
}

fn main() {
    let json = std::env::args().any(|argument| argument == "--json");
    let mut rows = Vec::new();
    for profile in [Profile::Atecc508a, Profile::Atecc608a] {
        let nv = provisioned(profile);
        for hz in [100_000, 400_000] {
            measure(&mut rows, profile, &nv, hz);
        }
    }
    let mut text = String::new();
    for row in &rows {
        text.push_str(&format!("{:58} {:>9.3} {:8}", row.name, row.value, row.unit));
        text.push_str(&format!(" floor {:>9}", number(row.floor)));
        text.push_str(&format!(" goal {:>9}", number(row.goal)));
        text.push_str(&format!(" Arduino {:>9} {}\n", number(row.original), met(row)));
    }
    if json {
        eprint!("{text}");
        println!("{{\"rows\":[{}]}}", rows.iter().map(object).collect::<Vec<_>>().join(","));
    } else {
        print!("{text}");
    }
}

fn measure(rows: &mut Vec<Row>, profile: Profile, nv: &NvImage, hz: u32) {
    let part = format!("{profile} {} kHz", hz / 1000);
    for (execution, name) in [(Execution::Typical, "typical"), (Execution::Maximum, "maximum")] {
        let (figures, floor) = run(profile, nv, hz, execution, 0);
        rows.push(time_row(format!("{part}, {name} times: time"), figures.time, floor, 1.05));
        rows.push(count_row(
            format!("{part}, {name} times: polls per command"),
            figures.polls.into(),
            None,
            10,
        ));
    }
    let runs: Vec<_> = (0..SEEDS).map(|seed| run(profile, nv, hz, Execution::Random, seed)).collect();
    let count = u32::try_from(runs.len()).unwrap_or(1);
    let mean = |of: fn(&(Figures, Duration)) -> Duration| runs.iter().map(of).sum::<Duration>() / count;
    let (time, floor) = (mean(|run| run.0.time), mean(|run| run.1));
    rows.push(time_row(format!("{part}, random times: mean of {SEEDS} runs"), time, floor, 1.05));
    let ratio = |run: &(Figures, Duration)| run.0.time.as_secs_f64() / run.1.as_secs_f64();
    let worst = runs.iter().map(ratio).fold(0.0, f64::max);
    let best = runs.iter().map(ratio).fold(f64::MAX, f64::min);
    assert!(best >= 1.0, "below the floor: the benchmark is wrong");
    let name = format!("{part}, random times: worst of {SEEDS} runs over its floor");
    rows.push(Row { name, value: worst, unit: "x", floor: Some(1.0), original: None, goal: Some(1.10) });
    let polls = runs.iter().map(|run| run.0.polls).max().unwrap_or(0);
    rows.push(count_row(format!("{part}, random times: most polls per command"), polls.into(), None, 10));
    let figures = runs[0].0;
    rows.push(count_row(format!("{part}: commands"), figures.commands, Some(ARDUINO.commands), 3));
    rows.push(bytes_row(format!("{part}: bytes to the element"), figures.written, ARDUINO.written));
    rows.push(bytes_row(format!("{part}: bytes from the element"), figures.read, ARDUINO.read));
}

/// Signs one token; the figures of the driver and the floor.
fn run(profile: Profile, nv: &NvImage, hz: u32, execution: Execution, seed: u64) -> (Figures, Duration) {
    let clock = Rc::new(ManualClock::new());
    let builder = Sim::builder(profile).nv(nv.clone()).seed(seed).execution(execution).bus_hz(hz);
    let sim = builder.build(Rc::clone(&clock));
    let slow = sim.clone();
    let pulse = move |bus: &mut SimBus, _: &mut SimDelay| {
        slow.set_bus_hz(WAKE_HZ);
        let _ = embedded_hal::i2c::I2c::write(bus, 0x00, &[0x01]);
        slow.set_bus_hz(hz);
    };
    let mut element = Eccx08::new(sim.bus(), sim.delay()).with_wake_pulse(pulse);
    // Which element it is, is found out once and for all.
    element.chip().expect("the model answers");
    sim.clear_report();

    let payload: Payload =
        Payload::new(&IotCoreClaims::new("mkr-gcp-tutorial", 1_552_600_000, 3600)).expect("short claims");
    let mut signer = Signer(|digest: &[u8; 32]| element.key(Slot::S0).sign(digest));
    let mut buffer = [0; 256];
    let start = clock.elapsed();
    let token = Token::new(payload.as_bytes()).sign(&mut signer, &mut buffer).expect("the model signs");
    let time = clock.elapsed() - start;
    assert_eq!(token.len(), 204);

    let log = sim.log();
    let report = sim.report();
    let figures = Figures {
        time,
        commands: report.commands,
        written: report.bytes_written,
        read: report.bytes_read,
        polls: log.iter().map(|command| command.polls).max().unwrap_or(0),
    };
    let inside: Duration = log.iter().map(|command| command.execution).sum();
    // Word address, command; reply: Random, Nonce (pass-through), Sign. Then Sleep.
    let frames: Duration = [8, 35, 40, 4, 8, 67, 1].map(|bytes| frame(bytes, hz)).into_iter().sum();
    let floor = frame(0, WAKE_HZ) + Duration::from_micros(1500) + inside + frames;
    (figures, floor)
}

/// START, address, bytes, STOP.
fn frame(bytes: u32, hz: u32) -> Duration {
    Duration::from_secs(1) * (1 + 9 * (1 + bytes) + 1) / hz
}

fn provisioned(profile: Profile) -> NvImage {
    let sim = Sim::builder(profile).build(Rc::new(ManualClock::new()));
    let mut element = Eccx08::new(sim.bus(), sim.delay());
    let image = eccx08::Image::for_chip(element.chip().expect("the model answers"));
    let serial_number = element.serial_number().expect("the model answers");
    let consent = eccx08::Consent::to_lock_for_ever(serial_number);
    element.survey(image).expect("blank").complete(&consent).expect("the model is provisioned");
    sim.nv().expect("the model is there")
}

fn time_row(name: String, time: Duration, floor: Duration, most: f64) -> Row {
    let millis = |time: Duration| time.as_secs_f64() * 1000.0;
    Row {
        name,
        value: millis(time),
        unit: "ms",
        floor: Some(millis(floor)),
        original: Some(millis(ARDUINO.time)),
        goal: Some(millis(floor) * most),
    }
}

fn count_row(name: String, value: u64, original: Option<u64>, goal: u64) -> Row {
    let number = |value: u64| value as f64;
    Row {
        name,
        value: number(value),
        unit: "",
        floor: None,
        original: original.map(number),
        goal: Some(number(goal)),
    }
}

fn bytes_row(name: String, value: u64, original: u64) -> Row {
    Row { unit: "B", goal: None, ..count_row(name, value, Some(original), 0) }
}

fn met(row: &Row) -> &'static str {
    match row.goal {
        Some(goal) if row.value <= goal => "met",
        Some(_) => "MISSED",
        None => "",
    }
}

fn number(value: Option<f64>) -> String {
    value.map_or_else(|| "-".to_owned(), |value| format!("{value:.3}"))
}

fn object(row: &Row) -> String {
    let json = |value: Option<f64>| value.map_or_else(|| "null".to_owned(), |value| format!("{value:.3}"));
    let met = row.goal.map_or_else(|| "null".to_owned(), |goal| (row.value <= goal).to_string());
    format!(
        "{{\"name\":\"{}\",\"value\":{:.3},\"unit\":\"{}\",\"floor\":{},\"original\":{},\"goal\":{},\"met\":{met}}}",
        row.name,
        row.value,
        row.unit,
        json(row.floor),
        json(row.original),
        json(row.goal),
    )
}
