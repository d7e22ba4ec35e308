//! The command that runs.

use monoclock::Instant;

use super::event::{Outcome, Payload};
use super::{ANSWER, MISSING_ANSWER, STEP};
use crate::at::FinalResult;
use crate::command::{Reply, Spec};
use crate::registration::Registration;
use crate::urc::is_urc;

/// How far a command is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    Idle,
    /// Waiting for the pause behind the last line.
    Gap,
    /// Sending the command line.
    Line,
    /// Sending hexadecimal digits, and the end of the line behind them.
    Digits,
    /// Waiting for the prompt.
    Prompt,
    /// Waiting between prompt and data.
    Pause,
    /// Sending data.
    Data,
    /// Waiting for the final result.
    Final,
}

/// The command that runs, and how far it is.
#[derive(Clone, Debug)]
#[repr(C)] // What is small comes first, where one instruction of a small core reaches it.
pub(super) struct Exchange {
    pub(super) phase: Phase,
    answered: bool,
    /// A line that has begun belongs to the running command.
    pub(super) in_answer: bool,
    pub(super) garbled: bool,
    pub(super) stale: bool,
    pub(super) outcome: Option<Outcome>,
    /// The end of the phase.
    pub(super) deadline: Instant,
    /// The pause before the command ends then, whatever is received.
    pub(super) gap_limit: Instant,
    pub(super) spec: &'static Spec,
    pub(super) payload: Payload,
    /// Characters that are sent of the line, or of the data.
    pub(super) sent: usize,
    length: usize,
    answer: [u8; ANSWER],
}

impl Exchange {
    pub(super) const fn new() -> Self {
        Self {
            answer: [0; ANSWER],
            length: 0,
            spec: const { &Spec::new("") },
            payload: Payload::None,
            phase: Phase::Idle,
            sent: 0,
            outcome: None,
            deadline: Instant::from_millis(0),
            gap_limit: Instant::from_millis(0),
            answered: false,
            in_answer: false,
            garbled: false,
            stale: false,
        }
    }

    pub(super) const fn begin(&mut self, payload: Payload) {
        self.payload = payload;
        self.length = 0;
        self.answered = false;
        self.garbled = false;
        self.in_answer = false;
        self.outcome = None;
        self.sent = 0;
        self.phase = Phase::Gap;
    }

    /// The length of the command's data.
    pub(super) const fn length(&self) -> usize {
        match self.payload {
            Payload::None => 0,
            Payload::Prompted(length) | Payload::Hex(length) => length,
        }
    }

    /// Ends the exchange with `result`, unless that is the result of another command.
    pub(super) fn handle_result(&mut self, result: FinalResult, now: Instant) -> bool {
        let foreign = match self.phase {
            // The command is not out yet: this is the result of an earlier one.
            Phase::Line | Phase::Digits => true,
            // An error may come instead of the prompt, or while the data is sent.
            Phase::Prompt | Phase::Pause | Phase::Data => result == FinalResult::Ok,
            _ => false,
        };
        if foreign {
            return false;
        }
        if result == FinalResult::Ok && self.is_answer_missing() {
            self.deadline = self.deadline.earlier(now + MISSING_ANSWER + STEP);
            self.stale = true;
            return false;
        }
        self.end(if self.garbled {
            Outcome::Garbled
        } else if self.phase == Phase::Data {
            Outcome::TimedOut { owes_data: true }
        } else {
            Outcome::Final(result)
        });
        true
    }

    /// Ends the exchange without a result; `inside` data, or not.
    pub(super) fn give_up(&mut self, inside: bool) {
        let missing = self.phase == Phase::Final && self.stale && self.is_answer_missing();
        self.end(if inside {
            Outcome::Garbled
        } else if missing {
            Outcome::AnswerMissing
        } else {
            Outcome::TimedOut { owes_data: matches!(self.phase, Phase::Prompt | Phase::Data) }
        });
    }

    fn end(&mut self, outcome: Outcome) {
        self.phase = Phase::Idle;
        self.stale |= !matches!(outcome, Outcome::Final(_));
        self.outcome = Some(outcome);
    }

    /// Whether the information response has not come that the command must have.
    fn is_answer_missing(&self) -> bool {
        !self.answered && !matches!(self.spec.reply, Reply::None | Reply::Maybe | Reply::Lines)
    }

    /// Whether a line is an information response of the command.
    pub(super) fn is_answer(&self, line: &[u8], prefix: &[u8]) -> bool {
        let behind = behind(line, prefix);
        match self.spec.reply {
            Reply::None => false,
            Reply::Line | Reply::Maybe => behind.is_some(),
            Reply::Registration => behind.is_some_and(Registration::is_answer),
            Reply::Digits => line.len() > 5 && line.iter().all(u8::is_ascii_digit),
            Reply::Text | Reply::Lines => behind.is_some() || !(is_urc(line) || line.starts_with(b"AT")),
        }
    }

    /// Keeps the first information response, as much of it as there is room for; a decoder refuses what
    /// is cut.
    pub(super) fn keep(&mut self, line: &[u8], prefix: &[u8]) {
        if core::mem::replace(&mut self.answered, true) {
            return;
        }
        let line = behind(line, prefix).unwrap_or(line);
        for (place, &byte) in self.answer.iter_mut().zip(line) {
            *place = byte;
            self.length += 1;
        }
    }

    pub(super) fn answer(&self) -> &[u8] {
        self.answer.get(..self.length).unwrap_or(&[])
    }
}

/// What follows the prefix and a colon in an information response.
fn behind<'l>(line: &'l [u8], prefix: &[u8]) -> Option<&'l [u8]> {
    line.strip_prefix(prefix)?.strip_prefix(b":")
}
