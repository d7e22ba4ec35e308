//! The runner: it alone reads and writes the serial port.

use core::convert::Infallible;
use core::future::poll_fn;
use core::pin::pin;
use core::task::Poll;

use embedded_io_async::{Error as _, Read, Write};
use monoclock::{AsyncClock, Instant, Millis};

use super::shared::{Inner, Shared, Source, Turn};
use crate::at::FinalResult;
use crate::bringup::Step;
use crate::command::{Attention, CloseSocket, Command, ProbeErrorNumbers};
use crate::config::Config;
use crate::engine::{Outcome, Payload};
use crate::error::Error;
use crate::lifecycle::PowerSaving;
use crate::power::Wiring;
use crate::sockets::State;

/// Bytes that are moved at a time.
const CHUNK: usize = 64;
/// Questions to a modem whose answers got out of step, before it is given up.
const RESYNC_TRIES: u8 = 5;
/// Silence after which nothing late is expected any more.
const QUIET: Millis = Millis(300);
/// Longest wait for that silence.
const QUIET_LIMIT: Millis = Millis(1200);
/// Time for the modem to wake up (at least 20 ms).
const WAKE: Millis = Millis(21);
/// Longest time that the serial port may refuse to take a byte.
const SEND: Millis = Millis::from_secs(10);

/// Owns serial port, pins and clock, and serves the handles: the future of [`Runner::run`] must be polled for
/// as long as the modem is in use, in a task of its own.
#[derive(Debug)]
pub struct Runner<'r, S, P, C, const SOCKETS: usize, const BUFFER: usize> {
    pub(super) serial: S,
    pub(super) wiring: P,
    pub(super) clock: C,
    pub(super) shared: &'r Shared<SOCKETS, BUFFER>,
    /// The pipe that is served next, for the others have been.
    pub(super) next: usize,
    /// The handles come before the pipes, which had a turn.
    pub(super) handles_first: bool,
}

/// What the runner does next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Duty {
    /// Serve the line for a handle's command.
    Drive,
    BringUp,
    Resync,
    /// Close a socket that its task has left.
    Close(u8),
    /// Let a handle have the engine.
    Offer,
    /// Send what a pipe holds.
    Send(usize),
    /// Fetch what waits for a pipe.
    Fetch(usize),
    /// Wait, at most until then.
    Idle(Option<Instant>),
}

