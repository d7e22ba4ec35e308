//! A terminal on the model's serial line, and peers to talk to.
#![allow(dead_code, unreachable_pub, reason = "each test file uses a part")]

use core::time::Duration;
use std::rc::Rc;
use std::sync::Arc;

use embedded_io::{Read, ReadReady, Write};
use monoclock::ManualClock;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection};
use sara_u201_sim::{
    Latencies, MemoryNetwork, Network, PeerConnection, PowerAtStart, Profile, Serial, SimClock, Simulation,
};

/// How long a command may take in these tests.
const PATIENCE: Duration = Duration::from_secs(300);

/// Somebody who types commands and reads answers.
pub struct Terminal {
    pub simulation: Simulation,
    pub clock: Rc<ManualClock>,
    pub serial: Serial,
    pub wait: SimClock,
    /// What has been read beyond the last answer.
    pub rest: Vec<u8>,
}

impl Terminal {
    pub fn new(profile: Profile, network: impl Network + 'static) -> Self {
        let clock = Rc::new(ManualClock::new());
        let simulation = Simulation::new(profile, network, clock.clone());
        let (serial, wait) = (simulation.serial(), simulation.clock());
        Self { simulation, clock, serial, wait, rest: Vec::new() }
    }

    /// A module that is up, registered, without echo.
    pub fn ready(profile: Profile, network: impl Network + 'static) -> Self {
        let mut terminal = Self::new(Profile { power_at_start: PowerAtStart::On, ..profile }, network);
        terminal.pass(Duration::from_secs(5));
        assert_eq!(terminal.command("ATE0"), "ATE0\r\r\nOK\r\n");
        assert_eq!(terminal.command("AT+CMEE=1"), "\r\nOK\r\n");
        terminal
    }

    /// A module with an active data context.
    pub fn online(profile: Profile, network: impl Network + 'static) -> Self {
        let mut terminal = Self::ready(profile, network);
        terminal.ok("AT+CGATT=1");
        terminal.ok("AT+UPSD=0,1,\"apn\"");
        terminal.ok("AT+UPSDA=0,3");
        terminal
    }

    pub fn now(&self) -> Duration {
        self.clock.elapsed()
    }

    /// Lets time pass and keeps what is said meanwhile.
    pub fn pass(&mut self, span: Duration) {
        let until = self.now() + span;
        while self.now() < until {
            self.wait.wait_until(until);
            self.collect();
        }
    }

    fn collect(&mut self) {
        let mut byte = [0];
        while self.serial.read_ready().expect("the line works") {
            let count = self.serial.read(&mut byte).expect("the line works");
            self.rest.extend(byte.iter().take(count));
        }
    }

    pub fn send(&mut self, bytes: &[u8]) {
        self.serial.write_all(bytes).expect("the line works");
    }

    /// Waits until what is kept satisfies `done` and takes it.
    pub fn until(&mut self, done: impl Fn(&[u8]) -> bool) -> Vec<u8> {
        let limit = self.now() + PATIENCE;
        loop {
            self.collect();
            if done(&self.rest) {
                return core::mem::take(&mut self.rest);
            }
            assert!(self.now() < limit, "no answer: {:?}", String::from_utf8_lossy(&self.rest));
            self.wait.wait_until(limit);
        }
    }

    /// Sends a line and gives everything up to the final result.
    pub fn command(&mut self, line: &str) -> String {
        self.pass(Duration::from_millis(25));
        self.rest.clear();
        self.send(line.as_bytes());
        self.send(b"\r");
        String::from_utf8(self.until(is_final)).expect("text")
    }

    /// Sends a line that must end in `OK`, and gives the information before it.
    pub fn ok(&mut self, line: &str) -> String {
        let answer = self.command(line);
        let information = answer.strip_suffix("\r\nOK\r\n");
        information.unwrap_or_else(|| panic!("{line}: {answer:?}")).trim().to_owned()
    }

    /// Sends a line, waits for the prompt and 50 ms, sends the data.
    pub fn with_data(&mut self, line: &str, prompt: &[u8], data: &[u8]) -> String {
        self.pass(Duration::from_millis(25));
        self.rest.clear();
        self.send(line.as_bytes());
        self.send(b"\r");
        let answer = self.until(|seen| seen.ends_with(prompt) || is_final(seen));
        assert!(answer.ends_with(prompt), "{line}: {:?}", String::from_utf8_lossy(&answer));
        self.pass(Duration::from_millis(50));
        self.send(data);
        String::from_utf8(self.until(is_final)).expect("text")
    }

    /// Waits for a line that begins with `prefix` and gives its remainder.
    pub fn urc(&mut self, prefix: &str) -> String {
        let full = format!("\r\n{prefix}");
        let seen = self.until(|seen| {
            let at = seen.windows(full.len()).position(|window| window == full.as_bytes());
            at.is_some_and(|at| seen[at + 2..].ends_with(b"\r\n"))
        });
        let text = String::from_utf8(seen).expect("text");
        let at = text.find(&full).expect("found above");
        text[at + full.len()..].trim().to_owned()
    }
}

/// Whether the last line is a final result.
pub fn is_final(seen: &[u8]) -> bool {
    let Some(body) = seen.strip_suffix(b"\r\n") else { return false };
    let start = body.windows(2).rposition(|window| window == b"\r\n").map_or(0, |at| at + 2);
    let line = &body[start..];
    let words: [&[u8]; 5] = [b"OK", b"ERROR", b"ABORTED", b"NO CARRIER", b"BUSY"];
    words.contains(&line) || line.starts_with(b"+CME ERROR: ") || line.starts_with(b"+CMS ERROR: ")
}

