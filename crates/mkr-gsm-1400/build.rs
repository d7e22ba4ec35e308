//! Lets the linker find the board's memory layout.

use std::env;
use std::fs;
use std::path::PathBuf;

fn main() -> std::io::Result<()> {
    println!("cargo::rerun-if-changed=memory.x");
    if env::var("CARGO_CFG_TARGET_OS").as_deref() == Ok("none") {
        let directory = PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default());
        fs::copy("memory.x", directory.join("memory.x"))?;
        println!("cargo::rustc-link-search={}", directory.display());
    }
    Ok(())
}
