//! Direct link (AT+USODL): the serial line and a socket as one stream, until `+++` or the peer's end.

use core::time::Duration;

use super::ModemCore;
use super::execution::{Job, Stage, Step};
use crate::sockets::{Socket, SocketState};

/// The unit of S12, the guard time around the escape sequence.
const GUARD_UNIT: Duration = Duration::from_millis(20);
/// How many escape characters make the sequence.
const SEQUENCE: usize = 3;
/// What the module holds for the network; more stays on the line.
const MOST_WAITING: usize = 2048;

/// A direct link at work.
#[derive(Debug)]
pub(crate) struct Direct {
    socket: usize,
    generation: u64,
    /// What the socket has not taken yet.
    waiting: Vec<u8>,
    /// Escape characters held back until it is known what they mean.
    escapes: usize,
    last_byte: Duration,
    /// DTR has been taken away.
    is_hung_up: bool,
}

impl Direct {
    pub(crate) const fn new(socket: usize, generation: u64, now: Duration) -> Self {
        Self { socket, generation, waiting: Vec::new(), escapes: 0, last_byte: now, is_hung_up: false }
    }

    pub(super) const fn has_room(&self) -> bool {
        self.waiting.len() < MOST_WAITING
    }
}

impl ModemCore {
    fn guard_time(&self) -> Duration {
        GUARD_UNIT * self.settings.register(12)
    }

    /// When the running direct link wants to be looked at again.
    pub(super) fn direct_deadline(&self) -> Option<Duration> {
        let Some(Job { stage: Stage::Direct(direct), .. }) = &self.job else { return None };
        (direct.escapes > 0).then(|| direct.last_byte + self.guard_time())
    }

    /// One character for the peer, or of the sequence that ends the link.
    pub(super) fn take_direct(&mut self, byte: u8, now: Duration) {
        let guard = self.guard_time();
        let escape = self.settings.register(2);
        let Some(Job { stage: Stage::Direct(direct), .. }) = &mut self.job else { return };
        let silent = now.saturating_sub(direct.last_byte) >= guard;
        direct.last_byte = now;
        let continues = if direct.escapes == 0 { silent } else { direct.escapes < SEQUENCE && !silent };
        if u32::from(byte) == escape && continues {
            direct.escapes += 1;
        } else {
            let held = core::mem::take(&mut direct.escapes);
            direct.waiting.extend(core::iter::repeat_n(escape.to_le_bytes()[0], held));
            direct.waiting.push(byte);
        }
    }

    /// AT&D1 and AT&D2: the loss of DTR ends the link.
    pub(super) fn hang_up_direct(&mut self) {
        let ignored = self.settings.letter("&D") == 0;
        if let Some(Job { stage: Stage::Direct(direct), .. }) = &mut self.job {
            direct.is_hung_up |= !ignored;
        }
    }

    /// Moves bytes both ways; a step ends the link.
    pub(super) fn poll_direct(&mut self, direct: &mut Direct, now: Duration) -> Option<Step> {
        let guard = self.guard_time();
        let escape = self.settings.register(2).to_le_bytes()[0];
        let stalled = self.is_stalled();
        let same = |socket: &&mut Socket| socket.generation == direct.generation;
        let Some(socket) = self.sockets.get_mut(direct.socket).and_then(Option::as_mut).filter(same) else {
            return Some(self.end_direct());
        };
        let over = direct.escapes > 0 && now >= direct.last_byte + guard;
        if over && direct.escapes < SEQUENCE {
            direct.waiting.extend(core::iter::repeat_n(escape, core::mem::take(&mut direct.escapes)));
        }
        if socket.state == SocketState::Open && !direct.waiting.is_empty() {
            let taken = socket.send(&direct.waiting, &mut *self.network, now).unwrap_or(0);
            direct.waiting.drain(..taken);
        }
        let received: Vec<u8> = if stalled { Vec::new() } else { socket.received.drain(..).collect() };
        let ended = socket.state != SocketState::Open && socket.received.is_empty();
        self.say(&received);
        (over && direct.escapes >= SEQUENCE || direct.is_hung_up || ended).then(|| self.end_direct())
    }

    fn end_direct(&mut self) -> Step {
        self.say(&self.settings.format().result("DISCONNECT"));
        Step::ok()
    }
}
