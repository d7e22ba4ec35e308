//! Clients of others: Mosquitto's, from Debian's package.
//!
//! Where they are not installed the tests are passed over, loudly. With `REQUIRE_BROKERS=1` that is a failure.

mod process;

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use process::{CLIENT_ID, Emulator, TOKEN};

const PUBLISH: &str = "/usr/bin/mosquitto_pub";
const SUBSCRIBE: &str = "/usr/bin/mosquitto_sub";

/// A client of Mosquitto that logs in as the tutorial's device.
fn client(program: &str, version: &str, password: &str) -> Option<Command> {
    if !Path::new(program).exists() {
        eprintln!("NOT TESTED: {program} is not installed");
        assert!(std::env::var_os("REQUIRE_BROKERS").is_none(), "{program} is required");
        return None;
    }
    let mut command = Command::new(program);
    command.args(["-V", version, "-i", CLIENT_ID, "-u", "unused", "-P", password]);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    Some(command)
}

/// Publishes one message; answers the exit status, which is the return code of a refused CONNECT.
fn publish(emulator: &Emulator, version: &str, password: &str, message: &[&str]) -> Option<i32> {
    let mut command = client(PUBLISH, version, password)?;
    command.args(["-h", "127.0.0.1", "-p", &emulator.port.to_string()]).args(message);
    Some(command.output().unwrap().status.code().unwrap())
}

struct Subscriber(Child);

impl Drop for Subscriber {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A state, a refused state, and a configuration and commands, in either version of MQTT.
fn speaks(version: &str, options: &[&str], not_authorized: i32) {
    const STATE: &str = "/devices/MyMKRGSM1400/state";
    let mut emulator = Emulator::start(options);
    let send =
        |emulator: &Emulator, password, message: &[&str]| publish(emulator, version, password, message);
    let Some(status) = send(&emulator, TOKEN, &["-q", "1", "-t", STATE, "-m", "hello 464488"]) else {
        return;
    };
    assert_eq!(status, 0);
    assert!(emulator.order("states MyMKRGSM1400").ends_with("\"hello 464488\""));
    assert_eq!(send(&emulator, "bad", &["-t", STATE, "-m", "x"]), Some(not_authorized));
    assert_ne!(
        send(&emulator, TOKEN, &["-q", "1", "-t", "elsewhere", "-m", "x"]),
        Some(0),
        "a foreign topic"
    );

    // The client says nothing when it has subscribed; the configuration that follows says it.
    assert_eq!(emulator.order("config MyMKRGSM1400 {}"), "version 2");
    let mut command = client(SUBSCRIBE, version, TOKEN).unwrap();
    command.args(["-h", "localhost", "-p", &emulator.tls_port.to_string(), "--cafile"]).arg(emulator.root());
    command.args([
        "-q",
        "1",
        "-v",
        "-t",
        "/devices/MyMKRGSM1400/config",
        "-t",
        "/devices/MyMKRGSM1400/commands/#",
    ]);
    let mut subscriber = Subscriber(command.spawn().unwrap());
    let mut lines = BufReader::new(subscriber.0.stdout.take().unwrap()).lines();
    let mut next = || lines.next().unwrap().unwrap();
    assert_eq!(next(), "/devices/MyMKRGSM1400/config {}");
    assert_eq!(emulator.order("command/led MyMKRGSM1400 Hello There!"), "sent");
    assert_eq!(next(), "/devices/MyMKRGSM1400/commands/led Hello There!");
    assert_eq!(emulator.order("config MyMKRGSM1400 {\"led\":true}"), "version 3");
    assert_eq!(next(), "/devices/MyMKRGSM1400/config {\"led\":true}");
}

#[test]
fn mosquittos_clients_speak_mqtt_3_1_1_with_it() {
    speaks("mqttv311", &[], 5);
}

#[test]
fn mosquittos_clients_speak_mqtt_3_1_1_with_clearblades() {
    speaks("mqttv311", &["--profile", "clearblade"], 4);
}

#[test]
fn mosquittos_clients_speak_mqtt_5_with_the_lab() {
    // Not authorized, 0x87.
    speaks("mqttv5", &["--mqtt5"], 0x87);
}
