//! One exchange at a time with the modem: bytes and the time in; bytes, events and the next deadline out.

mod event;
mod exchange;

use monoclock::{Instant, Millis};

use crate::at::{CommandLine, DataFrame, Fields, FinalResult, Framing, Token, Tokenizer, hex_digit};
use crate::command::{Command, Spec};
use crate::fault::{Fault, expect};
use crate::urc::is_urc;
use exchange::{Exchange, Phase};

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
#[repr(C)] // What is small comes first, where one instruction of a small core reaches it.
pub struct Engine {
    /// When the pause behind the last received line is over.
    gap_end: Instant,
    prompt_pause: Millis,
    exchange: Exchange,
    tokenizer: Tokenizer<RECEIVE>,
    line: CommandLine,
    stage: [u8; STAGE],
}

impl Default for Engine {
    fn default() -> Self {
        Self::new()
    }
}

impl Engine {
    /// Makes an engine that has heard nothing yet.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            tokenizer: Tokenizer::new(),
            line: CommandLine::empty(),
            stage: [0; STAGE],
            gap_end: Instant::from_millis(0),
            prompt_pause: PROMPT_PAUSE,
            exchange: Exchange::new(),
        }
    }

    /// Sets the pause between the prompt and the data; less than 50 ms breaks the manual's rule.
    pub const fn set_prompt_pause(&mut self, pause: Millis) {
        self.prompt_pause = pause;
    }

    /// The pause between the prompt and the data.
    #[must_use]
    pub const fn prompt_pause(&self) -> Millis {
        self.prompt_pause
    }

    /// Starts a command.
    ///
    /// # Errors
    /// The engine is busy, or the command cannot be written on one line.
    pub fn start<C: Command>(
        &mut self,
        command: &C,
        payload: Payload,
        now: Instant,
    ) -> Result<(), StartError> {
        if self.is_busy() {
            return Err(StartError::Busy);
        }
        command.encode(self.open(command.spec()));
        self.begin(payload, now)
    }

    /// Begins the line of a command, to which its parameters are appended before [`Engine::begin`].
    pub(crate) fn open(&mut self, spec: &'static Spec) -> &mut CommandLine {
        self.exchange.spec = spec;
        self.line.restart(spec.name);
        &mut self.line
    }

    /// Starts the command whose line is written.
    #[inline(never)]
    pub(crate) fn begin(&mut self, payload: Payload, now: Instant) -> Result<(), StartError> {
        self.line.raw(if matches!(payload, Payload::Hex(_)) { b",\"" } else { b"\r" });
        if !self.line.is_good() {
            return Err(StartError::Unsendable);
        }
        self.exchange.begin(payload);
        // A line of long ago leaves nothing to wait for.
        let owed = now.until(self.gap_end);
        self.exchange.deadline = if owed.0 <= GAP.0 + STEP.0 { now + owed } else { now };
        self.exchange.gap_limit = now + GAP_LIMIT;
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
    #[inline(never)]
    pub const fn reset(&mut self) {
        self.tokenizer.reset();
        self.exchange.phase = Phase::Idle;
        self.exchange.outcome = None;
        self.exchange.stale = false;
    }

    /// The name of the command that runs, or ran last.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.exchange.spec.name
    }

    /// The bytes to send now; empty when there is nothing to send. `payload` is the command's data.
    pub fn poll_transmit<'t>(&'t mut self, payload: &'t [u8], now: Instant) -> &'t [u8] {
        let exchange = &mut self.exchange;
        if matches!(exchange.phase, Phase::Gap | Phase::Pause) && now.has_reached(exchange.deadline) {
            exchange.phase = if exchange.phase == Phase::Gap { Phase::Line } else { Phase::Data };
            exchange.deadline = now + SEND;
        }
        let bytes = match exchange.phase {
            Phase::Line => self.line.as_bytes().get(exchange.sent..),
            Phase::Data => payload.get(exchange.sent..exchange.length()),
            Phase::Digits => Some(stage_hex(&mut self.stage, payload, exchange.sent)),
            _ => None,
        };
        bytes.unwrap_or(&[])
    }

    /// Which part of the data behind a prompt is still to be sent; nothing while there is no prompt.
    ///
    /// A caller that does not have all of it at hand gives [`Engine::poll_transmit`] none, and sends this itself.
    #[must_use]
    pub fn due_data(&self) -> Option<core::ops::Range<usize>> {
        match (self.exchange.phase, self.exchange.payload) {
            (Phase::Data, Payload::Prompted(length)) => Some(self.exchange.sent..length),
            _ => None,
        }
    }

    /// Tells the engine that `count` of the bytes to send are sent.
    pub fn transmitted(&mut self, count: usize, now: Instant) {
        let exchange = &mut self.exchange;
        let length = match exchange.phase {
            Phase::Line => self.line.as_bytes().len(),
            // Two digits a byte, a quote, a carriage return.
            Phase::Digits => exchange.length() * 2 + 2,
            Phase::Data => exchange.length(),
            _ => return,
        };
        exchange.sent += count;
        if exchange.sent < length {
            return;
        }
        exchange.sent = 0;
        let (phase, time) = match (exchange.phase, exchange.payload) {
            (Phase::Line, Payload::Hex(_)) => (Phase::Digits, SEND),
            (Phase::Line, Payload::Prompted(_)) => (Phase::Prompt, PROMPT),
            _ => (Phase::Final, exchange.spec.timeout),
        };
        exchange.phase = phase;
        exchange.deadline = now + time + STEP;
    }

    /// Takes bytes from the front of `input` until there is something to tell; nothing when it is used up.
    pub fn handle_input<'e, 'i: 'e>(&'e mut self, input: &mut &'i [u8], now: Instant) -> Option<Event<'e>> {
        let exchange = &mut self.exchange;
        if !input.is_empty() {
            self.gap_end = now + GAP + STEP;
            if exchange.phase == Phase::Gap {
                exchange.deadline = self.gap_end.earlier(exchange.gap_limit);
            }
        }
        let spec = exchange.spec;
        let running = !matches!(exchange.phase, Phase::Idle | Phase::Gap);
        let prefix = self.line.name();
        let framing = Framing {
            prompt: spec.prompt.filter(|_| exchange.phase == Phase::Prompt),
            data: match spec.data {
                Some((field, hex)) if running => Some(DataFrame { prefix, field, hex }),
                _ => None,
            },
        };
        Some(match self.tokenizer.next(input, framing)? {
            Token::Prompt => {
                exchange.phase = Phase::Pause;
                exchange.deadline = now + self.prompt_pause + STEP;
                Event::Nothing
            }
            Token::DataHeader(header) => {
                exchange.keep(header, prefix);
                Event::Line { text: header, last: true }
            }
            Token::Data(data) => Event::Data(data),
            Token::DataEnd { whole } => {
                exchange.garbled |= !whole;
                Event::Nothing
            }
            Token::Line { text, first, last } => {
                let result = if first && last { FinalResult::parse(text) } else { None };
                if first {
                    exchange.in_answer = running && result.is_none() && exchange.is_answer(text, prefix);
                    if exchange.in_answer {
                        exchange.keep(text, prefix);
                    }
                }
                if exchange.in_answer {
                    Event::Line { text, last }
                } else if !(first && last) {
                    Event::Nothing
                } else if let Some(result) = result {
                    if running && exchange.handle_result(result, now) {
                        Event::Finished
                    } else {
                        Event::Nothing
                    }
                } else if is_urc(text) {
                    Event::Urc(text)
                } else if running && text.starts_with(b"AT") && self.line.as_bytes().starts_with(text) {
                    Event::Echo
                } else {
                    Event::Nothing
                }
            }
        })
    }

    /// When the engine must be called again though nothing was received; nothing while it is idle.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        let deadline = self.exchange.deadline;
        let silence = self.gap_end + DATA_SILENCE;
        match self.exchange.phase {
            Phase::Idle => None,
            _ if self.tokenizer.is_inside_data() => Some(deadline.earlier(silence)),
            _ => Some(deadline),
        }
    }

    /// Ends the exchange if its time is over.
    pub fn handle_timeout(&mut self, now: Instant) {
        let exchange = &mut self.exchange;
        if matches!(exchange.phase, Phase::Gap | Phase::Pause) {
            return;
        }
        if !self.poll_timeout().is_some_and(|deadline| now.has_reached(deadline)) {
            return;
        }
        self.give_up();
    }

    /// Ends the exchange without a result.
    pub(crate) fn give_up(&mut self) {
        let inside = self.tokenizer.is_inside_data();
        self.tokenizer.reset();
        self.exchange.give_up(inside);
    }

    /// Tells how the exchange ended, once.
    pub const fn finish(&mut self) -> Option<Outcome> {
        self.exchange.outcome.take()
    }

    /// How the exchange ended that is over.
    #[inline(never)]
    pub(crate) fn ended(&mut self) -> Result<(), Fault> {
        self.finish().map_or(Err(Fault::Timeout), expect)
    }

    /// The parameters of the first information response, behind its prefix.
    #[must_use]
    #[inline(never)]
    pub fn answer(&self) -> Fields<'_> {
        Fields::new(self.exchange.answer())
    }
}

/// Writes what stands behind a command line in hexadecimal mode, from character `sent` on, as far as the
/// stage has room: the digits of `payload`, the quote that closes them, the carriage return.
fn stage_hex<'s>(stage: &'s mut [u8; STAGE], payload: &[u8], sent: usize) -> &'s [u8] {
    let mut count = 0;
    for place in stage.iter_mut() {
        let character = sent + count;
        *place = match payload.get(character / 2) {
            Some(&byte) => hex_digit(if character.is_multiple_of(2) { byte >> 4 } else { byte }),
            None if character == payload.len() * 2 => b'"',
            None if character == payload.len() * 2 + 1 => b'\r',
            None => break,
        };
        count += 1;
    }
    stage.get(..count).unwrap_or(&[])
}
