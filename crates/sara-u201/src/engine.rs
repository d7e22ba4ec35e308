//! One exchange at a time with the modem: bytes and the time in; bytes, events and the next deadline out.

mod event;
mod exchange;

use monoclock::{Instant, Millis};

use crate::at::{CommandLine, DataFrame, Fields, FinalResult, Framing, Token, Tokenizer, hex_digit};
use crate::command::Request;
use crate::urc::is_urc;
use exchange::{Exchange, Phase, is_answer, keep};

pub use event::{Event, Outcome, Payload, StartError};

/// Room for a line of the modem; longer ones come in pieces.
const RECEIVE: usize = 160;
/// Room for an information response that is kept until the command ends.
const ANSWER: usize = 112;
/// Digits that are encoded at a time in hexadecimal mode.
const STAGE: usize = 32;

/// Pause between the last received line and the next command (manual: at least 20 ms).
const GAP: Millis = Millis(20);
/// Longest wait for the pause while URCs keep coming.
const GAP_LIMIT: Millis = Millis(500);
/// Longest time that the serial line may refuse to take a command, and its data.
const SEND: Millis = Millis::from_secs(10);
/// Longest wait for a prompt.
const PROMPT: Millis = Millis::from_secs(5);
/// Pause between `@` and the data (manual: at least 50 ms).
const PROMPT_PAUSE: Millis = Millis(50);
/// Longest silence in the middle of data.
const DATA_SILENCE: Millis = Millis::from_secs(1);
/// A final OK whose information response is missing is believed when nothing follows for so long.
const MISSING_ANSWER: Millis = Millis::from_secs(1);
/// The clock counts whole milliseconds: a pause of n takes n + 1 of its steps to be surely over.
const STEP: Millis = Millis(1);

/// The exchange with the modem, without I/O.
///
/// - input: [`Engine::start`], [`Engine::handle_input`], [`Engine::handle_timeout`];
/// - output: [`Engine::poll_transmit`] and [`Engine::transmitted`], the events of `handle_input`,
///   [`Engine::poll_timeout`], [`Engine::finish`].
///
/// Received lines go to the command that expects them; lines known as URCs are events at any time; final
/// results count only while a command runs. An OK without the information response that the command must
/// have belongs to an earlier command and is passed over.
///
/// ```
/// use monoclock::{Instant, Millis};
/// use sara_u201::at::FinalResult;
/// use sara_u201::command::{Command, CreateSocket, Protocol};
/// use sara_u201::{Engine, Event, Outcome, Payload, Urc};
///
/// let mut now = Instant::from_millis(0);
/// let mut engine = Engine::new();
/// let create = CreateSocket { protocol: Protocol::Tcp, local_port: 0 };
/// engine.start(&create, Payload::None, now).unwrap();
/// let sent = engine.poll_transmit(&[], now).to_vec();
/// engine.transmitted(sent.len(), now);
/// assert_eq!(sent, b"AT+USOCR=6\r");
///
/// // A URC of another socket slips in before the answer.
/// let mut input = &b"\r\n+UUSOCL: 3\r\n\r\n+USOCR: 2\r\n\r\nOK\r\n"[..];
/// let mut urcs = Vec::new();
/// while let Some(event) = engine.handle_input(&mut input, now) {
///     if let Event::Urc(line) = event {
///         urcs.extend(Urc::parse(line));
///     }
/// }
/// assert_eq!(urcs, [Urc::SocketClosed { socket: 3 }]);
/// assert_eq!(engine.finish(), Some(Outcome::Final(FinalResult::Ok)));
/// assert_eq!(create.decode(engine.answer()), Some(2));
/// ```
#[derive(Clone, Debug)]
pub struct Engine {
    tokenizer: Tokenizer<RECEIVE>,
    line: CommandLine,
    stage: [u8; STAGE],
    last_received: Option<Instant>,
    prompt_pause: Millis,
    exchange: Exchange,
}

impl Default for Engine {
    fn default() -> Self {
        Self::new()
    }
}

