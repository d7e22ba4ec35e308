//! The model as a program, seen by strangers: a TCP client, a terminal, a Python script.

mod terminal;

use core::time::Duration;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use sara_u201_sim::{Direction, Profile, Transcript};
use terminal::Authority;

/// The program, ended with the test.
struct Program {
    child: Child,
    /// The first line of its output.
    name: String,
}

impl Program {
    fn start(arguments: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_sara-u201-sim"))
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let mut name = String::new();
        let output = child.stdout.as_mut().expect("a pipe");
        BufReader::new(output).read_line(&mut name).expect("a line");
        Self { child, name: name.trim().to_owned() }
    }

    fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(&self.name).expect("it listens");
        stream.set_read_timeout(Some(Duration::from_secs(20))).expect("a time-out");
        stream
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ended = self.child.kill();
        let _status = self.child.wait();
    }
}

/// Sends a line and reads to the end of its result.
fn command(line: &mut (impl Read + Write), text: &str) -> String {
    line.write_all(format!("{text}\r").as_bytes()).expect("the line works");
    let mut seen = String::new();
    let mut byte = [0];
    let start = Instant::now();
    while !seen.ends_with("\r\nOK\r\n") && !seen.ends_with("ERROR\r\n") {
        line.read_exact(&mut byte).expect("an answer");
        seen.push(char::from(byte[0]));
        assert!(start.elapsed() < Duration::from_secs(30), "{seen:?}");
    }
    seen
}

#[test]
fn a_tcp_client_may_go_and_come_back() {
    let log = concat!(env!("CARGO_TARGET_TMPDIR"), "/program.log");
    let program = Program::start(&[
        "--tcp",
        "127.0.0.1:0",
        "--speed",
        "5",
        "--log",
        log,
        "--fault",
        "urc:text=NEWS@+CSQ/reply",
    ]);
    let mut client = program.connect();
    assert_eq!(command(&mut client, "AT"), "AT\r\r\nOK\r\n");
    assert_eq!(command(&mut client, "ATE0"), "ATE0\r\r\nOK\r\n");
    assert!(command(&mut client, "AT+CSQ").starts_with("\r\nNEWS\r\n\r\n+CSQ: "));
    drop(client);
    std::thread::sleep(Duration::from_millis(300));
    let mut client = program.connect();
    assert_eq!(command(&mut client, "AT"), "\r\nOK\r\n", "the module lives on: no echo");
    let text = std::fs::read_to_string(log).expect("a log");
    let transcript: Transcript = text.parse().expect("a transcript");
    assert!(transcript.bytes(Direction::ToModule).starts_with(b"AT\rATE0\rAT+CSQ\r"));
}

#[test]
fn a_pseudo_terminal_is_a_serial_line() {
    let program = Program::start(&["--pty", "--speed", "5"]);
    assert!(program.name.starts_with("/dev/"), "{}", program.name);
    let mut line =
        std::fs::OpenOptions::new().read(true).write(true).open(&program.name).expect("a terminal");
    assert_eq!(command(&mut line, "AT"), "AT\r\r\nOK\r\n", "raw: nothing is translated");
    assert_eq!(command(&mut line, "AT+CGMM"), "AT+CGMM\r\r\nSARA-U201\r\n\r\nOK\r\n");
    command(&mut line, "ATE0");
    drop(line);
    std::thread::sleep(Duration::from_millis(100));
    let mut line =
        std::fs::OpenOptions::new().read(true).write(true).open(&program.name).expect("it is still there");
    assert_eq!(command(&mut line, "AT"), "\r\nOK\r\n", "the module lives on: no echo");
}

#[test]
fn a_log_shows_no_secret_unless_it_is_asked_to() {
    let run = |log: &str, extra: &[&str]| {
        let program =
            Program::start(&[&["--tcp", "127.0.0.1:0", "--speed", "5", "--log", log], extra].concat());
        let mut client = program.connect();
        for line in ["AT+UPSD=0,3,\"hunter2\"", "AT+CLCK=\"SC\",0,\"7319\"", "AT+CGMM"] {
            command(&mut client, line);
        }
        // The log is written when the line has been quiet for a moment.
        let written = || std::fs::read_to_string(log).expect("a log");
        let start = Instant::now();
        while !written().ends_with("SARA-U201\\r\\n\\r\\nOK\\r\\n\n")
            && start.elapsed() < Duration::from_secs(10)
        {
            std::thread::sleep(Duration::from_millis(20));
        }
        drop(program);
        written()
    };
    let shown = run(concat!(env!("CARGO_TARGET_TMPDIR"), "/shown.log"), &[]);
    assert!(!shown.contains("hunter2") && !shown.contains("7319") && shown.contains("SARA-U201"), "{shown}");
    assert_eq!(shown.matches("AT+UPSD=0,3,\"*******\"").count(), 2, "typed and echoed: {shown}");

    // What was really said can be played back.
    let file = concat!(env!("CARGO_TARGET_TMPDIR"), "/raw.log");
    assert!(run(file, &["--log-secrets"]).contains("hunter2"));
    let mut program = Program::start(&["--tcp", "127.0.0.1:0", "--replay", file]);
    let mut client = program.connect();
    command(&mut client, "AT+UPSD=0,3,\"hunter2\"");
    command(&mut client, "AT+CLCK=\"SC\",0,\"7319\"");
    assert!(command(&mut client, "AT+CGMM").contains("\r\nSARA-U201\r\n"));
    assert!(program.child.wait().expect("it ends").success());
    let mut program = Program::start(&["--tcp", "127.0.0.1:0", "--replay", file]);
    program.connect().write_all(b"AT+NEWS\r").expect("the line works");
    assert!(!program.child.wait().expect("it ends").success(), "another client is not in the recording");
}

