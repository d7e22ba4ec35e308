//! Any bytes from the server, given to the session without I/O: `cargo fuzz run decoder`.

#![no_main]

use libfuzzer_sys::fuzz_target;
use monoclock::Instant;
use mqtt_lite::{Connect, Session};

fuzz_target!(|input: (bool, Vec<u8>)| {
    let (clean, bytes) = input;
    let (mut receive, mut transmit, mut retained) = ([0; 48], [0; 64], [0; 64]);
    let mut session = Session::with_retention(&mut receive, &mut transmit, &mut retained);
    session.begin(Connect::new(&["fuzz"]).clean_session(clean)).unwrap();
    let now = Instant::from_millis(0);
    let mut rest = &bytes[..];
    loop {
        while let Some(length) = session.poll_transmit().map(<[u8]>::len) {
            session.handle_transmitted(length, now);
        }
        match session.poll_event() {
            Ok(Some(_)) => continue,
            Ok(None) => {}
            Err(_) => return,
        }
        if session.has_transmit() {
            continue;
        }
        let space = session.receive_space();
        let count = space.len().min(rest.len());
        if count == 0 {
            return;
        }
        let (head, tail) = rest.split_at(count);
        space[..count].copy_from_slice(head);
        session.handle_received(count);
        rest = tail;
    }
});
