//! A small executor on virtual time: a task is polled only when it was woken.

use core::cell::{Cell, RefCell};
use core::future::poll_fn;
use core::pin::{Pin, pin};
use core::sync::atomic::{AtomicBool, Ordering};
use core::task::{Context, Poll, Waker};
use core::time::Duration;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;
use std::task::Wake;

use embedded_io_async::{ErrorType, Read, Write};
use monoclock::{AsyncClock, Clock, Instant, ManualClock, Millis};
use sara_u201::Wiring;
use sara_u201_sim::{AsyncSerial, SerialError, Simulation};

use super::{Bench, Wires};

/// Who waits for the line, and who for a time; one for each bench.
#[derive(Clone, Default)]
pub(crate) struct Waiting {
    line: Rc<RefCell<Vec<Waker>>>,
    times: Rc<RefCell<BTreeMap<(Duration, u64), Waker>>>,
    count: Rc<Cell<u64>>,
}

/// The model's serial port, which wakes its task when something has happened on the line.
pub(crate) struct LinePort {
    serial: AsyncSerial,
    waiting: Waiting,
}

impl ErrorType for LinePort {
    type Error = SerialError;
}

impl LinePort {
    async fn served<R>(waiting: &Waiting, future: impl Future<Output = R>) -> R {
        let mut future = pin!(future);
        poll_fn(|context| {
            let poll = future.as_mut().poll(context);
            if poll.is_pending() {
                waiting.line.borrow_mut().push(context.waker().clone());
            }
            poll
        })
        .await
    }
}

impl Read for LinePort {
    async fn read(&mut self, buffer: &mut [u8]) -> Result<usize, SerialError> {
        Self::served(&self.waiting, self.serial.read(buffer)).await
    }
}

impl Write for LinePort {
    async fn write(&mut self, bytes: &[u8]) -> Result<usize, SerialError> {
        Self::served(&self.waiting, self.serial.write(bytes)).await
    }

    async fn flush(&mut self) -> Result<(), SerialError> {
        Self::served(&self.waiting, self.serial.flush()).await
    }
}

impl Wiring<LinePort> for Wires {
    fn reset(&mut self, asserted: bool) -> bool {
        Wiring::<sara_u201_sim::Serial>::reset(self, asserted)
    }

    fn dtr(&mut self, asserted: bool) -> bool {
        Wiring::<sara_u201_sim::Serial>::dtr(self, asserted)
    }

    fn set_baud_rate(&mut self, serial: &mut LinePort, rate: u32) -> bool {
        serial.serial.settings().set_baud_rate(rate);
        true
    }
}

/// The shared clock, which wakes its task when the time has come.
#[derive(Clone)]
pub(crate) struct TaskClock {
    clock: Rc<ManualClock>,
    waiting: Waiting,
}

impl Clock for TaskClock {
    fn now(&self) -> Instant {
        self.clock.now()
    }
}

impl AsyncClock for TaskClock {
    async fn wait_until(&self, until: Instant) {
        let number = self.waiting.count.replace(self.waiting.count.get() + 1);
        let until = self.clock.time_of(until);
        let alarm = Alarm { times: &self.waiting.times, key: (until, number) };
        poll_fn(|context| {
            if self.clock.elapsed() >= until {
                return Poll::Ready(());
            }
            alarm.times.borrow_mut().insert(alarm.key, context.waker().clone());
            Poll::Pending
        })
        .await;
    }
}

impl TaskClock {
    /// Lets a future run for so long and drops it; tells what came of it.
    pub(crate) async fn within<R>(&self, time: Millis, future: impl Future<Output = R>) -> Option<R> {
        let (mut future, mut timer) = (pin!(future), pin!(self.wait_until(self.now() + time)));
        poll_fn(|context| match future.as_mut().poll(context) {
            Poll::Ready(result) => Poll::Ready(Some(result)),
            Poll::Pending => timer.as_mut().poll(context).map(|()| None),
        })
        .await
    }

