//! The model as a program: a modem on a pseudo-terminal or a TCP port, in real time.

#![forbid(unsafe_code)]

mod line;
mod shell;

use core::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use sara_u201_sim::{Fault, PowerAtStart, Profile};

const EXAMPLES: &str = "\
Examples:
  sara-u201-sim --tcp 127.0.0.1:4200
      a modem at port 4200; `nc 127.0.0.1 4200` and type AT
  sara-u201-sim --pty --route mqtt.example:1883=127.0.0.1:1883
      prints the name of a terminal; the modem reaches a broker of this machine by name
  sara-u201-sim --tcp 127.0.0.1:0 --fault 'drop-urc:name=+UUSORD' --fault 'reboot@+USOWR#3/prompt'
      a free port, and two faults
  sara-u201-sim --print-profile > modem.toml
      a profile file to start from";

/// A software SARA-U201 for AT clients that know nothing of it.
#[derive(Debug, Parser)]
#[command(version, after_help = EXAMPLES)]
struct Arguments {
    /// Open a pseudo-terminal; its name is the first line of the output.
    #[arg(long, conflicts_with = "tcp")]
    pty: bool,
    /// Listen on a loopback address for one client at a time; port 0 takes a free one. The address is the
    /// first line of the output.
    #[arg(long, value_name = "ADDRESS")]
    tcp: Option<SocketAddr>,
    /// Read the profile (TOML); what it leaves out has its default.
    #[arg(long, value_name = "FILE")]
    profile: Option<PathBuf>,
    /// Add a fault: NAME[:key=value,...][@TIME|@+COMMAND[#NTH][/MOMENT]]; F<number>[:seed=N] takes a set
    /// from the catalogue of the README.
    #[arg(long = "fault", value_name = "SPEC")]
    faults: Vec<String>,
    /// Let virtual time run so many times as fast as real time.
    #[arg(long, default_value_t = 1.0, value_name = "FACTOR")]
    speed: f64,
    /// Write every byte of both directions with its time to a file.
    #[arg(long, value_name = "FILE")]
    log: Option<PathBuf>,
    /// Let the modem reach NAME:PORT at a loopback address of this machine.
    #[arg(long = "route", value_name = "NAME:PORT=ADDRESS")]
    routes: Vec<String>,
    /// Let the module boot at the start instead of having been up for a while.
    #[arg(long)]
    boot: bool,
    /// Print the profile in use and end.
    #[arg(long)]
    print_profile: bool,
}

fn main() -> ExitCode {
    match run(Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("sara-u201-sim: {error}");
            ExitCode::FAILURE
        }
    }
}

type Failure = Box<dyn core::error::Error>;

fn run(arguments: Arguments) -> Result<(), Failure> {
    let text = arguments.profile.as_ref().map(std::fs::read_to_string).transpose()?;
    let mut profile = match &text {
        Some(text) => Profile::from_toml(text)?,
        None => Profile::default(),
    };
    if !text.is_some_and(|text| text.contains("power_at_start")) {
        profile.power_at_start = if arguments.boot { PowerAtStart::Booting } else { PowerAtStart::On };
    }
    // A pipe has neither a rate nor a small receiver.
    profile.uart.any_rate = true;
    profile.uart.host_receive_capacity = profile.uart.host_receive_capacity.max(65_536);
    if arguments.print_profile {
        print!("{}", profile.to_toml()?);
        return Ok(());
    }
    let speed_is_usable = arguments.speed.is_finite() && arguments.speed > 0.0;
    if !speed_is_usable {
        return Err("--speed must be greater than zero".into());
    }
    let faults = read_faults(&arguments.faults)?;
    let network = shell::network(&arguments.routes)?;
    let line: Box<dyn line::Line> = match arguments.tcp {
        Some(address) => Box::new(line::TcpLine::listen(address)?),
        None if arguments.pty => Box::new(line::PtyLine::open()?),
        None => return Err("one of --pty and --tcp ADDRESS is needed; see --help".into()),
    };
    shell::Shell::new(profile, faults, network, arguments.speed, arguments.log.as_deref())?.serve(line)
}

fn read_faults(specs: &[String]) -> Result<Vec<Fault>, Failure> {
    let mut faults = Vec::new();
    for spec in specs {
        for spec in expand(spec)? {
            faults.push(spec.parse().map_err(|error| format!("--fault {spec}: {error}"))?);
        }
    }
    Ok(faults)
}

/// `F11` or `F11:seed=3` as the catalogue has it; anything else as it stands.
fn expand(spec: &str) -> Result<Vec<String>, Failure> {
    let (name, seed) = spec.split_once(":seed=").unwrap_or((spec, "0"));
    let Some(number) = name.strip_prefix('F').and_then(|number| number.parse().ok()) else {
        return Ok(vec![spec.to_owned()]);
    };
    let faults = sara_u201_sim::scenario(number, seed.parse()?);
    Ok(faults.ok_or_else(|| format!("--fault {spec}: the catalogue ends with F26"))?)
}
