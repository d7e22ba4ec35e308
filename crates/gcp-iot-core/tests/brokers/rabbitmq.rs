//! RabbitMQ 3.10 with its MQTT and OAuth 2 plugins: an independent judge of our tokens.

use core::time::Duration;
use std::fs;
use std::process::{Command, Stdio};

use gcp_iot_core::{ConnectError, Event, MqttLite, QoS, Refusal, Session};
use monoclock::{Clock, Millis, SystemClock};

use crate::host::{self, Broker, DEVICE, ENDPOINT, Socket};

const PROGRAM: &str = "/usr/lib/rabbitmq/bin/rabbitmq-server";

/// Scopes for whoever has a token whose audience is the project: unmodified IoT Core tokens have no others.
const ADVANCED: &str = r#"[{rabbitmq_auth_backend_oauth2, [
  {extra_scopes_source, <<"aud">>},
  {scope_aliases, #{<<"mkr-gcp-tutorial">> => [
    <<"mkr-gcp-tutorial.read:*/*/*">>, <<"mkr-gcp-tutorial.write:*/*/*">>, <<"mkr-gcp-tutorial.configure:*/*/*">>]}}
]}]."#;

fn start() -> Option<Broker> {
    if !host::is_installed(PROGRAM) {
        return None;
    }
    let port = host::free_port();
    let folder = host::folder("rabbitmq", port);
    let at = |name: &str| folder.join(name);
    let key = at("device.pem");
    fs::write(&key, host::signer(7).public_key().to_pem().as_str()).unwrap();
    fs::write(at("advanced.config"), ADVANCED).unwrap();
    fs::write(at("enabled_plugins"), "[rabbitmq_mqtt,rabbitmq_auth_backend_oauth2].").unwrap();
    let configuration = format!(
        "listeners.tcp = none\nmqtt.listeners.tcp.1 = 127.0.0.1:{port}\nmqtt.allow_anonymous = false\n\
         mqtt.vhost = /\nmqtt.exchange = amq.topic\nauth_backends.1 = rabbit_auth_backend_oauth2\n\
         auth_oauth2.resource_server_id = mkr-gcp-tutorial\nauth_oauth2.default_key = dev0\n\
         auth_oauth2.signing_keys.dev0 = {}\nauth_oauth2.algorithms.1 = ES256\n",
        key.display()
    );
    fs::write(at("rabbitmq.conf"), configuration).unwrap();
    // Erlang's port mapper outlives the broker: it gets a port of its own, and is stopped after it.
    let mapper = host::free_port().to_string();
    let mut stop_mapper = Command::new("epmd");
    stop_mapper.args(["-port", &mapper, "-kill"]).stdout(Stdio::null()).stderr(Stdio::null());
    let mut command = Command::new(PROGRAM);
    command
        .env("RABBITMQ_NODENAME", format!("rb{port}@localhost"))
        .env("RABBITMQ_MNESIA_BASE", at("mnesia"))
        .env("RABBITMQ_LOG_BASE", at("log"))
        .env("RABBITMQ_CONFIG_FILE", at("rabbitmq.conf"))
        .env("RABBITMQ_ADVANCED_CONFIG_FILE", at("advanced.config"))
        .env("RABBITMQ_ENABLED_PLUGINS_FILE", at("enabled_plugins"))
        .env("RABBITMQ_DIST_PORT", host::free_port().to_string())
        .env("ERL_EPMD_PORT", &mapper)
        .env("ERL_EPMD_ADDRESS", "127.0.0.1")
        .env("HOME", &folder)
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    Some(host::start(&mut command, port, folder, Duration::from_secs(120)).and_afterwards(stop_mapper))
}

#[test]
fn rabbitmq_accepts_our_token_and_no_other() {
    let Some(broker) = start() else { return };
    let clock = SystemClock::new();
    let (mut receive, mut transmit) = ([0; 512], [0; 512]);
    let mut session = Session::new(DEVICE, ENDPOINT, MqttLite::new(&mut receive, &mut transmit), &clock);

    let mut device =
        session.connect(Socket::open(broker.port), &mut host::signer(7), host::unix_now()).unwrap();
    let until = clock.now() + Millis::from_secs(20);
    assert!(matches!(device.wait(until), Ok(Some(Event::Subscribed))));
    let number = device.publish_event("", b"21.5", QoS::AtLeastOnce).unwrap().unwrap();
    assert_eq!(device.wait(until).unwrap(), Some(Event::Published(number)));
    device.disconnect().unwrap();

    let mut refused = |seed, unix| {
        let result = session.connect(Socket::open(broker.port), &mut host::signer(seed), unix);
        matches!(result, Err(ConnectError::Refused(Refusal::NotAuthorized { code: 4 })))
    };
    assert!(refused(8, host::unix_now()), "another key");
    assert!(refused(7, host::unix_now() - 2 * 3600), "an expired token");
}