impl<S, P, C, const SOCKETS: usize, const BUFFER: usize> Runner<'_, S, P, C, SOCKETS, BUFFER>
where
    S: Read + Write,
    P: Wiring<S>,
    C: AsyncClock,
{
    /// Serves the modem for ever.
    ///
    /// The future may be dropped and `run` called again: a command that was running is seen to its end, and
    /// only a socket whose data was under way is given up.
    ///
    /// # Errors
    /// [`Error::Serial`] when the serial port fails. The handles wait until `run` is called again.
    pub async fn run(&mut self, config: &Config<'_>) -> Result<Infallible, Error> {
        self.shared.with(Inner::take_over);
        loop {
            let now = self.clock.now();
            let duty = self.shared.with(|inner| inner.duty(now, self.next, self.handles_first));
            if !matches!(duty, Duty::Drive | Duty::BringUp | Duty::Idle(_)) {
                self.wake_modem().await?;
            }
            match duty {
                Duty::Drive => drop(self.turn(None).await?),
                Duty::BringUp => self.bring_up(config).await?,
                Duty::Resync => self.resync().await?,
                // The modem may have closed it long since.
                Duty::Close(number) => {
                    self.shared.with(|inner| inner.device.sockets.free(number));
                    self.run_command(&CloseSocket(number), Payload::None).await?;
                }
                Duty::Offer => {
                    self.handles_first = false;
                    self.shared.with(|inner| {
                        inner.turn = Turn::Offered;
                        inner.handles.wake();
                    });
                }
                Duty::Send(place) => {
                    let sent = self.send(place).await;
                    self.conclude(place, sent)?;
                }
                Duty::Fetch(place) => {
                    let fetched = self.fetch(place).await;
                    self.conclude(place, fetched)?;
                }
                Duty::Idle(until) => {
                    self.let_sleep();
                    self.turn(until).await?;
                }
            }
        }
    }

    /// Gives a pipe up whose transfer went wrong, and lets others have their turn.
    fn conclude(&mut self, place: usize, result: Result<(), Error>) -> Result<(), Error> {
        self.next = (place + 1) % SOCKETS.max(1);
        self.handles_first = true;
        match result {
            Err(Error::Serial(_)) => result,
            Err(error) => {
                self.shared.with(|inner| inner.break_off(place, error));
                Ok(())
            }
            Ok(()) => Ok(()),
        }
    }

    /// Brings the modem up, or tells those who wait for it why not.
    async fn bring_up(&mut self, config: &Config<'_>) -> Result<(), Error> {
        self.wiring.dtr(true);
        self.shared.with(|inner| inner.awake = true);
        loop {
            let now = self.clock.now();
            let step = self.shared.with(|inner| {
                inner.device.probe = config.probe;
                inner.device.data_mode = config.data_mode;
                let step = inner.bringup.step(&mut inner.device, config, now);
                match step {
                    Ok(Step::Ready) => inner.start.wanted = false,
                    Ok(_) => return step,
                    Err(error) => inner.start.fail(error),
                }
                inner.handles.wake();
                step
            });
            match step {
                Ok(Step::Exchange) => drop(self.turn(None).await?),
                Ok(Step::Wait(until)) => drop(self.turn(Some(until)).await?),
                Ok(Step::Reset(asserted)) => {
                    if !self.wiring.reset(asserted) {
                        self.shared.with(|inner| inner.bringup.set_no_reset());
                    }
                }
                Ok(Step::Baud(rate)) => {
                    if !self.wiring.set_baud_rate(&mut self.serial, rate) {
                        self.shared.with(|inner| inner.bringup.set_rate_fixed());
                    }
                }
                Ok(Step::Ready) | Err(_) => return Ok(()),
            }
        }
    }

    /// Asks until the answer is surely that of the question, then lets late ones pass.
    async fn resync(&mut self) -> Result<(), Error> {
        let probe = ProbeErrorNumbers;
        for _ in 0..RESYNC_TRIES {
            if self.run_command(&probe, Payload::None).await? != Outcome::Final(FinalResult::Ok) {
                continue;
            }
            self.shared.with(|inner| {
                if probe.decode(inner.device.engine.answer()) == Some(0) {
                    inner.device.handle_restart();
                }
            });
            let limit = self.clock.now() + QUIET_LIMIT;
            let mut quiet_at = self.clock.now() + QUIET;
            while !self.clock.now().has_reached(quiet_at) {
                if self.turn(Some(quiet_at)).await? {
                    quiet_at = (self.clock.now() + QUIET).earlier(limit);
                }
            }
            self.shared.with(|inner| inner.device.engine.set_fresh());
            return Ok(());
        }
        self.shared.with(Inner::lose_modem);
        Ok(())
    }

    /// Wakes a modem that saves power.
    async fn wake_modem(&mut self) -> Result<(), Error> {
        let (awake, saving) =
            self.shared.with(|inner| (core::mem::replace(&mut inner.awake, true), inner.saving));
        match saving {
            _ if awake => {}
            PowerSaving::Off => {}
            PowerSaving::Dtr => {
                self.wiring.dtr(true);
                let awake = self.clock.now() + WAKE;
                while !self.clock.now().has_reached(awake) {
                    self.turn(Some(awake)).await?;
                }
            }
            PowerSaving::Idle => {
                // The first is lost if the modem sleeps, and wakes it.
                for _ in 0..2 {
                    if self.run_command(&Attention, Payload::None).await? == Outcome::Final(FinalResult::Ok) {
                        break;
                    }
                }
                self.shared.with(|inner| inner.device.engine.set_fresh());
            }
        }
        Ok(())
    }

    fn let_sleep(&mut self) {
        let asleep =
            self.shared.with(|inner| core::mem::take(&mut inner.awake) && inner.saving == PowerSaving::Dtr);
        if asleep {
            self.wiring.dtr(false);
        }
    }

    /// Runs a command and reads its answer.
    pub(super) async fn execute<X: Command>(
        &mut self,
        command: &X,
        payload: Payload,
    ) -> Result<X::Response, Error> {
        let outcome = self.run_command(command, payload).await?;
        self.shared.with(|inner| inner.answer(command, outcome))
    }

    /// Runs a command to its end, whatever that is.
    async fn run_command<X: Command>(&mut self, command: &X, payload: Payload) -> Result<Outcome, Error> {
        let now = self.clock.now();
        let started = self.shared.with(|inner| inner.device.engine.start(command, payload, now));
        if started.is_err() {
            // No command of the runner's own is too long; a busy engine would be a fault of this file.
            return Ok(Outcome::TimedOut { owes_data: false });
        }
        loop {
            self.turn(None).await?;
            if let Some(outcome) = self.shared.with(|inner| inner.device.engine.finish()) {
                return Ok(outcome);
            }
        }
    }

    /// Sends what is to be sent; else waits for bytes, for the time, or for a handle. Tells whether bytes came.
    async fn turn(&mut self, until: Option<Instant>) -> Result<bool, Error> {
        let Self { serial, clock, shared, .. } = self;
        let mut chunk = [0; CHUNK];
        let now = clock.now();
        let count = shared.with(|inner| inner.transmit(now, &mut chunk));
        if let Some(bytes) = chunk.get(..count).filter(|bytes| !bytes.is_empty()) {
            let mut write = pin!(serial.write(bytes));
            let mut timer = pin!(wait(clock, now + SEND));
            let sent = poll_fn(|context| match write.as_mut().poll(context) {
                Poll::Ready(sent) => Poll::Ready(Some(sent)),
                Poll::Pending => timer.as_mut().poll(context).map(|()| None),
            });
            let sent = sent.await;
            let now = clock.now();
            match sent {
                Some(Ok(sent)) => shared.with(|inner| inner.device.engine.transmitted(sent, now)),
                Some(Err(error)) => return Err(Error::Serial(error.kind())),
                None => shared.with(|inner| inner.handle_timeout(now)),
            }
            return Ok(false);
        }
        let until = match (until, shared.with(|inner| inner.device.engine.poll_timeout())) {
            (Some(one), Some(other)) => Some(one.earlier(other)),
            (one, other) => one.or(other),
        };
        let heard = {
            let mut read = pin!(serial.read(&mut chunk));
            let mut timer = pin!(wait(clock, until.unwrap_or(now)));
            let heard = poll_fn(|context| {
                if let Poll::Ready(read) = read.as_mut().poll(context) {
                    return Poll::Ready(Some(read));
                }
                if shared.with(|inner| inner.take_nudge(context.waker())) {
                    return Poll::Ready(None);
                }
                match until {
                    Some(_) => timer.as_mut().poll(context).map(|()| None),
                    None => Poll::Pending,
                }
            });
            heard.await
        };
        let now = clock.now();
        match heard {
            Some(Ok(count)) => shared.with(|inner| {
                inner.receive(chunk.get(..count).unwrap_or_default(), now);
                inner.handle_timeout(now);
                Ok(true)
            }),
            Some(Err(error)) => Err(Error::Serial(error.kind())),
            None => {
                shared.with(|inner| inner.handle_timeout(now));
                Ok(false)
            }
        }
    }
}

