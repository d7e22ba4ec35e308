//! The binary as a process.
#![allow(dead_code, reason = "each test file uses a part of it")]

use core::sync::atomic::{AtomicUsize, Ordering};
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::PathBuf;
use std::process::{Child, ChildStderr, Command, Stdio};

/// RFC 6979, appendix A.2.5.
const KEY: &str = concat!(
    "-----BEGIN PUBLIC KEY-----\n",
    "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEYP7UuiVanTHJYet0xjVtaMBJuJI7\n",
    "Yfps5mliLmDyn7Z5A/4QCLi8maQa6elWKLxk8vGyDC1+n1F3o8KU1EYimQ==\n",
    "-----END PUBLIC KEY-----\n",
);
/// The golden token of that key for `mkr-gcp-tutorial`, from 1552600000 on.
pub(crate) const TOKEN: &str = concat!(
    "eyJhbGciOiJFUzI1NiIsInR5cCI6IkpXVCJ9",
    ".eyJhdWQiOiJta3ItZ2NwLXR1dG9yaWFsIiwiaWF0IjoxNTUyNjAwMDAwLCJleHAiOjE1NTI2ODY0MDB9",
    ".htZVLA-AW6Nl5CCYexq-ggbrwsveLJKY0Brc5d4ZFkmAYVWCgDKEUxZC8T7AZXj4-GQXhxhtX84Egx9Tq3oOHA",
);
pub(crate) const CLIENT_ID: &str =
    "projects/mkr-gcp-tutorial/locations/us-central1/registries/MKR_GCP_Tutorial/devices/MyMKRGSM1400";

pub(crate) struct Emulator {
    pub(crate) child: Child,
    stderr: BufReader<ChildStderr>,
    /// Without TLS.
    pub(crate) port: u16,
    /// With TLS.
    pub(crate) tls_port: u16,
    folder: PathBuf,
}

impl Drop for Emulator {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

impl Emulator {
    /// Starts it with the tutorial's device at the time of its token.
    pub(crate) fn start(options: &[&str]) -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let unique = (std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let folder = std::env::temp_dir().join(format!("iot-core-emulator-{}-{}", unique.0, unique.1));
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("device.pem"), KEY).unwrap();
        let mut child = Command::new(env!("CARGO_BIN_EXE_iot-core-emulator"))
            .args(["--listen-plain", "0", "--listen-tls", "0", "--json"])
            .args(["--start", "1552600000"].iter().filter(|_| !options.contains(&"--start")))
            .args(["--project", "mkr-gcp-tutorial", "--registry", "MKR_GCP_Tutorial"])
            .args(["--device", "MyMKRGSM1400", "--key", "device.pem", "--write-root", "root.pem"])
            .args(options)
            .current_dir(&folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stderr = BufReader::new(child.stderr.take().unwrap());
        let mut listening = || loop {
            let mut line = String::new();
            assert!(stderr.read_line(&mut line).unwrap() > 0, "it ended before it listened");
            if let Some(address) = line.strip_prefix("listening on 127.0.0.1:") {
                break address.split(' ').next().unwrap().parse().unwrap();
            }
        };
        let (tls_port, port) = (listening(), listening());
        Self { child, stderr, port, tls_port, folder }
    }

    /// The root certificate that it has written.
    pub(crate) fn root(&self) -> PathBuf {
        self.folder.join("root.pem")
    }

    /// Gives an order on standard input; answers the line on standard error.
    pub(crate) fn order(&mut self, line: &str) -> String {
        writeln!(self.child.stdin.as_mut().unwrap(), "{line}").unwrap();
        let mut answer = String::new();
        self.stderr.read_line(&mut answer).unwrap();
        answer.trim_end().into()
    }
}
