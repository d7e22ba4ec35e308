//! From power-up to packet data, as steps that never wait: the blocking, the polled and the async face
//! take the same ones.

mod outcome;
mod phase;
mod pin;
mod register;

use monoclock::{Instant, Millis};

use crate::at::FinalResult;
use crate::command::{
    Attention, CloseSocket, EnterPin, PacketService, PinAttempts, Plain, PsdAction, PsdActive, PsdCommand,
    PsdNumber, PsdText, QueryPin, QueryRegistration, Request, SetBaudRate, SetFunctionality,
};
use crate::config::{Config, DataMode, PowerUp};
use crate::device::Device;
use crate::engine::{Outcome, Payload};
use crate::error::Error;
use crate::registration::Domain;
use phase::Phase;

/// RESET_N held low (data sheet: at least 50 ms).
const RESET_PULSE: Millis = Millis(51);
/// Longest time from the release of RESET_N to the first answer.
const BOOT: Millis = Millis::from_secs(15);
/// Time for a restart by `AT+CFUN=16` to begin: until then the old modem still answers.
const RESTART: Millis = Millis::from_secs(1);
/// Time for one baud rate, when several are tried.
const RATE_TIME: Millis = Millis(800);
/// Time for the first baud rate after a reset.
const RATE_PATIENCE: Millis = Millis::from_secs(7);
/// Pause after a change of the baud rate (at least 100 ms).
const RATE_PAUSE: Millis = Millis(101);
/// Time for the first answer at a new baud rate.
const RATE_CHECK: Millis = Millis(1500);
/// Baud rates that a modem may have been left at.
const RATES: [u32; 5] = [115_200, 921_600, 460_800, 230_400, 9_600];
/// Pause before the SIM is asked again.
const SIM_PAUSE: Millis = Millis(250);
/// Registration is asked for in case its URC was lost.
const REGISTRATION_POLL: Millis = Millis::from_secs(5);
/// The first of the settings that are made at the final baud rate.
const SET_BEFORE_RATE: u8 = 3;
/// The PSD profile in use.
pub(crate) const PROFILE: u8 = 0;

/// What the face is to do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Serve the engine until its command has ended.
    Exchange,
    /// Wait until then, or until something is received.
    Wait(Instant),
    /// Assert RESET_N, or let it go.
    Reset(bool),
    /// Set the baud rate of the board's serial port.
    Baud(u32),
    /// Nothing: the modem is ready.
    Ready,
}

/// The way to packet data.
#[derive(Clone)]
pub(crate) struct Bringup {
    phase: Phase,
    /// The engine runs a command of this phase.
    started: bool,
    /// RESET_N was found not to be wired.
    no_reset: bool,
    /// The modem was restarted on this way, so that its state is known.
    clean: bool,
    /// The modem did not answer to anything: it is reset, whatever the settings say.
    lost: bool,
    tries_left: Option<u8>,
    /// A PIN was sent and the SIM has not said READY since.
    entered: bool,
    /// The PIN that was refused; it is not tried again.
    refused_pin: Option<[u8; 8]>,
    /// The baud rate of the board's serial port.
    rate: u32,
    /// The baud rate that was in use before the last change.
    old_rate: u32,
    /// The board cannot change its baud rate, or the modem would not follow.
    rate_fixed: bool,
    /// The board's rate is to follow the modem's.
    rate_step: bool,
    /// When the next of the baud rates is tried.
    next_rate_at: Instant,
    since: Instant,
    denied_since: Option<Instant>,
}

impl core::fmt::Debug for Bringup {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Bringup").field("phase", &self.phase).finish_non_exhaustive()
    }
}

impl Bringup {
    pub(crate) const fn new() -> Self {
        Self {
            phase: Phase::Unknown,
            started: false,
            no_reset: false,
            clean: false,
            lost: false,
            tries_left: None,
            entered: false,
            refused_pin: None,
            rate: RATES[0],
            old_rate: RATES[0],
            rate_fixed: false,
            rate_step: false,
            next_rate_at: Instant::from_millis(0),
            since: Instant::from_millis(0),
            denied_since: None,
        }
    }

    /// The board cannot change its baud rate: it stays as it is.
    pub(crate) const fn set_rate_fixed(&mut self) {
        self.rate_fixed = true;
        self.rate = self.old_rate;
    }

