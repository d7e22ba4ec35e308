//! Hands the linker its script, and asks it for a map of each program.

use std::path::PathBuf;
use std::{env, fs, io};

/// Set by `cargo xtask build`: where the maps go.
const MAP_DIRECTORY: &str = "FIRMWARE_MAP_DIRECTORY";

fn main() -> io::Result<()> {
    println!("cargo::rerun-if-env-changed={MAP_DIRECTORY}");
    println!("cargo::rerun-if-changed=src/bin");
    if env::var("CARGO_CFG_TARGET_OS").as_deref() != Ok("none") {
        return Ok(());
    }
    println!("cargo::rustc-link-arg-bins=-Tlink.x");
    println!("cargo::rustc-link-arg-bins=--nmagic");
    if let Some(maps) = env::var_os(MAP_DIRECTORY).map(PathBuf::from) {
        for program in fs::read_dir("src/bin")? {
            let path = program?.path();
            if let Some(name) = path.file_stem().and_then(|name| name.to_str()) {
                println!(
                    "cargo::rustc-link-arg-bin={name}=-Map={}",
                    maps.join(name).with_extension("map").display()
                );
            }
        }
    }
    Ok(())
}
