//! Plays the module's side of a recording.

use core::time::Duration;
use std::collections::VecDeque;
use std::rc::Rc;

use embedded_io::{ErrorType, Read, ReadReady, Write};
use monoclock::ManualClock;

use super::{Chunk, Direction, Transcript};
use crate::serial::SerialError;

/// A serial line on which the module of a recording answers.
///
/// What the host writes is compared with the recording. An answer becomes readable as long after the
/// write that preceded it as it was in the recording; after a difference nothing more is said.
#[derive(Debug)]
pub struct Replay {
    clock: Rc<ManualClock>,
    chunks: VecDeque<Chunk>,
    /// How far the first chunk of the host has been matched.
    matched: usize,
    /// The recorded time of the last matched chunk, and when the host really wrote it.
    anchor: (Duration, Duration),
    readable: VecDeque<u8>,
    difference: Option<String>,
}

impl Replay {
    /// Makes a line that plays `transcript` on `clock`.
    #[must_use]
    pub fn new(transcript: Transcript, clock: Rc<ManualClock>) -> Self {
        let start = transcript.chunks.first().map_or(Duration::ZERO, |chunk| chunk.at);
        let anchor = (start, clock.elapsed());
        Self {
            clock,
            chunks: transcript.chunks.into(),
            matched: 0,
            anchor,
            readable: VecDeque::new(),
            difference: None,
        }
    }

    /// Tells where the host first left the recording.
    #[must_use]
    pub fn difference(&self) -> Option<&str> {
        self.difference.as_deref()
    }

    /// Tells whether everything has been played and matched.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.chunks.is_empty() && self.difference.is_none()
    }

    /// When the next bytes become readable.
    #[must_use]
    pub fn next_event(&self) -> Option<Duration> {
        let chunk = self.chunks.front().filter(|chunk| chunk.direction == Direction::ToHost)?;
        let (recorded, real) = self.anchor;
        self.difference.is_none().then(|| real.saturating_add(chunk.at.saturating_sub(recorded)))
    }

    /// Makes readable what is due.
    fn catch_up(&mut self) {
        while self.next_event().is_some_and(|at| at <= self.clock.elapsed()) {
            if let Some(chunk) = self.chunks.pop_front() {
                self.readable.extend(chunk.bytes);
            }
        }
    }

    fn compare(&mut self, byte: u8) {
        // What the module would have said before does not hold the host up.
        while self.chunks.front().is_some_and(|chunk| chunk.direction == Direction::ToHost) {
            if let Some(chunk) = self.chunks.pop_front() {
                self.readable.extend(chunk.bytes);
            }
        }
        let expected = self.chunks.front().and_then(|chunk| chunk.bytes.get(self.matched).copied());
        if expected != Some(byte) {
            let expected = expected.map_or("nothing".into(), |byte| format!("{byte:#04x}"));
            self.difference = Some(format!("the host wrote {byte:#04x}, recorded was {expected}"));
            return;
        }
        self.matched += 1;
        if let Some(chunk) = self.chunks.pop_front_if(|chunk| chunk.bytes.len() == self.matched) {
            self.matched = 0;
            self.anchor = (chunk.at, self.clock.elapsed());
        }
    }
}

impl ErrorType for Replay {
    type Error = SerialError;
}

impl ReadReady for Replay {
    fn read_ready(&mut self) -> Result<bool, SerialError> {
        self.catch_up();
        Ok(!self.readable.is_empty())
    }
}

impl Read for Replay {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, SerialError> {
        while !self.read_ready()? && !buffer.is_empty() {
            let next = self.next_event().ok_or(SerialError::WouldHang)?;
            self.clock.advance_to(next);
        }
        let count = buffer.len().min(self.readable.len());
        for (slot, byte) in buffer.iter_mut().zip(self.readable.drain(..count)) {
            *slot = byte;
        }
        Ok(count)
    }
}

impl Write for Replay {
    fn write(&mut self, bytes: &[u8]) -> Result<usize, SerialError> {
        self.catch_up();
        for byte in bytes {
            if self.difference.is_none() {
                self.compare(*byte);
            }
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> Result<(), SerialError> {
        Ok(())
    }
}
