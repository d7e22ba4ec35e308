use embedded_io::{Read, Write};
use sara_u201::{Config, DataMode, Modem};
use sara_u201_sim::{EarlyData, Profile, Quirks};

use crate::support::peers::{script, serve};
use crate::support::{Bench, config};

/// Everything that a scanner would stumble over, and every byte.
fn adversarial() -> Vec<u8> {
    let mut data = b"\r\nOK\r\n+UUSOCL: 0\r\n@>\"\r\nERROR\r\n\x1a\x1b+++AT\r".to_vec();
    data.extend((0..=255).cycle().take(2500));
    data.extend_from_slice(b"\r\n+CME ERROR: 3\r\n");
    data
}

fn echo(mode: DataMode, quirks: Quirks, piece: usize) {
    let bench = Bench::new(Profile { quirks, ..Profile::default() });
    let peer = script();
    peer.borrow_mut().echo = true;
    serve(&bench.network, "host.example", 80, &peer);
    let mut modem = bench.modem();
    modem.start(&Config { data_mode: mode, ..config() }).unwrap();
    let mut socket = modem.connect("host.example", 80).unwrap();
    let data = adversarial();
    for piece in data.chunks(piece) {
        socket.write_all(piece).unwrap();
    }
    let mut back = vec![0; data.len()];
    socket.read_exact(&mut back).unwrap();
    socket.close().unwrap();
    assert_eq!(peer.borrow().received, data);
    assert_eq!(back, data);
}

#[test]
fn in_hexadecimal_mode() {
    for piece in [1, 17, 511, 512, 513, 4000] {
        echo(DataMode::Hex, Quirks::default(), piece);
    }
}

#[test]
fn in_binary_mode() {
    for piece in [1, 17, 1023, 1024, 1025, 4000] {
        echo(DataMode::Binary, Quirks::default(), piece);
    }
}

#[test]
fn in_the_mode_that_the_driver_chooses() {
    for piece in [40, 512, 1024, 4000] {
        echo(DataMode::Auto, Quirks::default(), piece);
    }
}

#[test]
fn the_pause_behind_the_prompt_is_kept() {
    for early_data in [EarlyData::Drop, EarlyData::Error] {
        echo(DataMode::Binary, Quirks { early_data, ..Quirks::default() }, 1024);
    }
}

#[test]
fn when_the_modem_takes_only_a_part() {
    for mode in [DataMode::Hex, DataMode::Binary] {
        echo(mode, Quirks { write_limit: 100, ..Quirks::default() }, 1024);
    }
}

#[test]
fn over_a_reader_that_is_slow() {
    let bench = Bench::new(Profile::default());
    let peer = script();
    peer.borrow_mut().echo = true;
    serve(&bench.network, "host.example", 80, &peer);
    let mut modem: Modem<_, _, _> = bench.ready();
    let mut socket = modem.connect("host.example", 80).unwrap();
    let data = adversarial();
    socket.write_all(&data).unwrap();
    let mut back = Vec::new();
    while back.len() < data.len() {
        bench.clock.advance(core::time::Duration::from_millis(37));
        let mut part = [0; 3];
        let count = socket.read(&mut part).unwrap();
        assert_ne!(count, 0);
        back.extend_from_slice(&part[..count]);
    }
    assert_eq!(back, data);
}