    /// The baud rate in use.
    pub(crate) const fn rate(&self) -> u32 {
        self.rate
    }

    fn sync(&mut self, now: Instant) {
        // A modem that was just reset boots first, and is mostly at the rate it should be at.
        let patience = if self.clean && self.rate == RATES[0] { RATE_PATIENCE } else { RATE_TIME };
        self.next_rate_at = now + patience;
        self.enter(Phase::Sync(now + BOOT), now);
    }

    /// RESET_N is not wired: the modem is restarted by a command.
    pub(crate) const fn set_no_reset(&mut self) {
        self.no_reset = true;
        self.phase = Phase::Unknown;
    }

    /// The modem does not answer any more: the next start restarts it.
    pub(crate) const fn lose_modem(&mut self) {
        self.phase = Phase::Unknown;
        self.clean = false;
        self.lost = true;
    }

    /// Whether the way has been gone to its end and nothing was lost since.
    pub(crate) fn is_ready(&self, device: &Device) -> bool {
        self.phase == Phase::Ready && device.packet_data && !device.restarted
    }

    /// Goes on by one step.
    #[inline(never)]
    pub(crate) fn step(
        &mut self,
        device: &mut Device,
        config: &Config<'_>,
        now: Instant,
    ) -> Result<Step, Error> {
        if device.engine.is_busy() {
            return Ok(Step::Exchange);
        }
        if self.started {
            self.started = false;
            let outcome = device.engine.finish().unwrap_or(Outcome::TimedOut { owes_data: false });
            if let Err(error) = self.handle(outcome, device, config, now) {
                self.abort(error);
                return Err(error);
            }
        }
        let step = self.advance(device, config, now);
        if let Err(error) = step {
            self.abort(error);
        }
        step
    }

    /// Where to begin again after an error.
    fn abort(&mut self, error: Error) {
        self.phase = match error {
            // The modem is there and set up: the next try begins behind that.
            Error::Sim(_) => Phase::Pin,
            Error::Registration { .. } | Error::PacketDataRefused(_) => {
                Phase::Registration(Domain::PacketSwitched)
            }
            _ => Phase::Unknown,
        };
        self.entered = false;
        self.since = Instant::from_millis(0);
        self.denied_since = None;
        self.clean &= self.phase != Phase::Unknown;
    }

    /// Whether another baud rate is to be tried.
    fn must_change_rate(&self, now: Instant) -> bool {
        !self.rate_fixed && now.has_reached(self.next_rate_at)
    }

    fn enter(&mut self, phase: Phase, now: Instant) {
        self.phase = phase;
        self.since = now;
    }

    /// Starts the command of the phase, or says what else it needs.
    fn advance(&mut self, device: &mut Device, config: &Config<'_>, now: Instant) -> Result<Step, Error> {
        if device.restarted {
            // What a restart undoes is done again; the modem runs.
            device.restarted = false;
            self.sync(now);
        }
        if core::mem::take(&mut self.rate_step) {
            device.engine.reset();
            return Ok(Step::Baud(self.rate));
        }
        loop {
            match self.phase {
                Phase::Unknown => {
                    device.engine.reset();
                    device.forget();
                    device.restarted = false;
                    if (config.power_up == PowerUp::Reset || self.lost) && !self.no_reset {
                        self.lost = false;
                        self.phase = Phase::Resetting(now + RESET_PULSE);
                        return Ok(Step::Reset(true));
                    }
                    self.sync(now);
                }
                Phase::Resetting(until) if !now.has_reached(until) => return Ok(Step::Wait(until)),
                Phase::Resetting(_) => {
                    self.clean = true;
                    self.sync(now);
                    return Ok(Step::Reset(false));
                }
                Phase::Restarting(until) if !now.has_reached(until) => return Ok(Step::Wait(until)),
                Phase::Restarting(_) => self.sync(now),
                Phase::Sync(_) if self.must_change_rate(now) => {
                    self.next_rate_at = now + RATE_TIME;
                    self.old_rate = self.rate;
                    let place = RATES.iter().position(|&rate| rate == self.rate).map_or(0, |place| place + 1);
                    self.rate = RATES.get(place).copied().unwrap_or(RATES[0]);
                    device.engine.reset();
                    return Ok(Step::Baud(self.rate));
                }
                Phase::RatePause(until) if !now.has_reached(until) => return Ok(Step::Wait(until)),
                Phase::RatePause(_) => self.phase = Phase::RateCheck(now + RATE_CHECK),
                Phase::RateCheck(until) if now.has_reached(until) => {
                    // The modem did not follow: back to where it answered.
                    self.rate_fixed = true;
                    self.rate = self.old_rate;
                    device.engine.reset();
                    self.phase = Phase::RatePause(now);
                    return Ok(Step::Baud(self.rate));
                }
                Phase::PinPause(until) if !now.has_reached(until) => return Ok(Step::Wait(until)),
                Phase::PinPause(_) => self.phase = Phase::Pin,
                Phase::RegistrationPause(poll) => match self.registration(device, config, now)? {
                    Some(phase) => self.enter(phase, now),
                    None if now.has_reached(poll) => {
                        self.phase = Phase::Registration(Domain::CircuitSwitched)
                    }
                    None => return Ok(Step::Wait(poll)),
                },
                Phase::Ready if device.packet_data => return Ok(Step::Ready),
                Phase::Ready => {
                    self.denied_since = None;
                    self.enter(Phase::Registration(Domain::PacketSwitched), now);
                }
                _ => {
                    self.start(device, config, now)?;
                    self.started = true;
                    return Ok(Step::Exchange);
                }
            }
        }
    }

