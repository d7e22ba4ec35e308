use core::time::Duration;

use embedded_io::{Read, ReadReady, Write};
use sara_u201::Error;
use sara_u201_sim::Profile;

use crate::support::Bench;
use crate::support::peers::{script, serve};

#[test]
fn what_was_sent_before_the_end_is_read_first() {
    let bench = Bench::new(Profile::default());
    let peer = script();
    peer.borrow_mut().close_after = Some(4);
    serve(&bench.network, "host.example", 80, &peer);
    let mut modem = bench.ready();
    let mut socket = modem.connect("host.example", 80).unwrap();
    let when = bench.clock.elapsed() + Duration::from_millis(500);
    peer.borrow_mut().to_send.push_back((when, vec![7; 3000]));
    socket.write_all(b"GET\n").unwrap();
    let mut all = Vec::new();
    let mut part = [0; 700];
    loop {
        let count = socket.read(&mut part).unwrap();
        if count == 0 {
            break;
        }
        all.extend_from_slice(&part[..count]);
    }
    assert_eq!(all, vec![7; 3000]);
    assert_eq!(socket.read(&mut part), Ok(0), "the end stays the end");
    assert_eq!(socket.read_ready(), Ok(true));
    assert_eq!(socket.write(b"more"), Err(Error::Closed));
}

#[test]
fn a_dropped_socket_is_closed_with_the_next_command() {
    let bench = Bench::new(Profile::default());
    let peer = script();
    serve(&bench.network, "host.example", 80, &peer);
    let mut modem = bench.ready();
    for _ in 0..10 {
        drop(modem.connect("host.example", 80).unwrap());
    }
    assert_eq!(bench.count("AT+USOCL"), 9);
}

#[test]
fn a_detached_socket_stays_open() {
    let bench = Bench::new(Profile::default());
    let peer = script();
    peer.borrow_mut().echo = true;
    serve(&bench.network, "host.example", 80, &peer);
    let mut modem = bench.ready();
    let first = modem.connect("host.example", 80).unwrap().detach();
    let second = modem.connect("host.example", 80).unwrap().detach();
    assert_ne!(first, second);
    for handle in [first, second, first] {
        let mut socket = modem.socket(handle).unwrap();
        socket.write_all(b"x").unwrap();
        assert_eq!(socket.read(&mut [0; 4]), Ok(1));
        let _ = socket.detach();
    }
    modem.socket(first).unwrap().close().unwrap();
    assert_eq!(modem.socket(first).err(), Some(Error::Closed));
}
