//! What the runner and the handles have in common.

use core::cell::RefCell;
use core::future::poll_fn;
use core::task::{Poll, Waker};

use heapless::Vec;
use monoclock::Instant;

use super::pipe::{Fill, Filling, Pipe};
use super::waiters::Waiters;
use crate::bringup::Bringup;
use crate::command::Command;
use crate::device::{Device, Discard};
use crate::engine::Outcome;
use crate::error::Error;
use crate::fault::{Fault, expect};
use crate::lifecycle::PowerSaving;
use crate::sockets::State;

/// Room for the piece of a handle's data that the runner sends next.
pub(super) const STAGE: usize = 64;

/// Who may use the engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Turn {
    /// The runner.
    Runner,
    /// Whichever handle comes first.
    Offered,
    /// One handle.
    Held,
    /// The runner, once the command of a handle that is gone has ended.
    Orphaned,
}

/// An attempt that several tasks wait for: how often it failed, and how it did last.
#[derive(Debug, Default)]
pub(super) struct Attempt {
    pub(super) wanted: bool,
    pub(super) failures: u32,
    error: Option<Error>,
}

impl Attempt {
    pub(super) fn fail(&mut self, error: Error) {
        self.wanted = false;
        self.failures = self.failures.wrapping_add(1);
        self.error = Some(error);
    }

    /// The error, if there was one since `seen` failures.
    pub(super) fn failed_since(&self, seen: u32) -> Option<Error> {
        self.error.filter(|_| self.failures != seen)
    }
}

/// Whose data goes with the command that runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Source {
    /// None, or a handle's, by way of the stage.
    Stage,
    /// The first so many unsent bytes of a pipe.
    Pipe { place: usize, length: usize },
}

/// The state behind the [`RefCell`]: borrowed for a moment, never while somebody waits.
#[derive(Debug)]
pub(super) struct Inner<const SOCKETS: usize, const BUFFER: usize> {
    pub(super) device: Device,
    pub(super) bringup: Bringup,
    /// The time when the runner last looked.
    pub(super) now: Instant,
    pub(super) turn: Turn,
    /// Handles that wait for their turn.
    pub(super) claims: u32,
    pub(super) start: Attempt,
    pub(super) resync: Attempt,
    pub(super) saving: PowerSaving,
    /// A modem that saves power has been woken.
    pub(super) awake: bool,
    pub(super) pipes: [Pipe<BUFFER>; SOCKETS],
    pub(super) source: Source,
    pub(super) fill: Option<Fill>,
    /// A piece of a handle's data, and where it begins.
    pub(super) stage: (usize, Vec<u8, STAGE>),
    pub(super) handles: Waiters,
    runner: Option<Waker>,
    nudged: bool,
}

impl<const SOCKETS: usize, const BUFFER: usize> Inner<SOCKETS, BUFFER> {
    fn new() -> Self {
        Self {
            device: Device::new(),
            bringup: Bringup::new(),
            now: Instant::from_millis(0),
            turn: Turn::Runner,
            claims: 0,
            start: Attempt::default(),
            resync: Attempt::default(),
            saving: PowerSaving::Off,
            awake: false,
            pipes: [const { Pipe::new() }; SOCKETS],
            source: Source::Stage,
            fill: None,
            stage: (0, Vec::new()),
            handles: Waiters::new(),
            runner: None,
            nudged: false,
        }
    }

    /// Gives the runner something to do.
    pub(super) fn nudge(&mut self) {
        self.nudged = true;
        if let Some(runner) = self.runner.take() {
            runner.wake();
        }
    }

    /// Whether the runner was nudged since it last asked; if not, `waker` is woken when it is.
    pub(super) fn take_nudge(&mut self, waker: &Waker) -> bool {
        if !self.nudged {
            self.runner = Some(waker.clone());
        }
        core::mem::take(&mut self.nudged)
    }

    /// Whether the modem is up.
    pub(super) fn is_ready(&self) -> bool {
        self.bringup.is_ready(&self.device)
    }

    pub(super) fn pipe(&mut self, place: usize) -> Option<&mut Pipe<BUFFER>> {
        self.pipes.get_mut(place)
    }

    /// Takes received bytes, and wakes the handles if it may concern one.
    pub(super) fn receive(&mut self, bytes: &[u8], now: Instant) {
        self.now = now;
        match &mut self.fill {
            Some(fill) => match self.pipes.get_mut(fill.place) {
                Some(pipe) => self.device.handle_input(bytes, now, &mut Filling { fill, pipe }),
                None => self.device.handle_input(bytes, now, &mut Discard),
            },
            None => self.device.handle_input(bytes, now, &mut Discard),
        }
        // All that concerns a handle ends with a line.
        if bytes.contains(&b'\n') {
            self.handles.wake();
        }
    }

