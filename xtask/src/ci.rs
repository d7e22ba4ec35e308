//! `cargo xtask ci`: the rules that no compiler holds.

use std::process::ExitCode;

use anyhow::Result;

use crate::workspace;

mod features;
mod layers;
mod packages;
mod sources;
#[cfg(unix)]
mod tutorial;

/// Checks the rules that no compiler holds: layers, feature sets, file lengths, words that must not be there
#[derive(Debug, clap::Args)]
#[command(after_help = "Without a name, runs `layers` and `sources`, which take a second.\n\n\
    Examples:\n  cargo xtask ci\n  cargo xtask ci features      builds every library with each of its features\n  \
    cargo xtask ci packages      packages every library, and builds the copies outside the workspace\n  \
    cargo xtask ci tutorial      runs the tutorial's commands on the models")]
pub(crate) struct Args {
    /// Which checks to run
    #[arg(value_enum)]
    checks: Vec<Check>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Check {
    /// Models share nothing with their drivers, and drivers know neither each other nor the cloud
    Layers,
    /// Files are short, and hold no open points, machine paths or registry hosts
    Sources,
    /// Every library compiles without features, with each alone, and with all
    Features,
    /// Every library can be packaged, and the packaged copies serve a program outside the workspace
    Packages,
    /// The tutorial's commands print what it shows
    #[cfg(unix)]
    Tutorial,
}

/// Runs the task.
pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    let checks = if args.checks.is_empty() { &[Check::Layers, Check::Sources][..] } else { &args.checks };
    let mut broken = 0_usize;
    for check in checks {
        let findings = match check {
            Check::Layers => layers::findings(&workspace::metadata()?.packages),
            Check::Sources => sources::findings()?,
            Check::Features => features::findings(&workspace::metadata()?.packages)?,
            Check::Packages => packages::findings()?,
            #[cfg(unix)]
            Check::Tutorial => tutorial::findings()?,
        };
        println!("{check:?}: {}", if findings.is_empty() { "ok" } else { "BROKEN" });
        for finding in &findings {
            println!("  {finding}");
        }
        broken = broken.saturating_add(findings.len());
    }
    Ok(if broken == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
