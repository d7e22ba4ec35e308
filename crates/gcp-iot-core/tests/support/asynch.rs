//! Tasks in virtual time.

use core::future::{Future, poll_fn};
use core::pin::pin;
use core::task::{Context, Poll, Waker};

use embedded_io::{ErrorKind, ErrorType, Read as _, ReadReady as _, Write as _};
use monoclock::{AsyncClock, Instant, Millis};

use super::{Wire, World};

impl World {
    /// Runs a task to its end: whenever it cannot go on, time moves to what it waits for.
    pub(crate) fn run<F: Future>(&self, task: F) -> F::Output {
        let mut task = pin!(task);
        loop {
            if let Poll::Ready(output) = task.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
                return output;
            }
            assert!(self.clock.advance_to_awaited(), "the task waits for nothing");
        }
    }
}

impl AsyncClock for World {
    /// Ends when the cloud has something to do: nobody is woken by what it sends.
    fn wait_until(&self, until: Instant) -> impl Future<Output = ()> {
        let step = self.next_step(until) - self.now();
        let step = Millis(u32::try_from(step.as_micros().div_ceil(1000)).unwrap());
        self.clock.wait_until(monoclock::Clock::now(self) + step)
    }
}

/// A stream of a task.
#[derive(Debug)]
pub(crate) struct AsyncWire<'w>(pub(crate) Wire<'w>);

impl ErrorType for AsyncWire<'_> {
    type Error = ErrorKind;
}

impl embedded_io_async::Read for AsyncWire<'_> {
    async fn read(&mut self, buffer: &mut [u8]) -> Result<usize, ErrorKind> {
        poll_fn(|_| match self.0.read_ready() {
            Ok(true) => Poll::Ready(Ok(())),
            Ok(false) => Poll::Pending,
            Err(error) => Poll::Ready(Err(error)),
        })
        .await?;
        self.0.read(buffer)
    }
}

impl embedded_io_async::Write for AsyncWire<'_> {
    async fn write(&mut self, bytes: &[u8]) -> Result<usize, ErrorKind> {
        self.0.write(bytes)
    }

    async fn flush(&mut self) -> Result<(), ErrorKind> {
        self.0.flush()
    }
}