/// Waits until then, and not less.
async fn wait(clock: &impl AsyncClock, until: Instant) {
    while !clock.now().has_reached(until) {
        clock.wait_until(until).await;
    }
}

impl<const SOCKETS: usize, const BUFFER: usize> Inner<SOCKETS, BUFFER> {
    /// Begins after an earlier runner, if there was one.
    fn take_over(&mut self) {
        if self.turn == Turn::Runner && self.device.engine.is_busy() {
            self.turn = Turn::Orphaned;
        }
        if let Source::Pipe { place, .. } = core::mem::replace(&mut self.source, Source::Stage) {
            self.break_off(place, Error::Closed);
        }
        if let Some(fill) = self.fill.take() {
            self.break_off(fill.place, Error::Closed);
        }
    }

    /// The modem does not answer.
    fn lose_modem(&mut self) {
        self.bringup.lose_modem();
        self.device.sockets.kill_all(true);
        for pipe in self.pipes.iter_mut().filter(|pipe| pipe.socket.is_some()) {
            pipe.fail(Error::ModemLost);
        }
        self.resync.fail(Error::ModemLost);
        self.handles.wake();
    }

    /// Gives a pipe up whose stream is not whole any more.
    pub(super) fn break_off(&mut self, place: usize, error: Error) {
        let Some(pipe) = self.pipes.get_mut(place) else { return };
        pipe.prove(false);
        pipe.fail(error);
        if let Some(socket) = pipe.socket {
            self.device.sockets.abandon(socket.number, socket.generation);
        }
        self.handles.wake();
    }

