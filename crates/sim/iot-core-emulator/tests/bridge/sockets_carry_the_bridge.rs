//! The server on loopback: real sockets, and the caller's clock.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::sync::{Arc, Mutex};

use iot_core_emulator::{CloseReason, RealTime, Server};

use crate::support::{World, packet};

#[test]
fn a_server_serves_until_it_is_dropped() {
    let world = World::new();
    let any_port = Some(([127, 0, 0, 1], 0).into());
    let server = Server::start(&world.emulator, any_port, any_port, || core::time::Duration::ZERO).unwrap();
    let (tls, plain) = (server.tls_address().unwrap(), server.plain_address().unwrap());
    assert_ne!(tls, plain);
    // MQTT 3.1: refused, with a CONNACK that arrives although more was sent.
    let mut socket = TcpStream::connect(plain).unwrap();
    let connect = packet(0x10, &[&[0, 6][..], b"MQIsdp", &[3, 2, 0, 60, 0, 0]].concat());
    socket.write_all(&[&connect[..], &[0; 1000]].concat()).unwrap();
    let mut answer = Vec::new();
    socket.read_to_end(&mut answer).unwrap();
    assert_eq!(answer, [0x20, 2, 0, 1]);
    let mut open = TcpStream::connect(plain).unwrap();
    drop(server);
    assert_eq!(open.read(&mut [0; 1]).unwrap_or(0), 0);
    assert!(TcpStream::connect(plain).is_err());
}

#[test]
fn the_servers_time_is_the_callers() {
    let world = World::new();
    let time = Arc::new(Mutex::new(core::time::Duration::ZERO));
    let now = {
        let time = Arc::clone(&time);
        move || *time.lock().unwrap()
    };
    let any_port = Some(([127, 0, 0, 1], 0).into());
    let server = Server::start(&world.emulator, None, any_port, now).unwrap();
    let mut socket = TcpStream::connect(server.plain_address().unwrap()).unwrap();
    while world.emulator.summary().transports == 0 {
        std::thread::yield_now();
    }
    *time.lock().unwrap() = core::time::Duration::from_secs(60);
    assert_eq!(socket.read(&mut [0; 1]).unwrap(), 0);
    assert_eq!(world.closed(), [CloseReason::ConnectTimeout]);
}

#[test]
fn real_time_can_be_scaled() {
    let time = RealTime::start(3600);
    std::thread::sleep(core::time::Duration::from_millis(10));
    assert!(time.now() >= core::time::Duration::from_secs(36));
}
