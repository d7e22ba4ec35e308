//! TLS inside the module against a rustls server, in memory.

mod terminal;

use core::time::Duration;

use std::sync::Arc;

use rustls::pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};
use rustls::server::{ResolvesServerCertUsingSni, WebPkiClientVerifier};
use rustls::sign::CertifiedKey;
use rustls::{RootCertStore, ServerConfig};
use sara_u201_sim::{MemoryNetwork, PeerConnection, PowerAtStart, Profile, Quirks};
use terminal::{Authority, Terminal, TlsServer};

const HOST: &str = "mqtt.example";

fn network(server: &TlsServer) -> MemoryNetwork {
    let network = MemoryNetwork::new(3);
    let server = server.clone();
    network.serve(HOST, 8883, move |_: Duration| -> Box<dyn PeerConnection> { server.accept() });
    network
}

/// A module with a clock, a root and a TLS profile of `level`.
fn terminal(server: &TlsServer, root: &[u8], level: u8) -> Terminal {
    terminal_with(Quirks::default(), server, root, level)
}

fn terminal_with(quirks: Quirks, server: &TlsServer, root: &[u8], level: u8) -> Terminal {
    let profile = Profile { power_at_start: PowerAtStart::On, quirks, ..Profile::default() };
    let mut terminal = Terminal::new(profile, network(server));
    terminal.ok("ATE0");
    terminal.ok("AT+CTZU=1");
    terminal.ok("AT+CMEE=1");
    terminal.pass(Duration::from_secs(5));
    terminal.ok("AT+CGATT=1");
    terminal.ok("AT+UPSDA=0,3");
    let upload = terminal.with_data(&format!("AT+USECMNG=0,0,\"root\",{}", root.len()), b"\r\n>", root);
    assert!(upload.starts_with("\r\n+USECMNG: 0,0,\"root\",\""), "{upload:?}");
    for setting in [format!("0,{level}"), "1,3".into(), "3,\"root\"".into(), format!("4,\"{HOST}\"")] {
        terminal.ok(&format!("AT+USECPRF=0,{setting}"));
    }
    terminal.ok("AT+USOCR=6");
    terminal.ok("AT+USOSEC=0,1,0");
    terminal
}

fn connects(server: &TlsServer, root: &[u8], level: u8) -> bool {
    let mut terminal = terminal(server, root, level);
    let answer = terminal.command(&format!("AT+USOCO=0,\"{HOST}\",8883"));
    if answer == "\r\nOK\r\n" {
        terminal.with_data("AT+USOWR=0,5", b"@", b"hello");
        assert_eq!(terminal.urc("+UUSORD: "), "0,5");
        assert_eq!(terminal.ok("AT+USORD=0,100"), "+USORD: 0,5,\"hello\"");
        return true;
    }
    assert_eq!(answer, "\r\nERROR\r\n");
    assert_eq!(terminal.ok("AT+USOER"), "+USOER: 104");
    assert_eq!(terminal.urc("+UUSOCL: "), "0", "the end follows late");
    false
}

#[test]
fn each_level_refuses_what_it_says() {
    let (authority, other) = (Authority::new(), Authority::new());
    let v12 = &rustls::version::TLS12;
    let good = authority.server(HOST, 2040, v12);
    let wrong_host = authority.server("other.example", 2040, v12);
    let expired = authority.server(HOST, 2025, v12);
    for level in 0..=3 {
        assert!(connects(&good, &authority.root, level), "good, level {level}");
        assert_eq!(connects(&good, &other.root, level), level < 1, "unknown authority, level {level}");
        assert_eq!(connects(&wrong_host, &authority.root, level), level < 2, "wrong host, level {level}");
        assert_eq!(connects(&expired, &authority.root, level), level < 3, "expired, level {level}");
    }
}

#[test]
fn a_server_without_tls_1_2_is_refused() {
    let authority = Authority::new();
    let modern = authority.server(HOST, 2040, &rustls::version::TLS13);
    assert!(!connects(&modern, &authority.root, 0));
}