    /// What a command's outcome means.
    pub(super) fn answer<X: Command>(&self, command: &X, outcome: Outcome) -> Result<X::Response, Error> {
        let answer =
            expect(outcome).and_then(|()| command.decode(self.device.engine.answer()).ok_or(Fault::Garbled));
        answer.map_err(|fault| fault.named(self.device.engine.name()))
    }

    /// Lets the time pass.
    pub(super) fn handle_timeout(&mut self, now: Instant) {
        self.now = now;
        let busy = self.device.engine.is_busy();
        self.device.engine.handle_timeout(now);
        if busy && !self.device.engine.is_busy() {
            self.handles.wake();
        }
    }

    /// Copies what is to be sent now into `chunk`, and tells how much that is.
    pub(super) fn transmit(&mut self, now: Instant, chunk: &mut [u8]) -> usize {
        self.now = now;
        let Self { device, pipes, source, stage, turn, .. } = self;
        let data = match *source {
            Source::Pipe { place, length } => {
                pipes.get(place).and_then(|pipe| pipe.unsent.get(..length)).unwrap_or_default()
            }
            Source::Stage => &[],
        };
        let count = copy(device.engine.poll_transmit(data, now), chunk);
        let Some(due) = device.engine.due_data().filter(|_| count == 0) else { return count };
        let (begin, piece) = &*stage;
        let mut bytes =
            due.start.checked_sub(*begin).and_then(|place| piece.get(place..)).unwrap_or_default();
        if bytes.is_empty() && *turn == Turn::Held {
            self.handles.wake();
        } else if bytes.is_empty() {
            // Whoever had the data is gone, and the modem waits for all of it.
            bytes = &PADDING;
        }
        copy(bytes.get(..due.len()).unwrap_or(bytes), chunk)
    }

    /// Looks what has become of the sockets behind the pipes.
    pub(super) fn review_pipes(&mut self) {
        let mut changed = false;
        for pipe in &mut self.pipes {
            let Some(socket) = pipe.socket else { continue };
            let end =
                match self.device.sockets.live(socket.number, socket.generation).map(|entry| entry.state) {
                    Some(State::Ended) => Ok(()),
                    Some(_) => Err(None),
                    None if self.device.restarted => Err(Some(Error::Restarted)),
                    None => Err(Some(Error::Closed)),
                };
            match end {
                _ if pipe.end.is_some() => {}
                Ok(()) => {
                    pipe.end = Some(Ok(()));
                    changed = true;
                }
                Err(Some(error)) => {
                    pipe.fail(error);
                    changed = true;
                }
                Err(None) => {}
            }
            if pipe.released && (pipe.end.is_some() || pipe.unsent.is_empty()) {
                self.device.sockets.abandon(socket.number, socket.generation);
                pipe.free();
                changed = true;
            }
        }
        if changed {
            self.handles.wake();
        }
    }
}

/// Copies what there is room for.
fn copy(bytes: &[u8], room: &mut [u8]) -> usize {
    for (place, byte) in room.iter_mut().zip(bytes) {
        *place = *byte;
    }
    bytes.len().min(room.len())
}

/// Sent in place of data that nobody has any more.
static PADDING: [u8; STAGE] = [0; STAGE];

/// What the [`super::Runner`] and the handles of one modem share: room for the bytes of `SOCKETS` sockets,
/// `BUFFER` each way.
///
/// It belongs to one executor on one thread: it is neither locked nor `Sync`. Nobody holds on to it across an
/// `await`.
#[derive(Debug)]
pub struct Shared<const SOCKETS: usize = 1, const BUFFER: usize = 512> {
    inner: RefCell<Inner<SOCKETS, BUFFER>>,
}

impl<const SOCKETS: usize, const BUFFER: usize> Default for Shared<SOCKETS, BUFFER> {
    fn default() -> Self {
        Self::new()
    }
}

impl<const SOCKETS: usize, const BUFFER: usize> Shared<SOCKETS, BUFFER> {
    /// Makes empty buffers.
    #[must_use]
    pub fn new() -> Self {
        Self { inner: RefCell::new(Inner::new()) }
    }

    pub(super) fn with<R>(&self, action: impl FnOnce(&mut Inner<SOCKETS, BUFFER>) -> R) -> R {
        action(&mut self.inner.borrow_mut())
    }

    /// Waits until `ready` has something to say; it is asked again whenever something has changed.
    pub(super) async fn wait_for<R>(
        &self,
        mut ready: impl FnMut(&mut Inner<SOCKETS, BUFFER>) -> Option<R>,
    ) -> R {
        poll_fn(|context| {
            self.with(|inner| match ready(inner) {
                Some(result) => Poll::Ready(result),
                None => {
                    inner.handles.register(context.waker());
                    Poll::Pending
                }
            })
        })
        .await
    }
}
