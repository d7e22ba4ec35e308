//! `cargo xtask size`: what the libraries cost in the board's flash.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use serde_json::json;

use crate::build::firmware;
use crate::rows::{self, Row};
use crate::setup::{self, Tools};
use crate::toolchain::TARGET;
use crate::{exec, workspace};

mod image;
mod irreversible;
mod origin;
mod probes;
mod programs;
mod stack;

use image::Image;
use origin::Origins;
use probes::{PROBES, Probe};

const PROBES_DIRECTORY: &str = "examples/size-probes";
const PROFILE: &str = "firmware";
const BASELINE: &str = "empty";
const LISTED_FUNCTIONS: usize = 25;

/// Measures the programs for the board, and what each part of the libraries costs in flash
#[derive(Debug, clap::Args)]
#[command(
    after_help = "First the programs of examples/mkr-gsm-1400: flash, static RAM, code by crate, an estimate of the\n\
    stack (along direct calls), and where panics are left; a program that exceeds its budget in budgets.toml makes\n\
    the exit status 1. Then the programs of examples/size-probes for thumbv6m-none-eabi (opt-level \"s\", fat LTO,\n\
    panic = abort) and prints, for each: its flash over the empty program, its code by crate (from the line table,\n\
    so that inlined code counts where it was written), and the panics that are left in it.\n\
    A goal that is missed makes the exit status 1 only with --strict.\n\n\
    Examples:\n  cargo xtask size\n  cargo xtask size --bin cloud --functions\n  \
    cargo xtask size --probe token --functions\n  cargo xtask size --json --strict"
)]
pub(crate) struct Args {
    /// Measure only this program for the board
    #[arg(long, value_name = "NAME", conflicts_with = "probe")]
    bin: Option<String>,
    /// Make the measured figures of the programs for the board their budgets; leaves the probes out
    #[arg(long, conflicts_with = "probe")]
    accept: bool,
    /// Measure only this probe
    #[arg(long, value_name = "NAME", value_parser = clap::builder::PossibleValuesParser::new(PROBES.iter().map(|probe| probe.name)))]
    probe: Option<String>,
    /// List the largest functions of each program
    #[arg(long)]
    functions: bool,
    /// Fail when a goal is missed
    #[arg(long)]
    strict: bool,
    /// Print one JSON object as the last line of stdout; everything for people goes to stderr
    #[arg(long)]
    json: bool,
    /// Install nothing; fail when no toolchain or linker for the board is there
    #[arg(long)]
    no_setup: bool,
}

