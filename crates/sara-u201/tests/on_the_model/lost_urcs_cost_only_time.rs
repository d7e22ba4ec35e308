use core::time::Duration;

use embedded_io::{Read, ReadReady, Write};
use monoclock::{Clock, Millis};
use sara_u201::Error;
use sara_u201_sim::Profile;

use crate::support::Bench;
use crate::support::peers::{script, serve};

#[test]
fn an_idle_connection_costs_one_question_in_half_a_minute() {
    let bench = Bench::new(Profile::default());
    let peer = script();
    serve(&bench.network, "host.example", 80, &peer);
    let mut modem = bench.ready();
    let mut socket = modem.connect("host.example", 80).unwrap();
    let before = bench.sent().len();
    let clock = bench.simulation.clock();
    let end = clock.now() + Millis::from_secs(120);
    while !clock.now().has_reached(end) {
        assert_eq!(socket.read_ready(), Ok(false));
        clock.wait((clock.now() + Millis(50)).earlier(end));
    }
    let asked = bench.sent().len() - before;
    assert!((3..=4).contains(&asked), "{asked}");
}

#[test]
fn a_read_that_waits_too_long_ends() {
    let bench = Bench::new(Profile::default());
    let peer = script();
    serve(&bench.network, "host.example", 80, &peer);
    let mut modem = bench.ready();
    let mut socket = modem.connect("host.example", 80).unwrap();
    socket.set_read_timeout(Millis::from_secs(5));
    let before = bench.clock.elapsed();
    assert_eq!(socket.read(&mut [0; 8]), Err(Error::Timeout { command: "+USORD=" }));
    let waited = bench.clock.elapsed() - before;
    assert!((Duration::from_millis(4999)..Duration::from_secs(6)).contains(&waited), "{waited:?}");
    // The connection still stands.
    peer.borrow_mut().echo = true;
    socket.write_all(b"ping").unwrap();
    assert_eq!(socket.read(&mut [0; 8]), Ok(4));
}