    pub(crate) async fn pause(&self, span: Millis) {
        self.wait_until(self.now() + span).await;
    }
}

struct Alarm<'w> {
    times: &'w RefCell<BTreeMap<(Duration, u64), Waker>>,
    key: (Duration, u64),
}

impl Drop for Alarm<'_> {
    fn drop(&mut self) {
        self.times.borrow_mut().remove(&self.key);
    }
}

impl Bench {
    /// The serial port for asynchronous code.
    pub(crate) fn port(&self) -> LinePort {
        LinePort { serial: self.simulation.async_serial(), waiting: self.waiting.clone() }
    }

    pub(crate) fn task_clock(&self) -> TaskClock {
        TaskClock { clock: self.clock.clone(), waiting: self.waiting.clone() }
    }

    pub(crate) fn wires(&self) -> Wires {
        Wires::new(&self.simulation)
    }
}

#[derive(Default)]
struct Flag(AtomicBool);

impl Wake for Flag {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

struct Task<'t> {
    future: Pin<Box<dyn Future<Output = ()> + 't>>,
    woken: Arc<Flag>,
    background: bool,
}

/// The tasks of one test.
pub(crate) struct Tasks<'t> {
    simulation: Simulation,
    clock: Rc<ManualClock>,
    waiting: Waiting,
    tasks: Vec<Task<'t>>,
}

impl<'t> Tasks<'t> {
    pub(crate) fn new(bench: &Bench) -> Self {
        Self {
            simulation: bench.simulation.clone(),
            clock: bench.clock.clone(),
            waiting: bench.waiting.clone(),
            tasks: Vec::new(),
        }
    }

    /// Adds a task that [`Tasks::run`] sees to its end.
    pub(crate) fn spawn(&mut self, future: impl Future<Output = ()> + 't) {
        self.add(future, false);
    }

    /// Adds a task that goes on for ever.
    pub(crate) fn spawn_background(&mut self, future: impl Future<Output = ()> + 't) {
        self.add(future, true);
    }

    fn add(&mut self, future: impl Future<Output = ()> + 't, background: bool) {
        let woken = Arc::new(Flag(AtomicBool::new(true)));
        self.tasks.push(Task { future: Box::pin(future), woken, background });
    }

    /// Runs until all tasks but those in the background have ended.
    pub(crate) fn run(&mut self) {
        assert!(self.run_for(Duration::from_secs(3600)), "an hour and not done: a task sleeps for ever");
    }

    /// Runs for so long, at most until all tasks but those in the background have ended; tells whether they have.
    pub(crate) fn run_for(&mut self, time: Duration) -> bool {
        let limit = self.clock.elapsed() + time;
        loop {
            self.simulation.catch_up();
            self.poll_woken();
            if self.tasks.iter().all(|task| task.background) {
                return true;
            }
            let now = self.clock.elapsed();
            if now >= limit {
                return false;
            }
            let alarm = self.waiting.times.borrow().keys().next().map(|(at, _)| *at);
            let next = [self.simulation.next_event(), alarm].into_iter().flatten().min();
            self.clock.advance_to(next.unwrap_or(limit).clamp(now, limit));
            let now = self.clock.elapsed();
            self.waiting.line.borrow_mut().drain(..).for_each(Waker::wake);
            self.waiting.times.borrow().range(..=(now, u64::MAX)).for_each(|(_, waker)| waker.wake_by_ref());
        }
    }

    fn poll_woken(&mut self) {
        for _ in 0..10_000 {
            let mut polled = false;
            self.tasks.retain_mut(|task| {
                if !task.woken.0.swap(false, Ordering::Relaxed) {
                    return true;
                }
                polled = true;
                let waker = Waker::from(task.woken.clone());
                task.future.as_mut().poll(&mut Context::from_waker(&waker)).is_pending()
            });
            if !polled {
                return;
            }
        }
        panic!("tasks wake each other without end");
    }
}
