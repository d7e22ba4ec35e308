//! TLS as a client meets it: the certificate, the clock, and lengths that do not vary.

use core::time::Duration;
use std::io::{Read as _, Write as _};
use std::sync::Arc;

use iot_core_emulator::{CloseReason, Connection, Event};
use mqtt_protocol_core::mqtt::packet::v3_1_1;
use rustls::client::ClientConfig;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::time_provider::TimeProvider;
use rustls::{ClientConnection, RootCertStore, SupportedProtocolVersion};

use crate::support::{START, World};

#[derive(Debug)]
struct Clock(u64);

impl TimeProvider for Clock {
    fn current_time(&self) -> Option<UnixTime> {
        Some(UnixTime::since_unix_epoch(Duration::from_secs(self.0)))
    }
}

fn client(
    root: &[u8],
    name: &str,
    version: &'static SupportedProtocolVersion,
    unix: u64,
) -> Result<ClientConnection, rustls::Error> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from(root.to_vec())).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_details(provider, Arc::new(Clock(unix)))
        .with_protocol_versions(&[version])?
        .with_root_certificates(roots)
        .with_no_client_auth();
    ClientConnection::new(Arc::new(config), ServerName::try_from(name.to_owned()).unwrap())
}

/// Exchanges bytes until neither side has any; answers the lengths that went each way.
fn exchange(
    client: &mut ClientConnection,
    server: &mut Connection,
    now: Duration,
) -> Result<Vec<(usize, usize)>, rustls::Error> {
    let mut lengths = Vec::new();
    loop {
        let mut sent = Vec::new();
        while client.wants_write() {
            client.write_tls(&mut sent).unwrap();
        }
        if !sent.is_empty() {
            server.receive(&sent, now);
        }
        let answer = server.transmit(now);
        let mut rest = &answer[..];
        while !rest.is_empty() {
            client.read_tls(&mut rest).unwrap();
            client.process_new_packets().inspect_err(|_| {
                // The alert goes to the server too.
                let mut alert = Vec::new();
                let _ = client.write_tls(&mut alert);
                server.receive(&alert, now);
            })?;
        }
        if sent.is_empty() && answer.is_empty() {
            return Ok(lengths);
        }
        lengths.push((sent.len(), answer.len()));
    }
}

fn connect_packet(world: &World) -> Vec<u8> {
    let connect = v3_1_1::Connect::builder()
        .client_id(world.path.to_string())
        .unwrap()
        .user_name("unused")
        .unwrap()
        .password(world.token().as_str())
        .unwrap();
    connect.build().unwrap().to_continuous_buffer()
}

#[test]
fn connack_comes_through_tls_1_2_and_1_3_for_every_host_name() {
    let world = World::new();
    for version in [&rustls::version::TLS12, &rustls::version::TLS13] {
        for name in ["mqtt.googleapis.com", "mqtt.2030.ltsapis.goog", "localhost", "127.0.0.1"] {
            let root = world.emulator.root_certificate();
            let mut tls = client(root.der(), name, version, START).unwrap();
            let mut server = world.emulator.accept_tls(world.now);
            exchange(&mut tls, &mut server, world.now).unwrap();
            tls.writer().write_all(&connect_packet(&world)).unwrap();
            exchange(&mut tls, &mut server, world.now).unwrap();
            let mut answer = [0; 8];
            assert_eq!(tls.reader().read(&mut answer).unwrap(), 4);
            assert_eq!(answer[..4], [0x20, 2, 0, 0]);
            assert!(world.events().iter().any(
                |event| matches!(event, Event::TlsEstablished { server_name, .. } if server_name.as_deref() == (name != "127.0.0.1").then_some(name))
            ));
        }
    }
}

#[test]
fn a_closed_bridge_says_close_notify() {
    let world = World::new();
    let root = world.emulator.root_certificate();
    let mut tls = client(root.der(), "localhost", &rustls::version::TLS12, START).unwrap();
    let mut server = world.emulator.accept_tls(world.now);
    exchange(&mut tls, &mut server, world.now).unwrap();
    tls.writer().write_all(&connect_packet(&world)).unwrap();
    tls.writer().write_all(&[0xe0, 0]).unwrap();
    exchange(&mut tls, &mut server, world.now).unwrap();
    assert!(server.is_closed());
    let mut answer = Vec::new();
    tls.reader().read_to_end(&mut answer).expect("a clean end");
    assert_eq!(answer, [0x20, 2, 0, 0]);
    assert_eq!(server.deadline(), None);
}

#[test]
fn the_clients_close_notify_ends_the_connection() {
    let world = World::new();
    let root = world.emulator.root_certificate();
    let mut tls = client(root.der(), "localhost", &rustls::version::TLS13, START).unwrap();
    let mut server = world.emulator.accept_tls(world.now);
    exchange(&mut tls, &mut server, world.now).unwrap();
    tls.send_close_notify();
    exchange(&mut tls, &mut server, world.now).unwrap();
    assert!(server.is_closed());
    assert_eq!(world.closed(), [CloseReason::ByPeer]);
}

#[test]
fn a_wrong_name_a_foreign_root_and_a_wrong_clock_are_the_clients_to_refuse() {
    let world = World::new();
    let other = World::new();
    let root = world.emulator.root_certificate().der();
    let foreign = other.emulator.root_certificate().der();
    let far = START + 100 * 365 * 24 * 3600;
    for (root, name, unix) in [
        (root, "example.com", START),
        (foreign, "localhost", START),
        (root, "localhost", far),
        (root, "localhost", 0),
    ] {
        let mut tls = client(root, name, &rustls::version::TLS12, unix).unwrap();
        let mut server = world.emulator.accept_tls(world.now);
        assert!(exchange(&mut tls, &mut server, world.now).is_err());
        assert!(server.is_closed());
        assert!(matches!(world.closed().last(), Some(CloseReason::Tls(_))), "{:?}", world.closed());
    }
}

#[test]
fn garbage_instead_of_a_handshake_closes() {
    let world = World::new();
    let mut server = world.emulator.accept_tls(world.now);
    server.receive(b"GET / HTTP/1.1\r\n\r\n", world.now);
    let _alert = server.transmit(world.now);
    assert!(server.is_closed());
    assert!(matches!(world.closed()[..], [CloseReason::Tls(_)]));
}

#[test]
fn what_comes_after_our_close_notify_is_not_heard() {
    let mut world = World::new();
    let mut server = world.emulator.accept_tls(world.now);
    world.wait(60.0);
    assert!(!server.transmit(world.now).is_empty(), "close_notify");
    assert_eq!(world.closed(), [CloseReason::ConnectTimeout]);
    server.receive(&[0xff; 50], world.now);
    assert!(server.transmit(world.now).is_empty());
}

#[test]
fn every_handshake_has_the_same_lengths() {
    let lengths = |version| {
        let world = World::new();
        let root = world.emulator.root_certificate();
        let mut tls = client(root.der(), "mqtt.googleapis.com", version, START).unwrap();
        let mut server = world.emulator.accept_tls(world.now);
        let mut lengths = exchange(&mut tls, &mut server, world.now).unwrap();
        tls.writer().write_all(&connect_packet(&world)).unwrap();
        lengths.extend(exchange(&mut tls, &mut server, world.now).unwrap());
        lengths
    };
    for version in [&rustls::version::TLS12, &rustls::version::TLS13] {
        let first = lengths(version);
        for _ in 0..8 {
            assert_eq!(lengths(version), first);
        }
    }
}