/// Runs the task.
pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    let tools = setup::tools(args.no_setup)?;
    let programs = match (&args.bin, &args.probe) {
        (_, Some(_)) => programs::Report::default(),
        (bin, None) => {
            let known = firmware::programs()?;
            let names = match bin {
                Some(name) if known.contains(name) => core::slice::from_ref(name),
                Some(name) => bail!("no program `{name}`; there are: {}", known.join(", ")),
                None => &known[..],
            };
            eprintln!("measuring {}", names.join(", "));
            programs::measure(&tools, names, args.functions, args.accept)?
        }
    };
    let probes =
        if args.bin.is_some() || args.accept { Probes::default() } else { Probes::measure(args, tools)? };
    let rows: Vec<Row> = programs.rows.into_iter().chain(probes.rows).collect();
    let text = format!("{}{}{}", programs.text, probes.text, rows::table(&rows));
    if args.json {
        eprint!("{text}");
        let rows: Vec<_> = rows.iter().map(Row::json).collect();
        println!(
            "{}",
            json!({
                "target": TARGET, "rows": rows, "programs": programs.details, "exceeded": programs.exceeded,
                "empty": probes.empty, "probes": probes.details,
            })
        );
    } else {
        print!("{text}");
    }
    for exceeded in &programs.exceeded {
        eprintln!("error: {exceeded}");
    }
    if !probes.failures.is_empty() {
        bail!("could not be measured: {}", probes.failures.join(", "));
    }
    let missed = args.strict && rows.iter().any(|row| row.met() == Some(false));
    Ok(if missed || !programs.exceeded.is_empty() { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// What was measured of the probes.
#[derive(Default)]
struct Probes {
    rows: Vec<Row>,
    details: serde_json::Map<String, serde_json::Value>,
    failures: Vec<&'static str>,
    text: String,
    /// Flash of the empty program.
    empty: Option<u64>,
}

impl Probes {
    fn measure(args: &Args, tools: Tools) -> Result<Self> {
        let builder = Builder::new(tools)?;
        let origins = Origins::of_this_workspace()?;
        let empty = Image::read(&builder.build(BASELINE, Kind::Plain)?, &origins)?;
        let mut probes = Self { empty: Some(empty.flash), ..Self::default() };
        let is_chosen = |probe: &&Probe| args.probe.as_deref().is_none_or(|name| name == probe.name);
        for probe in PROBES.iter().filter(is_chosen) {
            eprintln!("measuring {}", probe.name);
            match measure(probe, &builder, &origins, &empty) {
                Ok(measured) => {
                    probes.text.push_str(&measured.shown(probe, args.functions));
                    probes.details.insert(probe.name.to_owned(), measured.json());
                    probes.rows.extend(measured.rows(probe));
                }
                Err(error) => {
                    eprintln!("error: {}: {error:#}", probe.name);
                    probes.failures.push(probe.name);
                    probes.rows.push(probe.flash_row(None));
                }
            }
        }
        Ok(probes)
    }
}

/// What one probe costs.
struct Measured {
    /// Flash over the empty program, in bytes.
    flash: u64,
    /// Static RAM over the empty program, in bytes.
    ram: u64,
    /// Flash over the program without the crate whose share is wanted, in bytes.
    share: Option<u64>,
    /// Flash that the probe's feature adds, in bytes.
    feature: Option<u64>,
    /// Bytes by crate, the largest first.
    by_crate: Vec<(String, u64)>,
    /// Functions, the largest first.
    functions: Vec<(String, u64)>,
    /// Panics that are left: crate and place.
    panics: Vec<(String, String)>,
    /// Names of the crates that are ours.
    ours: Vec<String>,
}

fn measure(probe: &Probe, builder: &Builder, origins: &Origins, empty: &Image) -> Result<Measured> {
    let image = Image::read(&builder.build(probe.name, Kind::Plain)?, origins)?;
    let located = Image::read(&builder.build(probe.name, Kind::Located)?, origins)?;
    let share = match &probe.share {
        Some(share) => {
            let without = Image::read(&builder.build(share.without, Kind::Plain)?, origins)?;
            Some(image.flash.saturating_sub(without.flash))
        }
        None => None,
    };
    let feature = match probe.feature {
        Some(feature) => {
            let with = Image::read(&builder.build(probe.name, Kind::With(feature))?, origins)?;
            Some(with.flash.saturating_sub(image.flash))
        }
        None => None,
    };
    Ok(Measured {
        share,
        feature,
        flash: image.flash.saturating_sub(empty.flash),
        ram: image.ram.saturating_sub(empty.ram),
        by_crate: image.bytes_by_crate,
        functions: image.functions,
        panics: located.panics,
        ours: origins.ours(),
    })
}

impl Measured {
    fn panics_of_ours(&self) -> impl Iterator<Item = &(String, String)> {
        self.panics.iter().filter(|(owner, _)| self.ours.contains(owner))
    }

    fn rows(&self, probe: &Probe) -> Vec<Row> {
        let mut rows = vec![probe.flash_row(Some(self.flash))];
        if let (Some(share), Some(value)) = (&probe.share, self.share) {
            rows.push(Row {
                name: format!("{}: share of {} (over {})", probe.name, share.of, share.without),
                value: Some(value),
                unit: "B",
                goal: Some(share.goal),
                ..Row::default()
            });
        }
        if let Some(feature) = probe.feature {
            rows.push(Row {
                name: format!("{}: cost of the feature `{feature}`", probe.name),
                value: self.feature,
                unit: "B",
                ..Row::default()
            });
        }
        rows.push(Row {
            name: format!("{}: static RAM", probe.name),
            value: Some(self.ram),
            unit: "B",
            goal: probe.ram_goal,
            ..Row::default()
        });
        rows.push(Row {
            name: format!("{}: panics in our crates", probe.name),
            value: Some(self.panics_of_ours().count() as u64),
            unit: "",
            goal: Some(0),
            ..Row::default()
        });
        rows
    }

    fn shown(&self, probe: &Probe, functions: bool) -> String {
        let mut text = format!("{}: {}\n", probe.name, probe.about);
        text.push_str(&format!("  {} bytes over the empty program; all of it, by crate:\n", self.flash));
        for (owner, bytes) in &self.by_crate {
            text.push_str(&format!("  {bytes:>8}  {owner}\n"));
        }
        match self.panics.len() {
            0 => text.push_str("  no panic is left\n"),
            count => text.push_str(&format!("  {count} panics are left:\n")),
        }
        for (owner, place) in &self.panics {
            text.push_str(&format!("            {owner}  {place}\n"));
        }
        if functions {
            text.push_str("  the largest functions, with what was inlined into them:\n");
            for (name, bytes) in self.functions.iter().take(LISTED_FUNCTIONS) {
                text.push_str(&format!("  {bytes:>8}  {name}\n"));
            }
        }
        text.push('\n');
        text
    }

    fn json(&self) -> serde_json::Value {
        let crates: serde_json::Map<_, _> =
            self.by_crate.iter().map(|(owner, bytes)| (owner.clone(), json!(bytes))).collect();
        let panics: Vec<_> =
            self.panics.iter().map(|(owner, place)| json!({ "crate": owner, "place": place })).collect();
        json!({ "flash": self.flash, "ram": self.ram, "crates": crates, "panics": panics })
    }
}

/// How a probe is built.
#[derive(Debug, Clone, Copy)]
enum Kind {
    Plain,
    /// With the place of each panic kept in it.
    Located,
    /// With a feature of the probes.
    With(&'static str),
}

/// Builds probes with the found toolchain and linker.
struct Builder {
    tools: Tools,
    target_directory: PathBuf,
}

impl Builder {
    fn new(tools: Tools) -> Result<Self> {
        Ok(Self { tools, target_directory: workspace::metadata()?.target_directory.join("size") })
    }

    /// Builds one probe and returns where it is; the next build of the same probe may take its place.
    fn build(&self, probe: &str, kind: Kind) -> Result<PathBuf> {
        let flags = firmware::flags(&self.tools.linker);
        let mut cargo = self.tools.toolchain.cargo("build");
        cargo.env("CARGO_ENCODED_RUSTFLAGS", flags.join("\x1f"));
        cargo.arg("--quiet").arg("--manifest-path").arg(probes_directory().join("Cargo.toml"));
        cargo.args(["--profile", PROFILE, "--bin", probe]);
        let (directory, feature) = match kind {
            Kind::Plain => ("plain", None),
            Kind::Located => ("located", Some("locate-panics")),
            Kind::With(feature) => ("plain", Some(feature)),
        };
        if let Some(feature) = feature {
            cargo.args(["--features", feature]);
        }
        let target_directory = self.target_directory.join(directory);
        exec::run(cargo.arg("--target-dir").arg(&target_directory))?;
        let path = target_directory.join(TARGET).join(PROFILE).join(probe);
        path.exists().then_some(path).context("Cargo built no such program")
    }
}

fn probes_directory() -> PathBuf {
    workspace::root().join(Path::new(PROBES_DIRECTORY))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_probe_of_the_table_is_a_program_and_the_reverse() {
        let mut programs: Vec<String> = std::fs::read_dir(probes_directory().join("src/bin"))
            .unwrap()
            .map(|entry| entry.unwrap().path().file_stem().unwrap().to_string_lossy().into_owned())
            .filter(|name| name != BASELINE)
            .collect();
        programs.sort();
        let mut named: Vec<&str> = PROBES.iter().map(|probe| probe.name).collect();
        named.sort_unstable();
        assert_eq!(programs, named);
    }

    #[test]
    fn a_panic_of_ours_misses_its_goal_and_a_foreign_one_does_not() {
        let mut measured = Measured {
            flash: 100,
            ram: 0,
            share: None,
            feature: None,
            by_crate: vec![("eccx08".into(), 60)],
            functions: Vec::new(),
            panics: vec![("base64".into(), "src/lib.rs:1:1".into())],
            ours: vec!["eccx08".into()],
        };
        let met = |measured: &Measured| measured.rows(&PROBES[0]).last().unwrap().met();
        assert_eq!(met(&measured), Some(true));
        measured.panics.push(("eccx08".into(), "src/device.rs:1:1".into()));
        assert_eq!(met(&measured), Some(false));
    }
}
