//! `cargo xtask flash` and its siblings on the model of the loader, behind a pseudo-terminal.

use core::time::Duration;
use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::thread::{self, JoinHandle};

use sam_ba_sim::{Board, Faults, Loader, Options, Profile, Status};
use serde_json::Value;

const STORED: u32 = 0x3_B800;
const SETTINGS: u32 = 0x3_F800;

/// A board with events and settings, which ends with its reset.
struct Bench {
    port: String,
    board: JoinHandle<Loader>,
}

impl Bench {
    fn with(faults: Faults) -> Self {
        let profile = Profile { faults, ..Profile::default() };
        let mut board =
            Board::open(Options { profile, once: true, speed: 50, ..Options::default() }).unwrap();
        board.loader_mut().load_flash(0x2000, &[0; 5000]);
        board.loader_mut().load_flash(STORED, b"an event");
        board.loader_mut().load_flash(SETTINGS, b"apn=invented");
        let port = board.port().to_owned();
        Self { port, board: thread::spawn(move || board.serve().unwrap()) }
    }

    fn new() -> Self {
        Self::with(Faults::default())
    }

    /// Waits for the board's end, which is its reset or a pulled plug.
    fn ended(self) -> Loader {
        self.board.join().unwrap()
    }
}

fn xtask(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_xtask")).args(arguments).output().unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

fn json(output: &Output) -> Value {
    let text = String::from_utf8(output.stdout.clone()).unwrap();
    serde_json::from_str(text.lines().last().unwrap()).unwrap()
}

/// A file with a program of `length` bytes.
fn program(name: &str, length: u32) -> (String, Vec<u8>) {
    let mut bytes = [0x2000_7FF8_u32.to_le_bytes(), 0x20C1_u32.to_le_bytes()].concat();
    bytes.extend((8..length).map(|index| (index * 29 + index / 256).to_le_bytes()[0]));
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}.bin"));
    fs::write(&path, &bytes).unwrap();
    (path.to_str().unwrap().to_owned(), bytes)
}