#[test]
fn a_person_can_reset_the_modem_and_send_it_a_message() {
    let mut program = Program::start(&["--tcp", "127.0.0.1:0", "--speed", "10", "--control"]);
    let mut client = program.connect();
    let mut input = program.child.stdin.take().expect("a pipe");
    command(&mut client, "ATE0");
    command(&mut client, "AT+CMGF=1;+CNMI=2,1");
    input.write_all(b"nonsense\nsms +4930123 good day\n").expect("it listens");
    let mut urc = [0; 17];
    client.read_exact(&mut urc).expect("a message");
    assert_eq!(&urc, b"\r\n+CMTI: \"SM\",1\r\n");
    assert!(command(&mut client, "AT+CMGR=1").ends_with("\r\ngood day\r\n\r\nOK\r\n"));
    input.write_all(b"reset\n").expect("it listens");
    std::thread::sleep(Duration::from_secs(3));
    assert!(command(&mut client, "AT").starts_with("AT\r"), "the echo is on again");
}

#[test]
fn a_python_client_written_from_the_manual_gets_on() {
    if Command::new("python3").arg("--version").stdout(Stdio::null()).status().is_err() {
        eprintln!("python3 is not here: nothing tried");
        return;
    }
    let directory = concat!(env!("CARGO_TARGET_TMPDIR"), "/authority");
    std::fs::create_dir_all(directory).expect("a directory");
    let authority = Authority::new();
    let write =
        |name: &str, bytes: &[u8]| std::fs::write(format!("{directory}/{name}"), bytes).expect("a file");
    write("root.der", &authority.root);
    for (file, name) in [("good", "localhost"), ("bad", "elsewhere.example")] {
        let (certificate, key) = authority.identity(name);
        write(&format!("{file}.pem"), format!("{certificate}{key}").as_bytes());
    }
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/client.py");
    for line in [&["--tcp", "127.0.0.1:0"][..], &["--pty"]] {
        // The network sends a message after the first look at the signal.
        let message = ["--speed", "4", "--fault", "message:from=+4930123,text=hello OK@+CSQ/result"];
        let program = Program::start(&[line, &message].concat());
        let output =
            Command::new("python3").args([script, &program.name, directory]).output().expect("it runs");
        let (out, error) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success() && out.trim() == "done", "{line:?}: {out}{error}");
    }
}

#[test]
fn mistakes_on_the_command_line_are_told() {
    let run = |arguments: &[&str]| {
        let output =
            Command::new(env!("CARGO_BIN_EXE_sara-u201-sim")).args(arguments).output().expect("it runs");
        (
            output.status.success(),
            String::from_utf8(output.stdout).expect("text"),
            String::from_utf8(output.stderr),
        )
    };
    let (done, profile, _) = run(&["--print-profile"]);
    assert!(done);
    assert_eq!(Profile::from_toml(&profile).expect("its own profile").seed, 0);
    let file = concat!(env!("CARGO_TARGET_TMPDIR"), "/modem.toml");
    std::fs::write(file, "seed = 9\n[sim]\npin = '4711'\n[quirks]\nempty_read = 'bare'\n").expect("a file");
    let (done, profile, _) = run(&["--profile", file, "--print-profile"]);
    let profile = Profile::from_toml(&profile).expect("its own profile");
    assert!(done && profile.seed == 9 && profile.sim.pin.as_deref() == Some("4711"));
    std::fs::write(file, "sed = 9\n").expect("a file");
    for (arguments, reason) in [
        (&["--profile", file, "--pty"][..], "unknown field `sed`"),
        (&["--tcp", "127.0.0.1:0", "--fault", "F27"], "the catalogue has F1 to F26"),
        (&["--tcp", "127.0.0.1:0", "--fault", "nonsense"], "no fault is called \"nonsense\""),
        (&["--tcp", "192.0.2.1:80"], "loopback"),
        (&[], "--pty|--tcp <ADDRESS>|--print-profile"),
        (&["--tcp", "127.0.0.1:0", "--route", "x"], "NAME:PORT=ADDRESS"),
        (&["--pty", "--profile", "/nowhere/modem.toml"], "--profile /nowhere/modem.toml: No such file"),
        (&["--pty", "--log", "/nowhere/log"], "--log /nowhere/log: No such file"),
        (&["--pty", "--replay", file], "line 1 is not of the form"),
        (&["--pty", "--speed", "1e300"], "--speed 1"),
        (&["--pty", "--tcp", "127.0.0.1:0"], "cannot be used with"),
    ] {
        let (done, _, error) = run(arguments);
        let error = error.expect("text");
        assert!(!done && error.contains(reason), "{arguments:?}: {error}");
    }
}