#[test]
fn without_a_clock_level_3_refuses() {
    let authority = Authority::new();
    let server = authority.server(HOST, 2040, &rustls::version::TLS12);
    let mut terminal = terminal(&server, &authority.root, 3);
    terminal.ok("AT+CCLK=\"04/01/01,00:00:00+00\"");
    assert_eq!(terminal.command(&format!("AT+USOCO=0,\"{HOST}\",8883")), "\r\nERROR\r\n");
}

#[test]
fn the_store_lists_sums_and_removes() {
    let authority = Authority::new();
    let server = authority.server(HOST, 2040, &rustls::version::TLS12);
    let mut terminal = terminal(&server, &authority.root, 3);
    let sum = terminal.ok("AT+USECMNG=4,0,\"root\"");
    assert_eq!(sum.len(), "+USECMNG: 4,0,\"root\",\"\"".len() + 32);
    assert_eq!(terminal.ok("AT+USECMNG=3,0"), "\"CA\",\"root\",\"Root of the test\",\"2045/01/01 00:00:00\"");
    assert_eq!(terminal.command("AT+USECMNG=2,0,\"none\""), "\r\n+CME ERROR: 22\r\n");
    terminal.ok("AT+USECMNG=2,0,\"root\"");
    assert_eq!(terminal.command("AT+USECMNG=4,0,\"root\""), "\r\n+CME ERROR: 22\r\n");
    assert_eq!(terminal.command("AT+USECMNG=0,0,\"big\",8193"), "\r\n+CME ERROR: 50\r\n");
    assert_eq!(terminal.command("AT+USECPRF=0,10,\"name\""), "\r\n+CME ERROR: 50\r\n", "no server name");
}

/// Parts of a server's configuration.
fn provider() -> Arc<rustls::crypto::CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

fn identity(authority: &Authority, name: &str) -> (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>) {
    let (certificate, key) = authority.identity(name);
    let chain = vec![CertificateDer::from_pem_slice(certificate.as_bytes()).expect("a certificate")];
    (chain, PrivateKeyDer::from_pem_slice(key.as_bytes()).expect("a key"))
}

#[test]
fn a_client_certificate_opens_a_server_that_asks_for_one() {
    let authority = Authority::new();
    let mut roots = RootCertStore::empty();
    roots.add(authority.root.clone()).expect("a root");
    let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider()).build();
    let (chain, key) = identity(&authority, HOST);
    let config = ServerConfig::builder_with_provider(provider())
        .with_protocol_versions(&[&rustls::version::TLS12])
        .expect("a version")
        .with_client_cert_verifier(verifier.expect("a verifier"))
        .with_single_cert(chain, key)
        .expect("a configuration");
    let server = TlsServer(Arc::new(config));
    let (certificate, key) = authority.identity("device");
    let foreign = Authority::new().identity("device").1;
    for (certificate, key, opens) in [
        (None, None, false),
        (Some(&certificate), Some(&key), true),
        (Some(&certificate), Some(&foreign), false),
    ] {
        let mut terminal = terminal(&server, &authority.root, 2);
        for (kind, name, text) in [(1, "cert", certificate), (2, "key", key)] {
            let Some(text) = text else { continue };
            let line = format!("AT+USECMNG=0,{kind},\"{name}\",{}", text.len());
            let answer = terminal.with_data(&line, b"\r\n>", text.as_bytes());
            assert!(answer.starts_with(&format!("\r\n+USECMNG: 0,{kind},\"{name}\",\"")), "{answer}");
            terminal.ok(&format!("AT+USECPRF=0,{},\"{name}\"", kind + 4));
        }
        let answer = terminal.command(&format!("AT+USOCO=0,\"{HOST}\",8883"));
        if opens {
            assert_eq!(answer, "\r\nOK\r\n");
            terminal.with_data("AT+USOWR=0,2", b"@", b"hi");
            assert_eq!(terminal.urc("+UUSORD: "), "0,2");
        } else {
            assert_ne!(answer, "\r\nOK\r\n");
            assert!(terminal.simulation.handshake_failure().is_some());
        }
    }
}

