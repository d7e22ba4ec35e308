//! Every library can be packaged, and the packaged copies serve a program outside the workspace.

use core::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::build::board_features;
use crate::toolchain::Toolchain;
use crate::workspace::{self, Metadata, Package};
use crate::{exec, setup};

const LIBRARIES_DIRECTORY: &str = "crates/";

/// Lists the libraries that cannot be packaged, or whose packaged copy cannot be used.
pub(crate) fn findings() -> Result<Vec<String>> {
    let metadata = workspace::metadata()?;
    let libraries: Vec<&Package> = metadata
        .packages
        .iter()
        .filter(|package| package.directory.starts_with(LIBRARIES_DIRECTORY))
        .collect();
    // Cargo packages them in the order of their dependencies, and compiles each from its own package and those before.
    let mut package = workspace::cargo();
    package.args(["package", "--quiet", "--allow-dirty"]);
    for library in &libraries {
        package.args(["--package", &library.name]);
    }
    if !exec::status(&mut package)?.success() {
        return Ok(vec!["`cargo package` fails".to_owned()]);
    }
    let outside = Outside::set_up(&metadata, &libraries)?;
    let toolchain = setup::toolchain(false)?;
    let mut findings = Vec::new();
    for library in libraries {
        for build in builds(library) {
            eprintln!("outside the workspace: {} {}", library.name, build.shown());
            if !exec::status(&mut outside.cargo(library, &build, &toolchain))?.success() {
                findings.push(format!("the packaged `{}` does not build {}", library.name, build.shown()));
            }
        }
    }
    fs::remove_dir_all(&outside.directory).context("cannot tidy up")?;
    Ok(findings)
}

/// One way to build a library.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Build {
    for_board: bool,
    /// The member's feature that switches on the library's own; none for its default ones.
    features: Option<&'static str>,
}

impl Build {
    fn shown(&self) -> String {
        let target = if self.for_board { "for the board" } else { "on this machine" };
        format!("{target} with {} features", if self.features.is_some() { "all" } else { "its default" })
    }
}

/// Lists the ways to build `library`: with its default features and with all, where it has any, on each target.
fn builds(library: &Package) -> Vec<Build> {
    let targets: &[bool] = if library.is_no_std() { &[false, true] } else { &[false] };
    let mut builds = Vec::new();
    for &for_board in targets {
        builds.push(Build { for_board, features: None });
        let (name, features) =
            if for_board { (BOARD, board_features(library)) } else { (ALL, all_features(library)) };
        if !features.is_empty() {
            builds.push(Build { for_board, features: Some(name) });
        }
    }
    builds
}

const ALL: &str = "all";
const BOARD: &str = "board";

fn all_features(library: &Package) -> Vec<String> {
    library.features.iter().map(|(name, _)| name.clone()).filter(|name| name != "default").collect()
}

/// A workspace of somebody else, with one package for each library.
struct Outside {
    directory: PathBuf,
    target: PathBuf,
}

impl Outside {
    fn set_up(metadata: &Metadata, libraries: &[&Package]) -> Result<Self> {
        let directory = std::env::temp_dir().join(format!("outside-{}", std::process::id()));
        let copies = directory.join("packages");
        fs::create_dir_all(&copies).with_context(|| format!("cannot make {}", copies.display()))?;
        let mut manifest =
            "[workspace]\nresolver = \"3\"\nmembers = [\"use-*\"]\n\n[patch.crates-io]\n".to_owned();
        for library in libraries {
            let file = format!("{}-{}", library.name, library.version);
            let packed = metadata.target_directory.join("package").join(format!("{file}.crate"));
            exec::run(Command::new("tar").arg("-xzf").arg(&packed).arg("-C").arg(&copies))?;
            writeln!(manifest, "{} = {{ path = \"packages/{file}\" }}", library.name)?;
            write_member(&directory, library)?;
        }
        fs::write(directory.join("Cargo.toml"), manifest)?;
        // The same versions of everything else as in the workspace.
        fs::copy(workspace::root().join("Cargo.lock"), directory.join("Cargo.lock"))?;
        Ok(Self { directory, target: metadata.target_directory.join("outside") })
    }

    fn cargo(&self, library: &Package, build: &Build, toolchain: &Toolchain) -> Command {
        let mut cargo = if build.for_board {
            toolchain.cargo("build")
        } else {
            let mut cargo = workspace::cargo();
            cargo.arg("build");
            cargo
        };
        cargo.current_dir(&self.directory).arg("--target-dir").arg(&self.target);
        cargo.args(["--quiet", "--package", &member(library)]);
        if let Some(features) = build.features {
            cargo.args(["--features", features]);
        }
        cargo
    }
}

fn member(library: &Package) -> String {
    format!("use-{}", library.name)
}

/// Writes a package that depends on `library` by its version alone.
fn write_member(directory: &Path, library: &Package) -> Result<()> {
    let directory = directory.join(member(library));
    fs::create_dir_all(directory.join("src"))?;
    fs::write(directory.join("Cargo.toml"), member_manifest(library))?;
    let crate_name = library.name.replace('-', "_");
    fs::write(directory.join("src/lib.rs"), format!("#![no_std]\npub use {crate_name};\n"))?;
    Ok(())
}

fn member_manifest(library: &Package) -> String {
    let Package { name, version, .. } = library;
    let listed = |features: Vec<String>| {
        features.iter().map(|feature| format!("\"{name}/{feature}\"")).collect::<Vec<_>>().join(", ")
    };
    format!(
        "[package]\nname = \"{}\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n\
         [features]\n{ALL} = [{}]\n{BOARD} = [{}]\n\n\
         [dependencies]\n{name} = \"{version}\"\n",
        member(library),
        listed(all_features(library)),
        listed(board_features(library)),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn library(name: &str) -> Package {
        let metadata = workspace::metadata().unwrap();
        metadata.packages.into_iter().find(|package| package.name == name).unwrap()
    }

    #[test]
    fn a_library_for_the_board_is_built_for_both_machines() {
        let shown: Vec<String> = builds(&library("eccx08")).iter().map(Build::shown).collect();
        assert_eq!(
            shown,
            [
                "on this machine with its default features",
                "on this machine with all features",
                "for the board with its default features",
                "for the board with all features",
            ]
        );
        assert!(builds(&library("sam-ba")).iter().all(|build| !build.for_board));
    }

    #[test]
    fn outside_nothing_points_into_the_workspace() {
        let manifest = member_manifest(&library("monoclock"));
        assert!(manifest.contains("[dependencies]\nmonoclock = \"0.1.0\"\n"), "{manifest}");
        assert!(manifest.contains("all = [\"monoclock/std\"]"), "{manifest}");
        assert!(!manifest.contains("path"), "{manifest}");
    }
}
