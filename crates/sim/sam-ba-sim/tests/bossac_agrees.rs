//! Debian's `bossac` 1.9.1, which knows the real loader, works with the program of this crate.
//!
//! Without `bossac` the tests do nothing, unless `REQUIRE_BOSSAC` is set.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};

/// The board on a pseudo-terminal.
struct Board {
    program: Child,
    port: String,
    flash: PathBuf,
}

impl Board {
    fn start(name: &str, arguments: &[&str]) -> Self {
        let flash = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}.flash"));
        let _ = fs::remove_file(&flash);
        let mut program = Command::new(env!("CARGO_BIN_EXE_sam-ba-sim"))
            .args(["--once", "--speed", "20", "--flash"])
            .arg(&flash)
            .args(arguments)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut port = String::new();
        BufReader::new(program.stdout.take().unwrap()).read_line(&mut port).unwrap();
        Self { program, port: port.trim().to_owned(), flash }
    }

    fn bossac(&self, arguments: &[&str]) -> Output {
        Command::new("bossac").args(["-U", "-p", &self.port]).args(arguments).output().unwrap()
    }
}

impl Drop for Board {
    fn drop(&mut self) {
        let _ = self.program.kill();
        let _ = self.program.wait();
    }
}

fn bossac_is_here() -> bool {
    let version = Command::new("bossac").arg("--help").output();
    let is_here =
        version.is_ok_and(|output| String::from_utf8_lossy(&output.stdout).contains("Version 1.9.1"));
    if !is_here {
        assert!(std::env::var_os("REQUIRE_BOSSAC").is_none(), "bossac 1.9.1 is required");
        eprintln!("bossac 1.9.1 is not installed: passed over");
    }
    is_here
}

/// A file with a program: its vectors, and bytes of every value.
fn program(name: &str, length: u32) -> (String, Vec<u8>) {
    let mut bytes = [0x2000_8000_u32.to_le_bytes(), 0x2009_u32.to_le_bytes()].concat();
    bytes.extend((8..length).map(|index| (index * 13 + index / 256).to_le_bytes()[0]));
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}.bin"));
    fs::write(&path, &bytes).unwrap();
    (path.to_str().unwrap().to_owned(), bytes)
}

#[test]
fn it_knows_the_part_writes_verifies_and_resets() {
    if !bossac_is_here() {
        return;
    }
    let mut board = Board::start("writes", &[]);
    let (file, bytes) = program("writes", 20_001);
    let output = board.bossac(&["-i", "-o", "0x2000", "-e", "-w", "-v", &file, "-R"]);
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
    assert!(text.contains("ATSAMD21x18"), "{text}");
    assert!(text.contains("v2.0 [Arduino:XYZ] Apr 11 2019 13:09:54"), "{text}");
    assert!(text.contains("Verify successful"), "{text}");
    assert!(board.program.wait().unwrap().success(), "the board was reset");
    let flash = fs::read(&board.flash).unwrap();
    assert_eq!(flash.len(), 0x4_0000);
    assert_eq!(flash[0x2000..0x2000 + bytes.len()], bytes);
}

#[test]
fn it_reads_back_what_is_there() {
    if !bossac_is_here() {
        return;
    }
    let board = Board::start("reads", &[]);
    let (file, bytes) = program("reads", 4096);
    let copy = format!("{file}.copy");
    assert!(board.bossac(&["-o", "0x2000", "-e", "-w", &file]).status.success());
    assert!(board.bossac(&["-o", "0x2000", "-r4096", &copy]).status.success());
    assert_eq!(fs::read(copy).unwrap(), bytes);
}

#[test]
fn it_finds_a_worn_out_bit() {
    if !bossac_is_here() {
        return;
    }
    let board = Board::start("worn", &["--stuck-bit", "0x2102"]);
    let (file, bytes) = program("worn", 4096);
    assert_eq!(bytes[0x102] & 1, 1, "the bit matters");
    let output = board.bossac(&["-o", "0x2000", "-e", "-w", "-v", &file]);
    assert!(!output.status.success());
    assert!(String::from_utf8_lossy(&output.stdout).contains("Verify failed"));
}
