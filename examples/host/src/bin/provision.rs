//! The tutorial's first part, on a modelled element that is kept in a file.

use core::error::Error;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use tutorial_host::{ElementFile, Terminal, World, WorldSettings, report_error};

/// Provisions a modelled secure element and prints its public key, asking on the terminal.
#[derive(Debug, Parser)]
#[command(
    name = "provision",
    after_help = "Example:\n  cargo run -p tutorial-host --bin provision -- --element element.nv"
)]
struct Arguments {
    /// File that holds what the element holds; a blank element is made if there is none.
    #[arg(long, value_name = "FILE")]
    element: PathBuf,
}

fn main() -> ExitCode {
    report_error("provision", run(&Arguments::parse()))
}

fn run(arguments: &Arguments) -> Result<(), Box<dyn Error>> {
    let file = ElementFile::new(&arguments.element);
    let world = World::new(WorldSettings { element_memory: file.read()?, ..WorldSettings::new(0) })?;
    let mut console = Terminal::on_output("").with_keyboard();
    let outcome = tutorial::provision::run(&mut world.element_driver(), &mut console);
    // What was locked stays locked, whatever came after.
    file.write(&world.element)?;
    outcome?;
    Ok(())
}
