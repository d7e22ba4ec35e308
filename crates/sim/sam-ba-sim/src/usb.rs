//! The USB line between a host and the loader, in memory and on virtual time.

use core::time::Duration;
use std::collections::VecDeque;
use std::io::{self, ErrorKind, Read, Write};

use crate::loader::{Loader, Status};

/// Bytes in a packet of the loader's bulk endpoints.
pub const PACKET: usize = 64;

/// A host's gap that certainly ends a packet.
const GAP: Duration = Duration::from_millis(1);

/// A serial port of the host with the loader behind it, on virtual time.
///
/// What is written without a pause of a millisecond in between may share a packet, and here always does: a host
/// that needs two packets has to wait between them. Reading waits for as long as the time-out says.
#[derive(Debug)]
pub struct Usb {
    loader: Loader,
    now: Duration,
    timeout: Duration,
    /// When the loader will have worked off what it has.
    idle_at: Duration,
    pending: Vec<u8>,
    answers: VecDeque<(Duration, u8)>,
}

impl Usb {
    /// Connects a host with `loader`.
    pub fn new(loader: Loader) -> Self {
        Self {
            loader,
            now: Duration::ZERO,
            timeout: Duration::from_secs(1),
            idle_at: Duration::ZERO,
            pending: Vec::new(),
            answers: VecDeque::new(),
        }
    }

    /// Sets how long a read waits.
    pub fn set_timeout(&mut self, timeout: Duration) {
        self.timeout = timeout;
    }

    /// Lets the host wait.
    pub fn pause(&mut self, pause: Duration) {
        if pause >= GAP {
            self.deliver();
        }
        self.now += pause;
    }

    /// Returns the virtual time since the beginning.
    pub fn elapsed(&self) -> Duration {
        self.now
    }

    /// Returns the loader.
    pub fn loader(&self) -> &Loader {
        &self.loader
    }

    /// Returns the loader, to be changed behind the host's back.
    pub fn loader_mut(&mut self) -> &mut Loader {
        &mut self.loader
    }

    fn deliver(&mut self) {
        let pending = core::mem::take(&mut self.pending);
        for packet in pending.chunks(PACKET) {
            self.loader.receive(packet);
            let (busy, answer) = self.loader.answer();
            self.idle_at = self.idle_at.max(self.now) + busy;
            self.answers.extend(answer.into_iter().map(|byte| (self.idle_at, byte)));
        }
    }

    fn check(&self) -> io::Result<()> {
        match self.loader.status() {
            Status::Listening | Status::Hung(_) => Ok(()),
            Status::Reset | Status::Started(_) | Status::Unplugged => Err(ErrorKind::BrokenPipe.into()),
        }
    }
}

impl Write for Usb {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        self.check()?;
        self.pending.extend_from_slice(buffer);
        Ok(buffer.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.check()
    }
}

impl Read for Usb {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.deliver();
        let Some(&(first, _)) = self.answers.front() else {
            self.check()?;
            self.now += self.timeout;
            return Err(ErrorKind::TimedOut.into());
        };
        if first > self.now + self.timeout {
            self.now += self.timeout;
            return Err(ErrorKind::TimedOut.into());
        }
        self.now = self.now.max(first);
        let mut count = 0;
        for slot in buffer.iter_mut().take(PACKET) {
            let Some((_, byte)) = self.answers.pop_front_if(|(ready, _)| *ready <= self.now) else { break };
            *slot = byte;
            count += 1;
        }
        Ok(count)
    }
}
