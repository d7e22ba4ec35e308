//! `cargo xtask sim`: the tutorial on models.

use std::process::ExitCode;

use anyhow::Result;

use crate::build::firmware;
use crate::{exec, setup, workspace};

/// The exit status when there is no toolchain for the board.
const NO_TOOLCHAIN: u8 = 4;
/// The settings of the images, beside the package: the emulated cloud's authority.
const SETTINGS: &str = "emulator.toml";
/// The images that are run, in their order.
const PROGRAMS: [&str; 2] = ["provision", "cloud"];

/// Runs the tutorial end to end: the images for the board on the emulated board, with models of element, modem
/// and cloud
#[derive(Debug, clap::Args)]
#[command(
    after_help = "The images are those that `cargo xtask flash` writes with FIRMWARE_SETTINGS=emulator.toml, \
    or with the file\nthat FIRMWARE_SETTINGS names. Exit status: 0 only when everything was seen on the cloud's \
    side; 4 without a toolchain\nfor the board (--native needs none).\n\n\
    Examples:\n  \
    cargo xtask sim                          five states, one config, one command, then a summary\n  \
    cargo xtask sim --states 2 --json        for scripts: one object as the last line of stdout\n  \
    cargo xtask sim --for 3600 --seed 7      one virtual hour, another course of events\n  \
    cargo xtask sim --native                 the tutorial built for this machine: quick, no toolchain for the board\n  \
    cargo xtask sim --native --keep-running  real time and loopback sockets, until interrupted"
)]
pub(crate) struct Args {
    /// Run the tutorial built for this machine instead of the images for the board
    #[arg(long)]
    native: bool,
    /// End when this many states have arrived and everything else was seen [default: 5, or 1 with --for]
    #[arg(long, value_name = "N")]
    states: Option<u32>,
    /// Run for this long instead, in virtual seconds
    #[arg(long = "for", value_name = "SECONDS")]
    seconds: Option<u64>,
    /// Run in real time, over sockets on loopback, until stopped (or for --for SECONDS)
    #[arg(long, requires = "native")]
    keep_running: bool,
    /// Seed of everything random: the same seed gives the same run
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// Print one JSON object as the last line of stdout; everything for people goes to stderr
    #[arg(long)]
    json: bool,
    /// Lose the mobile network for half a minute, so long after `cloud` got power; may be repeated
    #[arg(long, value_name = "SECONDS", conflicts_with = "native")]
    lose_network: Vec<u64>,
    /// Cut the board's power, so long after `cloud` got it; may be repeated
    #[arg(long, value_name = "SECONDS", conflicts_with = "native")]
    cut_power: Vec<u64>,
    /// Install nothing; exit with 4 when no toolchain for the board is there
    #[arg(long)]
    no_setup: bool,
}

impl Args {
    /// A virtual day of the images: a network loss every four hours, a power cut every eight.
    pub(crate) fn day(json: bool) -> Self {
        const HOUR: u64 = 3_600;
        Self {
            native: false,
            states: Some(15_000),
            seconds: Some(24 * HOUR),
            keep_running: false,
            seed: None,
            json,
            lose_network: (0..6).map(|turn| (turn * 4 + 1) * HOUR).collect(),
            cut_power: (0..3).map(|turn| (turn * 8 + 3) * HOUR).collect(),
            no_setup: false,
        }
    }
}

/// Runs the task, with what `cargo test` builds too: the models' arithmetic is optimised in every profile.
pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    let mut cargo = workspace::cargo();
    cargo.args(["run", "--package", "tutorial-host", "--bin", "sim", "--"]);
    cargo.args(forwarded(args));
    if !args.native {
        let tools = match setup::tools(args.no_setup) {
            Ok(tools) => tools,
            Err(error) => {
                eprintln!(
                    "sim: {error:#}\n`cargo xtask setup` gets what is missing; `cargo xtask sim --native` runs \
                    without it, on this machine's processor"
                );
                return Ok(ExitCode::from(NO_TOOLCHAIN));
            }
        };
        eprintln!("sim: building {} for the board", PROGRAMS.join(" and "));
        let names = PROGRAMS.map(str::to_owned);
        for program in firmware::build_for(&tools, &names, SETTINGS)? {
            cargo.arg(format!("--{}-image", program.name)).arg(&program.elf);
        }
    }
    Ok(exec::forwarded(exec::status(&mut cargo)?))
}

fn forwarded(args: &Args) -> Vec<String> {
    let switch = |flag: &str, on: bool| on.then(|| vec![flag.to_owned()]);
    let option = |flag: &str, value: Option<String>| value.map(|value| vec![flag.to_owned(), value]);
    let repeated = |flag: &str, values: &[u64]| {
        Some(values.iter().flat_map(|value| [flag.to_owned(), value.to_string()]).collect())
    };
    [
        switch("--native", args.native),
        option("--states", args.states.map(|states| states.to_string())),
        option("--for", args.seconds.map(|seconds| seconds.to_string())),
        switch("--keep-running", args.keep_running),
        option("--seed", args.seed.map(|seed| seed.to_string())),
        switch("--json", args.json),
        repeated("--lose-network", &args.lose_network),
        repeated("--cut-power", &args.cut_power),
    ]
    .into_iter()
    .flatten()
    .flatten()
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Sim {
        #[command(flatten)]
        args: Args,
    }

    #[test]
    fn every_flag_is_passed_on_as_given() {
        for line in [
            "sim --native --states 2 --for 60 --keep-running --seed 7 --json",
            "sim --for 60 --lose-network 10 --lose-network 20 --cut-power 30",
        ] {
            let args = Sim::parse_from(line.split(' ')).args;
            assert_eq!(forwarded(&args).join(" "), line.trim_start_matches("sim "));
        }
    }

    #[test]
    fn no_flag_is_made_up() {
        assert!(forwarded(&Sim::parse_from(["sim"]).args).is_empty());
    }
}
