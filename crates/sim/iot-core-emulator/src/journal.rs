//! What happened, in order: the reports and the tests are made from it.

use core::fmt;
use core::time::Duration;
use std::collections::VecDeque;

use serde::{Serialize, Serializer};

mod event;
mod reason;

pub use event::{Event, Rate};
pub use reason::{CloseReason, Refusal};

/// Names a connection for as long as the emulator lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct ConnectionId(pub(crate) u64);

/// Names a command for as long as the emulator lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct CommandId(pub(crate) u64);

/// One line of the journal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Record {
    /// Virtual time since the start.
    #[serde(rename = "seconds", serialize_with = "as_seconds")]
    pub at: Duration,
    /// The connection that it happened on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connection: Option<ConnectionId>,
    /// The device's id, once it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device: Option<String>,
    /// What happened.
    #[serde(flatten)]
    pub event: Event,
}

/// Counts of what happened since the start, independent of how much of the journal is kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Summary {
    /// Transports accepted.
    pub transports: u64,
    /// CONNECT packets that arrived.
    pub connect_attempts: u64,
    /// Tokens that verified.
    pub tokens_verified: u64,
    /// CONNACK 0 sent.
    pub connections: u64,
    /// CONNACK with another code sent.
    pub refusals: u64,
    /// States stored.
    pub states_received: u64,
    /// Events that went to Pub/Sub.
    pub events_received: u64,
    /// Configurations sent, again included.
    pub configs_sent: u64,
    /// Configurations acknowledged.
    pub configs_acknowledged: u64,
    /// Commands sent, again included.
    pub commands_sent: u64,
    /// Commands acknowledged.
    pub commands_acknowledged: u64,
    /// PUBACK that answered nothing.
    pub unexpected_pubacks: u64,
    /// PINGREQ answered.
    pub pings: u64,
}

#[derive(Debug, Default)]
pub(crate) struct Journal {
    records: VecDeque<Record>,
    kept: usize,
    summary: Summary,
}

impl Journal {
    pub(crate) fn new(kept: usize) -> Self {
        Self { kept, ..Self::default() }
    }

    pub(crate) fn record(
        &mut self,
        at: Duration,
        connection: Option<ConnectionId>,
        device: Option<&str>,
        event: Event,
    ) {
        self.summary.count(&event);
        if self.records.len() >= self.kept {
            self.records.pop_front();
        }
        if self.kept > 0 {
            self.records.push_back(Record { at, connection, device: device.map(String::from), event });
        }
    }

    pub(crate) const fn records(&self) -> &VecDeque<Record> {
        &self.records
    }

    pub(crate) fn drain(&mut self) -> Vec<Record> {
        self.records.drain(..).collect()
    }

    pub(crate) const fn summary(&self) -> Summary {
        self.summary
    }
}

impl Summary {
    const fn count(&mut self, event: &Event) {
        match event {
            Event::Opened { .. } => self.transports += 1,
            Event::Connect { .. } => self.connect_attempts += 1,
            Event::TokenVerified { .. } => self.tokens_verified += 1,
            Event::Connected => self.connections += 1,
            Event::Refused { .. } => self.refusals += 1,
            Event::StateReceived { .. } => self.states_received += 1,
            Event::EventReceived { .. } => self.events_received += 1,
            Event::ConfigSent { .. } => self.configs_sent += 1,
            Event::ConfigAcknowledged { .. } => self.configs_acknowledged += 1,
            Event::CommandSent { .. } => self.commands_sent += 1,
            Event::CommandAcknowledged { .. } => self.commands_acknowledged += 1,
            Event::UnexpectedPuback { .. } => self.unexpected_pubacks += 1,
            Event::Ping => self.pings += 1,
            _ => {}
        }
    }
}

impl fmt::Display for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let connection = self.connection.map_or_else(String::new, |id| id.to_string());
        let device = self.device.as_deref().unwrap_or("-");
        write!(f, "{:>12.3} {connection:<5} {device:<16} {}", self.at.as_secs_f64(), self.event)
    }
}

impl fmt::Display for ConnectionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{}", self.0)
    }
}

fn as_seconds<S: Serializer>(at: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64(at.as_secs_f64())
}
