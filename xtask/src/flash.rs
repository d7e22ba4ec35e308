//! `cargo xtask flash`: a program onto the board.

use std::process::ExitCode;

use anyhow::Result;
use serde_json::{Value, json};

use crate::board::{self, Kind, Selection, Stop, System};
use crate::monitor;

mod bar;
mod native;
mod plan;
pub(crate) mod program;
mod tools;

use plan::Plan;
use program::Source;

/// Builds a program and writes it to the board, whose settings stay
#[derive(Debug, clap::Args)]
#[command(
    after_help = "A board with one of these programs is brought into its loader by itself. One whose program hangs, or has\n\
    no USB port, needs two presses of its reset button within half a second.\n\n\
    Exit status: 1 build failed, 2 usage, 3 no device, 4 the loader failed, 5 verification failed, 130 stopped.\n\n\
    Examples:\n  \
    cargo xtask flash                        the program `cloud` onto the only board there is\n  \
    cargo xtask flash provision --monitor    and show what it says\n  \
    cargo xtask flash blink --dry-run        what would be done, with addresses and checksums; opens no port\n  \
    cargo xtask flash firmware.elf --port /dev/ttyACM1\n  \
    cargo xtask flash blink --location 1-2.3 the board in this place; see `cargo xtask devices`\n  \
    cargo xtask flash cloud --tool probe-rs  by a debug probe on the pads"
)]
pub(crate) struct Args {
    /// A program by name, or a file: ELF, or plain bytes from 0x2000 on
    #[arg(value_name = "BIN", default_value = "cloud")]
    program: String,
    #[command(flatten)]
    selection: Selection,
    /// Show the steps, and open no port
    #[arg(long)]
    dry_run: bool,
    /// Afterwards show what the program says, until interrupted
    #[arg(long)]
    monitor: bool,
    /// Leave out the comparison of the program's checksum
    #[arg(long)]
    no_verify: bool,
    /// Let the settings and stored events go, which are kept otherwise
    #[arg(long)]
    erase_settings: bool,
    /// What talks to the board
    #[arg(long, value_enum, default_value_t = Tool::Native)]
    tool: Tool,
    /// Print one JSON object as the last line of stdout; everything for people goes to stderr
    #[arg(long)]
    json: bool,
    /// Install nothing; fail when no toolchain for the board is there
    #[arg(long)]
    no_setup: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Tool {
    /// This task itself, over the loader
    Native,
    /// `bossac` of this machine, over the loader; it cannot keep settings
    Bossac,
    /// `probe-rs` of this machine, over a debug probe
    ProbeRs,
}

/// Runs the task.
pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    let (result, code) = match flash(args) {
        Ok(value) => (value, ExitCode::SUCCESS),
        Err(stop) => {
            let error = format!("{:#}", stop.reason);
            (json!({ "ok": false, "error": error, "exit_code": stop.kind as u8 }), stop.report())
        }
    };
    if args.json {
        println!("{result}");
    }
    Ok(code)
}

fn flash(args: &Args) -> Result<Value, Stop> {
    if args.tool == Tool::Bossac && !args.erase_settings {
        let reason = "bossac erases the settings and cannot write them back";
        return Err(Stop::text(Kind::Usage, reason)
            .advise("Say --erase-settings if they may go, or leave out --tool bossac."));
    }
    if args.tool == Tool::ProbeRs && (args.selection.port.is_some() || args.monitor) {
        let reason = "a debug probe has no serial port: --port and --monitor do not go with --tool probe-rs";
        return Err(Stop::text(Kind::Usage, reason));
    }
    let source = Source::find(&args.program)?;
    if matches!(source, Source::Workspace(_)) && !args.dry_run && args.tool != Tool::ProbeRs {
        // Before anything is built for a board that is not there.
        board::choose(&mut System, &args.selection)?;
    }
    let program = source.program(args.no_setup)?;
    let plan = Plan::new(&program, args.erase_settings, !args.no_verify, args.tool)?;
    eprintln!("{}", plan.shown(args.dry_run));
    if args.dry_run {
        eprintln!("dry run: nothing was opened, nothing was written");
        return Ok(plan.json(true));
    }
    let mut result = plan.json(false);
    if args.tool == Tool::ProbeRs {
        tools::probe_rs(&program)?;
        return Ok(result);
    }
    let loader = board::loader(&mut System, &args.selection)?;
    result["port"] = json!(loader.port);
    match args.tool {
        Tool::Bossac => tools::bossac(&program, &loader.port, !args.no_verify)?,
        _ => {
            let report = native::install(&plan, &loader.port)?;
            result["loader"] = json!(report.version.to_string());
            result["settings"] = json!(format!("{:?}", report.settings).to_lowercase());
        }
    }
    let running = board::program(&mut System, &loader)?;
    if program.has_usb == Some(false) {
        eprintln!(
            "This program has no USB port: to flash the board again, press its reset button twice within half a second."
        );
    } else if let Some(running) = &running {
        eprintln!("The program runs: {}", running.port);
    }
    if args.monitor {
        let port = match (running, program.has_usb) {
            (Some(running), _) => running.port,
            // Nobody knows where a port that is no USB device went: it is still there.
            (None, _) if loader.role == board::Role::Other => loader.port,
            (None, _) => {
                return Err(Stop::text(Kind::NoDevice, "the program has no port to be monitored"));
            }
        };
        monitor::show(&port, &monitor::Options::default())?;
    }
    Ok(result)
}
