//! The programs for the board.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use object::read::elf::{ElfFile32, ProgramHeader};
use object::{Endianness, Object, ObjectSection};
use serde_json::{Value, json};

use super::secrets;
use crate::setup::Tools;
use crate::toolchain::{Core, TARGET};
use crate::{exec, linker, workspace};

const PACKAGE: &str = "firmware";
pub(crate) const DIRECTORY: &str = "examples/mkr-gsm-1400";
/// The build profile, which Cargo also names the directory after.
const PROFILE: &str = "firmware";
/// The name of a program with tasks ends so.
const TASKS: &str = "-async";
/// Tells the package's build script where the maps go.
const MAP_DIRECTORY: &str = "FIRMWARE_MAP_DIRECTORY";

/// One program that was built.
#[derive(Debug)]
pub(crate) struct Program {
    /// Its name.
    pub(crate) name: String,
    /// The linked program, with its debug information.
    pub(crate) elf: PathBuf,
    /// What goes into flash, from 0x2000 on.
    pub(crate) bin: PathBuf,
    /// What the linker put where.
    pub(crate) map: PathBuf,
    /// Bytes of flash.
    pub(crate) flash: usize,
    /// Bytes of static RAM.
    pub(crate) ram: u64,
    /// The names of the secrets from settings.toml that are in the image.
    pub(crate) secrets: Vec<String>,
}

/// Lists the programs there are, by name.
pub(crate) fn programs() -> Result<Vec<String>> {
    let directory = workspace::root().join(DIRECTORY).join("src/bin");
    let entries =
        std::fs::read_dir(&directory).with_context(|| format!("cannot list {}", directory.display()))?;
    let mut names = Vec::new();
    for entry in entries {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "rs")
            && let Some(name) = path.file_stem()
        {
            names.push(name.to_string_lossy().into_owned());
        }
    }
    names.sort();
    Ok(names)
}

/// Builds the named programs.
pub(crate) fn build(tools: &Tools, names: &[String]) -> Result<Vec<Program>> {
    // Programs with tasks need a feature that would cost the others flash.
    let (tasks, plain): (Vec<_>, Vec<_>) = names.iter().cloned().partition(|name| name.ends_with(TASKS));
    let mut programs = build_with(tools, &plain, &[], "board", None)?;
    programs.extend(build_with(tools, &tasks, &["--features", "async"], "board", None)?);
    Ok(programs)
}

/// Builds the named programs with the settings of `file`, unless the environment names another one.
pub(crate) fn build_for(tools: &Tools, names: &[String], file: &str) -> Result<Vec<Program>> {
    let named = std::env::var_os(secrets::FILE_VARIABLE);
    build_with(tools, names, &[], "board", Some(named.as_deref().unwrap_or_else(|| OsStr::new(file))))
}

/// Builds the named programs so that the place of each panic can be read from them; not for use.
pub(crate) fn build_located(tools: &Tools, names: &[String]) -> Result<Vec<Program>> {
    build_with(tools, names, &["--features", "locate-panics"], "board-located", None)
}

fn build_with(
    tools: &Tools,
    names: &[String],
    options: &[&str],
    directory: &str,
    settings: Option<&OsStr>,
) -> Result<Vec<Program>> {
    if names.is_empty() {
        return Ok(Vec::new());
    }
    let target_directory = workspace::metadata()?.target_directory.join(directory);
    let output = target_directory.join(TARGET).join(PROFILE);
    let mut flags = flags(&tools.linker);
    // Notes on the side, which the image does not hold; only a compiler that builds `core` itself writes them.
    if tools.toolchain.core == Core::FromSource {
        flags.push("-Zemit-stack-sizes".to_owned());
    }
    let mut cargo = tools.toolchain.cargo("build");
    cargo.env("CARGO_ENCODED_RUSTFLAGS", flags.join("\x1f")).env(MAP_DIRECTORY, &output);
    if tools.toolchain.core == Core::FromSource {
        cargo.arg("-Zbuild-std-features=optimize_for_size");
    }
    cargo.args(["--quiet", "--package", PACKAGE, "--profile", PROFILE]).args(options);
    if let Some(file) = settings {
        cargo.env(secrets::FILE_VARIABLE, file);
    }
    for name in names {
        cargo.args(["--bin", name]);
    }
    exec::run(cargo.arg("--target-dir").arg(&target_directory))?;
    names.iter().map(|name| Program::finish(name, &output, settings)).collect()
}

