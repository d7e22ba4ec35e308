//! The engine in the hands of one handle.

use monoclock::Instant;

use super::shared::{Inner, STAGE, Shared, Source, Turn};
use crate::command::Command;
use crate::engine::{Outcome, Payload};
use crate::error::Error;

/// The right to run commands, until it is dropped.
///
/// If that happens while a command runs, the runner sees the command to its end before anybody else gets
/// the engine: no result is taken for another's.
pub(super) struct Hold<'r, const SOCKETS: usize, const BUFFER: usize> {
    shared: &'r Shared<SOCKETS, BUFFER>,
}

/// A place in the queue.
struct Claim<'r, const SOCKETS: usize, const BUFFER: usize>(&'r Shared<SOCKETS, BUFFER>);

impl<const SOCKETS: usize, const BUFFER: usize> Drop for Claim<'_, SOCKETS, BUFFER> {
    fn drop(&mut self) {
        self.0.with(|inner| {
            inner.claims = inner.claims.saturating_sub(1);
            inner.nudge();
        });
    }
}

impl<'r, const SOCKETS: usize, const BUFFER: usize> Hold<'r, SOCKETS, BUFFER> {
    /// Waits for the turn.
    pub(super) async fn take(shared: &'r Shared<SOCKETS, BUFFER>) -> Result<Self, Error> {
        let lost = shared.with(|inner| {
            inner.claims = inner.claims.saturating_add(1);
            inner.nudge();
            inner.resync.failures
        });
        let _claim = Claim(shared);
        shared
            .wait_for(|inner| {
                if let Some(error) = inner.resync.failed_since(lost) {
                    return Some(Err(error));
                }
                if inner.turn != Turn::Offered {
                    return None;
                }
                if inner.device.restarted {
                    return Some(Err(Error::Restarted));
                }
                inner.turn = Turn::Held;
                Some(Ok(()))
            })
            .await?;
        Ok(Self { shared })
    }

    /// Runs a command.
    pub(super) async fn execute<X: Command>(&mut self, command: &X) -> Result<X::Response, Error> {
        self.execute_with(command, &[]).await
    }

    /// Runs a command that asks for data by a prompt, if there is data.
    pub(super) async fn execute_with<X: Command>(
        &mut self,
        command: &X,
        data: &[u8],
    ) -> Result<X::Response, Error> {
        self.shared.with(|inner| {
            if inner.device.restarted {
                return Err(Error::Restarted);
            }
            let payload = if data.is_empty() { Payload::None } else { Payload::Prompted(data.len()) };
            inner.source = Source::Stage;
            stage(inner, 0, data);
            let now: Instant = inner.now;
            let started = inner.device.engine.start(command, payload, now);
            inner.nudge();
            started.map_err(|_| Error::Argument(inner.device.engine.name()))
        })?;
        let outcome = self.shared.wait_for(|inner| finished(inner, data)).await;
        self.shared.with(|inner| inner.answer(command, outcome))
    }

    pub(super) fn with<R>(&mut self, action: impl FnOnce(&mut Inner<SOCKETS, BUFFER>) -> R) -> R {
        self.shared.with(action)
    }
}

impl<const SOCKETS: usize, const BUFFER: usize> Drop for Hold<'_, SOCKETS, BUFFER> {
    fn drop(&mut self) {
        self.shared.with(|inner| {
            inner.turn = Turn::Orphaned;
            inner.nudge();
        });
    }
}

/// Gives the outcome once it is there, and until then the data that the runner asks for.
fn finished<const SOCKETS: usize, const BUFFER: usize>(
    inner: &mut Inner<SOCKETS, BUFFER>,
    data: &[u8],
) -> Option<Outcome> {
    if let Some(outcome) = inner.device.engine.finish() {
        return Some(outcome);
    }
    let due = inner.device.engine.due_data()?;
    let (begin, piece) = &inner.stage;
    if due.start >= begin + piece.len() {
        stage(inner, due.start, data);
        inner.nudge();
    }
    None
}

/// Lays the next piece of data out.
fn stage<const SOCKETS: usize, const BUFFER: usize>(
    inner: &mut Inner<SOCKETS, BUFFER>,
    offset: usize,
    data: &[u8],
) {
    let rest = data.get(offset..).unwrap_or_default();
    let (begin, piece) = &mut inner.stage;
    *begin = offset;
    piece.clear();
    let _ = piece.extend_from_slice(rest.get(..STAGE).unwrap_or(rest));
}
