//! The command that runs.

use heapless::Vec;
use monoclock::Instant;

use super::event::{Outcome, Payload};
use super::{ANSWER, MISSING_ANSWER, PROMPT, STEP};
use crate::at::FinalResult;
use crate::command::{Reply, Spec};
use crate::urc::is_urc;

/// How far a command is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    Idle,
    /// Waiting for the pause behind the last line.
    Gap,
    /// Sending the command line from this byte.
    Line(usize),
    /// Sending data from this character (a digit, in hexadecimal mode).
    Data(usize),
    /// Sending the end of the line behind hexadecimal data.
    Tail(usize),
    /// Waiting for the prompt.
    Prompt,
    /// Waiting between prompt and data.
    Pause(Instant),
    /// Waiting for the final result.
    Final,
}

/// The command that runs, and how far it is.
#[derive(Clone, Debug)]
pub(super) struct Exchange {
    pub(super) answer: Vec<u8, ANSWER>,
    pub(super) answered: bool,
    pub(super) spec: Spec,
    pub(super) payload: Payload,
    pub(super) phase: Phase,
    pub(super) outcome: Option<Outcome>,
    pub(super) deadline: Instant,
    pub(super) started: Instant,
    /// A line that has begun belongs to the running command.
    pub(super) in_answer: bool,
    pub(super) garbled: bool,
    pub(super) stale: bool,
}

impl Exchange {
    pub(super) const fn new() -> Self {
        Self {
            answer: Vec::new(),
            answered: false,
            spec: Spec::new(""),
            payload: Payload::None,
            phase: Phase::Idle,
            outcome: None,
            deadline: Instant::from_millis(0),
            started: Instant::from_millis(0),
            in_answer: false,
            garbled: false,
            stale: false,
        }
    }

    /// Ends the exchange with `result`, unless that is the result of another command.
    pub(super) fn handle_result(&mut self, result: FinalResult, now: Instant) -> bool {
        let unfinished = match self.phase {
            // The command is not out yet: this is the result of an earlier one.
            Phase::Line(_) | Phase::Tail(_) => true,
            Phase::Data(_) if matches!(self.payload, Payload::Hex(_)) => true,
            // An error may come instead of the prompt, or while the data is sent.
            Phase::Prompt | Phase::Pause(_) | Phase::Data(_) => result == FinalResult::Ok,
            _ => false,
        };
        if unfinished {
            return false;
        }
        let required = !matches!(self.spec.reply, Reply::None | Reply::Maybe | Reply::Lines);
        if result == FinalResult::Ok && required && !self.answered {
            self.deadline = self.deadline.earlier(now + MISSING_ANSWER + STEP);
            self.stale = true;
            return false;
        }
        let owed = match (self.phase, self.payload) {
            (Phase::Data(sent), Payload::Prompted(length)) => sent < length,
            _ => false,
        };
        self.end(if self.garbled {
            Outcome::Garbled
        } else if owed {
            Outcome::TimedOut { owes_data: true }
        } else {
            Outcome::Final(result)
        });
        true
    }

    pub(super) fn end(&mut self, outcome: Outcome) {
        self.phase = Phase::Idle;
        self.stale |= !matches!(outcome, Outcome::Final(_));
        self.outcome = Some(outcome);
    }

    pub(super) fn answered_without_line(&self) -> bool {
        self.stale && !self.answered && !matches!(self.spec.reply, Reply::None | Reply::Maybe | Reply::Lines)
    }

    pub(super) fn line_sent(&mut self, now: Instant) -> Phase {
        match (self.payload, self.spec.prompt) {
            (Payload::Prompted(_), Some(_)) => {
                self.deadline = now + PROMPT + STEP;
                Phase::Prompt
            }
            _ => self.all_sent(now),
        }
    }

    pub(super) fn all_sent(&mut self, now: Instant) -> Phase {
        self.deadline = now + self.spec.timeout + STEP;
        Phase::Final
    }
}

/// Whether a line is an information response of the command.
pub(super) fn is_answer(spec: &Spec, line: &[u8]) -> bool {
    match spec.reply {
        Reply::None => false,
        Reply::Line | Reply::Maybe => spec.behind_prefix(line).is_some(),
        Reply::Registration => spec.behind_prefix(line).is_some_and(crate::Registration::is_answer),
        Reply::Digits => line.len() > 5 && line.iter().all(u8::is_ascii_digit),
        Reply::Text | Reply::Lines => {
            spec.behind_prefix(line).is_some()
                || !(is_urc(line) || FinalResult::parse(line).is_some() || line.starts_with(b"AT"))
        }
    }
}

/// Keeps as much of the line as there is room for; a decoder refuses what is cut.
pub(super) fn keep(answer: &mut Vec<u8, ANSWER>, line: &[u8]) {
    answer.clear();
    for &byte in line {
        if answer.push(byte).is_err() {
            break;
        }
    }
}
