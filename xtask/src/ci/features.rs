//! Features only add: every library compiles without any, with each alone, and with all.

use anyhow::Result;

use crate::build::FeatureSet;
use crate::exec;
use crate::workspace::{self, Package};

const LIBRARIES_DIRECTORY: &str = "crates/";

/// Lists the libraries of `packages` that do not compile with one of their feature sets, on this machine.
pub(crate) fn findings(packages: &[Package]) -> Result<Vec<String>> {
    let mut findings = Vec::new();
    for package in packages.iter().filter(|package| package.directory.starts_with(LIBRARIES_DIRECTORY)) {
        for set in sets(package) {
            eprintln!("checking {} with {}", package.name, set.shown());
            let mut cargo = workspace::cargo();
            cargo.args(["check", "--quiet", "--package", &package.name]).args(set.arguments());
            if !exec::status(&mut cargo)?.success() {
                findings.push(format!("`{}` does not compile with {}", package.name, set.shown()));
            }
        }
    }
    Ok(findings)
}

/// Lists the sets of a package with features: none, each alone, all. The default set is what the tests run with.
fn sets(package: &Package) -> Vec<FeatureSet> {
    let named: Vec<String> =
        package.features.iter().map(|(name, _)| name.clone()).filter(|name| name != "default").collect();
    if named.is_empty() {
        return Vec::new();
    }
    let mut sets = vec![FeatureSet::Bare];
    sets.extend(named.iter().map(|name| FeatureSet::Exactly(vec![name.clone()])));
    if named.len() > 1 {
        sets.push(FeatureSet::Exactly(named));
    }
    sets
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package(features: &[&str]) -> Package {
        Package {
            name: "library".into(),
            version: "0.1.0".into(),
            directory: "crates/library".into(),
            features: features.iter().map(|name| ((*name).to_owned(), Vec::new())).collect(),
            dependencies: Vec::new(),
            host_features: Vec::new(),
        }
    }

    #[test]
    fn none_each_and_all_are_checked() {
        let shown: Vec<String> =
            sets(&package(&["async", "default", "jwt"])).iter().map(FeatureSet::shown).collect();
        assert_eq!(shown, ["no features", "async", "jwt", "async, jwt"]);
    }

    #[test]
    fn a_library_without_features_needs_no_check_of_its_own() {
        assert!(sets(&package(&["default"])).is_empty());
    }
}
