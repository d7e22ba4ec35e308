//! How a command line runs: latency, result, prompt and data.

use core::time::Duration;
use std::collections::VecDeque;

use super::ModemCore;
use super::data::Data;
use super::direct::Direct;
use super::input::is_abortable;
use crate::at::{Command, Kind, Line};
use crate::command::connect::Connecting;
use crate::fault::{Effect, Moment};
use crate::network::Handle;
use crate::result::{FFS_TIMEOUT, FinalResult, NO_NETWORK};

/// A command line in execution.
#[derive(Debug)]
pub(super) struct Job {
    /// The command in execution.
    pub(super) name: String,
    pub(super) rest: VecDeque<Command>,
    pub(super) stage: Stage,
}

#[derive(Debug)]
pub(super) enum Stage {
    /// The module thinks.
    Thinking {
        until: Duration,
        command: Command,
    },
    /// The line was empty or too long, or its prompt is lost.
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
    /// The line belongs to a socket.
    Direct(Direct),
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

/// What a command's code answers.
#[derive(Debug)]
pub(crate) enum Step {
    /// Lines of information; the next command of the line follows, or `OK`.
    Done(Vec<Vec<u8>>),
    /// The line ends here.
    Final(FinalResult),
    Wait(Wait),
    Prompt(Data),
    Direct(Direct),
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

impl Job {
    pub(super) const fn wants_data(&self) -> bool {
        matches!(self.stage, Stage::Data(_))
    }

    pub(super) const fn is_direct(&self) -> bool {
        matches!(self.stage, Stage::Direct(_))
    }

    /// Whether there is room for a character that belongs to a direct link.
    pub(super) const fn takes_direct(&self) -> bool {
        matches!(&self.stage, Stage::Direct(direct) if direct.has_room())
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
            Stage::Direct(_) => None,
        }
    }
}

impl ModemCore {
    /// Says something to the host.
    pub(crate) fn say(&mut self, bytes: &[u8]) {
        self.output.extend_from_slice(bytes);
    }

    /// Begins a command line.
    pub(super) fn begin(&mut self, line: Line, now: Duration) {
        let mut rest = VecDeque::from(line.commands);
        if line.is_broken {
            // What cannot be read is a command that nobody knows.
            let (name, kind, arguments) = (String::new(), Kind::Execute, Vec::new());
            rest.push_back(Command { name, kind, arguments });
        }
        match rest.pop_front() {
            Some(command) => self.job = Some(self.think(command, rest, now)),
            None => self.end_soon(FinalResult::Ok, now),
        }
    }

    /// Ends a line without a command, after the time of a local one.
    pub(super) fn end_soon(&mut self, result: FinalResult, now: Duration) {
        let until = now + self.profile.latencies.local.draw(&mut self.rng);
        let stage = Stage::Ending { until, result };
        self.job = Some(Job { name: String::new(), rest: VecDeque::new(), stage });
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
                Stage::Direct(mut direct) => match self.poll_direct(&mut direct, now) {
                    Some(step) => (step, None),
                    None => {
                        job.stage = Stage::Direct(direct);
                        self.job = Some(job);
                        return;
                    }
                },
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
            // What the step has done to the sockets is told when its turn comes.
            self.poll_sockets(now);
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
            (Step::Direct(direct), _) => {
                self.say(&self.settings.format().result("CONNECT"));
                Some(Job { name, rest, stage: Stage::Direct(direct) })
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
        self.say(&self.settings.format().line(line));
    }

    /// Ends the command line.
    pub(super) fn finish(&mut self, result: FinalResult, now: Duration) {
        self.urc_not_before = now + Duration::from_millis(u64::from(self.profile.quirks.urc_gap));
        if !self.settings.quiet {
            self.say(&result.to_bytes(self.settings.error_mode, self.settings.format()));
        }
    }

    /// The result of a command that the module does not have.
    pub(crate) const fn unknown_command(&self) -> FinalResult {
        if self.profile.quirks.unknown_command_cme { FinalResult::Cme(100) } else { FinalResult::Error }
    }
}
