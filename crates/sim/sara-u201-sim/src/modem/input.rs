//! What the host types: echo, command lines, what comes too early.

use core::time::Duration;

use super::ModemCore;
use crate::at::{Kind, parse_line};
use crate::fault::Moment;
use crate::quirks::TypedAhead;
use crate::result::FinalResult;
use crate::secrecy::redact;
use crate::statistics::CommandRecord;

/// The longest command line: 1024 bytes in hexadecimal and what goes before them.
const LONGEST_LINE: usize = 4096;
/// So many command lines are remembered for the log; then the older half is forgotten.
const LONGEST_LOG: usize = 200_000;
/// The pause that the manual asks for after a result or a URC.
const PACING: Duration = Duration::from_millis(20);

impl ModemCore {
    /// Takes one character from the host.
    pub(super) fn take_byte(&mut self, byte: u8, now: Duration) {
        if !self.is_on() {
            return;
        }
        if self.is_lost_asleep(now) {
            self.statistics.bytes_lost_asleep += 1;
            return;
        }
        if self.job.as_ref().is_some_and(super::Job::wants_data) {
            self.take_data(byte, now);
            return;
        }
        if self.job.as_ref().is_some_and(super::Job::is_direct) {
            self.input.push_back(byte);
            return;
        }
        let before = core::mem::replace(&mut self.last_received, byte);
        let after_return = is(before, self.settings.register(3));
        if after_return && is(byte, self.settings.register(4)) {
            if self.settings.echo && self.profile.quirks.echo_line_feed {
                self.say(b"\n");
            }
            return;
        }
        match &self.job {
            Some(job) if job.is_abortable() => self.abort(now),
            Some(_) => self.keep_or_lose(byte),
            None if self.input.is_empty() && !self.is_stalled() => self.edit(byte, now),
            None => self.keep_or_lose(byte),
        }
    }

    fn keep_or_lose(&mut self, byte: u8) {
        if self.profile.quirks.typed_ahead != TypedAhead::Keep {
            return;
        }
        if self.input.len() < self.profile.uart.module_receive_capacity {
            self.input.push_back(byte);
        } else {
            self.statistics.module_overruns += 1;
        }
    }

    /// Takes what was typed while a command ran.
    pub(super) fn type_ahead(&mut self, now: Duration) {
        while self.job.is_none()
            && !self.is_stalled()
            && let Some(byte) = self.input.pop_front()
        {
            self.edit(byte, now);
        }
        while self.job.as_ref().is_some_and(super::Job::takes_direct)
            && let Some(byte) = self.input.pop_front()
        {
            self.take_direct(byte, now);
        }
        while self.job.as_ref().is_some_and(super::Job::wants_data)
            && let Some(byte) = self.input.pop_front()
        {
            self.take_data(byte, now);
        }
    }

    /// One character of a command line.
    fn edit(&mut self, byte: u8, now: Duration) {
        if self.settings.echo {
            self.say(&[byte]);
        }
        if is(byte, self.settings.register(3)) {
            let line = core::mem::take(&mut self.line);
            self.take_line(&line, now);
            return;
        }
        if is(byte, self.settings.register(5)) {
            self.line.pop();
            return;
        }
        // V.250 section 5.1: other control characters are not part of a line.
        if is(byte, self.settings.register(4)) || byte < b' ' {
            return;
        }
        if self.line.is_empty() {
            self.check_pacing(now);
        }
        // One more than the longest tells that it was too long.
        if self.line.len() <= LONGEST_LINE {
            self.line.push(byte);
        }
        if self.faults.strikes_at(Moment::Data) {
            self.check_half_of_data(now);
        }
        if self.line.eq_ignore_ascii_case(b"A/") {
            self.line.clear();
            let line = self.last_line.clone();
            self.take_command(&line, now);
        }
    }

    /// Data within the line: half of it is a moment for faults, as it is after a prompt.
    fn check_half_of_data(&mut self, now: Duration) {
        let text: String = self.line.iter().map(|byte| char::from(*byte)).collect();
        let upper = text.to_ascii_uppercase();
        let Some((head, data)) = upper.rsplit_once('"') else { return };
        // The length stands before the data, after one or three other parameters.
        for (name, before) in [("+USOWR", 1), ("+USOST", 3)] {
            let Some((_, parameters)) = head.split_once(&format!("AT{name}=")) else { continue };
            let parameters: Vec<_> = parameters.split(',').collect();
            let length = parameters.get(before).and_then(|length| length.parse::<usize>().ok());
            let digits = if self.settings.hexadecimal { 2 } else { 1 };
            let half = length.map(|length| length.saturating_mul(digits).div_ceil(2));
            if parameters.len() == before + 2 && half == Some(data.len()) {
                self.at_moment(name, Moment::Data, now);
            }
        }
    }

    /// Counts lines that begin too soon after a result or a URC.
    fn check_pacing(&mut self, now: Duration) {
        let since = self.transmitter_empty_since;
        let soon = since.is_none_or(|since| now.saturating_sub(since) < PACING);
        if soon && self.statistics.at_commands > 0 {
            self.statistics.pacing_violations += 1;
        }
    }

    fn take_line(&mut self, line: &[u8], now: Duration) {
        // Characters are bytes: anything but ASCII is kept as it came.
        let text: String = line.iter().map(|byte| char::from(*byte)).collect();
        let attention = text.to_ascii_uppercase().find("AT");
        let Some(command) = attention.and_then(|at| text.get(at + 2..)) else { return };
        command.clone_into(&mut self.last_line);
        self.take_command(command, now);
    }

    fn take_command(&mut self, command: &str, now: Duration) {
        self.statistics.at_commands += 1;
        if self.records.len() >= LONGEST_LOG {
            self.records.drain(..LONGEST_LOG / 2);
        }
        self.records.push(CommandRecord { at: now, line: redact(&format!("AT{command}")) });
        if command.len() + 2 > LONGEST_LINE {
            self.end_soon(FinalResult::Error, now);
        } else {
            self.begin(parse_line(command), now);
        }
    }
}

/// Whether a byte is the character of an S register.
fn is(byte: u8, register: u32) -> bool {
    u32::from(byte) == register
}

/// Whether a character aborts a command while it runs.
pub(super) fn is_abortable(name: &str, kind: Kind) -> bool {
    match name {
        "+COPS" => matches!(kind, Kind::Set | Kind::Test),
        "+CGATT" | "+UPSDA" | "+CGACT" => kind == Kind::Set,
        "D" | "A" => true,
        _ => false,
    }
}
