//! Data after a prompt: sockets, certificates, files, messages.

use core::time::Duration;
use std::collections::VecDeque;

use super::ModemCore;
use super::execution::{Job, Stage};
use crate::at::Command;
use crate::fault::{Effect, Moment, PromptFault, StoreFault};
use crate::quirks::EarlyData;
use crate::result::FinalResult;
use crate::security::CredentialKind;
use crate::sockets::{Socket, SocketState};

/// The pause that the manual asks for between the `@` prompt and the data.
const PROMPT_RULE: Duration = Duration::from_millis(50);

/// How long a command lasts whose prompt got lost.
const PROMPT_LOST: Duration = Duration::from_secs(30);
/// How long an upload may stall.
const UPLOAD_STALL: Duration = Duration::from_secs(20);
/// What is kept of a message; one that is longer than any may be is refused at its end.
const LONGEST_MESSAGE: usize = 4096;
/// What ends the text of a message, and what throws it away.
const CONTROL_Z: u8 = 0x1A;
const ESCAPE: u8 = 0x1B;

/// Data after a prompt.
#[derive(Debug)]
pub(crate) struct Data {
    pub(crate) kind: DataKind,
    pub(crate) wanted: usize,
    pub(crate) bytes: Vec<u8>,
    pub(crate) opened: Duration,
    pub(crate) early: bool,
    pub(crate) last_byte: Duration,
}

/// What the data is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum DataKind {
    SocketWrite {
        socket: usize,
        generation: u64,
    },
    SendTo {
        socket: usize,
        remote: core::net::SocketAddrV4,
    },
    Credential {
        kind: CredentialKind,
        name: String,
    },
    File {
        name: String,
    },
    /// A text message, ended by control-Z.
    Message {
        to: String,
    },
    /// A message in hexadecimal, ended by control-Z.
    Pdu {
        length: usize,
    },
}

impl Data {
    pub(crate) const fn new(kind: DataKind, wanted: usize, opened: Duration) -> Self {
        Self { kind, wanted, bytes: Vec::new(), opened, early: false, last_byte: opened }
    }

    /// Whether the data ends by control-Z and not by its length.
    const fn is_message(&self) -> bool {
        matches!(self.kind, DataKind::Message { .. } | DataKind::Pdu { .. })
    }

    /// When the module stops waiting: files and certificates only.
    pub(super) fn stalls_at(&self) -> Option<Duration> {
        let stored = matches!(self.kind, DataKind::Credential { .. } | DataKind::File { .. });
        stored.then_some(self.last_byte + UPLOAD_STALL)
    }

    const fn prompt(&self) -> &'static str {
        match self.kind {
            DataKind::SocketWrite { .. } | DataKind::SendTo { .. } => "\r\n@",
            DataKind::Credential { .. } | DataKind::File { .. } => "\r\n>",
            DataKind::Message { .. } | DataKind::Pdu { .. } => "\r\n> ",
        }
    }
}

impl ModemCore {
    /// The module asks for data, unless a fault keeps it from that.
    pub(super) fn prompt(&mut self, data: Data, name: String, rest: VecDeque<Command>, now: Duration) -> Job {
        let fault = self.faults.consume(|effect| match effect {
            Effect::Prompt(fault) => Some(*fault),
            _ => None,
        });
        let result = FinalResult::Error;
        let stage = match fault {
            Some(PromptFault::Never) => Stage::Ending { until: now + PROMPT_LOST, result },
            Some(PromptFault::Error) => Stage::Ending { until: now, result },
            None if data.wanted == 0 => Stage::Storing { until: now, data },
            None => {
                self.say(data.prompt().as_bytes());
                self.at_moment(&name, Moment::Prompt, now);
                Stage::Data(Data { opened: now, last_byte: now, ..data })
            }
        };
        Job { name, rest, stage }
    }

    /// Whether the socket that the data is for has ended: an error comes instead of more.
    pub(super) fn has_lost_its_socket(&self, data: &Data) -> bool {
        let DataKind::SocketWrite { socket, generation } = data.kind else { return false };
        let same = |s: &&Socket| s.generation == generation && s.state == SocketState::Open;
        self.sockets.get(socket).and_then(Option::as_ref).filter(same).is_none()
    }

    /// One byte of the data that a prompt asked for.
    pub(super) fn take_data(&mut self, byte: u8, now: Duration) {
        let Some(job) = &mut self.job else { return };
        let Stage::Data(data) = &mut job.stage else { return };
        let socket = matches!(data.kind, DataKind::SocketWrite { .. } | DataKind::SendTo { .. });
        if socket && now < data.opened + PROMPT_RULE {
            if !core::mem::replace(&mut data.early, true) {
                self.statistics.prompt_rule_violations += 1;
            }
            match self.profile.quirks.early_data {
                EarlyData::Accept => {}
                EarlyData::Drop => return,
                EarlyData::Error => {
                    self.job = None;
                    self.finish(FinalResult::Cme(50), now);
                    return;
                }
            }
        }
        data.last_byte = now;
        if data.is_message() {
            self.type_message(byte, now);
            return;
        }
        data.bytes.push(byte);
        let (count, wanted) = (data.bytes.len(), data.wanted);
        if count == wanted.div_ceil(2) {
            let lost = |effect: &Effect| matches!(effect, Effect::Store(StoreFault::LostByte)).then_some(());
            if matches!(data.kind, DataKind::Credential { .. }) && self.faults.consume(lost).is_some() {
                data.bytes.pop();
            }
            let name = job.name.clone();
            self.at_moment(&name, Moment::Data, now);
        }
        if count == wanted {
            self.complete_data(now);
        }
    }

    /// One character of a message: echoed, until control-Z or escape.
    fn type_message(&mut self, byte: u8, now: Duration) {
        if self.settings.echo {
            self.say(&[byte]);
        }
        match (byte, &mut self.job) {
            (CONTROL_Z, _) => self.complete_data(now),
            (ESCAPE, _) => {
                self.job = None;
                self.finish(FinalResult::Ok, now);
            }
            (_, Some(Job { stage: Stage::Data(data), .. })) => {
                if data.bytes.len() < LONGEST_MESSAGE {
                    data.bytes.push(byte);
                }
                if byte == b'\r' {
                    self.say(b"\r\n> ");
                }
            }
            _ => {}
        }
    }

    /// All the data is there.
    fn complete_data(&mut self, now: Duration) {
        if let Some(Job { name, stage: Stage::Data(data), rest }) = self.job.take() {
            let latencies = &self.profile.latencies;
            let span = match data.kind {
                DataKind::Credential { .. } => latencies.certificate,
                DataKind::File { .. } => latencies.file,
                DataKind::Message { .. } | DataKind::Pdu { .. } => latencies.message_send,
                _ => latencies.socket_write,
            };
            let until = now + span.draw(&mut self.rng);
            self.job = Some(Job { name, rest, stage: Stage::Storing { until, data } });
        }
        self.run_job(now);
    }
}
