//! What the cloud tells the device.

use core::fmt;

/// Something that arrived from the cloud.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event<'a> {
    /// The device's configuration: the latest one after each connection, and every new one.
    Config(Config<'a>),
    /// A command.
    Command(Command<'a>),
    /// A configuration or command that is too large for the receive buffer; [`Event::Chunk`]s follow.
    Large {
        /// The configuration or command, without its payload.
        head: Head<'a>,
        /// Length of the payload that follows.
        length: usize,
    },
    /// The next piece of a large configuration or command.
    Chunk {
        /// Part of its payload.
        payload: &'a [u8],
        /// Bytes that follow after this piece; zero ends it.
        left: usize,
    },
    /// A gateway's error report.
    ErrorReport {
        /// The device that it is about.
        device: &'a str,
        /// JSON text.
        payload: &'a [u8],
    },
    /// Configurations and commands are subscribed to: from now on nothing is missed.
    Subscribed,
    /// A message of QoS 1 has arrived in the cloud; its number from when it was published.
    Published(u16),
    /// The end of a subscription was confirmed.
    Unsubscribed(u16),
    /// A message on a topic that is none of the bridge's.
    Other {
        /// Topic Name.
        topic: &'a str,
        /// The message.
        payload: &'a [u8],
    },
}

/// A configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Config<'a> {
    /// The device that it is for.
    pub device: &'a str,
    /// The configuration itself; empty when the registry has none.
    pub payload: &'a [u8],
}

/// A command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Command<'a> {
    /// The device that it is for.
    pub device: &'a str,
    /// The subfolder it was sent to, empty for none.
    pub subfolder: &'a str,
    /// The command itself.
    pub payload: &'a [u8],
}

/// What a large message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Head<'a> {
    /// A configuration.
    Config(Config<'a>),
    /// A command.
    Command(Command<'a>),
    /// A message on another topic.
    Other(&'a str),
}

/// What a device can subscribe to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Subscription {
    /// Its configuration.
    Config,
    /// Its commands.
    Commands,
    /// Its error reports, when it is a gateway.
    Errors,
}

impl fmt::Display for Subscription {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Config => "config",
            Self::Commands => "commands",
            Self::Errors => "errors",
        })
    }
}
