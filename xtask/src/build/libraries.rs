//! The libraries for the board's processor.

use std::process::ExitCode;

use anyhow::{Result, bail};
use serde_json::json;

use crate::toolchain::TARGET;
use crate::workspace::{self, Package};
use crate::{exec, setup};

/// Builds every no_std library with each of its feature sets.
pub(crate) fn run(to_json: bool, no_setup: bool) -> Result<ExitCode> {
    let toolchain = setup::toolchain(no_setup)?;
    let metadata = workspace::metadata()?;
    let libraries: Vec<&Package> = metadata.packages.iter().filter(|package| package.is_no_std()).collect();
    if libraries.is_empty() {
        bail!("the workspace has no no_std library");
    }
    eprintln!("building {} crates for {TARGET} with {}", libraries.len(), toolchain.described());
    let width = libraries.iter().map(|package| package.name.len()).max().unwrap_or(0);
    let mut results = Vec::new();
    let mut failures = 0_usize;
    for package in libraries {
        for set in feature_sets(package) {
            let mut cargo = toolchain.cargo("build");
            cargo.args(["--quiet", "--lib", "--profile", "firmware", "--package", &package.name]);
            cargo.args(set.arguments()).arg("--target-dir").arg(metadata.target_directory.join("board"));
            let output = exec::output(&mut cargo)?;
            let ok = output.status.success();
            if !ok {
                failures = failures.saturating_add(1);
                eprint!("{}", String::from_utf8_lossy(&output.stderr));
            }
            let line =
                format!("{:width$}  {:6}  {}", package.name, if ok { "ok" } else { "FAILED" }, set.shown());
            if to_json {
                eprintln!("{line}");
            } else {
                println!("{line}");
            }
            results.push(json!({ "name": package.name, "features": set.shown(), "ok": ok }));
        }
    }
    if to_json {
        println!("{}", json!({ "target": TARGET, "ok": failures == 0, "crates": results }));
    }
    if failures > 0 {
        bail!("{failures} of {} builds failed", results.len());
    }
    Ok(ExitCode::SUCCESS)
}

/// Which features of a crate one build switches on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum FeatureSet {
    /// Those that the crate switches on by itself.
    Default,
    /// None at all.
    Bare,
    /// These and no others.
    Exactly(Vec<String>),
}

impl FeatureSet {
    /// Returns Cargo's arguments for this set.
    pub(crate) fn arguments(&self) -> Vec<String> {
        match self {
            Self::Default => Vec::new(),
            Self::Bare => vec!["--no-default-features".to_owned()],
            Self::Exactly(features) => {
                vec!["--no-default-features".to_owned(), "--features".to_owned(), features.join(",")]
            }
        }
    }

    /// Names the set for people.
    pub(crate) fn shown(&self) -> String {
        match self {
            Self::Default => "default features".to_owned(),
            Self::Bare => "no features".to_owned(),
            Self::Exactly(features) => features.join(", "),
        }
    }
}

/// Lists the sets to build `package` with for the board, each different set once.
fn feature_sets(package: &Package) -> Vec<FeatureSet> {
    let mut sets = vec![FeatureSet::Default];
    let default = enabled_by(package, "default");
    if !default.is_empty() {
        sets.push(FeatureSet::Bare);
    }
    let board: Vec<String> = board_features(package);
    if !board.is_empty() && board != default {
        sets.push(FeatureSet::Exactly(board));
    }
    sets
}

/// Lists the features that do not need an operating system, `default` itself left out.
pub(crate) fn board_features(package: &Package) -> Vec<String> {
    let names = package.features.iter().map(|(name, _)| name);
    names.filter(|name| *name != "default" && !needs_std(package, name)).cloned().collect()
}

fn needs_std(package: &Package, feature: &str) -> bool {
    feature == "std"
        || feature.ends_with("/std")
        || package.host_features.iter().any(|host| host == feature)
        || enabled_by(package, feature).iter().any(|enabled| needs_std(package, enabled))
}

fn enabled_by(package: &Package, feature: &str) -> Vec<String> {
    let found = package.features.iter().find(|(name, _)| name == feature);
    found.map(|(_, enables)| enables.clone()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package(features: &[(&str, &[&str])]) -> Package {
        let strings = |items: &[&str]| items.iter().map(|&item| item.to_owned()).collect();
        Package {
            name: "driver".into(),
            version: "0.1.0".into(),
            directory: "crates/driver".into(),
            features: features.iter().map(|(name, enables)| ((*name).to_owned(), strings(enables))).collect(),
            dependencies: Vec::new(),
            host_features: vec!["capture".into()],
        }
    }

    #[test]
    fn a_crate_without_features_is_built_once() {
        assert_eq!(feature_sets(&package(&[("default", &[])])), [FeatureSet::Default]);
    }

    #[test]
    fn default_features_are_also_built_without() {
        let package = package(&[("default", &["link"]), ("link", &["dep:link"])]);
        assert_eq!(feature_sets(&package), [FeatureSet::Default, FeatureSet::Bare]);
    }

    #[test]
    fn features_for_the_host_stay_off_the_board() {
        let package = package(&[
            ("async", &[]),
            ("capture", &[]),
            ("default", &[]),
            ("std", &[]),
            ("testing", &["std"]),
            ("tls", &["dep:tls", "tls/std"]),
        ]);
        assert_eq!(board_features(&package), ["async"]);
    }
}
