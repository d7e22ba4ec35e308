//! Tasks of this workspace. `cargo xtask --help` lists them.

use std::process::ExitCode;

use clap::{Parser, Subcommand};

mod bench;
mod board;
mod build;
mod ci;
mod devices;
mod exec;
mod flash;
mod image;
mod linker;
mod monitor;
mod reset;
mod rows;
mod setup;
mod sim;
mod size;
mod toolchain;
mod workspace;

#[derive(Debug, Parser)]
#[command(
    name = "cargo xtask",
    bin_name = "cargo xtask",
    about = "Tasks of this workspace",
    after_help = "Examples:\n  \
        cargo xtask sim                the tutorial, end to end, on models of element, modem and cloud\n  \
        cargo xtask setup --check      what this machine has for building for the board\n  \
        cargo xtask build blink        a program for the board; --libs: every no_std crate for its processor\n  \
        cargo xtask flash cloud        builds it and writes it to the board; see also devices, monitor, reset\n  \
        cargo xtask size               flash figures beside their goals\n\n\
        `cargo xtask TASK --help` says more about one task."
)]
struct Cli {
    #[command(subcommand)]
    task: Task,
}

#[derive(Debug, Subcommand)]
enum Task {
    Setup(setup::Args),
    Build(build::Args),
    Size(size::Args),
    Image(image::Args),
    Flash(flash::Args),
    Devices(devices::Args),
    Monitor(monitor::Args),
    Reset(reset::Args),
    Sim(sim::Args),
    Bench(bench::Args),
    Ci(ci::Args),
}

fn main() -> ExitCode {
    let result = match Cli::parse().task {
        Task::Setup(args) => setup::run(&args),
        Task::Build(args) => build::run(&args),
        Task::Size(args) => size::run(&args),
        Task::Image(args) => image::run(&args),
        Task::Flash(args) => flash::run(&args),
        Task::Devices(args) => devices::run(&args),
        Task::Monitor(args) => monitor::run(&args),
        Task::Reset(args) => reset::run(&args),
        Task::Sim(args) => sim::run(&args),
        Task::Bench(args) => bench::run(&args),
        Task::Ci(args) => ci::run(&args),
    };
    result.unwrap_or_else(|error| {
        eprintln!("error: {error:#}");
        ExitCode::FAILURE
    })
}
