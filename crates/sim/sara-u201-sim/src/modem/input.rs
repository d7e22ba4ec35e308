//! What the host types: echo, command lines, what comes too early.

use core::time::Duration;

use super::ModemCore;
use crate::at::{Kind, parse_line};
use crate::quirks::TypedAhead;
use crate::statistics::{CommandRecord, redact};

/// The longest command line: 1024 bytes in hexadecimal and what goes before them.
const LONGEST_LINE: usize = 4096;
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
        let after_return = core::mem::replace(&mut self.last_received, byte) == b'\r';
        if after_return && byte == b'\n' {
            if self.settings.echo && self.profile.quirks.echo_line_feed {
                self.say(b"\n");
            }
            return;
        }
        match &self.job {
            Some(job) if job.is_abortable() => self.abort(now),
            Some(_) => self.keep_or_lose(byte),
            None if self.input.is_empty() => self.edit(byte, now),
            None => self.keep_or_lose(byte),
        }
    }

    fn keep_or_lose(&mut self, byte: u8) {
        if self.profile.quirks.typed_ahead == TypedAhead::Keep {
            self.input.push_back(byte);
        }
    }

    /// Takes what was typed while a command ran.
    pub(super) fn type_ahead(&mut self, now: Duration) {
        while self.job.is_none()
            && let Some(byte) = self.input.pop_front()
        {
            self.edit(byte, now);
        }
        while self.job.as_ref().is_some_and(super::Job::wants_data)
            && let Some(byte) = self.input.pop_front()
        {
            self.take_data(byte, now);
        }
    }

    /// One character of a command line.
    fn edit(&mut self, byte: u8, now: Duration) {
        let is = |register: u32| u32::from(byte) == register;
        if self.settings.echo {
            self.say(&[byte]);
        }
        if is(self.settings.register(3)) {
            let line = core::mem::take(&mut self.line);
            self.take_line(&line, now);
            return;
        }
        if is(self.settings.register(4)) || byte == 0 {
            return;
        }
        if is(self.settings.register(5)) {
            self.line.pop();
            return;
        }
        if self.line.is_empty() {
            self.check_pacing(now);
        }
        if self.line.len() < LONGEST_LINE {
            self.line.push(byte);
        }
        if self.line.eq_ignore_ascii_case(b"A/") {
            self.line.clear();
            let line = self.last_line.clone();
            self.take_command(&line, now);
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
        self.records.push(CommandRecord { at: now, line: redact(&format!("AT{command}")) });
        self.begin(parse_line(command), now);
    }
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
