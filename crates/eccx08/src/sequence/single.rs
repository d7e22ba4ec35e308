//! One command alone.

use super::{Outbox, Sequence, Step};
use crate::command::Command;
use crate::error::Error;

/// A sequence of one command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Single<'c, C>(pub &'c C);

impl<C: Command> Sequence for Single<'_, C> {
    type Output = C::Response;

    fn advance(&mut self, reply: Option<&[u8]>, outbox: &mut Outbox) -> Result<Step<C::Response>, Error> {
        match reply {
            None => outbox.send(self.0),
            Some(reply) => outbox.receive(self.0, reply).map(Step::Done),
        }
    }
}

/// A sequence of one command, after which the element goes to idle and keeps its volatile memory.
///
/// What is kept is lost when the element's watchdog runs out in between, or its supply dips; the next command
/// that needs it is refused then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kept<'c, C>(pub &'c C);

impl<C: Command> Sequence for Kept<'_, C> {
    type Output = C::Response;

    fn advance(&mut self, reply: Option<&[u8]>, outbox: &mut Outbox) -> Result<Step<C::Response>, Error> {
        Single(self.0).advance(reply, outbox)
    }

    fn keeps_state(&self) -> bool {
        true
    }
}
