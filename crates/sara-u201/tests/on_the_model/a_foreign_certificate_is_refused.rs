use embedded_io::{Read, Write};
use sara_u201::{Certificate, ConnectReason, Error, TlsProfile, Verification};
use sara_u201_sim::Profile;

use crate::support::tls::{Authority, Received, ServerOptions, serve};
use crate::support::{Bench, TestModem};

const HOST: &str = "mqtt.example";

/// A server with a certificate of `authority` for `name`, and a modem that trusts "root".
fn set_up(authority: &Authority, name: &str, until: i32, options: &ServerOptions) -> (TestModem, Received) {
    let bench = Bench::new(Profile::default());
    let received = serve(&bench.network, HOST, 8883, authority.issue(name, until), options);
    (bench.ready(), received)
}

fn refusal(modem: &mut TestModem, profile: &TlsProfile<'_>) -> ConnectReason {
    match modem.connect_tls(HOST, 8883, profile) {
        Err(Error::Connect(error)) => error.reason,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_server_with_the_right_certificate_is_accepted() {
    let authority = Authority::new("root");
    let (mut modem, received) = set_up(&authority, HOST, 2030, &ServerOptions::default());
    modem.store_certificate(&Certificate::root("root", &authority.der)).unwrap();
    let mut socket = modem.connect_tls(HOST, 8883, &TlsProfile::new("root")).unwrap();
    socket.write_all(b"hello").unwrap();
    let mut answer = [0; 5];
    socket.read_exact(&mut answer).unwrap();
    assert_eq!(&answer, b"hello");
    socket.close().unwrap();
    assert_eq!(*received.borrow(), b"hello");
}

#[test]
fn an_unknown_authority_is_refused() {
    let (ours, theirs) = (Authority::new("root"), Authority::new("other"));
    let (mut modem, received) = set_up(&theirs, HOST, 2030, &ServerOptions::default());
    modem.store_certificate(&Certificate::root("root", &ours.der)).unwrap();
    assert_eq!(refusal(&mut modem, &TlsProfile::new("root")), ConnectReason::Tls);
    assert!(received.borrow().is_empty());
}

#[test]
fn another_host_name_is_refused() {
    let authority = Authority::new("root");
    let (mut modem, received) = set_up(&authority, "other.example", 2030, &ServerOptions::default());
    modem.store_certificate(&Certificate::root("root", &authority.der)).unwrap();
    assert_eq!(refusal(&mut modem, &TlsProfile::new("root")), ConnectReason::Tls);
    assert!(received.borrow().is_empty());
    // The name that is expected may be another than the name that is connected to.
    let expected = TlsProfile { expected_host_name: Some("other.example"), ..TlsProfile::new("root") };
    modem.connect_tls(HOST, 8883, &expected).unwrap().close().unwrap();
    // The check can be left out, by name.
    let careless =
        TlsProfile { verification: Verification::InsecureIgnoreHostName, ..TlsProfile::new("root") };
    modem.connect_tls(HOST, 8883, &careless).unwrap().close().unwrap();
}

#[test]
fn an_expired_certificate_is_refused() {
    let authority = Authority::new("root");
    let (mut modem, _) = set_up(&authority, HOST, 2025, &ServerOptions::default());
    modem.store_certificate(&Certificate::root("root", &authority.der)).unwrap();
    assert_eq!(refusal(&mut modem, &TlsProfile::new("root")), ConnectReason::Tls);
    let careless = TlsProfile { verification: Verification::InsecureIgnoreDates, ..TlsProfile::new("root") };
    modem.connect_tls(HOST, 8883, &careless).unwrap().close().unwrap();
}

#[test]
fn a_server_that_speaks_only_tls_1_3_is_out_of_reach() {
    let authority = Authority::new("root");
    let options = ServerOptions { tls13_only: true, ..ServerOptions::default() };
    let (mut modem, _) = set_up(&authority, HOST, 2030, &options);
    modem.store_certificate(&Certificate::root("root", &authority.der)).unwrap();
    assert_eq!(refusal(&mut modem, &TlsProfile::new("root")), ConnectReason::Tls);
}

#[test]
fn a_server_may_ask_for_a_client_certificate() {
    let (authority, clients) = (Authority::new("root"), Authority::new("clients"));
    let options = ServerOptions { clients_of: Some(clients.der.clone()), ..ServerOptions::default() };
    let (mut modem, received) = set_up(&authority, HOST, 2030, &options);
    let (certificate, key) = clients.issue("device", 2030);
    modem.store_certificate(&Certificate::root("root", &authority.der)).unwrap();
    modem.store_certificate(&Certificate::client("device", &certificate)).unwrap();
    modem.store_certificate(&Certificate::private_key("device-key", &key)).unwrap();
    let with_client = TlsProfile::new("root").with_client("device", "device-key");
    let mut socket = modem.connect_tls(HOST, 8883, &with_client).unwrap();
    socket.write_all(b"it is me").unwrap();
    let mut answer = [0; 8];
    socket.read_exact(&mut answer).unwrap();
    socket.close().unwrap();
    assert_eq!(*received.borrow(), b"it is me");
}

#[test]
fn a_failed_handshake_leaves_no_socket_behind() {
    let (ours, theirs) = (Authority::new("root"), Authority::new("other"));
    let (mut modem, _) = set_up(&theirs, HOST, 2030, &ServerOptions::default());
    modem.store_certificate(&Certificate::root("root", &ours.der)).unwrap();
    // The modem has seven sockets: an eighth failure would find none if they were not freed.
    for _ in 0..8 {
        assert_eq!(refusal(&mut modem, &TlsProfile::new("root")), ConnectReason::Tls);
    }
}
