//! Processes and sockets of this machine.

use core::time::Duration;
use std::io;
use std::net::{TcpListener, TcpStream};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::time::Instant;

use embedded_io::{ErrorType, Read, ReadReady, Write};
use gcp_iot_core::{DevicePath, Endpoint};
use jwt_signer::SoftwareSigner;
use p256::ecdsa::SigningKey;

pub(crate) const DEVICE: DevicePath<'static> =
    match DevicePath::new("mkr-gcp-tutorial", "us-central1", "MKR_GCP_Tutorial", "MyMKRGSM1400") {
        Ok(path) => path,
        Err(_) => panic!("malformed"),
    };

pub(crate) const ENDPOINT: Endpoint<'static> = Endpoint::mosquitto("localhost", "Test Root");

/// A broker that is stopped, by its process id, when the test is over.
pub(crate) struct Broker {
    process: Child,
    pub(crate) port: u16,
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
pub(crate) fn start(command: &mut Command, port: u16, folder: PathBuf, patience: Duration) -> Broker {
    let process = command.process_group(0).spawn().unwrap();
    let broker = Broker { process, port, folder, afterwards: None };
    let began = Instant::now();
    while TcpStream::connect(("127.0.0.1", port)).is_err() {
        assert!(began.elapsed() < patience, "the broker does not answer");
        std::thread::sleep(Duration::from_millis(50));
    }
    broker
}

pub(crate) fn signer(seed: u8) -> SoftwareSigner {
    SoftwareSigner::new(SigningKey::from_slice(&[seed; 32]).unwrap())
}

pub(crate) fn unix_now() -> u64 {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs()
}

/// A TCP socket as the session wants it.
#[derive(Debug)]
pub(crate) struct Socket(TcpStream);

impl Socket {
    pub(crate) fn open(port: u16) -> Self {
        let stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
        stream.set_nodelay(true).unwrap();
        Self(stream)
    }
}

impl ErrorType for Socket {
    type Error = io::Error;
}

impl Read for Socket {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        io::Read::read(&mut self.0, buffer)
    }
}

impl ReadReady for Socket {
    fn read_ready(&mut self) -> io::Result<bool> {
        self.0.set_nonblocking(true)?;
        let peeked = self.0.peek(&mut [0]);
        self.0.set_nonblocking(false)?;
        match peeked {
            Ok(_) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(false),
            Err(error) => Err(error),
        }
    }
}

impl Write for Socket {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        io::Write::write(&mut self.0, bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        io::Write::flush(&mut self.0)
    }
}
