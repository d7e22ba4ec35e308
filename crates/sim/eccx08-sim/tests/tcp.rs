//! The server over a real loopback socket.

mod support;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};

use support::{command, hex};

struct Server {
    process: Child,
    address: String,
}

impl Server {
    fn start(arguments: &[&str]) -> Self {
        let mut process = Command::new(env!("CARGO_BIN_EXE_eccx08-sim"))
            .args(["--tcp", "127.0.0.1:0"])
            .args(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let address = line.trim().rsplit(' ').next().unwrap().to_owned();
        Self { process, address }
    }

    fn connect(&self) -> Client {
        Client(TcpStream::connect(&self.address).unwrap())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

struct Client(TcpStream);

impl Client {
    fn take(&mut self, length: usize) -> Vec<u8> {
        let mut bytes = vec![0; length];
        self.0.read_exact(&mut bytes).unwrap();
        bytes
    }

    fn send(&mut self, request: &[&[u8]]) -> u8 {
        self.0.write_all(&request.concat()).unwrap();
        self.take(1)[0]
    }

    fn write(&mut self, address: u8, bytes: &[u8]) -> u8 {
        let length = u16::try_from(bytes.len()).unwrap().to_le_bytes();
        self.send(&[b"W", &[address], &length, bytes])
    }

    fn read(&mut self, length: u16) -> Result<Vec<u8>, u8> {
        match self.send(&[b"R", &[0x60], &length.to_le_bytes()]) {
            0 => Ok(self.take(usize::from(length))),
            status => Err(status),
        }
    }

    fn wait(&mut self, micros: u32) {
        assert_eq!(self.send(&[b"T", &micros.to_le_bytes()]), 0);
    }

    fn wake(&mut self) {
        assert_eq!(self.write(0, &[1]), 1, "nobody acknowledges the general call");
        self.wait(1500);
        assert_eq!(self.read(4), Ok(hex::<4>("04 11 33 43").to_vec()));
    }
}

#[test]
fn a_client_wakes_the_chip_and_asks_for_its_revision() {
    let server = Server::start(&["--chip", "608b"]);
    let mut client = server.connect();
    client.wake();
    assert_eq!(client.write(0x60, &command(0x30, 0, 0, &[])), 0);
    assert_eq!(client.read(7), Err(1), "busy");
    client.wait(5000);
    assert_eq!(client.read(7), Ok(hex::<7>("07 00 00 60 03 83 BB").to_vec()));
    assert_eq!(client.read(0), Err(1));
    assert_eq!(client.write(0x60, &[0x01]), 0);
    assert_eq!(client.send(&[b"F", &400_000_u32.to_le_bytes()]), 0);
    assert_eq!(client.write(0, &[1]), 1);
    client.wait(1500);
    assert_eq!(client.read(4), Err(1), "too fast to wake it");
}

#[test]
fn a_lost_arbitration_has_its_own_status() {
    let server = Server::start(&["--nack", "atsamd"]);
    let mut client = server.connect();
    assert_eq!(client.read(4), Err(2));
    assert_eq!(client.write(0x59, &[0]), 1);
}

#[test]
fn a_broken_request_ends_the_connection_and_not_the_server() {
    let server = Server::start(&[]);
    for broken in [&b"X"[..], b"F\0\0\0\0", b"W\xFF\0\0"] {
        let mut client = server.connect();
        client.0.write_all(broken).unwrap();
        let mut rest = Vec::new();
        client.0.read_to_end(&mut rest).unwrap();
        assert!(rest.is_empty());
    }
    server.connect().wake();
}

#[test]
fn the_memory_survives_in_its_file() {
    let directory = std::env::temp_dir().join(format!("eccx08-sim-{}", std::process::id()));
    std::fs::create_dir_all(&directory).unwrap();
    let file = directory.join("element.bin");
    let path = file.to_str().unwrap();
    {
        let server = Server::start(&["--chip", "508a", "--nv", path]);
        let mut client = server.connect();
        client.wake();
        assert_eq!(client.write(0x60, &command(0x12, 0, 9, &[1, 2, 3, 4])), 0);
        client.wait(26_000);
        assert_eq!(client.read(4), Ok(hex::<4>("04 00 03 40").to_vec()));
    }
    let image = std::fs::read(&file).unwrap();
    assert_eq!((image.len(), &image[36..40]), (eccx08_sim::NvImage::SIZE, &[1, 2, 3, 4][..]));
    {
        let server = Server::start(&["--chip", "508a", "--nv", path]);
        let mut client = server.connect();
        client.wake();
        assert_eq!(client.write(0x60, &command(0x02, 0, 9, &[])), 0);
        client.wait(5000);
        assert_eq!(client.read(5).unwrap()[1..], [1, 2, 3, 4]);
    }
    std::fs::write(&file, [0; 10]).unwrap();
    let output = run(&["--tcp", "127.0.0.1:0", "--nv", path]);
    assert_eq!(output.0, Some(1));
    assert!(output.1.contains("10 bytes, an image has 1400"), "{}", output.1);
    std::fs::remove_dir_all(&directory).unwrap();
}

fn run(arguments: &[&str]) -> (Option<i32>, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_eccx08-sim")).args(arguments).output().unwrap();
    let text = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8(text).unwrap())
}

#[test]
fn help_and_mistakes_speak_plainly() {
    let (code, text) = run(&["--help"]);
    assert_eq!(code, Some(0));
    assert!(text.contains("Examples:") && text.contains("eccx08-sim --tcp 127.0.0.1:5108"), "{text}");
    let (code, text) = run(&["--tcp", "0.0.0.0:5108"]);
    assert_eq!(code, Some(2));
    assert!(text.contains("not a loopback address"), "{text}");
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let (code, text) = run(&["--tcp", &taken.local_addr().unwrap().to_string()]);
    assert_eq!(code, Some(1));
    assert!(!text.contains("panicked"), "{text}");
}
