//! Why a task about a board ends early: an exit code, the reason, and what to do next.

use std::process::ExitCode;

/// The kinds of failure, each with an exit code of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Kind {
    /// The program could not be built.
    Build = 1,
    /// The command line asks for something that cannot be.
    Usage = 2,
    /// No board is there.
    NoDevice = 3,
    /// The board's loader, or the port to it, failed.
    Protocol = 4,
    /// The flash does not hold what was written.
    Verify = 5,
    /// The person stopped it.
    Interrupted = 130,
}

/// A failure, ready to be shown.
#[derive(Debug)]
pub(crate) struct Stop {
    pub(crate) kind: Kind,
    pub(crate) reason: anyhow::Error,
    /// What the person may do now, in lines.
    pub(crate) advice: String,
}

impl Stop {
    pub(crate) fn new(kind: Kind, reason: impl Into<anyhow::Error>) -> Self {
        Self { kind, reason: reason.into(), advice: String::new() }
    }

    pub(crate) fn text(kind: Kind, reason: impl Into<String>) -> Self {
        Self::new(kind, anyhow::Error::msg(reason.into()))
    }

    #[must_use]
    pub(crate) fn advise(mut self, advice: impl Into<String>) -> Self {
        self.advice = advice.into();
        self
    }

    /// Shows it on stderr and returns the exit code.
    pub(crate) fn report(&self) -> ExitCode {
        eprintln!("error: {:#}", self.reason);
        for line in self.advice.lines() {
            eprintln!("  {line}");
        }
        self.code()
    }

    pub(crate) fn code(&self) -> ExitCode {
        ExitCode::from(self.kind as u8)
    }
}
