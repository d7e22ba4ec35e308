//! Why the tutorial did not come to its end.

use core::fmt;

use gcp_iot_core::{ConnectError, Error, TokenError};

/// What went wrong; `L` is the error of the MQTT link, `S` that of the signer.
#[derive(Debug)]
#[non_exhaustive]
pub enum Failure<L, S> {
    /// The modem: SIM, registration, packet data, clock, certificate, or the connection to the cloud.
    Modem(sara_u201::Error),
    /// The mobile network has not told the time: no token can be made.
    ClockNotSet,
    /// The login: token, element, or the cloud's answer.
    Login(ConnectError<L, S>),
    /// The connection, after the login.
    Connection(Error<L>),
}

impl<L, S> Failure<L, S> {
    /// Tells whether trying again is of no use, or does harm, as with a wrong PIN.
    #[must_use]
    pub const fn is_final(&self) -> bool {
        matches!(
            self,
            Self::Modem(sara_u201::Error::Sim(_) | sara_u201::Error::Argument(_))
                | Self::Login(ConnectError::Token(TokenError::Signer(_) | TokenError::Claims(_)))
        )
    }

    /// Tells whether the connection ended by plan, to make a new token.
    #[must_use]
    pub const fn is_renewal(&self) -> bool {
        matches!(self, Self::Connection(Error::TokenExpiring))
    }
}

impl<L, S> fmt::Display for Failure<L, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Modem(_) => "the modem failed",
            Self::ClockNotSet => "the mobile network has not told the time, and a token needs it",
            Self::Login(_) => "the login failed",
            Self::Connection(_) => "the connection to the cloud ended",
        })
    }
}

impl<L, S> core::error::Error for Failure<L, S>
where
    L: core::error::Error + 'static,
    S: core::error::Error + 'static,
{
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::Modem(error) => Some(error),
            Self::ClockNotSet => None,
            Self::Login(error) => Some(error),
            Self::Connection(error) => Some(error),
        }
    }
}

impl<L, S> From<sara_u201::Error> for Failure<L, S> {
    fn from(error: sara_u201::Error) -> Self {
        Self::Modem(error)
    }
}

impl<L, S> From<ConnectError<L, S>> for Failure<L, S> {
    fn from(error: ConnectError<L, S>) -> Self {
        Self::Login(error)
    }
}

impl<L, S> From<Error<L>> for Failure<L, S> {
    fn from(error: Error<L>) -> Self {
        Self::Connection(error)
    }
}
