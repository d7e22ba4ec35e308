//! Other people's tools: bossac over the loader, probe-rs over a debug probe.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use sam_ba::APPLICATION_START;

use super::program::Program;
use crate::board::{Kind, Stop};
use crate::exec;

const CHIP: &str = "ATSAMD21G18A";

/// Flashes with the machine's bossac.
pub(crate) fn bossac(program: &Program, port: &str, verify: bool) -> Result<(), Stop> {
    let tool = found("bossac", "Debian has it as bossa-cli.")?;
    let help =
        exec::output(Command::new(&tool).arg("--help")).map_err(|error| Stop::new(Kind::Usage, error))?;
    let needs_offset = offset_of(&String::from_utf8_lossy(&help.stdout))?;
    let image = plain(program)?;
    let mut bossac = Command::new(tool);
    bossac.args(bossac_arguments(port, &image, needs_offset, verify));
    eprintln!("{bossac:?}");
    let result = exec::run(&mut bossac);
    let _ = fs::remove_file(&image);
    result.map_err(|error| Stop::new(Kind::Protocol, error))
}

/// Flashes with the machine's probe-rs, which erases what the program covers and nothing else.
pub(crate) fn probe_rs(program: &Program) -> Result<(), Stop> {
    let tool = found("probe-rs", "See https://probe.rs for how to get it.")?;
    for arguments in probe_rs_arguments(program) {
        let mut probe_rs = Command::new(&tool);
        probe_rs.args(arguments);
        eprintln!("{probe_rs:?}");
        exec::run(&mut probe_rs).map_err(|error| Stop::new(Kind::Protocol, error))?;
    }
    Ok(())
}

fn bossac_arguments(port: &str, image: &Path, needs_offset: bool, verify: bool) -> Vec<String> {
    let mut arguments: Vec<String> =
        ["-i", "-U", "-p", port, "-e", "-w"].into_iter().map(str::to_owned).collect();
    if needs_offset {
        arguments.push(format!("--offset=0x{APPLICATION_START:x}"));
    }
    if verify {
        arguments.push("-v".to_owned());
    }
    arguments.extend([image.display().to_string(), "-R".to_owned()]);
    arguments
}

/// Tells whether this bossac must be told where a program begins: 1.9 starts at 0, which is the loader. Arduino's 1.7
/// and 1.8 know it themselves. Another version might do either, so it is not used.
fn offset_of(help: &str) -> Result<bool, Stop> {
    let version =
        help.split("Version ").nth(1).and_then(|rest| rest.split_whitespace().next()).unwrap_or("?");
    let mut numbers = version.split('.').map(|number| number.parse().unwrap_or(0));
    match (numbers.next(), numbers.next()) {
        (Some(1), Some(7 | 8)) if version.contains("arduino") => Ok(false),
        (Some(1), Some(9)) => Ok(true),
        _ => Err(Stop::text(Kind::Usage, format!("bossac is of version {version}, which is not known here"))
            .advise("Versions 1.9 and Arduino's 1.7 and 1.8 are; or leave out --tool bossac.")),
    }
}

fn probe_rs_arguments(program: &Program) -> [Vec<String>; 2] {
    let owned =
        |arguments: &[&str]| arguments.iter().map(|argument| (*argument).to_owned()).collect::<Vec<_>>();
    let file = program.file.display().to_string();
    let base = format!("0x{APPLICATION_START:x}");
    let download = if program.is_elf {
        owned(&["download", "--chip", CHIP, "--verify", &file])
    } else {
        owned(&[
            "download",
            "--chip",
            CHIP,
            "--verify",
            "--binary-format",
            "bin",
            "--base-address",
            &base,
            &file,
        ])
    };
    [download, owned(&["reset", "--chip", CHIP])]
}

/// Writes the plain image beside nothing of value: bossac reads no ELF.
fn plain(program: &Program) -> Result<PathBuf, Stop> {
    let path = env::temp_dir().join(format!("mkr-gsm-1400-{}.bin", std::process::id()));
    fs::write(&path, program.image.bytes()).map_err(|error| {
        Stop::new(Kind::Usage, anyhow::Error::new(error).context("cannot write the image"))
    })?;
    Ok(path)
}

fn found(tool: &str, advice: &str) -> Result<PathBuf, Stop> {
    let path = env::var_os("PATH").unwrap_or_default();
    let places = env::split_paths(&path).map(|directory| directory.join(tool));
    let mut places = places.map(|place| place.with_extension(env::consts::EXE_EXTENSION));
    places
        .find(|place| place.is_file())
        .ok_or_else(|| Stop::text(Kind::Usage, format!("there is no `{tool}` in PATH")).advise(advice))
}

#[cfg(test)]
mod tests {
    use super::*;
    use sam_ba::Image;

    #[test]
    fn a_bossac_that_begins_at_zero_is_told_where_programs_begin() {
        let debian =
            "Usage: bossac [OPTION...] [FILE]\nBasic Open Source SAM-BA Application (BOSSA) Version 1.9.1\n";
        assert!(offset_of(debian).unwrap());
        assert!(!offset_of("... (BOSSA) Version 1.7.0-arduino3\n").unwrap());
        for unknown in ["", "Version 2.0", "Version 1.7.0\n", "Version 1.6.1-arduino\n"] {
            assert_eq!(offset_of(unknown).unwrap_err().kind, Kind::Usage, "{unknown}");
        }
        let arguments = bossac_arguments("/dev/ttyACM0", Path::new("a.bin"), true, true).join(" ");
        assert_eq!(arguments, "-i -U -p /dev/ttyACM0 -e -w --offset=0x2000 -v a.bin -R");
        let arguments = bossac_arguments("/dev/ttyACM0", Path::new("a.bin"), false, false).join(" ");
        assert_eq!(arguments, "-i -U -p /dev/ttyACM0 -e -w a.bin -R");
    }

    #[test]
    fn a_probe_is_told_where_plain_bytes_go() {
        let bytes = [0x2000_8000_u32.to_le_bytes(), 0x2001_u32.to_le_bytes()].concat();
        let image = Image::from_bytes(&bytes).unwrap();
        let file = PathBuf::from("a.bin");
        let mut program = Program { file, sha256: String::new(), is_elf: false, image, has_usb: None };
        let [download, reset] = probe_rs_arguments(&program);
        assert!(download.join(" ").contains("--binary-format bin --base-address 0x2000 a.bin"));
        assert_eq!(reset.join(" "), "reset --chip ATSAMD21G18A");
        program.is_elf = true;
        let [download, _] = probe_rs_arguments(&program);
        assert_eq!(download.join(" "), "download --chip ATSAMD21G18A --verify a.bin");
    }
}
