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
