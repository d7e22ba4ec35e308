//! Who may depend on whom: the arrows of the design point down only.
//!
//! Development dependencies count, and dependencies of dependencies do too. One is set aside: a driver is tested on
//! its own model, so its development dependency on that model is no breach.

use std::collections::BTreeSet;

use crate::workspace::Package;

/// What is tested, and the model it is tested on.
const MODELS: [(&str, &str); 5] = [
    ("eccx08", "eccx08-sim"),
    ("sara-u201", "sara-u201-sim"),
    ("mqtt-lite", "iot-core-emulator"),
    ("gcp-iot-core", "iot-core-emulator"),
    ("sam-ba", "sam-ba-sim"),
];

/// What a model may share with what is tested on it.
const SHARED: [&str; 1] = ["monoclock"];

/// What no model may reach: it would test a reading of the data sheet against itself.
const DEVICE: [&str; 7] =
    ["eccx08", "gcp-iot-core", "jwt-signer", "mkr-gsm-1400", "mqtt-lite", "sam-ba", "sara-u201"];

/// What each driver may not reach: the other driver and the cloud.
const FORBIDDEN_TO_DRIVERS: [(&str, &[&str]); 2] = [
    ("eccx08", &["gcp-iot-core", "iot-core-emulator", "mqtt-lite", "sara-u201", "sara-u201-sim"]),
    ("sara-u201", &["eccx08", "eccx08-sim", "gcp-iot-core", "iot-core-emulator", "jwt-signer", "mqtt-lite"]),
];

const MODELS_DIRECTORY: &str = "crates/sim/";

/// Lists every breach of the layers in the workspace's `packages`.
pub(crate) fn findings(packages: &[Package]) -> Vec<String> {
    let mut findings = Vec::new();
    for named in MODELS.iter().flat_map(|&(driver, model)| [driver, model]) {
        if !packages.iter().any(|package| package.name == named) {
            findings.push(format!("no package `{named}`: the layers name a crate that is not there"));
        }
    }
    for model in packages.iter().filter(|package| package.directory.starts_with(MODELS_DIRECTORY)) {
        forbid(packages, &model.name, &DEVICE, &mut findings);
    }
    for (driver, forbidden) in FORBIDDEN_TO_DRIVERS {
        forbid(packages, driver, forbidden, &mut findings);
    }
    for (driver, model) in MODELS {
        let driver_reaches = reach(packages, driver);
        let in_common = reach(packages, model).into_iter().filter(|name| driver_reaches.contains(name));
        for name in in_common.filter(|name| !SHARED.contains(&name.as_str())) {
            findings.push(format!("`{driver}` and its model `{model}` share `{name}`"));
        }
    }
    findings.dedup();
    findings
}

fn forbid(packages: &[Package], from: &str, forbidden: &[&str], findings: &mut Vec<String>) {
    let reached = reach(packages, from);
    for name in forbidden.iter().filter(|&&name| reached.contains(name)) {
        findings.push(format!("`{from}` reaches `{name}`"));
    }
}

/// Returns the packages that `from` depends on, however far away.
fn reach(packages: &[Package], from: &str) -> BTreeSet<String> {
    let mut reached = BTreeSet::new();
    let mut open = vec![from.to_owned()];
    while let Some(name) = open.pop() {
        let Some(package) = packages.iter().find(|package| package.name == name) else { continue };
        for dependency in &package.dependencies {
            let on_own_model =
                dependency.dev && MODELS.contains(&(package.name.as_str(), dependency.name.as_str()));
            if !on_own_model && reached.insert(dependency.name.clone()) {
                open.push(dependency.name.clone());
            }
        }
    }
    reached
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workspace::{self, Dependency};

    /// The workspace's own packages, with one more dependency.
    fn with(from: &str, to: &str, dev: bool) -> Vec<Package> {
        let mut packages = workspace::metadata().unwrap().packages;
        let package = packages.iter_mut().find(|package| package.name == from).unwrap();
        package.dependencies.push(Dependency { name: to.into(), dev });
        packages
    }

    #[test]
    fn the_workspace_keeps_its_layers() {
        assert_eq!(findings(&workspace::metadata().unwrap().packages), Vec::<String>::new());
    }

    #[test]
    fn a_model_that_uses_its_driver_is_found_even_in_its_tests() {
        for dev in [false, true] {
            let findings = findings(&with("eccx08-sim", "eccx08", dev));
            assert!(findings.contains(&"`eccx08-sim` reaches `eccx08`".to_owned()), "{findings:?}");
        }
    }

    #[test]
    fn a_model_that_reaches_a_driver_through_another_crate_is_found() {
        let findings = findings(&with("sara-u201-sim", "tutorial", true));
        assert!(findings.contains(&"`sara-u201-sim` reaches `sara-u201`".to_owned()), "{findings:?}");
    }

    #[test]
    fn drivers_that_know_each_other_or_the_cloud_are_found() {
        assert!(!findings(&with("eccx08", "sara-u201", true)).is_empty());
        assert!(!findings(&with("sara-u201", "eccx08", false)).is_empty());
        assert!(!findings(&with("sara-u201", "mqtt-lite", true)).is_empty());
        assert!(!findings(&with("eccx08", "iot-core-emulator", true)).is_empty());
    }

    #[test]
    fn a_driver_and_its_model_that_share_a_crate_of_ours_are_found() {
        let mut packages = with("eccx08", "tutorial-host", false);
        packages
            .iter_mut()
            .find(|package| package.name == "eccx08-sim")
            .unwrap()
            .dependencies
            .push(Dependency { name: "tutorial-host".into(), dev: false });
        let findings = findings(&packages);
        let shared = "`eccx08` and its model `eccx08-sim` share `tutorial-host`".to_owned();
        assert!(findings.contains(&shared), "{findings:?}");
    }

    #[test]
    fn only_a_development_dependency_on_the_own_model_is_set_aside() {
        assert!(findings(&with("eccx08", "eccx08-sim", true)).is_empty());
        let packages = with("eccx08", "eccx08-sim", false);
        assert!(reach(&packages, "eccx08").contains("eccx08-sim"));
    }

    #[test]
    fn a_renamed_crate_does_not_slip_through() {
        let mut packages = workspace::metadata().unwrap().packages;
        packages.retain(|package| package.name != "sara-u201-sim");
        assert!(findings(&packages)[0].contains("no package `sara-u201-sim`"));
    }
}
