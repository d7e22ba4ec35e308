//! `cargo xtask devices`: the serial ports there are.

use std::process::ExitCode;

use anyhow::Result;
use serde_json::json;

use crate::board::{self, Device};

/// Lists the serial ports of this machine, and which are boards; opens none
#[derive(Debug, clap::Args)]
#[command(
    after_help = "The columns: port, USB ids, location, what is behind it, and what it calls itself.\n\n\
    Examples:\n  cargo xtask devices\n  cargo xtask devices --json"
)]
pub(crate) struct Args {
    /// Print one JSON object as the last line of stdout; everything for people goes to stderr
    #[arg(long)]
    json: bool,
}

/// Runs the task.
pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    let devices = match board::list() {
        Ok(devices) => devices,
        Err(stop) => return Ok(stop.report()),
    };
    if args.json {
        let devices: Vec<_> = devices.iter().map(Device::json).collect();
        println!("{}", json!({ "devices": devices }));
    } else if devices.is_empty() {
        println!("no serial ports");
    } else {
        println!("{}", board::shown(&devices));
    }
    Ok(ExitCode::SUCCESS)
}
