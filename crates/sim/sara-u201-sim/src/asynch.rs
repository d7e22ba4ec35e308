//! The handles for asynchronous code, and an executor on virtual time.

use core::cell::Cell;
use core::future::poll_fn;
use core::pin::pin;
use core::sync::atomic::{AtomicBool, Ordering};
use core::task::{Context, Poll, Waker};
use core::time::Duration;
use std::rc::Rc;
use std::sync::Arc;
use std::task::Wake;

use embedded_hal_async::delay::DelayNs;
use embedded_io::{ErrorType, Read as _, ReadReady as _, Write as _, WriteReady as _};
use embedded_io_async::{Read, Write};
use monoclock::{AsyncClock, Instant};

use crate::clock::SimClock;
use crate::serial::{Serial, SerialError};
use crate::simulation::Simulation;

/// What the tasks of one simulation are waiting for.
#[derive(Clone, Debug, Default)]
pub(crate) struct Alarm(Rc<Cell<Option<Duration>>>);

impl Alarm {
    /// Asks the executor to look again at `at`.
    fn set(&self, at: Duration) {
        self.0.set(Some(self.0.get().map_or(at, |other| other.min(at))));
    }
}

/// The host's UART for asynchronous code.
///
/// It is driven by [`Simulation::block_on`], which moves the clock whenever nothing can go on.
#[derive(Clone, Debug)]
pub struct AsyncSerial {
    serial: Serial,
}

impl AsyncSerial {
    pub(crate) fn new(simulation: Simulation) -> Self {
        Self { serial: simulation.serial() }
    }

    /// The blocking handle of the same line, for its settings.
    pub const fn settings(&mut self) -> &mut Serial {
        &mut self.serial
    }
}

impl ErrorType for AsyncSerial {
    type Error = SerialError;
}

impl Read for AsyncSerial {
    async fn read(&mut self, buffer: &mut [u8]) -> Result<usize, SerialError> {
        poll_fn(|_| match self.serial.read_ready() {
            Ok(false) if !buffer.is_empty() => Poll::Pending,
            Ok(_) => Poll::Ready(self.serial.read(buffer)),
            Err(error) => Poll::Ready(Err(error)),
        })
        .await
    }
}

impl Write for AsyncSerial {
    async fn write(&mut self, bytes: &[u8]) -> Result<usize, SerialError> {
        poll_fn(|_| match self.serial.write_ready() {
            Ok(false) if !bytes.is_empty() => Poll::Pending,
            Ok(_) => Poll::Ready(self.serial.write(bytes)),
            Err(error) => Poll::Ready(Err(error)),
        })
        .await
    }

    async fn flush(&mut self) -> Result<(), SerialError> {
        poll_fn(|_| if self.serial.unsent() == 0 { Poll::Ready(Ok(())) } else { Poll::Pending }).await
    }
}

/// An asynchronous delay on the shared clock.
#[derive(Clone, Debug)]
pub struct AsyncDelay {
    simulation: Simulation,
}

impl AsyncDelay {
    pub(crate) const fn new(simulation: Simulation) -> Self {
        Self { simulation }
    }
}

impl DelayNs for AsyncDelay {
    async fn delay_ns(&mut self, ns: u32) {
        let until = self.simulation.shared_clock().elapsed() + Duration::from_nanos(u64::from(ns));
        poll_fn(|_| {
            if self.simulation.shared_clock().elapsed() >= until {
                return Poll::Ready(());
            }
            self.simulation.alarm().set(until);
            Poll::Pending
        })
        .await;
    }
}

impl AsyncClock for SimClock {
    async fn wait_until(&self, until: Instant) {
        let simulation = self.simulation();
        let until = simulation.shared_clock().time_of(until);
        poll_fn(|_| {
            if simulation.shared_clock().elapsed() >= until {
                return Poll::Ready(());
            }
            simulation.alarm().set(until);
            Poll::Pending
        })
        .await;
    }
}

/// Remembers that the future was woken.
#[derive(Debug, Default)]
struct Woken(AtomicBool);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

impl Simulation {
    /// Runs a future to its end: whenever it cannot go on, the clock moves to the next event of the
    /// model, of an [`AsyncDelay`] or of a [`SimClock`], and the future is asked again.
    ///
    /// ```
    /// use std::rc::Rc;
    ///
    /// use embedded_io_async::{Read, Write};
    /// use monoclock::ManualClock;
    /// use sara_u201_sim::{MemoryNetwork, PowerAtStart, Profile, Simulation};
    ///
    /// let profile = Profile { power_at_start: PowerAtStart::On, ..Profile::default() };
    /// let simulation = Simulation::new(profile, MemoryNetwork::new(0), Rc::new(ManualClock::new()));
    /// let mut serial = simulation.async_serial();
    /// let answer = simulation.block_on(async {
    ///     serial.write_all(b"AT\r").await?;
    ///     let mut answer = [0; 9];
    ///     serial.read_exact(&mut answer).await.map(|()| answer)
    /// });
    /// assert_eq!(answer.expect("an answer").as_slice(), b"AT\r\r\nOK\r\n");
    /// ```
    ///
    /// # Panics
    /// When the future waits for something that can never happen.
    pub fn block_on<F: Future>(&self, future: F) -> F::Output {
        let mut future = pin!(future);
        let woken = Arc::new(Woken::default());
        let waker = Waker::from(woken.clone());
        let mut context = Context::from_waker(&waker);
        loop {
            self.catch_up();
            self.alarm().0.set(None);
            if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
                return output;
            }
            if woken.0.swap(false, Ordering::Relaxed) {
                // One part of the future has given another something to do.
                continue;
            }
            let now = self.shared_clock().elapsed();
            let next = [self.next_event(), self.alarm().0.get()].into_iter().flatten().min();
            match next {
                Some(at) => self.shared_clock().advance_to(at.max(now)),
                None => panic!("the future waits for something that never happens"),
            }
        }
    }
}
