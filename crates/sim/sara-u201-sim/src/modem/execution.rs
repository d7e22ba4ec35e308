//! How a command line runs: latency, result, prompt and data.

use core::time::Duration;
use std::collections::VecDeque;

use super::ModemCore;
use super::input::is_abortable;
use crate::at::{Command, Kind};
use crate::command::connect::Connecting;
use crate::fault::{Effect, Moment, PromptFault, StoreFault};
use crate::network::Handle;
use crate::quirks::EarlyData;
use crate::result::{FFS_TIMEOUT, FinalResult, NO_NETWORK};
use crate::security::CredentialKind;
use crate::sockets::{Socket, SocketState};

/// The pause that the manual asks for between the `@` prompt and the data.
const PROMPT_RULE: Duration = Duration::from_millis(50);

/// How long a command lasts whose prompt got lost.
const PROMPT_LOST: Duration = Duration::from_secs(30);
/// How long an upload may stall.
const UPLOAD_STALL: Duration = Duration::from_secs(20);
/// What ends the text of a message, and what throws it away.
const CONTROL_Z: u8 = 0x1A;
const ESCAPE: u8 = 0x1B;

/// A command line in execution.
#[derive(Debug)]
pub(super) struct Job {
    /// The command in execution.
    name: String,
    rest: VecDeque<Command>,
    stage: Stage,
}

#[derive(Debug)]
enum Stage {
    /// The module thinks.
    Thinking {
        until: Duration,
        command: Command,
    },
    /// The line was not well formed, or was empty.
    Ending {
        until: Duration,
        result: FinalResult,
    },
    Waiting {
        wait: Wait,
        command: Command,
    },
    /// The host owes data.
    Data(Data),
    /// Data is complete.
    Storing {
        until: Duration,
        data: Data,
    },
}

/// What a command is waiting for.
#[derive(Debug)]
pub(crate) enum Wait {
    Connect(Connecting),
    Resolve {
        query: Handle,
        host: String,
        deadline: Duration,
    },
    /// Registration with the network.
    Register {
        deadline: Duration,
    },
}

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

/// What a command's code answers.
#[derive(Debug)]
pub(crate) enum Step {
    /// Lines of information; the next command of the line follows, or `OK`.
    Done(Vec<Vec<u8>>),
    /// The line ends here.
    Final(FinalResult),
    Wait(Wait),
    Prompt(Data),
}

impl Step {
    /// No information.
    pub(crate) const fn ok() -> Self {
        Self::Done(Vec::new())
    }

    /// One line of information.
    pub(crate) fn line(text: impl Into<String>) -> Self {
        Self::Done(vec![text.into().into_bytes()])
    }
}

