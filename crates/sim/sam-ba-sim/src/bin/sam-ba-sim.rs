//! The model as a program: a board in its loader behind a pseudo-terminal, in real time.

#![forbid(unsafe_code)]

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use sam_ba_sim::{Board, Faults, Options, Profile};

const EXAMPLES: &str = "\
Examples:
  sam-ba-sim
      prints the name of a terminal, on which a blank board waits in its loader
  sam-ba-sim --flash board.bin --once
      the board's flash is in a file (256 KiB), and the program ends with the board's reset
  bossac -i -U -p NAME -o 0x2000 -e -w -v image.bin -R
      a foreign client; bossac 1.9 would erase the loader without `-o 0x2000`";

/// A software MKR GSM 1400 in its loader, for flashing tools that know nothing of it.
#[derive(Debug, Parser)]
#[command(version, after_help = EXAMPLES)]
struct Arguments {
    /// Keep the flash, from address 0 on, in a file; without one the board is blank.
    #[arg(long, value_name = "FILE")]
    flash: Option<PathBuf>,
    /// End when the board is reset or its program started, instead of entering the loader again.
    #[arg(long)]
    once: bool,
    /// Let the board be so many times as fast as a real one.
    #[arg(long, default_value_t = 1, value_name = "FACTOR", value_parser = clap::value_parser!(u32).range(1..))]
    speed: u32,
    /// Print each command to stderr, without its data.
    #[arg(long)]
    trace: bool,
    /// Pull the plug after N commands.
    #[arg(long, value_name = "N")]
    unplug_after: Option<u32>,
    /// Stop answering after N commands.
    #[arg(long, value_name = "N")]
    mute_after: Option<u32>,
    /// A flash address whose lowest bit is worn out, as 0x...
    #[arg(long, value_name = "ADDRESS", value_parser = address)]
    stuck_bit: Option<u32>,
}

fn main() -> ExitCode {
    match serve(Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("sam-ba-sim: {error}");
            ExitCode::FAILURE
        }
    }
}

fn serve(arguments: Arguments) -> io::Result<()> {
    let Arguments { flash, once, speed, trace, unplug_after, mute_after, stuck_bit } = arguments;
    let profile = Profile { faults: Faults { stuck_bit, unplug_after, mute_after }, ..Profile::default() };
    let board = Board::open(Options { profile, flash, once, speed, trace })?;
    println!("{}", board.port());
    io::stdout().flush()?;
    let loader = board.serve()?;
    eprintln!("{:?}, {:?}", loader.status(), loader.statistics());
    Ok(())
}

fn address(text: &str) -> Result<u32, String> {
    let digits = text.strip_prefix("0x").ok_or("an address begins with 0x")?;
    u32::from_str_radix(digits, 16).map_err(|error| error.to_string())
}
