//! Commands that are polled: what the non-blocking stacks are made of.

use embedded_io::{Read, ReadReady, Write};
use monoclock::{Clock, Millis};

use crate::command::{CloseSocket, Command};
use crate::device::{Discard, Sink};
use crate::engine::Payload;
use crate::error::Error;
use crate::fault::Fault;
use crate::lifecycle::PowerSaving;
use crate::modem::Modem;
use crate::power::Wiring;

/// A command that nobody polls for so long is given up.
const PATIENCE: Millis = Millis::from_secs(10);

/// Whose command runs between two calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Polled {
    No,
    /// Nobody's in particular: any call may see it to its end, and its result can be had again.
    ByAny,
    /// The driver's own: it closes a socket that was left.
    Close,
    /// The owner's, by its number: nobody else may take its result.
    By(u16),
}

/// One who polls commands.
#[derive(Debug)]
pub(crate) struct Poll {
    owner: Polled,
    running: bool,
}

impl Poll {
    /// Somebody whose commands can be left and asked again.
    pub(crate) const fn by_any() -> Self {
        Self { owner: Polled::ByAny, running: false }
    }
}

impl<S, P, C> Modem<S, P, C>
where
    S: Read + Write + ReadReady,
    P: Wiring<S>,
    C: Clock,
{
    /// Somebody who polls commands of its own.
    pub(crate) fn new_poll(&mut self) -> Poll {
        self.polls = self.polls.wrapping_add(1);
        Poll { owner: Polled::By(self.polls), running: false }
    }

    /// Starts a command, or goes on with the one that was started so.
    pub(crate) fn poll_execute<X: Command>(
        &mut self,
        poll: &mut Poll,
        command: &X,
        payload: Payload,
        data: &[u8],
        sink: &mut dyn Sink,
    ) -> nb::Result<X::Response, Fault> {
        let going_on = poll.running || (poll.owner == Polled::ByAny && self.polled == Polled::ByAny);
        if going_on && self.polled != poll.owner {
            // Its time was over before it was polled again.
            poll.running = false;
            return Err(nb::Error::Other(Fault::Timeout));
        }
        if !going_on {
            self.serve()?;
            if self.polled != Polled::No && self.device.engine.is_busy() {
                return Err(nb::Error::WouldBlock);
            }
            self.polled = Polled::No;
            let in_step = !self.device.engine.is_stale() && !self.device.restarted;
            if let Some(left) = self.device.sockets.abandoned().filter(|_| in_step) {
                self.device.sockets.free(left);
                let started = self.device.engine.start(&CloseSocket(left), Payload::None, self.clock.now());
                started.map_err(|_| Fault::Argument)?;
                self.polled = Polled::Close;
                return Err(nb::Error::WouldBlock);
            }
            self.prepare()?;
            let started = self.device.engine.start(command, payload, self.clock.now());
            started.map_err(|_| Fault::Argument)?;
            (self.polled, poll.running) = (poll.owner, true);
        }
        // One piece at a time: the serial port may have to wait for its turn.
        let pumped = self.receive(sink).and_then(|_| self.transmit(data));
        self.polled_until = self.clock.now() + PATIENCE;
        if pumped.is_ok() && self.device.engine.is_busy() {
            return Err(nb::Error::WouldBlock);
        }
        (self.polled, poll.running) = (Polled::No, false);
        pumped?;
        if self.saving == PowerSaving::Dtr {
            self.wiring.dtr(false);
        }
        self.device.engine.ended()?;
        command.decode(self.device.engine.answer()).ok_or(nb::Error::Other(Fault::Garbled))
    }

    /// Runs a command that any call may see to its end.
    pub(crate) fn poll_plain<X: Command>(&mut self, command: &X) -> nb::Result<X::Response, Error> {
        let result = self.poll_execute(&mut Poll::by_any(), command, Payload::None, &[], &mut Discard);
        result.map_err(|error| error.map(|fault| fault.named(self.device.engine.name())))
    }

    /// Makes way for another command, unless somebody's data is under way.
    pub(crate) fn leave_polled(&mut self) -> Result<(), Fault> {
        if matches!(self.polled, Polled::By(_)) && self.device.engine.is_busy() {
            return Err(Fault::Busy);
        }
        self.polled = Polled::No;
        Ok(())
    }
}
