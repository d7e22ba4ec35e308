//! What is between a socket's task and the runner: bytes in both directions.

use heapless::{Deque, Vec};
use monoclock::{Instant, Millis};

use crate::at::HexDecoder;
use crate::device::Sink;
use crate::error::Error;
use crate::socket::SocketHandle;

/// Pauses before a write that the modem did not take is tried again.
const RETRY: [Millis; 3] = [Millis(100), Millis(300), Millis(900)];

/// The buffers of one socket.
#[derive(Debug)]
pub(super) struct Pipe<const BUFFER: usize> {
    /// A task has it.
    pub(super) taken: bool,
    /// The modem's socket, once it is connected.
    pub(super) socket: Option<SocketHandle>,
    received: Deque<u8, BUFFER>,
    /// The last of `received` that are not yet known to be whole.
    unproven: usize,
    pub(super) unsent: Vec<u8, BUFFER>,
    /// Nothing more will be received: the peer has closed, or something went wrong.
    pub(super) end: Option<Result<(), Error>>,
    /// Its task has let it go: what is unsent is sent, then the socket is closed.
    pub(super) released: bool,
    refusals: usize,
    retry_at: Option<Instant>,
}

impl<const BUFFER: usize> Pipe<BUFFER> {
    pub(super) const fn new() -> Self {
        Self {
            taken: false,
            socket: None,
            received: Deque::new(),
            unproven: 0,
            unsent: Vec::new(),
            end: None,
            released: false,
            refusals: 0,
            retry_at: None,
        }
    }

    /// Gives it back, empty.
    pub(super) fn free(&mut self) {
        *self = Self::new();
    }

    /// Nothing more goes through; what was received can still be read.
    pub(super) fn fail(&mut self, error: Error) {
        self.end.get_or_insert(Err(error));
        self.unsent.clear();
    }

    /// Whether a read would not wait.
    pub(super) fn is_readable(&self) -> bool {
        self.readable() > 0 || self.end.is_some()
    }

    fn readable(&self) -> usize {
        self.received.len().saturating_sub(self.unproven)
    }

    /// How much the runner may fetch: not worth a command while the task has enough to read.
    pub(super) fn room(&self) -> usize {
        let room = BUFFER.saturating_sub(self.received.len());
        if room >= BUFFER / 2 { room } else { 0 }
    }

    /// Takes what is there; nothing while there is none, or how the connection ended.
    pub(super) fn read(&mut self, buffer: &mut [u8]) -> Option<Result<usize, Error>> {
        let count = self.readable().min(buffer.len());
        for (place, byte) in
            buffer.iter_mut().take(count).zip(core::iter::from_fn(|| self.received.pop_front()))
        {
            *place = byte;
        }
        match self.end {
            _ if count > 0 || buffer.is_empty() => Some(Ok(count)),
            Some(end) => Some(end.map(|()| 0)),
            None => None,
        }
    }

    /// Takes as much as there is room for; nothing while there is none.
    pub(super) fn write(&mut self, data: &[u8]) -> Option<Result<usize, Error>> {
        if let Some(end) = self.end {
            return Some(Err(end.err().unwrap_or(Error::Closed)));
        }
        let count = data.len().min(BUFFER - self.unsent.len());
        let _ = self.unsent.extend_from_slice(data.get(..count).unwrap_or_default());
        (count > 0 || data.is_empty()).then_some(Ok(count))
    }

    /// How much is to be sent now.
    pub(super) fn to_send(&self, now: Instant) -> usize {
        if self.retry_at.is_some_and(|at| !now.has_reached(at)) { 0 } else { self.unsent.len() }
    }

    pub(super) const fn retry_at(&self) -> Option<Instant> {
        self.retry_at
    }

    /// The modem has taken the first `count` of what is to be sent.
    pub(super) fn sent(&mut self, count: usize) {
        let count = count.min(self.unsent.len());
        self.unsent.rotate_left(count);
        self.unsent.truncate(self.unsent.len() - count);
        (self.refusals, self.retry_at) = (0, None);
    }

