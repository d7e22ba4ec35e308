//! `cargo xtask setup`: what building for the board needs.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use anyhow::{Result, bail};

use crate::toolchain::{self, TARGET, Toolchain};
use crate::{exec, linker};

const DEBIAN_TOOLCHAIN: [&str; 3] = ["rustc-web", "cargo-web", "rust-web-src"];
const DEBIAN_LINKER: &str = "lld";

/// Finds, or installs, a toolchain and a linker for the board's processor
#[derive(Debug, clap::Args)]
#[command(after_help = "Looks for, in this order:\n  \
    1. a toolchain with the target thumbv6m-none-eabi\n  \
    2. a toolchain with the standard library's source (component rust-src, or Debian's rust-web-src)\n  \
    3. `rustup target add thumbv6m-none-eabi`, unless RUSTUP_AUTO_INSTALL=0\n  \
    4. on Debian, as root: apt-get install rustc-web cargo-web rust-web-src\n\
    The linker is rust-lld, ld.lld or arm-none-eabi-ld. What is going to be installed is said before.\n\
    `build` and `size` do this by themselves, unless told --no-setup.\n\n\
    Examples:\n  cargo xtask setup --check      only look; fails when something is missing\n  cargo xtask setup")]
pub(crate) struct Args {
    /// Only look: install nothing, fail when something is missing
    #[arg(long)]
    check: bool,
}

/// What building and linking for the board takes.
#[derive(Debug)]
pub(crate) struct Tools {
    /// Compiles for the board.
    pub(crate) toolchain: Toolchain,
    /// Links for the board.
    pub(crate) linker: PathBuf,
}

/// Runs the task.
pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    let tools = tools(args.check)?;
    println!("toolchain: {}", tools.toolchain.described());
    println!("linker:    {}", tools.linker.display());
    Ok(ExitCode::SUCCESS)
}

/// Returns a toolchain for the board; installs one first where there is none, unless told to only look.
pub(crate) fn toolchain(only_look: bool) -> Result<Toolchain> {
    if let Some(toolchain) = toolchain::find() {
        return Ok(toolchain);
    }
    if only_look {
        bail!("no Rust toolchain here builds for {TARGET}\n{}", advice());
    }
    if has_program("rustup") && std::env::var_os("RUSTUP_AUTO_INSTALL").is_none_or(|value| value != "0") {
        let mut rustup = Command::new("rustup");
        announce(rustup.args(["target", "add", TARGET]));
        if let Err(error) = exec::run(&mut rustup) {
            eprintln!("setup: {error:#}");
        }
        if let Some(toolchain) = toolchain::find() {
            return Ok(toolchain);
        }
    }
    if may_use_apt() {
        apt_install(&DEBIAN_TOOLCHAIN)?;
        if let Some(toolchain) = toolchain::find() {
            return Ok(toolchain);
        }
        let (major, minor) = toolchain::minimum_version();
        bail!("Debian's packages {DEBIAN_TOOLCHAIN:?} are older than Rust {major}.{minor}\n{}", advice());
    }
    bail!("no Rust toolchain here builds for {TARGET}, and nothing could be installed\n{}", advice())
}

/// Returns a toolchain and a linker for the board; see [`toolchain()`].
pub(crate) fn tools(only_look: bool) -> Result<Tools> {
    let toolchain = toolchain(only_look)?;
    if let Some(linker) = linker::find(&toolchain) {
        return Ok(Tools { toolchain, linker });
    }
    if !only_look && may_use_apt() {
        apt_install(&[DEBIAN_LINKER])?;
        if let Some(linker) = linker::find(&toolchain) {
            return Ok(Tools { toolchain, linker });
        }
    }
    bail!("no linker for {TARGET}: install rust-lld (rustup), ld.lld (package lld) or arm-none-eabi-ld")
}

fn apt_install(packages: &[&str]) -> Result<()> {
    let apt = || {
        let mut apt = Command::new("apt-get");
        apt.env("DEBIAN_FRONTEND", "noninteractive").arg("-q");
        apt
    };
    let mut update = apt();
    announce(update.arg("update"));
    exec::run(&mut update)?;
    let mut install = apt();
    announce(install.args(["install", "--yes", "--no-install-recommends"]).args(packages));
    exec::run(&mut install)
}

fn announce(command: &Command) {
    let arguments: Vec<_> = command.get_args().map(|argument| argument.to_string_lossy()).collect();
    eprintln!("setup: installing: {} {}", command.get_program().to_string_lossy(), arguments.join(" "));
}

fn advice() -> String {
    format!(
        "do one of these:\n  rustup target add {TARGET}\n  rustup component add rust-src\n  \
         on Debian, as root: apt-get install {} {DEBIAN_LINKER}",
        DEBIAN_TOOLCHAIN.join(" ")
    )
}

fn may_use_apt() -> bool {
    let is_root = exec::stdout(Command::new("id").arg("-u")).is_ok_and(|id| id.trim() == "0");
    is_root && Path::new("/etc/debian_version").exists() && has_program("apt-get")
}

fn has_program(name: &str) -> bool {
    Command::new(name).arg("--version").output().is_ok_and(|output| output.status.success())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn advice_names_the_target_and_the_packages() {
        let advice = advice();
        assert!(advice.contains(TARGET));
        assert!(DEBIAN_TOOLCHAIN.iter().all(|package| advice.contains(package)));
    }

    #[test]
    fn a_program_that_is_nowhere_is_missed() {
        assert!(!has_program("no-such-program"));
    }
}
