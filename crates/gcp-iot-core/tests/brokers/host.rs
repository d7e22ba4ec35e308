//! Processes and sockets of this machine.

use core::time::Duration;
use std::io::{self, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::sync::Arc;
use std::time::Instant;

use embedded_io::{ErrorType, Read, ReadReady, Write};
use gcp_iot_core::{DevicePath, Endpoint};
use jwt_signer::SoftwareSigner;
use p256::ecdsa::SigningKey;
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore};

pub(crate) const DEVICE: DevicePath<'static> =
    match DevicePath::new("mkr-gcp-tutorial", "us-central1", "MKR_GCP_Tutorial", "MyMKRGSM1400") {
        Ok(path) => path,
        Err(_) => panic!("malformed"),
    };

/// A broker that is stopped, by its process id, when the test is over.
pub(crate) struct Broker {
    process: Child,
    /// Without TLS.
    pub(crate) port: u16,
    /// With TLS, and the root certificate that signs for it.
    pub(crate) tls: (u16, Authority),
    folder: PathBuf,
    /// Stops what the broker has left running.
    afterwards: Option<Command>,
}

impl Broker {
    /// Runs `command` when the broker has stopped.
    pub(crate) fn and_afterwards(mut self, command: Command) -> Self {
        self.afterwards = Some(command);
        self
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        // The broker's own process group: a shell may stand between it and us.
        let _ = Command::new("kill").arg("--").arg(format!("-{}", self.process.id())).status();
        let _ = self.process.wait();
        if let Some(command) = &mut self.afterwards {
            let _ = command.status();
        }
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// Tells whether `program` is installed; says so, or fails, when it is not.
pub(crate) fn is_installed(program: &str) -> bool {
    let installed = Path::new(program).exists();
    if !installed {
        eprintln!("NOT TESTED: {program} is not installed");
        assert!(std::env::var_os("REQUIRE_BROKERS").is_none(), "{program} is required");
    }
    installed
}

/// A port that nobody listens on.
pub(crate) fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// A folder of this test alone.
pub(crate) fn folder(name: &str, port: u16) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("gcp-iot-core-{name}-{}-{port}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

/// Starts a broker, and waits until it answers on `port`.
pub(crate) fn start(
    command: &mut Command,
    port: u16,
    tls: (u16, Authority),
    folder: PathBuf,
    patience: Duration,
) -> Broker {
    let process = command.process_group(0).spawn().unwrap();
    let ports = [port, tls.0];
    let broker = Broker { process, port, tls, folder, afterwards: None };
    let began = Instant::now();
    for port in ports {
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(began.elapsed() < patience, "the broker does not answer");
            std::thread::sleep(Duration::from_millis(50));
        }
    }
    broker
}

/// A root certificate of this test alone, and a server's under it, in the broker's folder.
pub(crate) struct Authority(CertificateDer<'static>);

impl Authority {
    /// Writes `root.pem`, `server.pem` and `server.key`.
    pub(crate) fn write(folder: &Path) -> Self {
        let (root_key, server_key) = (KeyPair::generate().unwrap(), KeyPair::generate().unwrap());
        let mut root = CertificateParams::new([]).unwrap();
        root.distinguished_name.push(DnType::CommonName, ROOT);
        root.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        let certificate = root.self_signed(&root_key).unwrap();
        let server = CertificateParams::new(["localhost".to_owned()]).unwrap();
        let server = server.signed_by(&server_key, &Issuer::from_params(&root, &root_key)).unwrap();
        for (name, text) in [
            ("root.pem", certificate.pem()),
            ("server.pem", server.pem()),
            ("server.key", server_key.serialize_pem()),
        ] {
            std::fs::write(folder.join(name), text).unwrap();
        }
        Self(certificate.der().clone())
    }
}

pub(crate) fn signer(seed: u8) -> SoftwareSigner {
    SoftwareSigner::new(SigningKey::from_slice(&[seed; 32]).unwrap())
}

pub(crate) fn unix_now() -> u64 {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs()
}

/// Common name of the root certificate.
const ROOT: &str = "Test Root";

/// A stream as the session wants it, with TLS or without: what the modem is on the board.
#[derive(Debug)]
pub(crate) struct Socket {
    stream: TcpStream,
    tls: Option<ClientConnection>,
}

impl Broker {
    /// Opens a stream to `endpoint`, which is this broker: with TLS if that is its port.
    pub(crate) fn open(&self, endpoint: &Endpoint<'_>) -> Socket {
        let stream = TcpStream::connect(("127.0.0.1", endpoint.port)).unwrap();
        stream.set_nodelay(true).unwrap();
        let (port, Authority(root)) = &self.tls;
        let tls = (endpoint.port == *port).then(|| {
            assert_eq!(endpoint.root, ROOT);
            let mut roots = RootCertStore::empty();
            roots.add(root.clone()).unwrap();
            let config = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
            let name = ServerName::try_from(endpoint.host.to_owned()).unwrap();
            ClientConnection::new(Arc::new(config), name).unwrap()
        });
        Socket { stream, tls }
    }

    /// Where it is, without TLS and with it.
    pub(crate) fn endpoints(
        &self,
        kind: fn(&'static str, &'static str) -> Endpoint<'static>,
    ) -> [Endpoint<'static>; 2] {
        [self.port, self.tls.0].map(|port| Endpoint { port, ..kind("localhost", ROOT) })
    }
}

impl ErrorType for Socket {
    type Error = io::Error;
}

impl Read for Socket {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match &mut self.tls {
            None => self.stream.read(buffer),
            Some(tls) => rustls::Stream::new(tls, &mut self.stream).read(buffer),
        }
    }
}

impl ReadReady for Socket {
    fn read_ready(&mut self) -> io::Result<bool> {
        self.stream.set_nonblocking(true)?;
        let ready = match &mut self.tls {
            None => self.stream.peek(&mut [0]).map(|_| true),
            // Whole records count: what is left of one can be read without waiting.
            Some(tls) => match tls.read_tls(&mut self.stream) {
                Ok(0) => Ok(true),
                read => tls.process_new_packets().map_err(io::Error::other).and_then(|state| {
                    match state.plaintext_bytes_to_read() {
                        0 => read.map(|_| state.peer_has_closed()),
                        _ => Ok(true),
                    }
                }),
            },
        };
        self.stream.set_nonblocking(false)?;
        match ready {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(false),
            ready => ready,
        }
    }
}

impl Write for Socket {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match &mut self.tls {
            None => self.stream.write(bytes),
            Some(tls) => rustls::Stream::new(tls, &mut self.stream).write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match &mut self.tls {
            None => self.stream.flush(),
            Some(tls) => rustls::Stream::new(tls, &mut self.stream).flush(),
        }
    }
}
