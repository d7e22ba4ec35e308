//! What can go wrong with `minimq`.

use core::fmt;

use crate::link::LinkError;

/// Why a connection over `minimq` failed; `T` is the stream's error.
#[derive(Debug, PartialEq)]
#[non_exhaustive]
pub enum MinimqError<T> {
    /// What `minimq` says of the connection.
    Session(minimq::Error<T>),
    /// The broker has refused a message, with this reason code (MQTT 5, section 2.4).
    Rejected(u8),
    /// The broker did not answer, or the stream did not take a packet, in time.
    Timeout,
    /// What `minimq` says of its setting up.
    Config(minimq::ConfigError),
    /// The client id has more than 64 bytes, which is all that `minimq` takes.
    ClientIdTooLong,
    /// User name and token do not fit their buffer: the bytes they need.
    LoginTooLong(usize),
    /// A message does not fit the message buffer: the bytes it needs.
    MessageTooLong(usize),
    /// A topic is too long.
    TopicTooLong,
    /// Too many operations wait for the broker.
    TooManyOperations,
}

impl<T> LinkError for MinimqError<T> {
    fn is_over(&self) -> bool {
        use minimq::Error::{InvalidRequest, NotReady, Resource};
        !matches!(
            self,
            Self::Session(NotReady | InvalidRequest | Resource(_))
                | Self::MessageTooLong(_)
                | Self::TopicTooLong
                | Self::TooManyOperations
        )
    }
}

impl<T> fmt::Display for MinimqError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Session(_) => f.write_str("the MQTT 5 session failed"),
            Self::Rejected(reason) => write!(f, "the broker refused a message, reason {reason:#04x}"),
            Self::Timeout => f.write_str("the broker did not answer in time"),
            Self::Config(_) => f.write_str("the MQTT 5 session cannot be set up"),
            Self::ClientIdTooLong => f.write_str("the client id has more than 64 bytes"),
            Self::LoginTooLong(needed) => write!(f, "the login has {needed} bytes, its buffer fewer"),
            Self::MessageTooLong(needed) => write!(f, "a message has {needed} bytes, its buffer fewer"),
            Self::TopicTooLong => f.write_str("a topic is too long"),
            Self::TooManyOperations => f.write_str("too many operations wait for the broker"),
        }
    }
}

impl<T: core::error::Error + 'static> core::error::Error for MinimqError<T> {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::Session(error) => Some(error),
            Self::Config(error) => Some(error),
            _ => None,
        }
    }
}
