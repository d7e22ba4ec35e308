//! Why something failed, in words.

use core::fmt::{self, Write};

use gcp_iot_core::TokenError;

use crate::Failure;

/// An error that can tell its causes to a console.
///
/// `core::error::Error` could do the same, but it would bring the `Debug` output of every error with it: 11 KB of a
/// program that never shows it.
pub trait Explain: fmt::Display {
    /// Writes the error, and after colons the errors that caused it.
    ///
    /// # Errors
    /// Those of the console.
    fn explain(&self, console: &mut dyn Write) -> fmt::Result {
        write!(console, "{self}")?;
        self.explain_cause(console)
    }

    /// Writes a colon and the cause, if there is one.
    ///
    /// # Errors
    /// Those of the console.
    fn explain_cause(&self, console: &mut dyn Write) -> fmt::Result {
        let _ = console;
        Ok(())
    }
}

/// Continues the line with `cause`.
fn because(console: &mut dyn Write, cause: &dyn Explain) -> fmt::Result {
    console.write_str(": ")?;
    cause.explain(console)
}

/// Continues the line with a cause that has none itself.
fn because_of(console: &mut dyn Write, cause: &dyn fmt::Display) -> fmt::Result {
    write!(console, ": {cause}")
}

impl<L: Explain, S: Explain> Explain for Failure<L, S> {
    fn explain_cause(&self, console: &mut dyn Write) -> fmt::Result {
        match self {
            Self::Modem(error) => because(console, error),
            Self::ClockNotSet => Ok(()),
            Self::Login(error) => because(console, error),
            Self::Connection(error) => because(console, error),
        }
    }
}

impl<E: Explain, S: Explain> Explain for gcp_iot_core::ConnectError<E, S> {
    fn explain_cause(&self, console: &mut dyn Write) -> fmt::Result {
        match self {
            Self::Token(TokenError::Signer(error)) => because(console, error),
            Self::Token(error) => because_of(console, error),
            Self::Refused(refusal) => because_of(console, refusal),
            Self::Link(error) => because(console, error),
            _ => Ok(()),
        }
    }
}

impl<E: Explain> Explain for gcp_iot_core::Error<E> {
    fn explain_cause(&self, console: &mut dyn Write) -> fmt::Result {
        match self {
            Self::Link(error) => because(console, error),
            _ => Ok(()),
        }
    }
}

impl<T: Explain> Explain for mqtt_lite::Error<T> {
    fn explain_cause(&self, console: &mut dyn Write) -> fmt::Result {
        match self {
            Self::Transport(error) => because(console, error),
            Self::Refused(error) => because_of(console, error),
            Self::Peer(error) => because_of(console, error),
            Self::Resource(error) => because_of(console, error),
            Self::Misuse(error) => because_of(console, error),
            _ => Ok(()),
        }
    }
}

// It displays as its cause where it has one.
impl Explain for sara_u201::Error {}

impl<E> Explain for eccx08::Error<E> where Self: fmt::Display {}

// It displays as what the element said, where the element is to blame.
impl<E> Explain for eccx08::ProvisionError<E> where Self: fmt::Display {}