/// The compiler flags of every program for the board.
///
/// SHA-256 in its compact form saves 9 KB, and its crate takes the choice in no other way.
pub(crate) fn flags(linker: &Path) -> Vec<String> {
    let mut flags = linker::flags(linker);
    flags.push("-Csymbol-mangling-version=v0".to_owned());
    flags.push("--cfg=sha2_backend_soft=\"compact\"".to_owned());
    flags
}

impl Program {
    /// Makes the flat image of a program that Cargo has built.
    fn finish(name: &str, output: &Path, settings: Option<&OsStr>) -> Result<Self> {
        let elf = output.join(name);
        let bytes = std::fs::read(&elf).with_context(|| format!("Cargo built no {}", elf.display()))?;
        let image = flat_image(&bytes).with_context(|| format!("cannot make sense of {}", elf.display()))?;
        let bin = elf.with_extension("bin");
        std::fs::write(&bin, &image).with_context(|| format!("cannot write {}", bin.display()))?;
        Ok(Self {
            name: name.to_owned(),
            flash: image.len(),
            ram: static_ram(&bytes)?,
            secrets: secrets::found_in(&image, settings)?,
            map: elf.with_extension("map"),
            bin,
            elf,
        })
    }

    /// One line for people.
    pub(crate) fn shown(&self) -> String {
        let Self { name, flash, ram, elf, secrets, .. } = self;
        let mut line = format!("{name:<18} {flash:>7} B flash {ram:>6} B static RAM  {}", elf.display());
        if !secrets.is_empty() {
            line.push_str(&format!("\n{:19}CARRIES SECRETS of settings.toml: {}", "", secrets.join(", ")));
        }
        line
    }

    /// The program in a report.
    pub(crate) fn json(&self) -> Value {
        json!({
            "name": self.name, "elf": self.elf, "bin": self.bin, "map": self.map,
            "flash": self.flash, "ram": self.ram, "secrets": self.secrets,
        })
    }
}

/// Lays out what the loader puts into flash; gaps are filled as erased flash.
fn flat_image(bytes: &[u8]) -> Result<Vec<u8>> {
    let elf: ElfFile32<'_, Endianness> = ElfFile32::parse(bytes)?;
    let mut parts = Vec::new();
    for segment in elf.elf_program_headers() {
        let data = segment.data(Endianness::Little, bytes).ok().context("a segment lies outside the file")?;
        if segment.p_type(Endianness::Little) == object::elf::PT_LOAD && !data.is_empty() {
            parts.push((segment.p_paddr(Endianness::Little), data));
        }
    }
    parts.sort_by_key(|&(address, _)| address);
    let Some(&(start, _)) = parts.first() else { bail!("nothing is to be loaded") };
    let mut image = Vec::new();
    for (address, data) in parts {
        let offset = usize::try_from(address - start)?;
        if offset < image.len() {
            bail!("two parts lie at {address:#x}");
        }
        image.resize(offset, 0xFF);
        image.extend_from_slice(data);
    }
    Ok(image)
}

/// Adds up what lies in RAM before the program starts.
fn static_ram(bytes: &[u8]) -> Result<u64> {
    let elf: ElfFile32<'_, Endianness> = ElfFile32::parse(bytes)?;
    let in_ram = elf.sections().filter(|section| section.address() >= 0x2000_0000);
    Ok(in_ram.map(|section| section.size()).sum())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_smallest_program_is_listed() {
        assert!(programs().unwrap().iter().any(|name| name == "blink"));
    }

    #[test]
    fn every_program_is_one_of_the_package() {
        let manifest = std::fs::read_to_string(workspace::root().join(DIRECTORY).join("Cargo.toml")).unwrap();
        assert!(manifest.contains(&format!("name = \"{PACKAGE}\"")));
    }

    #[test]
    fn what_is_no_program_has_no_image() {
        assert!(flat_image(b"text").is_err());
    }
}