/// A profile without think time, for exact expectations.
pub fn quick() -> Profile {
    Profile { latencies: Latencies::zero(), ..Profile::default() }
}

/// A network in which `host` answers on `port` with whatever it gets.
pub fn echo_network(host: &str, port: u16) -> MemoryNetwork {
    let network = MemoryNetwork::new(1);
    network.serve(host, port, |_| Box::new(Echo::default()) as Box<dyn PeerConnection>);
    network
}

/// Sends back what it gets; a `!` makes it close.
#[derive(Default)]
pub struct Echo {
    waiting: Vec<u8>,
    closed: bool,
}

impl PeerConnection for Echo {
    fn receive(&mut self, bytes: &[u8], _now: Duration) {
        self.closed |= bytes.contains(&b'!');
        self.waiting.extend_from_slice(bytes);
    }

    fn transmit(&mut self, _now: Duration) -> Vec<u8> {
        core::mem::take(&mut self.waiting)
    }

    fn is_closed(&self) -> bool {
        self.closed
    }

    fn next_event(&self, _now: Duration) -> Option<Duration> {
        None
    }
}

/// Certificates of a small authority.
pub struct Authority {
    pub root: CertificateDer<'static>,
    issuer: rcgen::Issuer<'static, rcgen::KeyPair>,
}

impl Authority {
    pub fn new() -> Self {
        let key = rcgen::KeyPair::generate().expect("a key");
        let mut parameters = rcgen::CertificateParams::default();
        parameters.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        parameters.distinguished_name.push(rcgen::DnType::CommonName, "Root of the test");
        parameters.not_before = rcgen::date_time_ymd(2020, 1, 1);
        parameters.not_after = rcgen::date_time_ymd(2045, 1, 1);
        let root = parameters.self_signed(&key).expect("a certificate").der().clone();
        Self { root, issuer: rcgen::Issuer::new(parameters, key) }
    }

    /// A certificate for `name` and its key, as text.
    pub fn identity(&self, name: &str) -> (String, String) {
        let key = rcgen::KeyPair::generate().expect("a key");
        let mut parameters = rcgen::CertificateParams::new([name.to_owned()]).expect("a name");
        parameters.not_before = rcgen::date_time_ymd(2020, 1, 1);
        parameters.not_after = rcgen::date_time_ymd(2044, 12, 31);
        let certificate = parameters.signed_by(&key, &self.issuer).expect("a certificate");
        (certificate.pem(), key.serialize_pem())
    }

    /// A TLS server with a certificate for `name` that ends with `year`.
    pub fn server(
        &self,
        name: &str,
        year: i32,
        version: &'static rustls::SupportedProtocolVersion,
    ) -> TlsServer {
        let key = rcgen::KeyPair::generate().expect("a key");
        let mut parameters = rcgen::CertificateParams::new([name.to_owned()]).expect("a name");
        parameters.not_before = rcgen::date_time_ymd(2020, 1, 1);
        parameters.not_after = rcgen::date_time_ymd(year, 12, 31);
        let certificate = parameters.signed_by(&key, &self.issuer).expect("a certificate").der().clone();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(&[version])
            .expect("a version")
            .with_no_client_auth()
            .with_single_cert(
                vec![certificate],
                PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der())),
            )
            .expect("a configuration");
        TlsServer(Arc::new(config))
    }
}

/// A TLS echo server; a `!` makes it say good-bye.
#[derive(Clone)]
pub struct TlsServer(pub Arc<ServerConfig>);

impl TlsServer {
    pub fn accept(&self) -> Box<dyn PeerConnection> {
        let connection = ServerConnection::new(self.0.clone()).expect("a connection");
        Box::new(TlsEcho { connection, failed: false })
    }
}

struct TlsEcho {
    connection: ServerConnection,
    failed: bool,
}

impl PeerConnection for TlsEcho {
    fn receive(&mut self, mut bytes: &[u8], _now: Duration) {
        while !bytes.is_empty() && !self.failed {
            self.connection.read_tls(&mut bytes).expect("a slice can be read");
            self.failed = self.connection.process_new_packets().is_err();
            let mut plain = Vec::new();
            let _would_block = std::io::Read::read_to_end(&mut self.connection.reader(), &mut plain);
            std::io::Write::write_all(&mut self.connection.writer(), &plain).expect("room");
            if plain.contains(&b'!') {
                self.connection.send_close_notify();
            }
        }
    }

    fn transmit(&mut self, _now: Duration) -> Vec<u8> {
        let mut bytes = Vec::new();
        while self.connection.wants_write() {
            self.connection.write_tls(&mut bytes).expect("a vector can be written");
        }
        bytes
    }

    fn is_closed(&self) -> bool {
        self.failed
    }

    fn next_event(&self, _now: Duration) -> Option<Duration> {
        None
    }
}

/// A certificate as text.
pub fn pem(der: &[u8]) -> String {
    use base64::Engine;
    let digits = base64::engine::general_purpose::STANDARD.encode(der);
    let lines: Vec<_> =
        digits.as_bytes().chunks(64).map(|line| String::from_utf8_lossy(line).into_owned()).collect();
    format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", lines.join("\n"))
}
