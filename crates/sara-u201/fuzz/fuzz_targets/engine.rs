//! Any bytes at any time: no panic, and every command ends within its time.
#![no_main]

use libfuzzer_sys::fuzz_target;
use monoclock::{Instant, Millis};
use sara_u201::command::{BytesWaiting, ReadSocket, WriteSocket};
use sara_u201::{Engine, Payload};

fuzz_target!(|script: &[u8]| {
    let mut engine = Engine::new();
    let mut now = Instant::from_millis(0);
    let data = [0x55; 40];
    for turn in script.chunks(24) {
        let Some((&kind, bytes)) = turn.split_first() else { return };
        let read = ReadSocket { socket: 1, length: 64, hex: kind & 4 != 0 };
        let write = WriteSocket { socket: 1, length: 40, hex: kind & 4 != 0 };
        let _ = match kind & 3 {
            0 => engine.start(&read, Payload::None, now),
            1 => engine.start(&write, if write.hex { Payload::Hex(40) } else { Payload::Prompted(40) }, now),
            _ => engine.start(&BytesWaiting(1), Payload::None, now),
        };
        let count = engine.poll_transmit(&data, now).len();
        engine.transmitted(count, now);
        let mut input = bytes;
        while engine.handle_input(&mut input, now).is_some() {}
        now += Millis(u32::from(kind) * 7);
        engine.handle_timeout(now);
    }
    // Whatever happened, the last command ends.
    for _ in 0..400 {
        let count = engine.poll_transmit(&data, now).len();
        engine.transmitted(count, now);
        if !engine.is_busy() {
            return;
        }
        now += Millis(500);
        engine.handle_timeout(now);
    }
    assert!(!engine.is_busy());
});
