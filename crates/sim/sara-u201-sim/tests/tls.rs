//! TLS inside the module against a rustls server, in memory.

mod terminal;

use core::time::Duration;

use sara_u201_sim::{MemoryNetwork, PeerConnection, PowerAtStart, Profile};
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
    let profile = Profile { power_at_start: PowerAtStart::On, ..Profile::default() };
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
