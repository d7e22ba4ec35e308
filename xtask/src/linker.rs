//! Finds a linker for the board's processor.

use std::path::{Path, PathBuf};

use crate::toolchain::{self, Toolchain};

/// Returns the first linker there is: rust-lld of `toolchain`, of any other, ld.lld, arm-none-eabi-ld.
pub(crate) fn find(toolchain: &Toolchain) -> Option<PathBuf> {
    rust_lld(&toolchain.sysroot)
        .or_else(|| toolchain::sysroots().iter().find_map(|sysroot| rust_lld(sysroot)))
        .or_else(|| on_path("ld.lld"))
        .or_else(|| on_path("arm-none-eabi-ld"))
}

/// Returns the compiler flags that make it link with `linker`.
pub(crate) fn flags(linker: &Path) -> Vec<String> {
    let flavor = if linker.ends_with("rust-lld") || linker.ends_with("ld.lld") { "ld.lld" } else { "ld" };
    vec![format!("-Clinker={}", linker.display()), format!("-Clinker-flavor={flavor}")]
}

fn rust_lld(sysroot: &Path) -> Option<PathBuf> {
    let hosts = std::fs::read_dir(sysroot.join("lib/rustlib")).ok()?;
    hosts.flatten().map(|host| host.path().join("bin/rust-lld")).find(|path| path.is_file())
}

fn on_path(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|directory| directory.join(name)).find(|path| path.is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_linker_is_spoken_to_in_its_own_way() {
        assert!(flags(Path::new("/x/bin/rust-lld")).contains(&"-Clinker-flavor=ld.lld".to_owned()));
        assert!(flags(Path::new("/usr/bin/ld.lld")).contains(&"-Clinker-flavor=ld.lld".to_owned()));
        assert!(flags(Path::new("/usr/bin/arm-none-eabi-ld")).contains(&"-Clinker-flavor=ld".to_owned()));
    }

    #[test]
    fn a_program_that_is_nowhere_is_not_found() {
        assert_eq!(on_path("no-such-linker"), None);
    }
}
