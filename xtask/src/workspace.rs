//! Where things are in this workspace, and what Cargo says of its packages.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

use anyhow::{Context, Result};
use serde_json::Value;

use crate::exec;

/// Returns the workspace's root directory: the one that Cargo runs this task in, wherever it was compiled.
pub(crate) fn root() -> &'static Path {
    static ROOT: LazyLock<PathBuf> = LazyLock::new(|| {
        let manifest = std::env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from);
        let mut root = manifest.unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into());
        root.pop();
        root
    });
    &ROOT
}

/// Returns the Cargo that runs this task, set to work in the workspace's root.
pub(crate) fn cargo() -> Command {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir(root());
    cargo
}

/// One package of the workspace.
#[derive(Debug, Clone)]
pub(crate) struct Package {
    /// Its name.
    pub(crate) name: String,
    /// Its version.
    pub(crate) version: String,
    /// Its directory, relative to the root, with forward slashes.
    pub(crate) directory: String,
    /// Its features and what each switches on.
    pub(crate) features: Vec<(String, Vec<String>)>,
    /// What it depends on inside the workspace.
    pub(crate) dependencies: Vec<Dependency>,
    /// Features that `package.metadata.xtask.host-features` keeps off the board.
    pub(crate) host_features: Vec<String>,
}

/// A dependency of one package of the workspace on another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Dependency {
    /// The name of the package depended on.
    pub(crate) name: String,
    /// Whether only tests, examples and benchmarks need it.
    pub(crate) dev: bool,
}

impl Package {
    /// Tells whether its library is for machines without an operating system.
    pub(crate) fn is_no_std(&self) -> bool {
        let library = root().join(&self.directory).join("src/lib.rs");
        std::fs::read_to_string(library).is_ok_and(|text| declares_no_std(&text))
    }
}

/// The workspace as Cargo sees it.
#[derive(Debug)]
pub(crate) struct Metadata {
    /// All packages of the workspace.
    pub(crate) packages: Vec<Package>,
    /// Where Cargo puts what it builds.
    pub(crate) target_directory: PathBuf,
}

/// Asks Cargo for the workspace's packages; builds and downloads nothing.
pub(crate) fn metadata() -> Result<Metadata> {
    let json = exec::stdout(cargo().args(["metadata", "--format-version", "1", "--no-deps"]))?;
    parse(&json).context("cannot read what `cargo metadata` printed")
}

fn parse(json: &str) -> Result<Metadata> {
    let value: Value = serde_json::from_str(json)?;
    let root = text(&value, "workspace_root")?;
    let packages = value["packages"].as_array().context("no packages")?;
    Ok(Metadata {
        packages: packages.iter().map(|package| parse_package(package, root)).collect::<Result<_>>()?,
        target_directory: text(&value, "target_directory")?.into(),
    })
}

fn parse_package(value: &Value, root: &str) -> Result<Package> {
    let manifest = Path::new(text(value, "manifest_path")?);
    let directory = manifest.parent().unwrap_or(manifest);
    let directory = directory.strip_prefix(root).unwrap_or(directory);
    let dependencies = value["dependencies"].as_array().map(Vec::as_slice).unwrap_or_default();
    let features = value["features"].as_object().context("no features")?;
    Ok(Package {
        name: text(value, "name")?.to_owned(),
        version: text(value, "version")?.to_owned(),
        directory: directory.to_string_lossy().replace('\\', "/"),
        features: features.iter().map(|(name, enables)| (name.clone(), strings(enables))).collect(),
        dependencies: dependencies
            .iter()
            .filter(|dependency| dependency["path"].is_string())
            .map(|dependency| {
                Ok(Dependency {
                    name: text(dependency, "name")?.to_owned(),
                    dev: dependency["kind"].as_str() == Some("dev"),
                })
            })
            .collect::<Result<_>>()?,
        host_features: strings(&value["metadata"]["xtask"]["host-features"]),
    })
}

fn text<'a>(value: &'a Value, field: &str) -> Result<&'a str> {
    value[field].as_str().with_context(|| format!("no field `{field}`"))
}

fn strings(value: &Value) -> Vec<String> {
    let items = value.as_array().map(Vec::as_slice).unwrap_or_default();
    items.iter().filter_map(|item| item.as_str().map(str::to_owned)).collect()
}

fn declares_no_std(library: &str) -> bool {
    library.lines().any(|line| {
        let line = line.trim_start();
        line.starts_with("#![no_std]") || (line.starts_with("#![cfg_attr(") && line.contains("no_std"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metadata_of_this_workspace_knows_its_members() {
        let metadata = metadata().unwrap();
        let package = |name: &str| metadata.packages.iter().find(|package| package.name == name).unwrap();
        assert_eq!(package("eccx08-sim").directory, "crates/sim/eccx08-sim");
        assert!(package("monoclock").is_no_std());
        assert!(!package("xtask").is_no_std());
        assert!(
            package("eccx08").dependencies.contains(&Dependency { name: "eccx08-sim".into(), dev: true })
        );
    }

    #[test]
    fn no_std_is_seen_in_both_spellings() {
        assert!(declares_no_std("//! Doc.\n#![no_std]\n"));
        assert!(declares_no_std("#![cfg_attr(not(feature = \"std\"), no_std)]"));
        assert!(!declares_no_std("//! A crate that is not `#![no_std]`.\n"));
    }
}