    /// Ends the command of a handle that is gone.
    fn adopt(&mut self) {
        self.turn = Turn::Runner;
        if self.device.engine.name() != "+USOCR=" {
            return;
        }
        let created = self.device.engine.finish() == Some(Outcome::Final(FinalResult::Ok));
        if created && let Some(number) = self.device.engine.answer().number() {
            // Nobody knows of this socket.
            if let Some(generation) = self.device.sockets.open(number) {
                self.device.sockets.abandon(number, generation);
            }
        }
    }

    /// What is to be done now; `next` is the pipe whose turn it is.
    fn duty(&mut self, now: Instant, next: usize, handles_first: bool) -> Duty {
        self.now = now;
        let busy = self.device.engine.is_busy();
        match self.turn {
            Turn::Held => return Duty::Drive,
            Turn::Offered if self.claims > 0 => return Duty::Drive,
            Turn::Orphaned if busy => return Duty::Drive,
            Turn::Orphaned => self.adopt(),
            Turn::Runner | Turn::Offered => self.turn = Turn::Runner,
        }
        self.review_pipes();
        if self.start.wanted {
            return Duty::BringUp;
        }
        let open = self.pipes.iter().any(|pipe| pipe.socket.is_some() && pipe.end.is_none());
        if self.device.restarted {
            return if self.claims > 0 { Duty::Offer } else { Duty::Idle(None) };
        }
        if self.device.engine.is_stale() && (self.claims > 0 || open) {
            return Duty::Resync;
        }
        if self.device.engine.is_stale() {
            return Duty::Idle(None);
        }
        if let Some(number) = self.device.sockets.abandoned() {
            return Duty::Close(number);
        }
        if self.claims > 0 && handles_first {
            return Duty::Offer;
        }
        let places = (0..SOCKETS).map(|place| (next + place) % SOCKETS);
        let duty = places.filter_map(|place| self.pipe_duty(place, now)).next();
        match duty {
            Some(duty) => duty,
            None if self.claims > 0 => Duty::Offer,
            None => Duty::Idle(self.wake_at()),
        }
    }

    fn pipe_duty(&mut self, place: usize, now: Instant) -> Option<Duty> {
        let pipe = self.pipes.get(place)?;
        let socket = pipe.socket.filter(|_| pipe.end.is_none())?;
        if pipe.to_send(now) > 0 {
            return Some(Duty::Send(place));
        }
        let entry = self.device.sockets.live(socket.number, socket.generation)?;
        let worth = entry.pending > 0 || entry.state == State::Closing || entry.probe_due(now);
        (worth && pipe.room() > 0).then_some(Duty::Fetch(place))
    }

    /// When a pipe has something to do though nothing is received.
    fn wake_at(&mut self) -> Option<Instant> {
        let Self { device, pipes, .. } = self;
        let times = pipes.iter().filter(|pipe| pipe.end.is_none()).flat_map(|pipe| {
            let socket = pipe.socket.filter(|_| pipe.room() > 0);
            let entry = socket.and_then(|socket| device.sockets.live(socket.number, socket.generation));
            [pipe.retry_at().filter(|_| !pipe.unsent.is_empty()), entry.and_then(|entry| entry.probe_at())]
        });
        times.flatten().reduce(Instant::earlier)
    }
}
