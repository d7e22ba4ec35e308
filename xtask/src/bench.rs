//! `cargo xtask bench`: figures in virtual time, bytes and counts.

use std::process::{Command, ExitCode, Stdio};

use anyhow::{Context, Result, ensure};
use serde_json::json;

use crate::{exec, sim, workspace};

/// Runs a benchmark: virtual time, bytes and counts beside their floors, goals and the original's figures
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Every figure is virtual time, bytes or a count: it is the same on every machine.\n\n\
    Examples:\n  cargo xtask bench token\n  cargo xtask bench modem --json\n  cargo xtask bench faults --seeds 3\n  \
    cargo xtask bench board --long"
)]
pub(crate) struct Args {
    /// Which one
    #[arg(value_enum)]
    name: Bench,
    /// How many seeds each of the modem's faults gets [default: 100]
    #[arg(long)]
    seeds: Option<u32>,
    /// With `board`: a virtual day of the images instead, with lost networks and power cuts; prints what `sim` prints
    #[arg(long)]
    long: bool,
    /// Print one JSON object as the last line of stdout; everything for people goes to stderr
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Bench {
    /// One token: time, commands and bytes on the bus
    Token,
    /// The modem: throughput, the tutorial's steady minute, cold boot
    Modem,
    /// The modem's faults, and what each driver survives
    Faults,
    /// MQTT and the session: bytes on the wire, instruction counts
    Session,
    /// The emulated board: its speed beside an independent core's
    Board,
}

impl Bench {
    /// Returns the packages, and the bench target in each.
    const fn targets(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::Token => &[("eccx08", "token")],
            Self::Modem => &[("sara-u201", "modem")],
            Self::Faults => &[("sara-u201", "faults")],
            Self::Session => &[("gcp-iot-core", "session"), ("mqtt-lite", "codec")],
            Self::Board => &[("samd21-sim", "board")],
        }
    }
}

/// Runs the task.
pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    if args.long {
        ensure!(args.name == Bench::Board, "--long is for `bench board`");
        return sim::run(&sim::Args::day(args.json));
    }
    let targets = args.name.targets();
    if let ([_, _, ..], true) = (targets, args.json) {
        return merged(targets);
    }
    for (package, target) in targets {
        let mut cargo = bench(package, target);
        if args.json {
            cargo.arg("--json");
        }
        if let Some(seeds) = args.seeds {
            cargo.env("SARA_FAULT_SEEDS", seeds.to_string());
        }
        let status =
            exec::status(&mut cargo).with_context(|| format!("cannot run the benchmark `{target}`"))?;
        if !status.success() {
            return Ok(exec::forwarded(status));
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Runs several targets, and prints the rows of all as one object.
fn merged(targets: &[(&str, &str)]) -> Result<ExitCode> {
    let mut rows = Vec::new();
    for (package, target) in targets {
        let mut cargo = bench(package, target);
        cargo.arg("--json").stderr(Stdio::inherit());
        let text = exec::stdout(&mut cargo)?;
        let last = text.lines().last().with_context(|| format!("`{target}` printed nothing"))?;
        let report: serde_json::Value = serde_json::from_str(last).context("no JSON")?;
        rows.extend(report["rows"].as_array().context("no rows")?.iter().cloned());
    }
    println!("{}", json!({ "rows": rows }));
    Ok(ExitCode::SUCCESS)
}

fn bench(package: &str, target: &str) -> Command {
    let mut cargo = workspace::cargo();
    cargo.args(["bench", "--package", package, "--bench", target, "--"]);
    cargo
}
