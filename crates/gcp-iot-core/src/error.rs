//! What can go wrong, by who is to blame.

use core::fmt;

use monoclock::Millis;

use crate::credential::TokenError;
use crate::event::Subscription;
use crate::link::{LinkConnectError, LinkError};

/// Why a connection ended, or a message was not sent; `E` is the link's own error.
///
/// [`Error::is_over`] tells whether the connection is still there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error<E> {
    /// The authorization of an attached device is too long; nothing was sent.
    AuthorizationTooLong,
    /// Not a valid device id; nothing was sent.
    DeviceId,
    /// The MQTT connection failed, or a message does not fit it.
    Link(E),
    /// The cloud has refused a subscription.
    SubscriptionRefused(Subscription),
    /// Not a valid subfolder; nothing was sent.
    Subfolder,
    /// A state may be published once per second; nothing was sent. How long to wait.
    TooSoon(Millis),
    /// The token is about to expire: connect again, with a new one, at once.
    TokenExpiring,
}

/// Why [`Session::connect`](crate::Session::connect) failed; `E` is the link's own error, `S` the signer's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ConnectError<E, S> {
    /// There is no token; nothing was sent.
    Token(TokenError<S>),
    /// The cloud refused the login.
    Refused(Refusal),
    /// The MQTT connection failed.
    Link(E),
}

/// Why the cloud refused the login, by CONNACK's return code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Refusal {
    /// 4 or 5: token, key or names are not accepted. Google's bridge answers 5, ClearBlade's 4.
    NotAuthorized {
        /// The return code.
        code: u8,
    },
    /// 3: the service is not available.
    Unavailable,
    /// 2: the client id is not accepted.
    ClientId,
    /// Any other code.
    Other {
        /// The return code.
        code: u8,
    },
}

impl<E: LinkError> Error<E> {
    /// Tells whether the connection is over: the next step is [`Session::next_attempt`](crate::Session::next_attempt).
    #[must_use]
    pub fn is_over(&self) -> bool {
        match self {
            Self::AuthorizationTooLong | Self::DeviceId | Self::Subfolder | Self::TooSoon(_) => false,
            Self::Link(error) => error.is_over(),
            Self::SubscriptionRefused(_) | Self::TokenExpiring => true,
        }
    }
}

impl Refusal {
    /// Reads CONNACK's return code.
    #[must_use]
    pub const fn from_return_code(code: u8) -> Self {
        match code {
            4 | 5 => Self::NotAuthorized { code },
            3 => Self::Unavailable,
            2 => Self::ClientId,
            _ => Self::Other { code },
        }
    }
}

impl<E> fmt::Display for Error<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Link(_) => f.write_str("the MQTT connection failed"),
            Self::SubscriptionRefused(subscription) => {
                write!(f, "the subscription to {subscription} was refused")
            }
            Self::AuthorizationTooLong => f.write_str("the authorization is too long"),
            Self::DeviceId => f.write_str("malformed device id"),
            Self::Subfolder => f.write_str("malformed subfolder"),
            Self::TooSoon(left) => write!(f, "a state may be published once per second: {left} too soon"),
            Self::TokenExpiring => f.write_str("the token is about to expire"),
        }
    }
}

impl<E: core::error::Error + 'static> core::error::Error for Error<E> {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::Link(error) => Some(error),
            _ => None,
        }
    }
}

impl<E, S> From<LinkConnectError<E, S>> for ConnectError<E, S> {
    fn from(error: LinkConnectError<E, S>) -> Self {
        match error {
            LinkConnectError::Signer(error) => Self::Token(TokenError::Signer(error)),
            LinkConnectError::Refused(refusal) => Self::Refused(refusal),
            LinkConnectError::Link(error) => Self::Link(error),
        }
    }
}

impl<E, S> fmt::Display for ConnectError<E, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Token(_) => f.write_str("there is no token to log in with"),
            Self::Refused(_) => f.write_str("the cloud refused the login"),
            Self::Link(_) => f.write_str("the MQTT connection failed"),
        }
    }
}

impl<E, S> core::error::Error for ConnectError<E, S>
where
    E: core::error::Error + 'static,
    S: core::error::Error + 'static,
{
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::Token(error) => Some(error),
            Self::Refused(refusal) => Some(refusal),
            Self::Link(error) => Some(error),
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotAuthorized { code } => write!(
                f,
                "CONNACK {code}, not authorized: check the registered key, project, registry and device, and the clock"
            ),
            Self::Unavailable => f.write_str("CONNACK 3, service unavailable"),
            Self::ClientId => f.write_str("CONNACK 2, client id refused"),
            Self::Other { code } => write!(f, "CONNACK {code}"),
        }
    }
}

impl core::error::Error for Refusal {}
