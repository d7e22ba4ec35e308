//! The serial monitor of the models: what it shows, and who answers.

use core::error::Error;
use core::fmt;
use std::collections::VecDeque;
use std::io::{BufRead as _, IsTerminal as _, Write as _};
use std::process::ExitCode;

use tutorial::{Causes, Console};

/// Prints an error of a program with all its causes; gives the exit code.
#[must_use]
pub fn report_error(program: &str, outcome: Result<(), Box<dyn Error>>) -> ExitCode {
    let Err(error) = outcome else { return ExitCode::SUCCESS };
    eprintln!("{program}: {}", Causes(&*error));
    ExitCode::FAILURE
}

/// A serial monitor that keeps what was shown, shows it, and answers from a list or from the keyboard.
#[derive(Debug, Default)]
pub struct Terminal {
    shown: String,
    answers: VecDeque<String>,
    keyboard: bool,
    output: Output,
    prefix: &'static str,
    line_open: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Output {
    #[default]
    Nowhere,
    Standard,
    Error,
}

impl Terminal {
    /// Shows nothing and answers every question with an empty line.
    #[must_use]
    pub fn silent() -> Self {
        Self::default()
    }

    /// Shows on standard output, each line behind `prefix`.
    #[must_use]
    pub fn on_output(prefix: &'static str) -> Self {
        Self { output: Output::Standard, prefix, ..Self::default() }
    }

    /// Shows on standard error, each line behind `prefix`.
    #[must_use]
    pub fn on_error(prefix: &'static str) -> Self {
        Self { output: Output::Error, prefix, ..Self::default() }
    }

    /// Answers the next questions with these lines, the rest with empty ones.
    #[must_use]
    pub fn answering(mut self, answers: &[&str]) -> Self {
        self.answers.extend(answers.iter().map(ToString::to_string));
        self
    }

    /// Answers from the keyboard.
    #[must_use]
    pub fn with_keyboard(self) -> Self {
        Self { keyboard: true, ..self }
    }

    /// Everything that was shown.
    #[must_use]
    pub fn shown(&self) -> &str {
        &self.shown
    }

    fn show(&self, text: &str) {
        // A monitor that was closed shows nothing; the device goes on.
        let _ = match self.output {
            Output::Nowhere => Ok(()),
            Output::Standard => write!(std::io::stdout().lock(), "{text}"),
            Output::Error => write!(std::io::stderr().lock(), "{text}"),
        };
    }
}

impl fmt::Write for Terminal {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.shown.push_str(text);
        for piece in text.split_inclusive('\n') {
            if !self.line_open {
                self.show(self.prefix);
            }
            self.show(piece);
            self.line_open = !piece.ends_with('\n');
        }
        Ok(())
    }
}

impl Console for Terminal {
    fn read_line<'b>(&mut self, buffer: &'b mut [u8]) -> &'b str {
        let mut line = self.answers.pop_front().unwrap_or_default();
        if self.keyboard {
            let _ = std::io::stdout().flush();
            // The end of input is an empty line: the safe answer.
            let _ = std::io::stdin().lock().read_line(&mut line);
        }
        let line = line.trim_end_matches(['\r', '\n']);
        if !(self.keyboard && std::io::stdin().is_terminal()) {
            let _ = fmt::Write::write_str(self, &format!("> {line}\n"));
        }
        let mut length = line.len().min(buffer.len());
        while !line.is_char_boundary(length) {
            length -= 1;
        }
        buffer[..length].copy_from_slice(&line.as_bytes()[..length]);
        core::str::from_utf8(&buffer[..length]).unwrap_or_default()
    }
}
