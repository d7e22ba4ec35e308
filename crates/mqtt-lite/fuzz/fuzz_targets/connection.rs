//! Any server and any application, over a stream that breaks at any place: `cargo fuzz run connection`.

#![no_main]

use embedded_io::{ErrorKind, ErrorType, Read, ReadReady, Write};
use libfuzzer_sys::fuzz_target;
use monoclock::{Clock, ManualClock, Millis};
use mqtt_lite::{Connect, Filter, Publish, QoS, Session};

/// Gives what the fuzzer wrote, in pieces of at most `piece` bytes, and takes so many writes.
struct Stream<'a> {
    input: &'a [u8],
    piece: usize,
    writes: u8,
}

impl ErrorType for Stream<'_> {
    type Error = ErrorKind;
}

impl Read for Stream<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, ErrorKind> {
        let count = buffer.len().min(self.piece).min(self.input.len());
        let (head, tail) = self.input.split_at(count);
        buffer[..count].copy_from_slice(head);
        self.input = tail;
        Ok(count)
    }
}

impl ReadReady for Stream<'_> {
    fn read_ready(&mut self) -> Result<bool, ErrorKind> {
        Ok(!self.input.is_empty())
    }
}

impl Write for Stream<'_> {
    fn write(&mut self, bytes: &[u8]) -> Result<usize, ErrorKind> {
        self.writes = self.writes.checked_sub(1).ok_or(ErrorKind::ConnectionReset)?;
        Ok(bytes.len().min(self.piece))
    }

    fn flush(&mut self) -> Result<(), ErrorKind> {
        Ok(())
    }
}

fuzz_target!(|input: (Vec<(u8, u8, Vec<u8>)>, Vec<u8>)| {
    let (connections, actions) = input;
    let clock = ManualClock::new();
    let (mut receive, mut transmit, mut retained) = ([0; 48], [0; 64], [0; 64]);
    let mut session = Session::with_retention(&mut receive, &mut transmit, &mut retained);
    for (piece, writes, bytes) in &connections {
        let stream = Stream { input: bytes, piece: usize::from(*piece) + 1, writes: *writes };
        let login = Connect::new(&["fuzz"]).clean_session(piece % 2 == 0).keep_alive(10);
        let Ok(mut connection) = session.connect(stream, &clock, login) else { continue };
        for action in &actions {
            let qos = if action & 0x80 == 0 { QoS::AtLeastOnce } else { QoS::ExactlyOnce };
            let alive = match action % 4 {
                0 => connection.publish(&Publish::new(&["t"], b"payload").qos(qos)).is_ok(),
                1 => connection.subscribe(&[Filter { topic: &["t/#"], qos }]).is_ok(),
                2 => connection.unsubscribe(&[&["t/#"]]).is_ok(),
                _ => connection.wait(clock.now() + Millis::from_secs(20)).is_ok(),
            };
            if !alive && !connection.session().is_connected() {
                break;
            }
        }
        assert!(connection.session().in_flight() <= mqtt_lite::IN_FLIGHT);
    }
});
