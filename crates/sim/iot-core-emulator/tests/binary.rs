//! The binary on loopback sockets: orders in, journal out.

mod process;

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::Command;

use process::{CLIENT_ID, Emulator, TOKEN};

fn string(text: &str) -> Vec<u8> {
    [&u16::try_from(text.len()).unwrap().to_be_bytes(), text.as_bytes()].concat()
}

fn packet(first: u8, body: &[&[u8]]) -> Vec<u8> {
    let body = body.concat();
    let (low, high) = (body.len() % 128, body.len() / 128);
    let low = u8::try_from(low).unwrap() | if high > 0 { 0x80 } else { 0 };
    let high = u8::try_from(high).unwrap();
    let length: &[u8] = if high > 0 { &[low, high] } else { &[low] };
    [&[first], length, &body].concat()
}

#[test]
fn a_device_connects_through_a_socket_and_obeys() {
    let mut emulator = Emulator::start(&[]);
    let mut socket = TcpStream::connect(("127.0.0.1", emulator.port)).unwrap();
    let connect = packet(
        0x10,
        &[&string("MQTT"), &[4, 0xc2, 0, 60], &string(CLIENT_ID), &string("unused"), &string(TOKEN)],
    );
    socket.write_all(&connect).unwrap();
    let mut answer = [0; 4];
    socket.read_exact(&mut answer).unwrap();
    assert_eq!(answer, [0x20, 2, 0, 0]);

    let commands = string("/devices/MyMKRGSM1400/commands/#");
    socket.write_all(&packet(0x82, &[&[0, 1], &commands, &[0]])).unwrap();
    let mut answer = [0; 5];
    socket.read_exact(&mut answer).unwrap();
    assert_eq!(answer, [0x90, 3, 0, 1, 0]);

    assert_eq!(emulator.order("command MyMKRGSM1400 Hello There!"), "sent");
    let expected = packet(0x30, &[&string("/devices/MyMKRGSM1400/commands"), b"Hello There!"]);
    let mut command = vec![0; expected.len()];
    socket.read_exact(&mut command).unwrap();
    assert_eq!(command, expected);

    let state = packet(0x32, &[&string("/devices/MyMKRGSM1400/state"), &[0, 7], b"hello 464488"]);
    socket.write_all(&state).unwrap();
    let mut answer = [0; 4];
    socket.read_exact(&mut answer).unwrap();
    assert_eq!(answer, [0x40, 2, 0, 7]);
    let states = emulator.order("states MyMKRGSM1400");
    assert!(states.ends_with(" aGVsbG8gNDY0NDg4 \"hello 464488\""), "{states}");

    assert_eq!(emulator.order("drop"), "dropped");
    assert_eq!(socket.read(&mut [0; 1]).unwrap(), 0);

    let mut journal = BufReader::new(emulator.child.stdout.take().unwrap()).lines();
    let events: Vec<String> = core::iter::from_fn(|| journal.next())
        .map(|line| serde_json::from_str::<serde_json::Value>(&line.unwrap()).unwrap())
        .map(|record| record["event"].as_str().unwrap().to_owned())
        .take(8)
        .collect();
    assert_eq!(
        events,
        [
            "opened",
            "connect",
            "token_verified",
            "connected",
            "subscribed",
            "command_sent",
            "state_received",
            "closed"
        ]
    );
}

/// Connects without Keep Alive; tells why it was closed, and when it began and ended in virtual time.
fn closed(options: &[&str]) -> (String, f64, f64) {
    let mut emulator = Emulator::start(&[options, &["--time-scale", "3600"]].concat());
    let mut socket = TcpStream::connect(("127.0.0.1", emulator.port)).unwrap();
    let login =
        [&string("MQTT")[..], &[4, 0xc2, 0, 0], &string(CLIENT_ID), &string("unused"), &string(TOKEN)];
    socket.write_all(&packet(0x10, &login)).unwrap();
    let mut answer = Vec::new();
    socket.read_to_end(&mut answer).unwrap();
    assert_eq!(answer, [0x20, 2, 0, 0]);
    let journal = BufReader::new(emulator.child.stdout.take().unwrap()).lines();
    let mut opened = 0.0;
    for line in journal {
        let record: serde_json::Value = serde_json::from_str(&line.unwrap()).unwrap();
        let at = record["seconds"].as_f64().unwrap();
        match record["event"].as_str().unwrap() {
            "opened" => opened = at,
            "closed" => return (record["reason"].as_str().unwrap().to_owned(), opened, at),
            _ => {}
        }
    }
    panic!("never closed")
}

#[test]
fn on_a_scaled_clock_an_expired_token_and_an_idle_connection_are_cut() {
    // The token ends at 1552686400, so it is cut 605 s after the start.
    let (reason, _, at) = closed(&["--start", "1552686395"]);
    assert_eq!(reason, "token_expired");
    assert!(at >= 605.0, "{at} s");
    let (reason, opened, at) = closed(&[]);
    assert_eq!(reason, "idle");
    assert!(at - opened >= 1200.0, "{opened} s to {at} s");
}

#[test]
fn devices_are_made_and_deleted_while_it_runs() {
    let mut emulator = Emulator::start(&[]);
    let path = CLIENT_ID.replace("MKR_GCP_Tutorial", "Second").replace("MyMKRGSM1400", "Second-1");
    assert!(emulator.order(&format!("create {path} nothing.pem")).starts_with("error: nothing.pem"));
    assert!(emulator.order(&format!("create {path} device.pem")).starts_with("created, number "));
    assert!(emulator.order(&format!("create {path} device.pem")).starts_with("error: "));
    assert_eq!(emulator.order("config Second-1 {}"), "version 2");
    assert_eq!(emulator.order("delete Second-1"), "deleted");
    assert!(emulator.order("config Second-1 {}").starts_with("error: "));
}

#[test]
fn help_has_examples() {
    let output = Command::new(env!("CARGO_BIN_EXE_iot-core-emulator")).arg("--help").output().unwrap();
    let help = String::from_utf8(output.stdout).unwrap();
    for text in
        ["Examples:", "--listen-tls", "--profile", "--mqtt5", "--time-scale", "Orders on standard input"]
    {
        assert!(help.contains(text), "{text}");
    }
}

#[test]
fn a_wrong_command_line_is_an_error_in_words() {
    for arguments in
        [&[][..], &["--listen-plain", "0", "--project", "p", "--registry", "reg", "--device", "dev"]]
    {
        let output = Command::new(env!("CARGO_BIN_EXE_iot-core-emulator")).args(arguments).output().unwrap();
        assert!(!output.status.success());
        assert!(String::from_utf8(output.stderr).unwrap().contains("error:"));
    }
}