impl Engine {
    /// Makes an engine that has heard nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self {
            tokenizer: Tokenizer::new(),
            line: CommandLine::default(),
            stage: [0; STAGE],
            last_received: None,
            prompt_pause: PROMPT_PAUSE,
            exchange: Exchange::new(),
        }
    }

    /// Sets the pause between the prompt and the data; less than 50 ms breaks the manual's rule.
    pub const fn set_prompt_pause(&mut self, pause: Millis) {
        self.prompt_pause = pause;
    }

    /// Starts a command.
    ///
    /// # Errors
    /// The engine is busy, or the command cannot be written on one line.
    pub fn start(&mut self, command: &dyn Request, payload: Payload, now: Instant) -> Result<(), StartError> {
        if self.is_busy() {
            return Err(StartError::Busy);
        }
        self.exchange.spec = command.spec();
        self.line.restart(self.exchange.spec.name);
        command.encode(&mut self.line);
        self.begin(payload, now)
    }

    fn begin(&mut self, payload: Payload, now: Instant) -> Result<(), StartError> {
        if let Payload::Hex(_) = payload {
            self.line.raw(b",\"");
        } else {
            self.line.raw(b"\r");
        }
        if !self.line.is_good() {
            return Err(StartError::Unsendable);
        }
        self.exchange.payload = payload;
        self.exchange.answer.clear();
        self.exchange.answered = false;
        self.exchange.garbled = false;
        self.exchange.in_answer = false;
        self.exchange.outcome = None;
        self.exchange.phase = Phase::Gap;
        self.exchange.started = now;
        // A line of long ago leaves nothing to wait for.
        self.last_received = self.last_received.filter(|&last| now - last <= GAP);
        Ok(())
    }

    /// Whether a command is running.
    #[must_use]
    pub fn is_busy(&self) -> bool {
        self.exchange.phase != Phase::Idle
    }

    /// Whether a character sent now would abort the command that runs.
    #[must_use]
    pub fn must_be_quiet(&self) -> bool {
        self.exchange.spec.abortable && self.exchange.phase == Phase::Final
    }

    /// Whether an answer may still come that belongs to no command: one that has timed out.
    ///
    /// [`crate::command::ProbeErrorNumbers`] brings the two sides together again.
    #[must_use]
    pub const fn is_stale(&self) -> bool {
        self.exchange.stale
    }

    /// Declares that the two sides are together again.
    pub const fn set_fresh(&mut self) {
        self.exchange.stale = false;
    }

    /// Forgets the exchange and everything received in part: the modem or its baud rate is changed.
    pub fn reset(&mut self) {
        let prompt_pause = self.prompt_pause;
        *self = Self::new();
        self.prompt_pause = prompt_pause;
    }

    /// The name of the command that runs, or ran last.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.exchange.spec.name
    }

    /// The bytes to send now; empty when there is nothing to send. `payload` is the command's data.
    pub fn poll_transmit<'t>(&'t mut self, payload: &'t [u8], now: Instant) -> &'t [u8] {
        match self.exchange.phase {
            Phase::Gap if now.has_reached(self.gap_end()) => {
                self.exchange.phase = Phase::Line(0);
                self.exchange.deadline = now + SEND;
            }
            Phase::Pause(until) if now.has_reached(until) => {
                self.exchange.phase = Phase::Data(0);
                self.exchange.deadline = now + SEND;
            }
            _ => {}
        }
        let bytes = match self.exchange.phase {
            Phase::Line(sent) => self.line.as_bytes().get(sent..),
            Phase::Data(sent) => match self.exchange.payload {
                Payload::Prompted(length) => payload.get(sent..length),
                Payload::Hex(length) => Some(stage_hex(&mut self.stage, payload.get(..length), sent)),
                Payload::None => None,
            },
            Phase::Tail(sent) => b"\"\r".get(sent..),
            _ => None,
        };
        bytes.unwrap_or(&[])
    }

    /// Tells the engine that `count` of the bytes to send are sent.
    pub fn transmitted(&mut self, count: usize, now: Instant) {
        if count == 0 {
            return;
        }
        self.exchange.phase = match self.exchange.phase {
            Phase::Line(sent) if sent + count < self.line.as_bytes().len() => Phase::Line(sent + count),
            Phase::Line(_) => match self.exchange.payload {
                Payload::Hex(_) => Phase::Data(0),
                _ => self.exchange.line_sent(now),
            },
            Phase::Data(sent) => {
                let sent = sent + count;
                match self.exchange.payload {
                    Payload::Hex(length) if sent >= length.saturating_mul(2) => Phase::Tail(0),
                    Payload::Prompted(length) if sent >= length => self.exchange.all_sent(now),
                    _ => Phase::Data(sent),
                }
            }
            Phase::Tail(sent) if sent + count < 2 => Phase::Tail(sent + count),
            Phase::Tail(_) => self.exchange.all_sent(now),
            other => other,
        };
    }

    /// Takes bytes from the front of `input` until there is something to tell; nothing when it is used up.
    pub fn handle_input<'e, 'i: 'e>(&'e mut self, input: &mut &'i [u8], now: Instant) -> Option<Event<'e>> {
        if !input.is_empty() {
            self.last_received = Some(now);
        }
        let running =
            matches!(self.exchange.phase, Phase::Line(_) | Phase::Data(_) | Phase::Tail(_) | Phase::Final)
                || matches!(self.exchange.phase, Phase::Prompt | Phase::Pause(_));
        let waiting = self.exchange.phase == Phase::Prompt;
        let framing = Framing {
            prompt: self.exchange.spec.prompt.filter(|_| waiting),
            data: self.exchange.spec.data.filter(|_| running).map(|(field, hex)| {
                let name = self.exchange.spec.name;
                DataFrame { prefix: name.strip_suffix('=').unwrap_or(name), field, hex }
            }),
        };
        let token = self.tokenizer.next(input, framing)?;
        Some(match token {
            Token::Prompt => {
                let until = now + self.prompt_pause + STEP;
                self.exchange.phase = Phase::Pause(until);
                self.exchange.deadline = until + SEND;
                Event::Nothing
            }
            Token::DataHeader(header) => {
                keep(&mut self.exchange.answer, header);
                self.exchange.answered = true;
                Event::Line { text: header, last: true }
            }
            Token::Data(data) => Event::Data(data),
            Token::DataEnd { whole } => {
                self.exchange.garbled |= !whole;
                Event::Nothing
            }
            Token::Line { text, first, last } => {
                if first {
                    self.exchange.in_answer = running && is_answer(&self.exchange.spec, text);
                }
                if self.exchange.in_answer {
                    if first && !self.exchange.answered {
                        keep(&mut self.exchange.answer, text);
                    }
                    self.exchange.answered = true;
                    return Some(Event::Line { text, last });
                }
                if !(first && last) {
                    return Some(Event::Nothing);
                }
                if is_urc(text) {
                    return Some(Event::Urc(text));
                }
                if text.starts_with(b"AT") && running {
                    let sent = self.line.as_bytes();
                    let echoed = sent.get(..text.len()).is_some_and(|sent| sent == text);
                    return Some(if echoed { Event::Echo } else { Event::Nothing });
                }
                match FinalResult::parse(text) {
                    Some(result) if running && self.exchange.handle_result(result, now) => Event::Finished,
                    _ => Event::Nothing,
                }
            }
        })
    }

    /// When the engine must be called again though nothing was received; nothing while it is idle.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        match self.exchange.phase {
            Phase::Idle => None,
            Phase::Gap => Some(self.gap_end()),
            Phase::Pause(until) => Some(until),
            _ => Some(self.effective_deadline()),
        }
    }

    /// Ends the exchange if its time is over.
    pub fn handle_timeout(&mut self, now: Instant) {
        let ended = match self.exchange.phase {
            Phase::Idle | Phase::Gap | Phase::Pause(_) => false,
            _ => now.has_reached(self.effective_deadline()),
        };
        if !ended {
            return;
        }
        self.exchange.stale = true;
        let owes_data = matches!(self.exchange.phase, Phase::Prompt | Phase::Data(_))
            && matches!(self.exchange.payload, Payload::Prompted(_));
        let missing = self.exchange.phase == Phase::Final && self.exchange.answered_without_line();
        let inside = self.tokenizer.is_inside_data();
        self.tokenizer.reset();
        self.exchange.end(if inside {
            Outcome::Garbled
        } else if missing {
            Outcome::AnswerMissing
        } else {
            Outcome::TimedOut { owes_data }
        });
    }

    /// Tells how the exchange ended, once.
    pub const fn finish(&mut self) -> Option<Outcome> {
        self.exchange.outcome.take()
    }

    /// The parameters of the first information response, behind its prefix.
    #[must_use]
    pub fn answer(&self) -> Fields<'_> {
        let answer = &self.exchange.answer;
        Fields::new(self.exchange.spec.behind_prefix(answer).unwrap_or(answer))
    }

    fn gap_end(&self) -> Instant {
        self.last_received.map_or(self.exchange.started, |last| {
            (last + GAP + STEP).earlier(self.exchange.started + GAP_LIMIT)
        })
    }

    fn effective_deadline(&self) -> Instant {
        match self.last_received {
            Some(last) if self.tokenizer.is_inside_data() => {
                self.exchange.deadline.earlier(last + DATA_SILENCE + STEP)
            }
            _ => self.exchange.deadline,
        }
    }
}

/// Writes the hexadecimal digits of `payload`, from digit `sent` on, as far as the stage has room.
fn stage_hex<'s>(stage: &'s mut [u8; STAGE], payload: Option<&[u8]>, sent: usize) -> &'s [u8] {
    let rest = payload.and_then(|payload| payload.get(sent / 2..)).unwrap_or(&[]);
    let digits = rest.iter().flat_map(|&byte| [hex_digit(byte >> 4), hex_digit(byte)]).skip(sent % 2);
    let mut count = 0;
    for (place, digit) in stage.iter_mut().zip(digits) {
        *place = digit;
        count += 1;
    }
    stage.get(..count).unwrap_or(&[])
}
