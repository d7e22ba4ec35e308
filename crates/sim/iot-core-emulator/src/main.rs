//! The emulator on sockets: see `--help`.
#![forbid(unsafe_code)]

mod cli;

use core::time::Duration;
use std::io::{BufRead as _, Write as _};
use std::process::ExitCode;
use std::time::{SystemTime, UNIX_EPOCH};

use clap::Parser as _;
use iot_core_emulator::{Emulator, RealTime, Record, Server, Timestamp};

use crate::cli::Arguments;

/// How often the journal is looked at.
const TICK: Duration = Duration::from_millis(20);

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            let mut cause = error.source();
            while let Some(error) = cause {
                eprintln!("  because: {error}");
                cause = error.source();
            }
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> Result<(), Box<dyn core::error::Error>> {
    let start = match arguments.start {
        Some(unix) => Timestamp::from_unix(unix),
        None => unix_now(),
    };
    let emulator = Emulator::new(arguments.settings(start))?;
    let clock = RealTime::start(arguments.time_scale);
    for device in arguments.devices()? {
        device.create_in(&emulator, clock.now())?;
    }
    if let Some(path) = &arguments.write_root {
        std::fs::write(path, emulator.root_certificate().pem())?;
    }
    let server = Server::start(&emulator, arguments.listen_tls, arguments.listen_plain, move || clock.now())?;
    for (address, how) in [(server.tls_address(), "with TLS"), (server.plain_address(), "without TLS")] {
        if let Some(address) = address {
            eprintln!("listening on {address} {how}");
        }
    }
    let report = {
        let (emulator, json) = (emulator.clone(), arguments.json);
        move || report(&emulator, json)
    };
    std::thread::spawn(report);
    console(&emulator, clock);
    Ok(())
}

/// The host's Unix time.
fn unix_now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_unix(since.as_secs())
}

/// Prints the journal as it grows.
fn report(emulator: &Emulator, json: bool) {
    loop {
        let mut stdout = std::io::stdout().lock();
        for record in emulator.drain_journal() {
            // Nobody reads on: there is nothing left to tell.
            if writeln!(stdout, "{}", line(&record, json)).is_err() {
                return;
            }
        }
        drop(stdout);
        std::thread::sleep(TICK);
    }
}

fn line(record: &Record, json: bool) -> String {
    if json { serde_json::to_string(record).unwrap_or_default() } else { record.to_string() }
}

/// Obeys the lines of standard input until the process is ended; its end is no order.
fn console(emulator: &Emulator, clock: RealTime) {
    for line in std::io::stdin().lock().lines().map_while(Result::ok) {
        if line.trim().is_empty() {
            continue;
        }
        match cli::Order::parse(&line) {
            Ok(order) => match order.obey(emulator, clock.now()) {
                Ok(answer) => eprintln!("{answer}"),
                Err(error) => eprintln!("error: {error}"),
            },
            Err(error) => eprintln!("{error}"),
        }
    }
    loop {
        std::thread::park();
    }
}
