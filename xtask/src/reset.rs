//! `cargo xtask reset`: the board starts anew.

use std::process::ExitCode;

use anyhow::Result;
use sam_ba::Loader;

use crate::board::{self, Kind, Selection, Stop, System};

/// Starts the board's program anew, by way of its loader
#[derive(Debug, clap::Args)]
#[command(after_help = "Exit status: 3 no device, 4 the loader failed.\n\n\
    Examples:\n  cargo xtask reset\n  \
    cargo xtask reset --to-loader --port /dev/ttyACM0   and stay there: the program does not start")]
pub(crate) struct Args {
    #[command(flatten)]
    selection: Selection,
    /// Leave the board in its loader
    #[arg(long)]
    to_loader: bool,
}

/// Runs the task.
pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    Ok(match reset(args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(stop) => stop.report(),
    })
}

fn reset(args: &Args) -> Result<(), Stop> {
    let found = board::loader(&mut System, &args.selection)?;
    let mut loader = Loader::connect(board::open(&found.port)?).map_err(failed)?;
    let version = loader.version().map_err(failed)?;
    if args.to_loader {
        println!("{}: the loader listens, {version}", found.port);
        return Ok(());
    }
    loader.reset().map_err(failed)?;
    match board::program(&mut System, &found)? {
        Some(program) => println!("{}: the program runs", program.port),
        None => println!("{}: reset", found.port),
    }
    Ok(())
}

fn failed(error: sam_ba::Error) -> Stop {
    Stop::new(Kind::Protocol, error)
        .advise("Press the reset button once to start the program, twice to start the loader.")
}
