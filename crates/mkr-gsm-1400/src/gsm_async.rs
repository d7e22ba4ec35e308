//! The modem's port for tasks (feature `async`).

use core::future::poll_fn;
use core::task::Poll;

use embedded_io::ReadReady;
use embedded_io_async::{Read, Write};

use crate::gsm::{self, GsmUart, TimedOut};
use crate::wakers;

impl Read for GsmUart {
    /// Waits for bytes; a read that is dropped has taken none.
    async fn read(&mut self, buffer: &mut [u8]) -> Result<usize, TimedOut> {
        if buffer.is_empty() {
            return Ok(0);
        }
        poll_fn(|context| {
            wakers::register(context.waker());
            match self.read_ready() {
                Ok(false) => Poll::Pending,
                ready => Poll::Ready(ready),
            }
        })
        .await?;
        Ok(self.take_into(buffer))
    }
}

impl Write for GsmUart {
    /// Sends one byte as soon as the modem takes it.
    async fn write(&mut self, buffer: &[u8]) -> Result<usize, TimedOut> {
        let Some(&byte) = buffer.first() else { return Ok(0) };
        poll_fn(|context| {
            wakers::register(context.waker());
            if gsm::can_send() { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
        self.put(byte);
        Ok(1)
    }

    async fn flush(&mut self) -> Result<(), TimedOut> {
        poll_fn(|context| {
            wakers::register(context.waker());
            if self.is_flushed() { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
        Ok(())
    }
}
