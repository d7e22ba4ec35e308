//! The commands, one file per chapter of the manual.

mod basic;
mod catalogue;
mod clock;
pub(crate) mod connect;
mod file;
mod general;
mod gprs;
mod http;
mod location;
mod message;
mod network;
mod packet;
mod remembered;
mod resolve;
mod security;
mod sim;
mod socket;
mod status;
mod think_time;
mod transfer;
mod voice;

use core::time::Duration;

pub(crate) use catalogue::is_known;

use crate::at::{Command, Kind};
use crate::modem::{Data, DataKind, ModemCore, Step};
use crate::result::INCORRECT_PARAMETERS;

impl ModemCore {
    /// Carries a command out, after its latency.
    pub(crate) fn execute(&mut self, command: &Command, now: Duration) -> Step {
        let entry = catalogue::find(&command.name).filter(|entry| entry.has(command.kind));
        match (entry, command.kind) {
            (None, _) if command.name.starts_with('+') => return Step::Final(self.unknown_command()),
            (Some(entry), Kind::Test) if entry.values.is_empty() => return Step::ok(),
            (Some(entry), Kind::Test) if entry.values != "*" => {
                return Step::line(format!("{}: {}", entry.name, entry.values));
            }
            _ => {}
        }
        if let Some(refusal) = self.card_refusal(command) {
            return Step::Final(refusal);
        }
        if command.kind == Kind::Set && entry.is_some_and(|entry| !entry.admits(command)) {
            return WRONG;
        }
        let done = self
            .basic_command(command, now)
            .or_else(|| self.general_command(command, now))
            .or_else(|| self.sim_command(command, now))
            .or_else(|| self.network_command(command, now))
            .or_else(|| self.clock_command(command, now))
            .or_else(|| self.packet_command(command, now))
            .or_else(|| self.gprs_command(command))
            .or_else(|| self.status_command(command))
            .or_else(|| self.socket_command(command, now))
            .or_else(|| self.security_command(command, now))
            .or_else(|| self.message_command(command, now))
            .or_else(|| self.voice_command(command, now))
            .or_else(|| self.location_command(command, now))
            .or_else(|| self.file_command(command, now))
            .or_else(|| self.http_command(command, now))
            .or_else(|| self.remembered_command(command, now));
        done.unwrap_or_else(|| Step::Final(self.unknown_command()))
    }

    /// What becomes of the data that a prompt asked for.
    pub(crate) fn store(&mut self, data: Data, now: Duration) -> Step {
        match data.kind {
            DataKind::SocketWrite { socket, generation } => {
                self.write_socket(socket, generation, &data.bytes, now)
            }
            DataKind::SendTo { socket, remote } => self.send_datagram(socket, remote, &data.bytes, now),
            DataKind::Credential { kind, ref name } => self.store_credential(kind, name, &data.bytes),
            DataKind::File { ref name } => self.store_file(name, &data.bytes),
            DataKind::Message { ref to } => self.send_message(to, &data.bytes),
            DataKind::Pdu { length } => self.send_pdu(length, &data.bytes),
        }
    }

    /// The time that a refusal takes, when this command is going to be refused slowly.
    pub(crate) fn refusal_time(&self, command: &Command) -> Option<Duration> {
        let activation =
            command.name == "+UPSDA" && command.kind == Kind::Set && command.number(1) == Some(3);
        let profile = command.index(0, crate::packet::PROFILES)?;
        let refused = activation && self.card.refusal().is_none() && self.admission(profile).is_err();
        refused.then_some(self.cellular().refusal)
    }
}

/// The answer to wrong arguments.
pub(crate) const WRONG: Step = Step::Final(INCORRECT_PARAMETERS);
