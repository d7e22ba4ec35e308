//! Hands the linker its script, asks it for a map of each program, and puts `settings.toml` into the image.

#[path = "build/settings.rs"]
mod settings;

use core::error::Error;
use std::path::PathBuf;
use std::{env, fs};

/// Set by `cargo xtask build`: where the maps go.
const MAP_DIRECTORY: &str = "FIRMWARE_MAP_DIRECTORY";

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-env-changed={MAP_DIRECTORY}");
    println!("cargo::rerun-if-changed=src/bin");
    println!("cargo::rerun-if-changed=build");
    if env::var("CARGO_CFG_TARGET_OS").as_deref() != Ok("none") {
        return Ok(());
    }
    println!("cargo::rustc-link-arg-bins=-Tlink.x");
    println!("cargo::rustc-link-arg-bins=--nmagic");
    if let Some(maps) = env::var_os(MAP_DIRECTORY).map(PathBuf::from) {
        for program in fs::read_dir("src/bin")? {
            let path = program?.path();
            if let Some(name) = path.file_stem().and_then(|name| name.to_str()) {
                let map = maps.join(name).with_extension("map");
                println!("cargo::rustc-link-arg-bin={name}=-Map={}", map.display());
            }
        }
    }
    let output = PathBuf::from(env::var_os("OUT_DIR").ok_or("no OUT_DIR")?);
    fs::write(output.join("built_in.rs"), settings::built_in()?)?;
    Ok(())
}
