//! `cargo xtask monitor`: what the board says, and what is typed for it.

use core::time::Duration;
use std::fs::File;
use std::io::{self, ErrorKind, Read, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::thread;
use std::time::Instant;

use anyhow::Result;
use sam_ba::Port as _;

use crate::board::{self, Kind, Line, Role, Selection, Stop, System, interrupt};

mod keyboard;
mod redact;

use keyboard::Keyboard;
use redact::Log;

/// How long one look at the port takes when nothing comes.
const LOOK: Duration = Duration::from_millis(50);

/// Shows what the board says and passes on what is typed, until Ctrl-C
#[derive(Debug, clap::Args)]
#[command(
    after_help = "What is typed goes to the board at once, and the board shows it; a line ends with a carriage return.\n\
    The log is redacted: PINs, passwords and tokens are not in it. The screen is not.\n\n\
    Exit status: 3 no device, or it went away.\n\n\
    Examples:\n  cargo xtask monitor\n  cargo xtask monitor --port /dev/ttyACM0 --log session.log"
)]
pub(crate) struct Args {
    #[command(flatten)]
    selection: Selection,
    #[command(flatten)]
    options: Options,
}

/// What is done beside showing.
#[derive(Debug, Default, clap::Args)]
pub(crate) struct Options {
    /// Also write what the board says to this file, redacted
    #[arg(long, value_name = "FILE")]
    log: Option<PathBuf>,
    /// End after this time
    #[arg(long = "for", value_name = "SECONDS")]
    seconds: Option<u64>,
}

/// Runs the task.
pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    let result = board::choose(&mut System, &args.selection).and_then(|device| {
        if device.role == Role::Loader {
            eprintln!(
                "This is the board's loader, which says nothing: `cargo xtask reset` starts the program."
            );
        }
        show(&device.port, &args.options)
    });
    Ok(match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(stop) => stop.report(),
    })
}

/// Shows what comes from `port` until Ctrl-C.
pub(crate) fn show(port: &str, options: &Options) -> Result<(), Stop> {
    let mut line = board::open(port)?;
    let failed = |error: io::Error| Stop::new(Kind::Protocol, error);
    let mut log = match &options.log {
        Some(file) => Some(Log::new(File::create(file).map_err(|error| {
            Stop::new(
                Kind::Usage,
                anyhow::Error::new(error).context(format!("cannot write {}", file.display())),
            )
        })?)),
        None => None,
    };
    interrupt::watch("", "");
    eprintln!("{port}: Ctrl-C ends");
    let _keyboard = Keyboard::take();
    let to_board = line.split().map_err(failed)?;
    // It ends with the process: nothing else ends a read of the terminal.
    thread::spawn(move || forward(io::stdin(), to_board));
    line.set_timeout(LOOK).map_err(failed)?;
    let end = options.seconds.map(|seconds| Instant::now() + Duration::from_secs(seconds));
    let mut bytes = [0; 1024];
    while !interrupt::asked() && end.is_none_or(|end| Instant::now() < end) {
        match line.read(&mut bytes) {
            Ok(0) => return Err(gone(port)),
            Ok(count) => {
                let mut screen = io::stdout().lock();
                screen.write_all(&bytes[..count]).and_then(|()| screen.flush()).map_err(failed)?;
                if let Some(log) = &mut log {
                    log.take(&bytes[..count]).map_err(failed)?;
                }
            }
            Err(error) if matches!(error.kind(), ErrorKind::TimedOut | ErrorKind::Interrupted) => (),
            Err(_) => return Err(gone(port)),
        }
    }
    log.map_or(Ok(()), Log::finish).map_err(failed)
}

/// Passes on what is typed; the end of a line becomes a carriage return.
fn forward(mut from: impl Read, mut to: Line) {
    let mut bytes = [0; 256];
    while let Ok(count @ 1..) = from.read(&mut bytes) {
        for byte in bytes.iter_mut().take(count).filter(|byte| **byte == b'\n') {
            *byte = b'\r';
        }
        if to.write_all(&bytes[..count]).and_then(|()| to.flush()).is_err() {
            break;
        }
    }
}

fn gone(port: &str) -> Stop {
    Stop::text(Kind::NoDevice, format!("{port} went away"))
        .advise("Was the board reset or unplugged? Run this again when it is back.")
}