#[test]
fn a_program_is_installed_and_what_the_board_keeps_stays() {
    let bench = Bench::new();
    let (file, bytes) = program("installed", 10_001);
    let output = xtask(&["flash", &file, "--port", &bench.port, "--json"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let said = stderr(&output);
    let steps = ["identify", "read settings", "erase", "program", "restore settings", "verify", "done"];
    let places: Vec<_> = steps.iter().map(|step| said.find(&format!("\n{step}")).unwrap()).collect();
    assert!(places.is_sorted(), "{said}");
    assert!(!said.contains('\r'), "no bar where no terminal is");
    let report = json(&output);
    assert_eq!(
        (&report["ok"], &report["settings"], &report["dry_run"]),
        (&true.into(), &"kept".into(), &false.into())
    );
    let loader = bench.ended();
    assert_eq!(loader.status(), Status::Reset);
    assert_eq!(loader.flash()[0x2000..0x2000 + bytes.len()], bytes);
    assert!(loader.flash()[STORED as usize..].starts_with(b"an event\xFF"));
    assert!(loader.flash()[SETTINGS as usize..].starts_with(b"apn=invented\xFF"));
    let statistics = loader.statistics();
    assert_eq!((statistics.pages_not_erased, statistics.long_reads, statistics.unknown_commands), (0, 0, 0));
}

#[test]
fn settings_go_only_where_that_is_asked_for() {
    let bench = Bench::new();
    let (file, _) = program("erased", 3000);
    let output = xtask(&["flash", &file, "--port", &bench.port, "--erase-settings", "--no-verify", "--json"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert_eq!(json(&output)["settings"], "erased");
    assert!(!stderr(&output).contains("\nverify"));
    assert!(bench.ended().flash()[STORED as usize..].iter().all(|byte| *byte == 0xFF));
}

#[test]
fn a_dry_run_says_everything_and_opens_nothing() {
    let (file, bytes) = program("dry", 3000);
    let output = xtask(&["flash", &file, "--port", "/nowhere", "--dry-run", "--json"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let (report, said) = (json(&output), stderr(&output));
    let sum = Command::new("sha256sum").arg(&file).output().unwrap();
    let sum = String::from_utf8(sum.stdout).unwrap();
    assert_eq!(report["sha256"].as_str(), sum.split(' ').next());
    assert_eq!(report["file"], file.as_str());
    assert_eq!(report["image"]["bytes"], bytes.len());
    let erase = report["steps"].as_array().unwrap().iter().find(|step| step["step"] == "erase").unwrap();
    assert_eq!((&erase["start"], &erase["end"]), (&0x2000.into(), &0x4_0000.into()));
    for part in [report["sha256"].as_str().unwrap(), "0x02000..0x02BB8", "0x3B800..0x40000", "dry run"] {
        assert!(said.contains(part), "{part}: {said}");
    }
}

#[test]
fn every_kind_of_failure_has_its_exit_code_and_advice() {
    let (file, _) = program("fails", 9000);
    let nobody = xtask(&["flash", &file, "--port", "/dev/no-such-port", "--json"]);
    assert_eq!(nobody.status.code(), Some(3));
    assert!(stderr(&nobody).contains("twice"), "{}", stderr(&nobody));
    assert_eq!((&json(&nobody)["ok"], &json(&nobody)["exit_code"]), (&false.into(), &3.into()));

    // Nothing is built for a board that is not there.
    let nobody = xtask(&["flash", "blink", "--port", "/dev/no-such-port"]);
    assert_eq!(nobody.status.code(), Some(3));
    assert!(!stderr(&nobody).contains("sha256"), "{}", stderr(&nobody));

    for arguments in [
        &["flash", "no-such-program"][..],
        &["flash", concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml")],
        &["flash", &file, "--tool", "bossac"],
        &["flash", &file, "--tool", "probe-rs", "--port", "/dev/no-such-port"],
        &["flash", &file, "--no-such-option"],
    ] {
        assert_eq!(xtask(arguments).status.code(), Some(2), "{arguments:?}");
    }

    // The lowest bit of this byte is 1 in the program.
    let bench = Bench::with(Faults { stuck_bit: Some(0x2102), ..Faults::default() });
    let worn = xtask(&["flash", &file, "--port", &bench.port]);
    assert_eq!(worn.status.code(), Some(5), "{}", stderr(&worn));
    assert!(stderr(&worn).contains("settings are back"), "{}", stderr(&worn));

    let bench = Bench::with(Faults { unplug_after: Some(310), ..Faults::default() });
    let pulled = xtask(&["flash", &file, "--port", &bench.port]);
    assert_eq!(pulled.status.code(), Some(4), "{}", stderr(&pulled));
    assert!(stderr(&pulled).contains("settings lost"), "{}", stderr(&pulled));
    assert_eq!(bench.ended().status(), Status::Unplugged);
}

#[cfg(unix)]
#[test]
fn who_interrupts_the_erasure_gets_the_settings_back_first() {
    let profile = Profile::default();
    // 6 s of erasing take 2 s.
    let mut board = Board::open(Options { profile, speed: 3, ..Options::default() }).unwrap();
    board.loader_mut().load_flash(SETTINGS, b"apn=invented");
    let port = board.port().to_owned();
    thread::spawn(move || board.serve());
    let (file, _) = program("interrupted", 9000);
    let mut child = Command::new(env!("CARGO_BIN_EXE_xtask"))
        .args(["flash", &file, "--port", &port])
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines().map(Result::unwrap);
    let before: Vec<String> = lines.by_ref().take_while(|line| line != "erase").collect();
    assert!(before.contains(&"read settings".to_owned()), "{before:?}");
    // The step is announced before it begins: up to then nothing would have been erased.
    thread::sleep(Duration::from_millis(300));
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
    let said = lines.collect::<Vec<_>>().join("\n");
    assert_eq!(child.wait().unwrap().code(), Some(130), "{said}");
    assert!(said.contains("stopping; what the board keeps is written back first"), "{said}");
    assert!(said.contains("restore settings") && said.contains("settings are back"), "{said}");
    assert!(!said.contains("settings lost") && !said.contains("\nverify"), "{said}");
}

#[test]
fn a_program_that_reaches_into_what_is_kept_is_refused_unless_that_may_go() {
    let (file, _) = program("long", STORED - 0x2000 + 1);
    let refused = xtask(&["flash", &file, "--dry-run"]);
    assert_eq!(refused.status.code(), Some(2));
    assert!(stderr(&refused).contains("--erase-settings"), "{}", stderr(&refused));
    assert_eq!(xtask(&["flash", &file, "--dry-run", "--erase-settings"]).status.code(), Some(0));
}

#[test]
fn bossac_does_it_too() {
    let version = Command::new("bossac").arg("--help").output();
    if !version.is_ok_and(|output| String::from_utf8_lossy(&output.stdout).contains("Version 1.9.1")) {
        assert!(std::env::var_os("REQUIRE_BOSSAC").is_none(), "bossac 1.9.1 is required");
        eprintln!("bossac 1.9.1 is not installed: passed over");
        return;
    }
    let bench = Bench::new();
    let (file, bytes) = program("bossac", 5000);
    let output = xtask(&["flash", &file, "--port", &bench.port, "--tool", "bossac", "--erase-settings"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let loader = bench.ended();
    assert_eq!(loader.flash()[0x2000..0x2000 + bytes.len()], bytes);
}

#[test]
fn a_reset_ends_the_loader_or_leaves_it() {
    let bench = Bench::new();
    let output = xtask(&["reset", "--port", &bench.port, "--to-loader"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert!(String::from_utf8_lossy(&output.stdout).contains("v2.0 [Arduino:XYZ]"));
    assert!(!bench.board.is_finished());
    let output = xtask(&["reset", "--port", &bench.port]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert_eq!(bench.ended().status(), Status::Reset);
    assert_eq!(xtask(&["reset", "--port", "/dev/no-such-port"]).status.code(), Some(3));
}

#[test]
fn images_are_written_in_both_formats() {
    let (file, bytes) = program("image", 1000);
    let copy = format!("{file}.copy");
    let output = xtask(&["image", &file, "--output", &copy]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert_eq!(fs::read(&copy).unwrap(), bytes);
    let uf2 = file.replace(".bin", ".uf2");
    let output = xtask(&["image", &file, "--format", "uf2", "--json"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert_eq!(json(&output)["bytes"], 2048);
    assert!(fs::read(&uf2).unwrap().starts_with(b"UF2\n"));
}

#[test]
fn the_monitor_shows_what_comes_passes_on_what_is_typed_and_logs_without_secrets() {
    // The loader itself is somebody who answers: it tells its version for `V#`.
    let bench = Bench::new();
    let log = format!("{}/monitor.log", env!("CARGO_TARGET_TMPDIR"));
    let mut monitor = Command::new(env!("CARGO_BIN_EXE_xtask"))
        .args(["monitor", "--port", &bench.port, "--for", "2", "--log", &log])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    thread::sleep(Duration::from_millis(500));
    monitor.stdin.as_mut().unwrap().write_all(b"V#").unwrap();
    let output = monitor.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    let said = String::from_utf8(output.stdout).unwrap();
    assert_eq!(said, "v2.0 [Arduino:XYZ] Apr 11 2019 13:09:54\n\r");
    assert_eq!(fs::read_to_string(&log).unwrap(), said);
    assert_eq!(xtask(&["monitor", "--port", "/dev/no-such-port"]).status.code(), Some(3));
}

#[test]
fn the_list_of_devices_opens_none() {
    let output = xtask(&["devices", "--json"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert!(json(&output)["devices"].is_array());
}