    /// The modem took nothing: later, then, but not for ever.
    pub(super) fn refused(&mut self, error: Error, now: Instant) {
        match RETRY.get(self.refusals) {
            Some(&pause) => {
                self.refusals += 1;
                self.retry_at = Some(now + pause);
            }
            None => self.fail(error),
        }
    }

    /// Tells whether the bytes that came since the last time are whole: then they can be read, else they go.
    pub(super) fn prove(&mut self, whole: bool) {
        let gone = if whole { 0 } else { self.unproven };
        for _ in 0..gone {
            self.received.pop_back();
        }
        self.unproven = 0;
    }
}

/// Takes the data of a read into a pipe.
#[derive(Debug)]
pub(super) struct Fill {
    pub(super) place: usize,
    decoder: Option<HexDecoder>,
    overflow: bool,
}

impl Fill {
    pub(super) fn new(place: usize, hex: bool) -> Self {
        Self { place, decoder: hex.then(HexDecoder::new), overflow: false }
    }

    /// Whether just so many whole bytes have come.
    pub(super) fn is_whole<const BUFFER: usize>(&self, pipe: &Pipe<BUFFER>, announced: usize) -> bool {
        !self.overflow && pipe.unproven == announced && self.decoder.is_none_or(|decoder| decoder.is_whole())
    }
}

/// A [`Fill`] and its pipe, for as long as bytes are at hand.
pub(super) struct Filling<'p, const BUFFER: usize> {
    pub(super) fill: &'p mut Fill,
    pub(super) pipe: &'p mut Pipe<BUFFER>,
}

impl<const BUFFER: usize> Sink for Filling<'_, BUFFER> {
    fn data(&mut self, data: &[u8]) {
        let Fill { decoder, overflow, .. } = &mut *self.fill;
        let mut put = |byte| match self.pipe.received.push_back(byte) {
            Ok(()) => self.pipe.unproven += 1,
            Err(_) => *overflow = true,
        };
        match decoder {
            Some(decoder) => decoder.feed(data, put),
            None => data.iter().for_each(|&byte| put(byte)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_of_an_answer_that_is_not_whole_are_never_read() {
        let mut pipe = Pipe::<8>::new();
        let mut fill = Fill::new(0, false);
        Filling { fill: &mut fill, pipe: &mut pipe }.data(b"abc");
        assert_eq!(pipe.read(&mut [0; 4]), None);
        assert!(fill.is_whole(&pipe, 3));
        pipe.prove(true);
        Filling { fill: &mut fill, pipe: &mut pipe }.data(b"xy");
        assert!(!fill.is_whole(&pipe, 3));
        pipe.prove(false);
        pipe.fail(Error::Closed);
        let mut buffer = [0; 4];
        assert_eq!(pipe.read(&mut buffer), Some(Ok(3)));
        assert_eq!(&buffer, b"abc\0");
        assert_eq!(pipe.read(&mut buffer), Some(Err(Error::Closed)));
    }

    #[test]
    fn what_is_written_is_sent_in_order_and_refusals_end() {
        let mut pipe = Pipe::<4>::new();
        let mut now = Instant::from_millis(0);
        assert_eq!(pipe.write(b"abcdef"), Some(Ok(4)));
        assert_eq!(pipe.write(b"ef"), None);
        pipe.sent(3);
        assert_eq!(pipe.write(b"ef"), Some(Ok(2)));
        assert_eq!(pipe.unsent, b"def");
        for pause in RETRY {
            pipe.refused(Error::Closed, now);
            assert_eq!(pipe.to_send(now), 0);
            now += pause;
            assert_eq!(pipe.to_send(now), 3);
        }
        pipe.refused(Error::Closed, now);
        assert_eq!(pipe.write(b"g"), Some(Err(Error::Closed)));
    }
}
