//! Plays the modem's side of a recording to a client.

use std::io::Write as _;
use std::rc::Rc;
use std::time::Instant;

use embedded_io::{Read, ReadReady, Write};
use monoclock::ManualClock;
use sara_u201_sim::{Replay, Transcript};

use crate::Failure;
use crate::line::Line;
use crate::shell::NAP;

/// Answers as in the recording until it is over; a client that leaves it is told where.
pub(crate) fn play(transcript: Transcript, speed: f64, mut line: Box<dyn Line>) -> Result<(), Failure> {
    println!("{}", line.name());
    std::io::stdout().flush()?;
    let clock = Rc::new(ManualClock::new());
    let mut replay = Replay::new(transcript, clock.clone());
    // The recorded time runs while a client is there: the first byte starts it.
    let (mut start, mut buffer, mut to_client) = (None, [0; 4096], Vec::new());
    loop {
        let received = line.receive(&mut buffer)?;
        if received > 0 {
            start.get_or_insert_with(Instant::now);
        }
        if let Some(start) = start {
            clock.advance_to(start.elapsed().mul_f64(speed));
        }
        replay.write_all(buffer.get(..received).unwrap_or_default())?;
        if replay.read_ready()? {
            let count = replay.read(&mut buffer)?;
            to_client.extend(buffer.iter().take(count));
        }
        let sent = line.send(&to_client)?;
        to_client.drain(..sent);
        if let Some(difference) = replay.difference() {
            return Err(format!("the client left the recording: {difference}").into());
        }
        if replay.is_over() && to_client.is_empty() {
            return Ok(());
        }
        if received + sent == 0 {
            std::thread::sleep(NAP);
        }
    }
}
