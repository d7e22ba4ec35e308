//! RabbitMQ 3.10 with its MQTT and OAuth 2 plugins: an independent judge of our tokens.

use core::time::Duration;
use std::fs;
use std::process::{Command, Stdio};

use gcp_iot_core::{ConnectError, Endpoint, KeyId, MqttLite, Refusal, Session};
use monoclock::SystemClock;

use crate::application;
use crate::host::{self, Authority, Broker, DEVICE};

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
    let (port, tls_port) = (host::free_port(), host::free_port());
    let folder = host::folder("rabbitmq", port);
    let authority = Authority::write(&folder);
    let at = |name: &str| folder.join(name);
    for seed in [7, 9] {
        fs::write(at(&format!("dev{seed}.pem")), host::signer(seed).public_key().to_pem().as_str()).unwrap();
    }
    fs::write(at("advanced.config"), ADVANCED).unwrap();
    fs::write(at("enabled_plugins"), "[rabbitmq_mqtt,rabbitmq_auth_backend_oauth2].").unwrap();
    let configuration = format!(
        "listeners.tcp = none\nmqtt.listeners.tcp.1 = 127.0.0.1:{port}\n\
         mqtt.listeners.ssl.1 = 127.0.0.1:{tls_port}\nssl_options.cacertfile = {folder}/root.pem\n\
         ssl_options.certfile = {folder}/server.pem\nssl_options.keyfile = {folder}/server.key\n\
         ssl_options.verify = verify_none\nssl_options.fail_if_no_peer_cert = false\n\
         mqtt.allow_anonymous = false\nmqtt.vhost = /\nmqtt.exchange = amq.topic\n\
         auth_backends.1 = rabbit_auth_backend_oauth2\n\
         auth_oauth2.resource_server_id = mkr-gcp-tutorial\nauth_oauth2.default_key = dev7\n\
         auth_oauth2.signing_keys.dev7 = {folder}/dev7.pem\n\
         auth_oauth2.signing_keys.dev9 = {folder}/dev9.pem\nauth_oauth2.algorithms.1 = ES256\n",
        folder = folder.display()
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
    Some(
        host::start(&mut command, port, (tls_port, authority), folder, Duration::from_secs(120))
            .and_afterwards(stop_mapper),
    )
}

#[test]
fn the_tutorials_session_runs_on_rabbitmq_with_tls_and_without_and_no_other_token_is_accepted() {
    let Some(broker) = start() else { return };
    let clock = SystemClock::new();
    let endpoints = broker.endpoints(Endpoint::rabbitmq);
    for endpoint in endpoints {
        let (mut receive, mut transmit) = ([0; 512], [0; 512]);
        let mut session = Session::new(DEVICE, endpoint, MqttLite::new(&mut receive, &mut transmit), &clock);
        let stream = broker.open(session.endpoint());
        let device = session.connect(stream, &mut host::signer(7), host::unix_now()).unwrap();
        application::run(device, &clock, &broker);
    }

    let accepted = |key_id: Option<&'static str>, seed, unix| {
        let key_id = key_id.map(|text| KeyId::new(text).unwrap());
        let endpoint = Endpoint { key_id, ..endpoints[0] };
        let (mut receive, mut transmit) = ([0; 512], [0; 512]);
        let mut session = Session::new(DEVICE, endpoint, MqttLite::new(&mut receive, &mut transmit), &clock);
        match session.connect(broker.open(&endpoint), &mut host::signer(seed), unix) {
            Ok(device) => {
                device.disconnect().unwrap();
                true
            }
            Err(ConnectError::Refused(Refusal::NotAuthorized { code: 4 })) => false,
            Err(error) => panic!("{error:?}"),
        }
    };
    let now = host::unix_now();
    assert!(!accepted(None, 8, now), "an unknown key");
    assert!(!accepted(None, 7, now - 2 * 3600), "an expired token");
    assert!(accepted(Some("dev9"), 9, now), "a second device, by the name of its key");
    assert!(!accepted(Some("dev9"), 7, now) && !accepted(Some("dev8"), 7, now), "other names");
}
