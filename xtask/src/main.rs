//! Tasks of this workspace. `cargo xtask --help` lists them.

use std::process::ExitCode;

use clap::{Parser, Subcommand};

mod bench;
mod build;
mod ci;
mod exec;
mod linker;
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
    Sim(sim::Args),
    Bench(bench::Args),
    Ci(ci::Args),
}

fn main() -> ExitCode {
    let result = match Cli::parse().task {
        Task::Setup(args) => setup::run(&args),
        Task::Build(args) => build::run(&args),
        Task::Size(args) => size::run(&args),
        Task::Sim(args) => sim::run(&args),
        Task::Bench(args) => bench::run(&args),
        Task::Ci(args) => ci::run(&args),
    };
    result.unwrap_or_else(|error| {
        eprintln!("error: {error:#}");
        ExitCode::FAILURE
    })
}
