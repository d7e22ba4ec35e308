//! The tutorial's second part, with a modelled element that is kept in a file.

use core::error::Error;
use core::time::Duration;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use eccx08::Slot;
use jwt_signer::PublicKey;
use tutorial_host::{Backend, ElementFile, Operator, Plan, Terminal, World, WorldSettings, report_error};

/// Connects a modelled device to the emulated cloud, in real time over sockets on loopback.
///
/// The element must have been provisioned; its public key is registered with the cloud at the start.
#[derive(Debug, Parser)]
#[command(
    name = "cloud",
    after_help = "Example:\n  cargo run -p tutorial-host --bin cloud -- --element element.nv --for 60"
)]
struct Arguments {
    /// File that holds what the element holds, made by `provision`.
    #[arg(long, value_name = "FILE")]
    element: PathBuf,
    /// Ends after this time; otherwise it runs until it is stopped.
    #[arg(long = "for", value_name = "SECONDS")]
    seconds: Option<u64>,
    /// The configuration that the cloud sets.
    #[arg(long, value_name = "TEXT")]
    config: Option<String>,
    /// The command that the cloud sends.
    #[arg(long, value_name = "TEXT")]
    command: Option<String>,
}

fn main() -> ExitCode {
    report_error("cloud", run(&Arguments::parse()))
}

fn run(arguments: &Arguments) -> Result<(), Box<dyn Error>> {
    let file = ElementFile::new(&arguments.element);
    let memory = file.read()?.ok_or("there is no element in that file: make one with `provision`")?;
    let world = World::new(WorldSettings {
        element_memory: Some(memory),
        backend: Backend::Loopback,
        ..WorldSettings::new(0)
    })?;
    let mut element = world.element_driver();
    let public_key = PublicKey::from_bytes(element.key(Slot::S0).public_key()?);

    let default = Plan::default();
    let plan = Plan {
        config: arguments.config.clone().unwrap_or(default.config),
        command: arguments.command.clone().unwrap_or(default.command),
    };
    let pem = public_key.to_string();
    let now = world.clock.elapsed();
    let console = Terminal::on_output("cloud  | ");
    let mut operator = Operator::register(&world.emulator, &World::DEVICE, &pem, now, plan, console)?;
    world.as_time_passes(move |now| operator.act(now));

    let (mut modem, clock) = (world.modem_driver(), world.driver_clock());
    let limit = arguments.seconds.map(|seconds| now + Duration::from_secs(seconds));
    let keep_going = || limit.is_none_or(|limit| world.clock.elapsed() < limit);
    let mut console = Terminal::on_output("device | ");
    tutorial::cloud::run(&mut element, &mut modem, &clock, &world.settings(), &mut console, keep_going)?;
    Ok(())
}
