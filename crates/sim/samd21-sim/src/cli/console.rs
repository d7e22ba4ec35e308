//! The console on this side: standard output, standard input, texts typed at set times.

use core::time::Duration;
use std::io::{IsTerminal as _, Read as _, Write as _};
use std::sync::mpsc::{Receiver, channel};
use std::time::Instant;

use samd21_sim::Time;
use samd21_sim::board::usb_host::Console;

use super::pty::Pty;

/// How much of what was shown is searched for a text.
const MEMORY: usize = 64 * 1024;

/// Reads `TEXT@SECONDS`.
pub(super) fn parse_send(argument: &str) -> Result<(String, Duration), String> {
    let (text, at) = argument.rsplit_once('@').ok_or("expected TEXT@SECONDS")?;
    let seconds: f64 = at.parse().map_err(|_| "expected a number of seconds behind the last @".to_owned())?;
    let at = Duration::try_from_secs_f64(seconds).map_err(|error| error.to_string())?;
    Ok((text.replace("\\n", "\n").replace("\\r", "\r").replace("\\t", "\t"), at))
}

/// Texts that are typed at set times.
#[derive(Debug)]
pub(super) struct Sends {
    left: Vec<(String, Time)>,
}

impl Sends {
    pub(super) fn new(sends: &[(String, Duration)]) -> Self {
        let mut left: Vec<_> =
            sends.iter().map(|(text, at)| (text.clone(), Time::from_duration(*at))).collect();
        left.sort_by_key(|(_, at)| *at);
        Self { left }
    }

    /// Takes the texts that are due.
    pub(super) fn due(&mut self, now: Time) -> Vec<String> {
        let count = self.left.partition_point(|(_, at)| *at <= now);
        self.left.drain(..count).map(|(text, _)| text).collect()
    }
}

/// Where what is typed comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Input {
    /// Standard input.
    Standard,
    /// A pseudo-terminal that another program opens.
    Pty,
}

/// Reads the argument of `--console`.
pub(super) fn parse_input(argument: &str) -> Result<Input, String> {
    match argument {
        "-" => Ok(Input::Standard),
        "pty" => Ok(Input::Pty),
        _ => Err("expected - or pty".to_owned()),
    }
}

/// Shows what the device says, and types what comes from outside.
#[derive(Debug)]
pub(super) struct Terminal {
    console: Console,
    keyboard: Option<Receiver<Vec<u8>>>,
    pty: Option<Pty>,
    /// When the run began, if virtual time may not run ahead of real time.
    paced_from: Option<Instant>,
    shown: Vec<u8>,
    searched: usize,
    trace: bool,
}

impl Terminal {
    /// Opens what `input` names. `paced` keeps virtual time from running ahead of real time, and so does a person
    /// or a program at the other end.
    pub(super) fn new(
        console: Console,
        input: Option<Input>,
        paced: bool,
        trace: bool,
    ) -> std::io::Result<Self> {
        let pty = if input == Some(Input::Pty) { Some(Pty::open()?) } else { None };
        if let Some(pty) = &pty {
            eprintln!("console at {}", pty.name());
        }
        let keyboard = (input == Some(Input::Standard)).then(keyboard);
        let person = keyboard.is_some() && std::io::stdin().is_terminal();
        let paced_from = (paced || person || pty.is_some()).then(Instant::now);
        Ok(Self { console, keyboard, pty, paced_from, shown: Vec::new(), searched: 0, trace })
    }

    /// Moves bytes both ways.
    pub(super) fn exchange(&mut self, now: Time) -> std::io::Result<()> {
        if let Some(from) = self.paced_from {
            std::thread::sleep(now.as_duration().saturating_sub(from.elapsed()));
        }
        for bytes in self.keyboard.iter().flat_map(Receiver::try_iter) {
            self.console.type_in(&bytes);
        }
        if let Some(pty) = &mut self.pty {
            self.console.type_in(&pty.receive()?);
        }
        let output = self.console.take_output();
        if output.is_empty() {
            return Ok(());
        }
        if self.trace {
            eprintln!("{now} usb < {:?}", String::from_utf8_lossy(&output));
        }
        if let Some(pty) = &mut self.pty {
            pty.send(&output)?;
        }
        let mut out = std::io::stdout().lock();
        out.write_all(&output)?;
        out.flush()?;
        self.shown.extend_from_slice(&output);
        let surplus = self.shown.len().saturating_sub(MEMORY);
        self.shown.drain(..surplus);
        self.searched = self.searched.saturating_sub(surplus);
        Ok(())
    }

    /// Tells whether `text` has been shown; what was searched before is not searched again.
    pub(super) fn has_shown(&mut self, text: &str) -> bool {
        if text.is_empty() {
            return true;
        }
        let found = self.shown[self.searched..].windows(text.len()).any(|window| window == text.as_bytes());
        self.searched = self.shown.len().saturating_sub(text.len() - 1).max(self.searched);
        found
    }
}

/// Reads standard input in a thread of its own: a read cannot be asked whether it would wait.
fn keyboard() -> Receiver<Vec<u8>> {
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        let mut buffer = [0; 256];
        while let Ok(count @ 1..) = std::io::stdin().read(&mut buffer) {
            if sender.send(buffer.iter().take(count).copied().collect()).is_err() {
                break;
            }
        }
    });
    receiver
}
