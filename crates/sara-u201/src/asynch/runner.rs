//! The runner: it alone reads and writes the serial port.

use core::convert::Infallible;
use core::future::poll_fn;
use core::pin::pin;
use core::task::Poll;

use embedded_io_async::{Error as _, Read, Write};
use monoclock::{AsyncClock, Instant, Millis};

use super::duty::Duty;
use super::shared::{Inner, Shared, Turn};
use crate::at::FinalResult;
use crate::bringup::Step;
use crate::command::{Attention, CloseSocket, Command, ProbeErrorNumbers};
use crate::config::Config;
use crate::engine::{Outcome, Payload};
use crate::error::Error;
use crate::lifecycle::PowerSaving;
use crate::power::Wiring;
use crate::settle::{QUIET, QUIET_LIMIT, RESYNC_TRIES, WAKE};

/// Bytes that are moved at a time.
const CHUNK: usize = 64;
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
