//! The protocol on the bus: wake, send, poll, read, recover, rest. No I/O is done here.
//!
//! The faces ([`Eccx08`](crate::Eccx08) and its async twin) carry out one [`Action`] after the other and
//! report whether the bus liked it.

use crate::address::Location;
use crate::chip::Identity;
use crate::command::ReadWord;
use crate::config::LockBytes;
use crate::error::{Error, ReplyError};
use crate::opcode::{Micros, Opcode};
use crate::packet::{MAX_REPLY, MIN_REPLY, WordAddress, parse_reply, reply_length};
use crate::sequence::{Outbox, Sequence, Step};
use crate::status::Status;

/// What a face does next.
#[derive(Debug)]
pub(crate) enum Action<'a> {
    /// Gives the wake pulse.
    Pulse,
    /// Waits.
    Wait(Micros),
    /// Writes to the element.
    Write(&'a [u8]),
    /// Reads from the element.
    Read(&'a mut [u8]),
    /// Returns.
    Over(Result<(), Error>),
}

/// A sequence whose output is put aside, so that the exchange need not know its type.
pub(crate) trait Script {
    /// Advances; tells whether there is a command to send.
    fn advance(&mut self, reply: Option<&[u8]>, outbox: &mut Outbox) -> Result<bool, Error>;
    fn keeps_state(&self) -> bool;
}

#[derive(Debug)]
pub(crate) struct Running<S: Sequence> {
    pub(crate) sequence: S,
    pub(crate) output: Option<S::Output>,
}

impl<S: Sequence> Script for Running<S> {
    fn advance(&mut self, reply: Option<&[u8]>, outbox: &mut Outbox) -> Result<bool, Error> {
        match self.sequence.advance(reply, outbox)? {
            Step::Send => Ok(true),
            Step::Done(output) => {
                self.output = Some(output);
                Ok(false)
            }
        }
    }

    fn keeps_state(&self) -> bool {
        self.sequence.keeps_state()
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Nothing was done yet.
    Begin,
    /// The wake pulse was given.
    Pulse,
    /// The time from wake to communication passes.
    WakeDelay,
    /// The wake reply is read.
    WakeReply,
    /// The element was awake already and is put to idle, for a whole watchdog period.
    Settle,
    /// The command is written.
    Send,
    /// The command runs.
    Wait,
    /// The count is read, with the three bytes that follow it in every reply; until the element is ready it
    /// does not answer.
    Head,
    /// The rest of a longer reply is read, this many bytes in all.
    Tail(usize),
    /// The output buffer is rewound, to read the reply again.
    Rewind,
    /// The element is put to idle, to begin the sequence again.
    Retreat,
    /// The element is put to rest.
    Rest,
    /// All is done.
    Over,
}

/// One run of a sequence.
#[derive(Debug)]
pub(crate) struct Exchange {
    state: State,
    outbox: Outbox,
    reply: [u8; MAX_REPLY],
    outcome: Result<(), Error>,
    /// Wake pulses given in vain.
    pulses: u8,
    /// Time to wait now.
    wait: Micros,
    /// Time waited since the command was written.
    waited: Micros,
    /// How often this reply was read again.
    rereads: u8,
    /// How often this command was sent again.
    resends: u8,
    /// How often the sequence was begun again.
    redos: u8,
    /// No command was taken since the wake reply: what the output buffer holds is known.
    first: bool,
    /// A command that must not be repeated has been carried out.
    spent: bool,
    /// The lock bytes are read, to tell why a command was refused.
    explaining: bool,
}

impl Exchange {
    /// tWHI: from the wake pulse to the first communication. It doubles with every pulse in vain: the
    /// element may be in its power-on self-test (20 ms), or still at work for a caller that was reset.
    const WAKE_TO_COMMUNICATION: Micros = Micros(1500);
    /// Pulses before the element counts as absent: 1.5 s in all, longer than any command but a slow SelfTest.
    const PULSES: u8 = 14;
    /// Most a wake delay doubles: to 192 ms.
    const DOUBLINGS: u8 = 7;
    const REREADS: u8 = 2;
    const RESENDS: u8 = 3;
    const REDOS: u8 = 3;
    const SHORTEST_INTERVAL: u32 = 200;
    /// What stands where there is no reply to read.
    const NOTHING: u8 = 0xFF;

    pub(crate) const fn new(identity: Identity) -> Self {
        Self {
            state: State::Begin,
            outbox: Outbox::new(identity),
            reply: [0; MAX_REPLY],
            outcome: Ok(()),
            pulses: 0,
            wait: Micros(0),
            waited: Micros(0),
            rereads: 0,
            resends: 0,
            redos: 0,
            first: true,
            spent: false,
            explaining: false,
        }
    }

    /// Takes whether the last action succeeded on the bus, and gives the next one.
    pub(crate) fn next(&mut self, ok: bool, script: &mut dyn Script) -> Action<'_> {
        self.state = self.after(ok, script);
        match self.state {
            State::Pulse => Action::Pulse,
            State::WakeDelay | State::Wait => Action::Wait(self.wait),
            State::WakeReply | State::Head => Action::Read(part(&mut self.reply, 0, MIN_REPLY)),
            State::Tail(length) => Action::Read(part(&mut self.reply, MIN_REPLY, length)),
            State::Send => Action::Write(self.outbox.packet()),
            State::Rewind => Action::Write(&[WordAddress::RESET]),
            State::Settle | State::Retreat => Action::Write(&[WordAddress::IDLE]),
            State::Rest if script.keeps_state() => Action::Write(&[WordAddress::IDLE]),
            State::Rest => Action::Write(&[WordAddress::SLEEP]),
            State::Begin | State::Over => {
                self.outbox.wipe();
                self.reply = [0; MAX_REPLY];
                core::hint::black_box(&self.reply);
                Action::Over(self.outcome)
            }
        }
    }

    fn after(&mut self, ok: bool, script: &mut dyn Script) -> State {
        match self.state {
            State::Begin | State::Retreat => self.begin(script),
            State::Pulse => {
                let doublings = self.pulses.min(Self::DOUBLINGS);
                self.wait = Micros(Self::WAKE_TO_COMMUNICATION.0 << doublings);
                State::WakeDelay
            }
            State::WakeDelay => State::WakeReply,
            State::WakeReply if !ok => self.pulse_again(),
            State::WakeReply if is_wake_reply(&self.reply) => {
                self.first = true;
                State::Send
            }
            State::WakeReply => State::Settle,
            State::Settle => self.pulse_again(),
            // A command that must not be repeated may have arrived in spite of the error: see what is there.
            State::Send if !ok && self.outbox.is_repeatable() => self.lost(None),
            State::Send => {
                self.waited = Micros(0);
                self.wait_for(self.outbox.time().typical)
            }
            State::Wait | State::Rewind => State::Head,
            State::Head if !ok => self.poll_again(),
            State::Head => self.head(script),
            State::Tail(_) if !ok => self.reread(ReplyError::Crc),
            State::Tail(_) => self.reply(script),
            State::Rest | State::Over => State::Over,
        }
    }

    /// Lets the sequence give its first command, before or after the element is woken.
    fn begin(&mut self, script: &mut dyn Script) -> State {
        self.pulses = 0;
        self.rereads = 0;
        self.resends = 0;
        match script.advance(None, &mut self.outbox) {
            Ok(true) => State::Pulse,
            Ok(false) => State::Over,
            Err(error) => {
                self.outcome = Err(error);
                State::Over
            }
        }
    }

    fn pulse_again(&mut self) -> State {
        self.pulses += 1;
        if self.pulses < Self::PULSES {
            State::Pulse
        } else {
            self.outcome = Err(Error::Absent { cause: None });
            State::Over
        }
    }

    fn wait_for(&mut self, time: Micros) -> State {
        self.wait = time;
        self.waited = Micros(self.waited.0.saturating_add(time.0));
        State::Wait
    }

    /// The element is busy, or gone: only the deadline tells.
    fn poll_again(&mut self) -> State {
        let time = self.outbox.time();
        if self.waited >= time.deadline() {
            self.lost(None)
        } else if self.waited >= time.maximum {
            self.wait_for(Micros((self.waited.0 / 4).max(Self::SHORTEST_INTERVAL)))
        } else {
            let range = time.maximum.0.saturating_sub(time.typical.0);
            self.wait_for(Micros(ninth(range).max(Self::SHORTEST_INTERVAL)))
        }
    }

    fn head(&mut self, script: &mut dyn Script) -> State {
        match reply_length(self.reply[0]) {
            Ok(MIN_REPLY) => self.reply(script),
            Ok(length) => State::Tail(length),
            // Read to its end, the buffer gives 0xFF: the command was not taken, or left no reply. To rewind
            // would show the reply of the command before, unless there was none since the wake reply.
            Err(_) if self.reply[0] == Self::NOTHING && !self.first => self.lost(None),
            Err(cause) => self.reread(cause),
        }
    }

    fn reread(&mut self, cause: ReplyError) -> State {
        self.rereads += 1;
        if self.rereads <= Self::REREADS { State::Rewind } else { self.lost(Some(cause)) }
    }

    fn reply(&mut self, script: &mut dyn Script) -> State {
        let payload = match parse_reply(&self.reply) {
            Ok(payload) => payload,
            Err(cause) => return self.reread(cause),
        };
        if let [byte] = payload {
            let status = Status::from_byte(*byte);
            // The wake reply is still there. For SelfTest the byte is a result as well: if it comes again.
            let unread = status == Status::AfterWake && self.first && self.resends == 0;
            if unread || !self.outbox.is_result(*byte) {
                return self.refused(status);
            }
        }
        if self.explaining {
            let word = payload.first_chunk().copied();
            return word.map_or(State::Rest, |word| self.explained(word));
        }
        self.spent |= !self.outbox.is_repeatable();
        match script.advance(Some(payload), &mut self.outbox) {
            Ok(true) => {
                self.first = false;
                self.rereads = 0;
                self.resends = 0;
                State::Send
            }
            Ok(false) => State::Rest,
            Err(Error::Reply { cause, .. }) => self.lost(Some(cause)),
            Err(error) => self.rest(error),
        }
    }

    /// The element says no; it has not carried out the command.
    fn refused(&mut self, status: Status) -> State {
        let opcode = self.outbox.opcode();
        let refusal = Error::Refused { opcode, status };
        match status {
            // The command did not arrive, or not in one piece.
            Status::AfterWake | Status::Communication if self.resends < Self::RESENDS => {
                self.resends += 1;
                self.rereads = 0;
                State::Send
            }
            Status::Watchdog => self.redo(refusal),
            Status::EccFault | Status::HealthTest if self.outbox.is_repeatable() => self.redo(refusal),
            Status::Execution if !self.explaining && needs_locks(opcode) => {
                self.outcome = Err(refusal);
                self.explaining = true;
                self.rereads = 0;
                match self.outbox.send::<_, ()>(&ReadWord { location: Location::LOCK_WORD }) {
                    Ok(_) => State::Send,
                    Err(_) => State::Rest,
                }
            }
            _ => self.rest(refusal),
        }
    }

    /// Says which zone must be locked first, where that may be why a command was refused.
    fn explained(&mut self, word: [u8; 4]) -> State {
        let locks = LockBytes::in_word(word);
        if let (Err(Error::Refused { opcode, .. }), Some(zone)) = (self.outcome, locks.first_unlocked()) {
            self.outcome = Err(Error::Unlocked { opcode, zone });
        }
        State::Rest
    }

    /// No reply, or none that can be used: whether the command was carried out is not known.
    fn lost(&mut self, cause: Option<ReplyError>) -> State {
        let opcode = self.outbox.opcode();
        match cause {
            _ if !self.outbox.is_repeatable() => self.rest(Error::Unconfirmed { opcode, cause: None }),
            Some(cause) => self.redo(Error::Reply { opcode, cause }),
            None => self.redo(Error::NoReply { opcode, cause: None }),
        }
    }

    /// Begins the sequence again, unless that would repeat what must not be, or was done often enough.
    fn redo(&mut self, error: Error) -> State {
        if self.explaining || self.spent || self.redos >= Self::REDOS {
            return self.rest(error);
        }
        self.redos += 1;
        State::Retreat
    }

    fn rest(&mut self, error: Error) -> State {
        if !self.explaining {
            self.outcome = Err(error);
        }
        State::Rest
    }
}

/// Divides the time between the first poll and the tenth into nine, a little more than less.
///
/// Without a division, which takes more code on a Cortex-M0 than all the polling.
const fn ninth(range: u32) -> u32 {
    (range >> 3) - (range >> 6) + (range >> 9) + 2
}

/// Gives the bytes from `start` to `end`; all of them have a place.
fn part(reply: &mut [u8; MAX_REPLY], start: usize, end: usize) -> &mut [u8] {
    reply.get_mut(start..end).unwrap_or_default()
}

/// Tells whether an unlocked zone may be why the command is refused: these are refused in a locked one.
const fn needs_locks(opcode: Opcode) -> bool {
    !matches!(opcode, Opcode::Lock | Opcode::Write | Opcode::UpdateExtra)
}

/// Tells whether the element says that it is awake.
///
/// A failed self-test is said at the next command again. One library lists that reply with the bytes of
/// its CRC exchanged, so both forms count.
fn is_wake_reply(reply: &[u8; MAX_REPLY]) -> bool {
    const SELF_TEST_FAILED: [u8; 4] = [0x04, 0x07, 0xC4, 0x40];
    matches!(parse_reply(reply), Ok([0x11 | 0x07])) || reply.starts_with(&SELF_TEST_FAILED)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chip::Chip;

    #[test]
    fn nine_intervals_are_never_too_short() {
        for chip in [Chip::Atecc508a, Chip::Atecc608a] {
            for chip_mode in [0x00, 0x28, 0x68] {
                for opcode in Opcode::ALL.iter().filter(|opcode| opcode.is_on(chip)) {
                    let time = opcode.execution_time(Identity::new(chip, chip_mode));
                    let range = time.maximum.0 - time.typical.0;
                    assert!(ninth(range) * 9 >= range, "{opcode}");
                    assert!(ninth(range) * 9 <= range + range / 256 + 100, "{opcode}");
                }
            }
        }
    }

    #[test]
    fn both_forms_of_a_failed_self_test_are_a_wake_reply() {
        let reply = |head: [u8; 4]| {
            let mut reply = [0; MAX_REPLY];
            reply[..4].copy_from_slice(&head);
            reply
        };
        assert!(is_wake_reply(&reply([0x04, 0x11, 0x33, 0x43])));
        assert!(is_wake_reply(&reply([0x04, 0x07, 0x40, 0xC2])));
        assert!(is_wake_reply(&reply([0x04, 0x07, 0xC4, 0x40])));
        assert!(!is_wake_reply(&reply([0x04, 0x00, 0x03, 0x40])));
        assert!(!is_wake_reply(&reply([0x04, 0x11, 0x33, 0x42])));
    }
}