impl From<FinalResult> for Step {
    fn from(result: FinalResult) -> Self {
        if result == FinalResult::Ok { Self::ok() } else { Self::Final(result) }
    }
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
    fn stalls_at(&self) -> Option<Duration> {
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

impl Job {
    pub(super) const fn wants_data(&self) -> bool {
        matches!(self.stage, Stage::Data(_))
    }

    pub(super) fn is_abortable(&self) -> bool {
        match &self.stage {
            Stage::Thinking { command, .. } | Stage::Waiting { command, .. } => {
                is_abortable(&command.name, command.kind)
            }
            _ => false,
        }
    }

    pub(super) fn next_event(&self) -> Option<Duration> {
        match &self.stage {
            Stage::Thinking { until, .. } | Stage::Ending { until, .. } | Stage::Storing { until, .. } => {
                Some(*until)
            }
            Stage::Waiting { wait, .. } => Some(match wait {
                Wait::Connect(connecting) => connecting.next_event(),
                Wait::Resolve { deadline, .. } | Wait::Register { deadline } => *deadline,
            }),
            Stage::Data(data) => data.stalls_at(),
        }
    }
}

impl ModemCore {
    /// Says something to the host.
    pub(crate) fn say(&mut self, bytes: &[u8]) {
        self.output.extend_from_slice(bytes);
    }

    /// Begins a command line; `None` is one that is not well formed.
    pub(super) fn begin(&mut self, commands: Option<Vec<Command>>, now: Duration) {
        let result = if commands.is_some() { FinalResult::Ok } else { self.unknown_command() };
        let mut rest = VecDeque::from(commands.unwrap_or_default());
        if let Some(command) = rest.pop_front() {
            self.job = Some(self.think(command, rest, now));
            return;
        }
        let until = now + self.profile.latencies.local.draw(&mut self.rng);
        self.job = Some(Job { name: String::new(), rest, stage: Stage::Ending { until, result } });
    }

    /// The module begins to think about a command.
    fn think(&mut self, command: Command, rest: VecDeque<Command>, now: Duration) -> Job {
        self.at_moment(&command.name, Moment::Begin, now);
        let delay = |effect: &Effect| match effect {
            Effect::Delay { ms } => Some(Duration::from_millis(u64::from(*ms))),
            _ => None,
        };
        let delay = self.faults.consume(delay).unwrap_or_default();
        let until = now + delay + self.latency_of(&command);
        Job { name: command.name.clone(), rest, stage: Stage::Thinking { until, command } }
    }

    /// Moves the command line on as far as it goes.
    pub(super) fn run_job(&mut self, now: Duration) {
        while let Some(mut job) = self.job.take() {
            let (step, command) = match job.stage {
                Stage::Thinking { until, command } if until <= now => {
                    (self.execute(&command, now), Some(command))
                }
                Stage::Ending { until, result } if until <= now => (Step::Final(result), None),
                Stage::Storing { until, data } if until <= now => (self.store(data, now), None),
                Stage::Data(data) if data.stalls_at().is_some_and(|at| at <= now) => {
                    (Step::Final(FFS_TIMEOUT), None)
                }
                Stage::Data(data) if self.has_lost_its_socket(&data) => {
                    (Step::Final(FinalResult::Error), None)
                }
                Stage::Waiting { mut wait, command } => match self.poll_wait(&mut wait, now) {
                    Some(step) => (step, Some(command)),
                    None => {
                        job.stage = Stage::Waiting { wait, command };
                        self.job = Some(job);
                        return;
                    }
                },
                stage => {
                    job.stage = stage;
                    self.job = Some(job);
                    return;
                }
            };
            self.job = self.follow(step, command, (job.name, job.rest), now);
        }
    }

    /// What comes after a step.
    fn follow(
        &mut self,
        step: Step,
        command: Option<Command>,
        (name, mut rest): (String, VecDeque<Command>),
        now: Duration,
    ) -> Option<Job> {
        match (step, command) {
            (Step::Done(lines), _) => {
                self.at_moment(&name, Moment::Reply, now);
                for (index, line) in lines.into_iter().enumerate() {
                    self.say_line(&line);
                    if index == 0 {
                        self.at_moment(&name, Moment::Middle, now);
                    }
                }
                if let Some(command) = rest.pop_front() {
                    return Some(self.think(command, rest, now));
                }
                self.finish(FinalResult::Ok, now);
                self.at_moment(&name, Moment::Result, now);
                None
            }
            (Step::Wait(wait), Some(command)) => {
                Some(Job { name, rest, stage: Stage::Waiting { wait, command } })
            }
            (Step::Prompt(data), _) => Some(self.prompt(data, name, rest, now)),
            (Step::Final(result), _) => {
                self.at_moment(&name, Moment::Reply, now);
                self.finish(result, now);
                self.at_moment(&name, Moment::Result, now);
                None
            }
            (Step::Wait(_), None) => {
                self.finish(FinalResult::Error, now);
                None
            }
        }
    }

    /// The module asks for data, unless a fault keeps it from that.
    fn prompt(&mut self, data: Data, name: String, rest: VecDeque<Command>, now: Duration) -> Job {
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
    fn has_lost_its_socket(&self, data: &Data) -> bool {
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
                data.bytes.push(byte);
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

    /// A character has aborted the command.
    pub(super) fn abort(&mut self, now: Duration) {
        if let Some(Job { stage: Stage::Waiting { wait, .. }, .. }) = self.job.take() {
            match wait {
                Wait::Connect(connecting) => self.abandon(&connecting, now),
                Wait::Resolve { query, .. } => self.network.close(query, now),
                Wait::Register { .. } => {}
            }
        }
        self.statistics.aborts += 1;
        self.finish(FinalResult::Aborted, now);
    }

    fn poll_wait(&mut self, wait: &mut Wait, now: Duration) -> Option<Step> {
        match wait {
            Wait::Connect(connecting) => self.poll_connect(connecting, now),
            Wait::Resolve { query, host, deadline } => self.poll_resolve(*query, host, *deadline, now),
            Wait::Register { deadline } => {
                if self.registration.is_registered() {
                    return Some(Step::ok());
                }
                (now >= *deadline || matches!(self.registration.circuit, 0 | 3))
                    .then_some(Step::Final(NO_NETWORK))
            }
        }
    }

    fn say_line(&mut self, line: &[u8]) {
        if self.settings.verbose {
            self.say(b"\r\n");
        }
        self.say(line);
        self.say(b"\r\n");
    }

    /// Ends the command line.
    fn finish(&mut self, result: FinalResult, now: Duration) {
        self.urc_not_before = now + Duration::from_millis(u64::from(self.profile.quirks.urc_gap));
        if !self.settings.quiet {
            let text = result.to_text(self.settings.error_mode, self.settings.verbose);
            self.say(text.as_bytes());
        }
    }

    /// The result of a command that the module does not have.
    pub(crate) const fn unknown_command(&self) -> FinalResult {
        if self.profile.quirks.unknown_command_cme { FinalResult::Cme(100) } else { FinalResult::Error }
    }

    /// How long the module takes before it acts.
    fn latency_of(&mut self, command: &Command) -> Duration {
        if let Some(fixed) = self.refusal_time(command) {
            return fixed;
        }
        let set = command.kind == Kind::Set;
        let l = &self.profile.latencies;
        let span = match command.name.as_str() {
            "+CGSN" | "+CGMI" | "+CGMM" | "+CGMR" | "I" | "+CCID" => l.identity,
            "+CIMI" => l.card,
            "+CPIN" | "+CLCK" | "+CPWD" if set => l.pin,
            "+COPS" if set && command.number(0) != Some(3) => l.operator,
            "+COPS" if command.kind == Kind::Test => l.operator_scan,
            "+CGATT" if set => l.attach,
            "+UPSDA" if set => l.activate,
            "+UPSD" | "+UPSND" => l.packet_settings,
            "+USOWR" | "+USOST" => {
                let with_data = command.count() > if command.name == "+USOWR" { 2 } else { 4 };
                if with_data { l.socket_write } else { l.prompt }
            }
            "+USORD" | "+USORF" => l.socket_read,
            "+USOCR" | "+USOSEC" | "+USOSO" | "+USOCO" | "+USOCL" | "+USOCTL" | "+USOER" | "+USOLI" => {
                l.socket
            }
            "+UDNSRN" | "+UPING" => l.resolve,
            "+USECMNG" if command.number(0) == Some(0) => l.prompt,
            "+USECMNG" => l.certificate,
            "+USECPRF" => l.security_profile,
            "+UDWNFILE" => l.prompt,
            "+URDFILE" | "+URDBLOCK" | "+UDELFILE" | "+ULSTFILE" => l.file,
            "+CMGL" | "+CMGR" | "+CMGD" | "+CPMS" => l.message_store,
            "+UHTTPC" => l.http,
            "+CFUN" if set => l.functionality,
            "+CPWROFF" => l.power_off,
            _ => l.local,
        };
        span.draw(&mut self.rng)
    }
}