    fn start(&mut self, device: &mut Device, config: &Config<'_>, now: Instant) -> Result<(), Error> {
        let profile = PROFILE;
        let apn = &config.apn;
        let (user, password) = apn.login.unwrap_or(("", ""));
        let text = |tag, text| PsdText { profile, tag, text };
        let command: &dyn Request = match self.phase {
            Phase::Restart => &SetFunctionality::RESTART,
            Phase::Rate => &SetBaudRate(config.baud_rate),
            Phase::Settings(index) => &Plain(setting(index, config)),
            Phase::Stale(socket) => &CloseSocket(socket),
            Phase::Pin => &QueryPin,
            Phase::Tries | Phase::TriesAfter(_) => &PinAttempts,
            Phase::EnterPin => &EnterPin(config.pin.unwrap_or("")),
            Phase::Registration(domain) => &QueryRegistration(domain),
            Phase::Attach => &PacketService(true),
            Phase::Active => &PsdActive(profile),
            Phase::Profile(0) => &text(PsdText::APN, apn.name),
            Phase::Profile(1) => {
                &PsdNumber { profile, tag: PsdNumber::AUTHENTICATION, number: apn.authentication.number() }
            }
            Phase::Profile(2) => &text(PsdText::USER, user),
            Phase::Profile(3) => &text(PsdText::PASSWORD, password),
            Phase::Profile(_) => &text(PsdText::ADDRESS, "0.0.0.0"),
            Phase::Activate => &PsdCommand { profile, action: PsdAction::Activate },
            _ => &Attention,
        };
        device.engine.start(command, Payload::None, now).map_err(|_| Error::Argument("a setting"))
    }
}

/// The settings that a restart undoes, in their order.
const fn setting(index: u8, config: &Config<'_>) -> &'static str {
    match index {
        0 => "E0",
        1 => "+CMEE=1",
        2 if config.flow_control => "&K3",
        2 => "&K0",
        3 if matches!(config.data_mode, DataMode::Binary) => "+UDCONF=1,0",
        3 => "+UDCONF=1,1",
        4 => "+CTZU=1",
        5 => "+CREG=2",
        _ => "+CGREG=2",
    }
}

/// Makes an error of an outcome that is not OK.
pub(crate) fn expect(outcome: Outcome, device: &Device) -> Result<(), Error> {
    let command = device.engine.name();
    match outcome {
        Outcome::Final(FinalResult::Refused(cause)) => Err(Error::Refused { command, cause }),
        Outcome::Final(_) => Ok(()),
        Outcome::TimedOut { .. } => Err(Error::Timeout { command }),
        Outcome::Garbled | Outcome::AnswerMissing => Err(Error::Garbled { command }),
    }
}
