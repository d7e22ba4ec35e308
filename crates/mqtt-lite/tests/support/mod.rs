//! A stream whose server side is written down beforehand.
#![allow(dead_code, reason = "each test file uses a part of it")]

use core::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;

use embedded_io::{ErrorKind, ErrorType, Read, ReadReady, Write};
use monoclock::{Clock, ManualClock};

/// CONNACK: accepted, no session present.
pub(crate) const ACCEPTED: &[u8] = &[0x20, 2, 0, 0];

/// CONNACK: accepted, the session before is resumed.
pub(crate) const RESUMED: &[u8] = &[0x20, 2, 1, 0];

/// Both ends of a stream: the client holds a clone, the test plays the server.
#[derive(Clone, Debug, Default)]
pub(crate) struct Wire(Rc<RefCell<Ends>>);

#[derive(Debug, Default)]
struct Ends {
    to_client: VecDeque<u8>,
    written: Vec<Vec<u8>>,
    closed: bool,
    broken: bool,
    /// Most bytes that one read gives and one write takes; zero for all.
    piece: usize,
    /// The asynchronous face does nothing the first time that it is asked.
    hesitant: bool,
    hesitated: bool,
}

impl Wire {
    pub(crate) fn with(bytes: &[u8]) -> Self {
        let wire = Self::default();
        wire.send(bytes);
        wire
    }

    /// The server sends.
    pub(crate) fn send(&self, bytes: &[u8]) {
        self.0.borrow_mut().to_client.extend(bytes);
    }

    /// Takes what the client has written, one entry per call of `write`.
    pub(crate) fn take(&self) -> Vec<Vec<u8>> {
        core::mem::take(&mut self.0.borrow_mut().written)
    }

    pub(crate) fn close(&self) {
        self.0.borrow_mut().closed = true;
    }

    pub(crate) fn break_down(&self) {
        self.0.borrow_mut().broken = true;
    }

    pub(crate) fn hesitant(self) -> Self {
        self.0.borrow_mut().hesitant = true;
        self
    }

    pub(crate) fn in_pieces(self, piece: usize) -> Self {
        self.0.borrow_mut().piece = piece;
        self
    }
}

impl ErrorType for Wire {
    type Error = ErrorKind;
}

impl Read for Wire {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, ErrorKind> {
        assert!(!buffer.is_empty(), "a read of nothing would look like the end of the stream");
        let mut ends = self.0.borrow_mut();
        assert!(!ends.to_client.is_empty() || ends.closed, "read() would have blocked");
        let most = if ends.piece == 0 { usize::MAX } else { ends.piece };
        let count = buffer.len().min(ends.to_client.len()).min(most);
        for (to, from) in buffer.iter_mut().zip(ends.to_client.drain(..count)) {
            *to = from;
        }
        Ok(count)
    }
}

impl ReadReady for Wire {
    fn read_ready(&mut self) -> Result<bool, ErrorKind> {
        let ends = self.0.borrow();
        if ends.broken {
            Err(ErrorKind::ConnectionReset)
        } else {
            Ok(!ends.to_client.is_empty() || ends.closed)
        }
    }
}

impl Write for Wire {
    fn write(&mut self, bytes: &[u8]) -> Result<usize, ErrorKind> {
        let mut ends = self.0.borrow_mut();
        if ends.broken {
            return Err(ErrorKind::ConnectionReset);
        }
        let most = if ends.piece == 0 { usize::MAX } else { ends.piece };
        let count = bytes.len().min(most);
        ends.written.push(bytes[..count].to_vec());
        Ok(count)
    }

    fn flush(&mut self) -> Result<(), ErrorKind> {
        Ok(())
    }
}

#[cfg(feature = "async")]
mod asynch {
    use core::future::poll_fn;
    use core::task::Poll;

    use super::{ErrorKind, Read, ReadReady, Wire, Write};

    impl Wire {
        /// Lets a task wait once, before anything has happened.
        async fn hesitate(&self) {
            poll_fn(|context| {
                let mut ends = self.0.borrow_mut();
                ends.hesitated = ends.hesitant && !ends.hesitated;
                if ends.hesitated {
                    context.waker().wake_by_ref();
                    return Poll::Pending;
                }
                Poll::Ready(())
            })
            .await;
        }
    }

    impl embedded_io_async::Read for Wire {
        async fn read(&mut self, buffer: &mut [u8]) -> Result<usize, ErrorKind> {
            self.hesitate().await;
            poll_fn(|_| match ReadReady::read_ready(self) {
                Ok(true) => Poll::Ready(Read::read(self, buffer)),
                Ok(false) => Poll::Pending,
                Err(error) => Poll::Ready(Err(error)),
            })
            .await
        }
    }

    impl embedded_io_async::Write for Wire {
        async fn write(&mut self, bytes: &[u8]) -> Result<usize, ErrorKind> {
            self.hesitate().await;
            Write::write(self, bytes)
        }

        async fn flush(&mut self) -> Result<(), ErrorKind> {
            self.hesitate().await;
            Ok(())
        }
    }
}

/// Asserts that no virtual time has passed.
pub(crate) fn assert_no_wait(clock: &ManualClock) {
    assert_eq!(clock.now().as_millis(), 0, "something waited");
}
