//! The model as a program: a modem on a pseudo-terminal or a TCP port, in real time.

#![forbid(unsafe_code)]

mod control;
mod line;
mod playback;
mod shell;

use core::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{ArgGroup, Parser};
use sara_u201_sim::{Fault, PowerAtStart, Profile, Transcript};

const EXAMPLES: &str = "\
Examples:
  sara-u201-sim --tcp 127.0.0.1:4200
      a modem at port 4200; `nc -C 127.0.0.1 4200` (a line ends in CR) and type AT
  sara-u201-sim --pty --route mqtt.example:1883=127.0.0.1:1883
      prints the name of a terminal; the modem reaches a broker of this machine by name
  sara-u201-sim --tcp 127.0.0.1:0 --fault 'drop-urc:name=+UUSORD' --fault 'reboot@+USOWR#3/prompt'
      a free port, and two faults
  sara-u201-sim --tcp 127.0.0.1:4200 --control
      lines of the input are done: `sms +491701234567 good day`, `ring +4930123`, `reset`
  sara-u201-sim --pty --log session.txt --log-secrets; sara-u201-sim --pty --replay session.txt
      a recording, and its playback
  sara-u201-sim --print-profile > modem.toml
      a profile file to start from";

/// The greatest factor of --speed.
const FASTEST: f64 = 10_000.0;

/// A software SARA-U201 for AT clients that know nothing of it.
#[derive(Debug, Parser)]
#[command(version, after_help = EXAMPLES)]
#[command(group(ArgGroup::new("line").args(["pty", "tcp", "print_profile"]).required(true).multiple(true)))]
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
    /// Write every byte of both directions with its time to a file; PINs, passwords, keys and what
    /// sockets and files carry are replaced by `*`.
    #[arg(long, value_name = "FILE")]
    log: Option<PathBuf>,
    /// Write the log as it was, secrets included: a recording that --replay can play.
    #[arg(long, requires = "log")]
    log_secrets: bool,
    /// Play the modem's side of a recording instead of the model.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["profile", "faults", "log", "routes", "boot"])]
    replay: Option<PathBuf>,
    /// Take lines from the input: `sms FROM TEXT`, `reset`, `dtr off`, `help` and more.
    #[arg(long)]
    control: bool,
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
    let profile = read_profile(&arguments)?;
    if arguments.print_profile {
        print!("{}", profile.to_toml()?);
        return Ok(());
    }
    if !(arguments.speed > 0.0 && arguments.speed <= FASTEST) {
        return Err(format!("--speed {}: expected more than 0 and at most {FASTEST}", arguments.speed).into());
    }
    let faults = read_faults(&arguments.faults)?;
    let network = shell::network(&arguments.routes)?;
    let recording = arguments.replay.as_deref().map(read_recording).transpose()?;
    let log =
        arguments.log.as_deref().map(|path| shell::Log::create(path, arguments.log_secrets)).transpose()?;
    let line: Box<dyn line::Line> = match arguments.tcp {
        Some(address) => {
            Box::new(line::TcpLine::listen(address).map_err(|e| format!("--tcp {address}: {e}"))?)
        }
        None => Box::new(line::PtyLine::open().map_err(|e| format!("--pty: {e}"))?),
    };
    if let Some(recording) = recording {
        return playback::play(recording, arguments.speed, line);
    }
    let control = arguments.control.then(control::listen);
    shell::Shell::new(profile, faults, network, arguments.speed, log, control).serve(line)
}

fn read_profile(arguments: &Arguments) -> Result<Profile, Failure> {
    let at_start = if arguments.boot { PowerAtStart::Booting } else { PowerAtStart::On };
    let mut profile = Profile { power_at_start: at_start, ..Profile::default() };
    if let Some(path) = &arguments.profile {
        let text = read_file("--profile", path)?;
        let wrong = |error| format!("--profile {}: {error}", path.display());
        profile = Profile::from_toml(&text).map_err(wrong)?;
        if !text.contains("power_at_start") {
            profile.power_at_start = at_start;
        }
    }
    // A pipe has neither a rate nor a small receiver.
    profile.uart.any_rate = true;
    profile.uart.host_receive_capacity = profile.uart.host_receive_capacity.max(65_536);
    Ok(profile)
}

fn read_recording(path: &Path) -> Result<Transcript, Failure> {
    let text = read_file("--replay", path)?;
    Ok(text.parse().map_err(|error| format!("--replay {}: {error}", path.display()))?)
}

fn read_file(option: &str, path: &Path) -> Result<String, Failure> {
    Ok(std::fs::read_to_string(path).map_err(|error| format!("{option} {}: {error}", path.display()))?)
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
    let Some(number) = name.strip_prefix(['F', 'f']).and_then(|number| number.parse().ok()) else {
        return Ok(vec![spec.to_owned()]);
    };
    let seed = seed.parse().map_err(|_| format!("--fault {spec}: the seed is no number"))?;
    let faults = sara_u201_sim::scenario(number, seed);
    Ok(faults.ok_or_else(|| format!("--fault {spec}: the catalogue has F1 to F26"))?)
}