#[test]
fn an_encrypted_key_is_refused() {
    let authority = Authority::new();
    let server = authority.server(HOST, 2040, &rustls::version::TLS12);
    let mut terminal = terminal(&server, &authority.root, 2);
    let key = authority.identity("device").1.replace("PRIVATE KEY", "ENCRYPTED PRIVATE KEY");
    let line = format!("AT+USECMNG=0,2,\"key\",{}", key.len());
    assert_eq!(terminal.with_data(&line, b"\r\n>", key.as_bytes()), "\r\nERROR\r\n");
}

#[test]
fn a_server_of_many_names_needs_the_one_that_only_some_firmware_sends() {
    let authority = Authority::new();
    let (chain, key) = identity(&authority, HOST);
    let key = provider().key_provider.load_private_key(key).expect("a key");
    let mut names = ResolvesServerCertUsingSni::new();
    names.add(HOST, CertifiedKey::new(chain, key)).expect("a name");
    let config = ServerConfig::builder_with_provider(provider())
        .with_protocol_versions(&[&rustls::version::TLS12])
        .expect("a version")
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(names));
    let server = TlsServer(Arc::new(config));
    for server_name_indication in [false, true] {
        let quirks = Quirks { server_name_indication, ..Quirks::default() };
        let mut terminal = terminal_with(quirks, &server, &authority.root, 3);
        let setting = terminal.command(&format!("AT+USECPRF=0,10,\"{HOST}\""));
        let answer = terminal.command(&format!("AT+USOCO=0,\"{HOST}\",8883"));
        let wanted = if server_name_indication {
            ["\r\nOK\r\n"; 2]
        } else {
            ["\r\n+CME ERROR: 50\r\n", "\r\nERROR\r\n"]
        };
        assert_eq!([setting.as_str(), answer.as_str()], wanted);
    }
}

#[test]
fn the_end_of_a_tls_connection_may_look_like_data() {
    let authority = Authority::new();
    let server = authority.server(HOST, 2040, &rustls::version::TLS12);
    for tls_close_announces in [false, true] {
        let quirks = Quirks { tls_close_announces, ..Quirks::default() };
        let mut terminal = terminal_with(quirks, &server, &authority.root, 3);
        terminal.ok(&format!("AT+USOCO=0,\"{HOST}\",8883"));
        terminal.with_data("AT+USOWR=0,3", b"@", b"hi!");
        assert_eq!(terminal.urc("+UUSORD: "), "0,3");
        terminal.ok("AT+USORD=0,100");
        let seen = terminal.until(|seen| seen.ends_with(b"+UUSOCL: 0\r\n"));
        let announced: &[u8] = if tls_close_announces { b"\r\n+UUSORD: 0,4294967295\r\n" } else { b"" };
        assert_eq!(seen, [announced, b"\r\n+UUSOCL: 0\r\n"].concat());
    }
}

#[test]
fn a_handshake_fails_in_the_way_that_the_quirks_say() {
    let (authority, other) = (Authority::new(), Authority::new());
    let server = authority.server(HOST, 2040, &rustls::version::TLS12);
    let quirks = Quirks { handshake_error: 0, handshake_close: 5000, ..Quirks::default() };
    let mut terminal = terminal_with(quirks, &server, &other.root, 3);
    assert_eq!(terminal.command(&format!("AT+USOCO=0,\"{HOST}\",8883")), "\r\nERROR\r\n");
    let failed = terminal.now();
    assert_eq!(terminal.ok("AT+USOER"), "+USOER: 0");
    assert_eq!(terminal.urc("+UUSOCL: "), "0");
    assert!((4900..5200).contains(&(terminal.now() - failed).as_millis()));
}
