//! `cargo xtask build`: the programs for the board, and the libraries for its processor.

use std::process::ExitCode;

use anyhow::{Result, bail};
use serde_json::json;

use crate::setup;
use crate::toolchain::TARGET;

pub(crate) mod firmware;
mod libraries;
mod secrets;

pub(crate) use libraries::{FeatureSet, board_features};

/// Builds the programs for the board, or the no_std crates for its processor (thumbv6m-none-eabi)
#[derive(Debug, clap::Args)]
#[command(
    after_help = "A program comes as ELF, as flat image from 0x2000 on (.bin), and with the linker's map.\n\
    Without a name, lists the programs. With --libs, each crate is built with its default features, without any,\n\
    and with all that need no operating system, in a target directory of its own.\n\n\
    Examples:\n  cargo xtask build                    what there is to build\n  \
    cargo xtask build blink\n  cargo xtask build --all --json\n  cargo xtask build --libs --no-setup"
)]
pub(crate) struct Args {
    /// The programs to build
    #[arg(value_name = "BIN", conflicts_with_all = ["all", "libs"])]
    programs: Vec<String>,
    /// Build every program
    #[arg(long, conflicts_with = "libs")]
    all: bool,
    /// Build every no_std library
    #[arg(long)]
    libs: bool,
    /// Print one JSON object as the last line of stdout; everything for people goes to stderr
    #[arg(long)]
    json: bool,
    /// Install nothing; fail when no toolchain for the board is there
    #[arg(long)]
    no_setup: bool,
}

/// Runs the task.
pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    if args.libs {
        return libraries::run(args.json, args.no_setup);
    }
    let known = firmware::programs()?;
    if args.programs.is_empty() && !args.all {
        bail!("name a program, or say --all; there are: {}", known.join(", "));
    }
    if let Some(unknown) = args.programs.iter().find(|name| !known.contains(name)) {
        bail!("no program `{unknown}`; there are: {}", known.join(", "));
    }
    let names = if args.all { &known } else { &args.programs };
    let built = firmware::build(&setup::tools(args.no_setup)?, names)?;
    for program in &built {
        let line = program.shown();
        if args.json {
            eprintln!("{line}");
        } else {
            println!("{line}");
        }
    }
    if args.json {
        let programs: Vec<_> = built.iter().map(firmware::Program::json).collect();
        println!("{}", json!({ "target": TARGET, "ok": true, "programs": programs }));
    }
    Ok(ExitCode::SUCCESS)
}
