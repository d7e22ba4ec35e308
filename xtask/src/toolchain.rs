//! Finds a Rust toolchain that can build for the board's processor.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::{exec, workspace};

/// The board's processor: an ARMv6-M core.
pub(crate) const TARGET: &str = "thumbv6m-none-eabi";

/// How a toolchain comes by `core` for the target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Core {
    /// The target is installed.
    Installed,
    /// The library's source is there, and Cargo builds it (`-Zbuild-std=core`).
    FromSource,
}

/// A toolchain that can build for the board.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Toolchain {
    /// Its directory.
    pub(crate) sysroot: PathBuf,
    /// Its version, major and minor.
    pub(crate) version: (u32, u32),
    /// How it comes by `core`.
    pub(crate) core: Core,
}

impl Toolchain {
    /// Returns this toolchain's Cargo for one `subcommand` on the target, set to work in the root.
    ///
    /// The flags of the surrounding environment are for the host; they are kept away from it.
    pub(crate) fn cargo(&self, subcommand: &str) -> Command {
        let mut cargo = Command::new(self.sysroot.join("bin/cargo"));
        cargo.current_dir(workspace::root()).env("RUSTC", self.sysroot.join("bin/rustc"));
        for variable in
            ["CARGO_ENCODED_RUSTFLAGS", "LD_LIBRARY_PATH", "RUSTC_WRAPPER", "RUSTFLAGS", "RUSTUP_TOOLCHAIN"]
        {
            cargo.env_remove(variable);
        }
        cargo.args([subcommand, "--target", TARGET]);
        if self.core == Core::FromSource {
            cargo.env("RUSTC_BOOTSTRAP", "1").arg("-Zbuild-std=core");
        }
        cargo
    }

    /// Says in a few words what was found.
    pub(crate) fn described(&self) -> String {
        let (major, minor) = self.version;
        let core = match self.core {
            Core::Installed => "target installed",
            Core::FromSource => "core built from its source",
        };
        format!("Rust {major}.{minor} in {} ({core})", self.sysroot.display())
    }
}

/// Returns the first toolchain that can build for the board: the installed target before built sources, and the
/// active toolchain before others. None when this machine has none.
pub(crate) fn find() -> Option<Toolchain> {
    let usable = sysroots().into_iter().filter_map(|sysroot| {
        let core = core_in(&sysroot)?;
        let version = version_in(&sysroot).ok().filter(|&version| version >= minimum_version())?;
        Some(Toolchain { sysroot, version, core })
    });
    usable.min_by_key(|toolchain| toolchain.core)
}

/// Lists the directories of all toolchains of this machine, the active one first.
pub(crate) fn sysroots() -> Vec<PathBuf> {
    let mut sysroots = Vec::new();
    let mut add = |sysroot: PathBuf| {
        let sysroot = sysroot.canonicalize().unwrap_or(sysroot);
        if sysroot.join("bin/rustc").exists() && !sysroots.contains(&sysroot) {
            sysroots.push(sysroot);
        }
    };
    let mut active = Command::new("rustc");
    if let Ok(path) = exec::stdout(active.current_dir(workspace::root()).args(["--print", "sysroot"])) {
        add(PathBuf::from(path.trim()));
    }
    if let Ok(home) = exec::stdout(Command::new("rustup").args(["show", "home"])) {
        let mut installed = list(&Path::new(home.trim()).join("toolchains"));
        installed.sort();
        installed.into_iter().for_each(&mut add);
    }
    add(PathBuf::from("/usr"));
    sysroots
}

/// Returns the oldest version that the libraries build with.
pub(crate) fn minimum_version() -> (u32, u32) {
    parse_version(env!("CARGO_PKG_RUST_VERSION")).unwrap_or((1, 88))
}

fn core_in(sysroot: &Path) -> Option<Core> {
    let libraries = sysroot.join("lib/rustlib");
    let installed = list(&libraries.join(TARGET).join("lib"))
        .iter()
        .any(|file| file.file_name().is_some_and(|name| name.to_string_lossy().starts_with("libcore-")));
    if installed {
        return Some(Core::Installed);
    }
    libraries.join("src/rust/library/core/src/lib.rs").exists().then_some(Core::FromSource)
}

fn version_in(sysroot: &Path) -> Result<(u32, u32)> {
    let mut rustc = Command::new(sysroot.join("bin/rustc"));
    let text = exec::stdout(rustc.env_remove("LD_LIBRARY_PATH").arg("--version"))?;
    text.split(' ').nth(1).and_then(parse_version).with_context(|| format!("no version in `{}`", text.trim()))
}

fn parse_version(text: &str) -> Option<(u32, u32)> {
    let mut numbers = text.split('.');
    Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
}

fn list(directory: &Path) -> Vec<PathBuf> {
    std::fs::read_dir(directory).into_iter().flatten().flatten().map(|entry| entry.path()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sysroot(name: &str, files: &[&str]) -> PathBuf {
        let sysroot = std::env::temp_dir().join(format!("xtask-{}-{name}", std::process::id()));
        for file in files {
            let path = sysroot.join(file);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, "").unwrap();
        }
        sysroot
    }

    #[test]
    fn an_installed_target_counts_before_the_source() {
        let installed = "lib/rustlib/thumbv6m-none-eabi/lib/libcore-0123.rlib";
        let source = "lib/rustlib/src/rust/library/core/src/lib.rs";
        assert_eq!(core_in(&sysroot("both", &[installed, source])), Some(Core::Installed));
        assert_eq!(core_in(&sysroot("source", &[source])), Some(Core::FromSource));
        assert_eq!(core_in(&sysroot("host-only", &["lib/rustlib/components"])), None);
        assert!(Core::Installed < Core::FromSource);
    }

    #[test]
    fn versions_compare_as_numbers() {
        assert_eq!(parse_version("1.96.0"), Some((1, 96)));
        assert_eq!(parse_version("1.88"), Some((1, 88)));
        assert_eq!(parse_version("1.97.0-nightly"), Some((1, 97)));
        assert!(parse_version("1.63.0") < parse_version("1.88"));
        assert_eq!(parse_version("stable"), None);
    }

    #[test]
    fn a_toolchain_that_runs_these_tests_is_listed() {
        assert!(!sysroots().is_empty());
    }

    #[test]
    fn cargo_builds_core_only_where_it_must() {
        let cargo = |core| Toolchain { sysroot: "/usr".into(), version: (1, 96), core }.cargo("build");
        let has_flag = |command: &Command| command.get_args().any(|argument| argument == "-Zbuild-std=core");
        assert!(has_flag(&cargo(Core::FromSource)));
        assert!(!has_flag(&cargo(Core::Installed)));
    }
}
