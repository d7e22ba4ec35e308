//! What the runner is to do: decided here, done there.

use monoclock::Instant;

use super::shared::{Inner, Source, Turn};
use crate::at::FinalResult;
use crate::engine::Outcome;
use crate::error::Error;
use crate::sockets::State;

/// What the runner does next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Duty {
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

impl<const SOCKETS: usize, const BUFFER: usize> Inner<SOCKETS, BUFFER> {
    /// Begins after an earlier runner, if there was one.
    pub(super) fn take_over(&mut self) {
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
    pub(super) fn lose_modem(&mut self) {
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
    pub(super) fn duty(&mut self, now: Instant, next: usize, handles_first: bool) -> Duty {
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
