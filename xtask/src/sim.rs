//! `cargo xtask sim`: the tutorial on models.

use std::process::ExitCode;

use anyhow::Result;

use crate::{exec, workspace};

/// Runs the tutorial end to end on models of element, modem and cloud
#[derive(Debug, clap::Args)]
#[command(after_help = "Exit status 0 only when everything was seen on the cloud's side.\n\n\
    Examples:\n  \
    cargo xtask sim                          five states, one config, one command, then a summary\n  \
    cargo xtask sim --states 2 --json        for scripts: one object as the last line of stdout\n  \
    cargo xtask sim --for 3600 --seed 7      one virtual hour, another course of events\n  \
    cargo xtask sim --keep-running           real time and loopback sockets, until interrupted")]
pub(crate) struct Args {
    /// Run on this machine's processor (the only mode so far)
    #[arg(long)]
    native: bool,
    /// End when this many states have arrived and everything else was seen [default: 5, or 1 with --for]
    #[arg(long, value_name = "N")]
    states: Option<u32>,
    /// Run for this long instead, in virtual seconds
    #[arg(long = "for", value_name = "SECONDS")]
    seconds: Option<u64>,
    /// Run in real time, over sockets on loopback, until stopped (or for --for SECONDS)
    #[arg(long)]
    keep_running: bool,
    /// Seed of everything random: the same seed gives the same run
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// Print one JSON object as the last line of stdout; everything for people goes to stderr
    #[arg(long)]
    json: bool,
}

/// Runs the task, with what `cargo test` builds too: the models' arithmetic is optimised in every profile.
pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    let mut cargo = workspace::cargo();
    cargo.args(["run", "--package", "tutorial-host", "--bin", "sim", "--"]);
    cargo.args(forwarded(args));
    Ok(exec::forwarded(exec::status(&mut cargo)?))
}

fn forwarded(args: &Args) -> Vec<String> {
    let switch = |flag: &str, on: bool| on.then(|| vec![flag.to_owned()]);
    let option = |flag: &str, value: Option<String>| value.map(|value| vec![flag.to_owned(), value]);
    [
        switch("--native", args.native),
        option("--states", args.states.map(|states| states.to_string())),
        option("--for", args.seconds.map(|seconds| seconds.to_string())),
        switch("--keep-running", args.keep_running),
        option("--seed", args.seed.map(|seed| seed.to_string())),
        switch("--json", args.json),
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
        let line = "sim --native --states 2 --for 60 --keep-running --seed 7 --json";
        let args = Sim::parse_from(line.split(' ')).args;
        assert_eq!(forwarded(&args).join(" "), line.trim_start_matches("sim "));
    }

    #[test]
    fn no_flag_is_made_up() {
        assert!(forwarded(&Sim::parse_from(["sim"]).args).is_empty());
    }
}
