//! A connection in the hands of a task.

use embedded_io_async::{ErrorType, Read, ReadReady, Write};

use super::hold::Hold;
use super::shared::Shared;
use crate::command::CloseSocket;
use crate::error::Error;

/// A TCP or TLS connection.
///
/// [`Read`] and [`Write`] work on buffers between the task and the runner. A read or write that is dropped has
/// taken or given nothing. What was written is sent in the background: [`Write::flush`] waits for it, and an
/// error shows at the next call. Dropping the socket sends what was written, and closes it.
#[derive(Debug)]
pub struct Socket<'r, const SOCKETS: usize = 1, const BUFFER: usize = 512> {
    pub(super) shared: &'r Shared<SOCKETS, BUFFER>,
    /// Which of the pipes it has.
    pub(super) place: usize,
}

impl<const SOCKETS: usize, const BUFFER: usize> Socket<'_, SOCKETS, BUFFER> {
    /// Sends what was written, closes the connection and frees the modem's socket.
    ///
    /// # Errors
    /// What was written could not be sent, or the modem does not answer.
    pub async fn close(mut self) -> Result<(), Error> {
        let sent = self.flush().await;
        let mut hold = Hold::take(self.shared).await?;
        let Some(number) = hold.with(|inner| {
            let socket = inner.pipe(self.place)?.socket.take()?;
            inner.device.sockets.live(socket.number, socket.generation)?;
            inner.device.sockets.free(socket.number);
            Some(socket.number)
        }) else {
            return sent;
        };
        match hold.execute(&CloseSocket(number)).await {
            // It was closed already, or went with a restart.
            Ok(()) | Err(Error::Refused { .. } | Error::Restarted) => sent,
            error => error,
        }
    }

    /// Tells whether the peer owes an answer; see [`crate::Socket::set_answer_awaited`].
    pub fn set_answer_awaited(&mut self, awaited: bool) {
        self.shared.with(|inner| {
            let (now, probe) = (inner.now, inner.device.probe);
            if let Some(entry) = inner.entry(self.place)
                && entry.answer_awaited != awaited
            {
                entry.answer_awaited = awaited;
                entry.schedule_probe(probe, now);
                inner.nudge();
            }
        });
    }
}

impl<const SOCKETS: usize, const BUFFER: usize> ErrorType for Socket<'_, SOCKETS, BUFFER> {
    type Error = Error;
}

impl<const SOCKETS: usize, const BUFFER: usize> ReadReady for Socket<'_, SOCKETS, BUFFER> {
    /// Tells whether a read would not wait. Sends nothing.
    fn read_ready(&mut self) -> Result<bool, Error> {
        Ok(self.shared.with(|inner| inner.pipe(self.place).is_none_or(|pipe| pipe.is_readable())))
    }
}

impl<const SOCKETS: usize, const BUFFER: usize> Read for Socket<'_, SOCKETS, BUFFER> {
    /// Reads what is there, waiting for the first byte; 0 when the peer has closed and all is read.
    async fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Error> {
        self.shared
            .wait_for(|inner| {
                let result = inner.pipe(self.place)?.read(buffer)?;
                // There may be room for more.
                inner.nudge();
                Some(result)
            })
            .await
    }
}

impl<const SOCKETS: usize, const BUFFER: usize> Write for Socket<'_, SOCKETS, BUFFER> {
    /// Takes as much as there is room for, waiting for room for the first byte.
    async fn write(&mut self, data: &[u8]) -> Result<usize, Error> {
        self.shared
            .wait_for(|inner| {
                let result = inner.pipe(self.place)?.write(data)?;
                inner.nudge();
                Some(result)
            })
            .await
    }

    /// Waits until the modem has taken all that was written.
    async fn flush(&mut self) -> Result<(), Error> {
        self.shared
            .wait_for(|inner| {
                let pipe = inner.pipe(self.place)?;
                match pipe.end {
                    Some(Err(error)) => Some(Err(error)),
                    _ => pipe.unsent.is_empty().then_some(Ok(())),
                }
            })
            .await
    }
}

impl<const SOCKETS: usize, const BUFFER: usize> Drop for Socket<'_, SOCKETS, BUFFER> {
    fn drop(&mut self) {
        self.shared.with(|inner| {
            if let Some(pipe) = inner.pipe(self.place) {
                if pipe.socket.is_some() {
                    pipe.released = true;
                } else {
                    pipe.free();
                }
            }
            inner.nudge();
        });
    }
}
