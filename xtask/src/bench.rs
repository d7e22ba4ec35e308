//! `cargo xtask bench`: figures in virtual time, bytes and counts.

use std::process::ExitCode;

use anyhow::Result;

use crate::{exec, workspace};

/// One benchmark program: a bench target of a package, run in release mode.
struct Bench {
    name: &'static str,
    package: &'static str,
    target: &'static str,
}

const BENCHES: [Bench; 0] = [];

/// Runs a benchmark: virtual time, bytes and counts beside their floors, goals and the original's figures
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Which one
    #[arg(value_parser = clap::builder::PossibleValuesParser::new(BENCHES.iter().map(|bench| bench.name)))]
    name: String,
    /// Print one JSON object as the last line of stdout; everything for people goes to stderr
    #[arg(long)]
    json: bool,
}

/// Runs the task.
pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    let Some(bench) = BENCHES.iter().find(|bench| bench.name == args.name) else {
        anyhow::bail!("no benchmark is named `{}`", args.name);
    };
    let mut cargo = workspace::cargo();
    cargo.args(["bench", "--package", bench.package, "--bench", bench.target]);
    if args.json {
        cargo.args(["--", "--json"]);
    }
    Ok(exec::forwarded(exec::status(&mut cargo)?))
}
