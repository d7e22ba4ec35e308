//! From power-up to packet data, as steps that never wait: the blocking, the polled and the async face
//! take the same ones.

use monoclock::{Instant, Millis};

use crate::at::{Cause, FinalResult};
use crate::command::{
    Attention, CloseSocket, Command, EnterPin, PacketService, PinAttempts, PinState, Plain, PsdAction,
    PsdActive, PsdCommand, PsdNumber, PsdText, QueryPin, QueryRegistration, Request, SOCKETS, SetBaudRate,
    SetFunctionality,
};
use crate::config::{Authentication, Config, DataMode, PowerUp};
use crate::device::Device;
use crate::engine::{Outcome, Payload};
use crate::error::{Error, SimError};
use crate::registration::{Domain, RegistrationStatus};

/// RESET_N held low (data sheet: at least 50 ms).
const RESET_PULSE: Millis = Millis(51);
/// Longest time from the release of RESET_N to the first answer.
const BOOT: Millis = Millis::from_secs(15);
/// Time for a restart by `AT+CFUN=16` to begin: until then the old modem still answers.
const RESTART: Millis = Millis::from_secs(1);
/// Time for one baud rate, when several are tried.
const RATE_TIME: Millis = Millis(800);
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
/// A refusal by the network that lasts so long is believed.
const DENIED: Millis = Millis::from_secs(20);
/// Packet data is demanded when calls are registered for so long and packet data is not.
const ATTACH_DELAY: Millis = Millis::from_secs(15);
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

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// Nothing is known about the modem.
    Unknown,
    /// RESET_N is low until then.
    Resetting(Instant),
    /// `AT` until an answer comes, at most until then.
    Sync(Instant),
    /// `AT+CFUN=16`.
    Restart,
    /// The restart begins.
    Restarting(Instant),
    /// `AT+IPR`.
    Rate,
    /// The change of the baud rate settles.
    RatePause(Instant),
    /// `AT` at the new baud rate until an answer comes, at most until then.
    RateCheck(Instant),
    /// The settings, one after the other.
    Settings(u8),
    Pin,
    PinPause(Instant),
    /// How many tries are left, before a PIN is entered.
    Tries,
    EnterPin,
    /// How many tries are left, after the SIM has refused.
    TriesAfter(PinState),
    Registration(Domain),
    RegistrationPause(Instant),
    Attach,
    Active,
    /// The settings of the PSD profile, one after the other.
    Profile(u8),
    Activate,
    /// Sockets of an earlier life are closed, one after the other.
    Stale(u8),
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

    fn sync(&mut self, now: Instant) {
        self.next_rate_at = now + RATE_TIME;
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

    /// Whether another baud rate is to be tried: only for a modem of which nothing is known.
    fn must_change_rate(&self, now: Instant) -> bool {
        (!self.clean || self.rate != RATES[0]) && !self.rate_fixed && now.has_reached(self.next_rate_at)
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

    /// Takes the outcome of the phase's command.
    fn handle(
        &mut self,
        outcome: Outcome,
        device: &mut Device,
        config: &Config<'_>,
        now: Instant,
    ) -> Result<(), Error> {
        let ok = outcome == Outcome::Final(FinalResult::Ok);
        match self.phase {
            Phase::Sync(until) => {
                // Whatever the modem says shows that it listens.
                if matches!(outcome, Outcome::Final(_)) {
                    device.engine.set_fresh();
                    let known = self.clean || config.power_up == PowerUp::Keep;
                    self.enter(if known { Phase::Settings(0) } else { Phase::Restart }, now);
                    self.old_rate = self.rate;
                } else if now.has_reached(until) {
                    if self.clean || self.no_reset {
                        return Err(Error::ModemLost);
                    }
                    // It was said to run and does not answer at any rate: from a reset, then.
                    self.phase = Phase::Unknown;
                    self.lost = true;
                }
                return Ok(());
            }
            Phase::Restart => {
                expect(outcome, device)?;
                self.clean = true;
                device.engine.reset();
                self.phase = Phase::Restarting(now + RESTART);
                return Ok(());
            }
            Phase::Rate => {
                // Refused: it stays as it is.
                self.rate_fixed |= !ok;
                self.phase = Phase::Settings(SET_BEFORE_RATE);
                if ok {
                    self.old_rate = self.rate;
                    self.rate = config.baud_rate;
                    self.phase = Phase::RatePause(now + RATE_PAUSE);
                    self.rate_step = true;
                }
                return Ok(());
            }
            Phase::RateCheck(_) => {
                if matches!(outcome, Outcome::Final(_)) {
                    device.engine.set_fresh();
                    self.old_rate = self.rate;
                    self.phase = Phase::Settings(SET_BEFORE_RATE);
                }
                return Ok(());
            }
            Phase::Settings(index) => return self.handle_setting(index, outcome, device, config, now),
            Phase::Pin => return self.handle_pin_state(outcome, device, config, now),
            Phase::Tries => {
                self.tries_left = device_tries(ok, device).map(|(pin, _)| pin);
                self.phase = Phase::EnterPin;
                return self.check_pin(config);
            }
            Phase::EnterPin => {
                self.entered = true;
                match outcome {
                    Outcome::Final(FinalResult::Refused(Cause::Cme(10))) => {
                        return Err(SimError::Absent.into());
                    }
                    Outcome::Final(FinalResult::Refused(_)) => {
                        self.refused_pin = config.pin.map(latch);
                        self.phase = Phase::TriesAfter(PinState::Pin);
                    }
                    // Accepted; or nobody knows: the SIM's state tells.
                    _ => self.phase = Phase::Pin,
                }
                return Ok(());
            }
            Phase::TriesAfter(state) => {
                let tries = device_tries(ok, device);
                let tries_left = if state == PinState::Puk {
                    tries.map(|(_, puk)| puk)
                } else {
                    tries.map(|(pin, _)| pin)
                };
                return Err(match state {
                    PinState::Puk => SimError::PukRequired { tries_left },
                    _ => SimError::WrongPin { tries_left },
                }
                .into());
            }
            Phase::Registration(domain) => {
                if ok && let Some(registration) = QueryRegistration(domain).decode(device.engine.answer()) {
                    match domain {
                        Domain::CircuitSwitched => device.circuit_switched = registration,
                        Domain::PacketSwitched => device.packet_switched = registration,
                    }
                }
                self.phase = match domain {
                    Domain::CircuitSwitched => Phase::Registration(Domain::PacketSwitched),
                    Domain::PacketSwitched => Phase::RegistrationPause(now + REGISTRATION_POLL),
                };
                return Ok(());
            }
            Phase::Attach => {
                packet_data(outcome, device)?;
                self.phase = Phase::Active;
            }
            Phase::Active => {
                let active = ok && PsdActive(PROFILE).decode(device.engine.answer()) == Some(true);
                // A context that stands is of an earlier life, and so are its sockets.
                let keep = self.clean || device.sockets_known;
                self.phase = match (active, keep) {
                    (true, true) => Phase::Ready,
                    (true, false) => Phase::Stale(0),
                    (false, _) => Phase::Profile(0),
                };
                device.packet_data = active;
            }
            Phase::Profile(index) => {
                packet_data(outcome, device)?;
                let login = config.apn.authentication != Authentication::None && config.apn.login.is_some();
                self.phase = match index {
                    1 if !login => Phase::Profile(4),
                    0..=3 => Phase::Profile(index + 1),
                    _ => Phase::Activate,
                };
            }
            Phase::Activate => {
                packet_data(outcome, device)?;
                device.packet_data = true;
                device.sockets_known = true;
                self.phase = Phase::Ready;
            }
            Phase::Stale(socket) => {
                device.sockets_known = usize::from(socket) + 1 >= SOCKETS;
                self.phase = if device.sockets_known { Phase::Ready } else { Phase::Stale(socket + 1) };
            }
            _ => {}
        }
        Ok(())
    }

    fn handle_setting(
        &mut self,
        index: u8,
        outcome: Outcome,
        device: &mut Device,
        config: &Config<'_>,
        now: Instant,
    ) -> Result<(), Error> {
        expect(outcome, device)?;
        match index {
            0 => device.echo_off = true,
            3 => device.hex = config.data_mode != DataMode::Binary,
            _ => {}
        }
        // RTS and CTS are the modem's default: only their absence must be told.
        let next = if index == 1 && config.flow_control { SET_BEFORE_RATE } else { index + 1 };
        if next == SET_BEFORE_RATE && config.baud_rate != self.rate && !self.rate_fixed {
            self.phase = Phase::Rate;
        } else if next <= 6 {
            self.phase = Phase::Settings(next);
        } else {
            self.enter(Phase::Pin, now);
        }
        Ok(())
    }

    fn handle_pin_state(
        &mut self,
        outcome: Outcome,
        device: &mut Device,
        config: &Config<'_>,
        now: Instant,
    ) -> Result<(), Error> {
        match outcome {
            Outcome::Final(FinalResult::Ok) => match QueryPin.decode(device.engine.answer()) {
                Some(PinState::Ready) => {
                    self.entered = false;
                    self.enter(Phase::Registration(Domain::PacketSwitched), now);
                    Ok(())
                }
                Some(PinState::Pin) if self.entered => {
                    // The answer was lost, and it was a refusal.
                    self.refused_pin = config.pin.map(latch);
                    self.phase = Phase::TriesAfter(PinState::Pin);
                    Ok(())
                }
                Some(PinState::Pin) => {
                    self.phase = Phase::Tries;
                    Ok(())
                }
                Some(PinState::Puk) => {
                    self.phase = Phase::TriesAfter(PinState::Puk);
                    Ok(())
                }
                Some(PinState::Other) => Err(SimError::Locked.into()),
                None => Err(Error::Garbled { command: device.engine.name() }),
            },
            Outcome::Final(FinalResult::Refused(Cause::Cme(10))) => Err(SimError::Absent.into()),
            Outcome::Final(FinalResult::Refused(cause @ Cause::Cme(13 | 15))) => {
                Err(SimError::Failure(cause).into())
            }
            // 14, SIM busy, and plain errors right after the start.
            _ if now - self.since < config.sim_timeout => {
                self.phase = Phase::PinPause(now + SIM_PAUSE);
                Ok(())
            }
            _ => Err(SimError::Busy.into()),
        }
    }

    /// Decides whether the PIN may be tried.
    fn check_pin(&self, config: &Config<'_>) -> Result<(), Error> {
        let tries_left = self.tries_left;
        let Some(pin) = config.pin else { return Err(SimError::PinRequired { tries_left }.into()) };
        let well_formed = (4..=8).contains(&pin.len()) && pin.bytes().all(|digit| digit.is_ascii_digit());
        if !well_formed {
            return Err(Error::Argument("the PIN"));
        }
        if self.refused_pin == Some(latch(pin)) || tries_left.is_some_and(|left| left <= 1) {
            return Err(SimError::PinWithheld { tries_left }.into());
        }
        Ok(())
    }

    /// Judges the registration: where to go on, or nowhere yet.
    fn registration(
        &mut self,
        device: &Device,
        config: &Config<'_>,
        now: Instant,
    ) -> Result<Option<Phase>, Error> {
        let (calls, data) = (device.circuit_switched.status, device.packet_switched.status);
        if data.is_registered() {
            self.denied_since = None;
            return Ok(Some(Phase::Active));
        }
        let waited = now - self.since;
        if calls.is_registered() && waited >= ATTACH_DELAY {
            return Ok(Some(Phase::Attach));
        }
        let denied = calls == RegistrationStatus::Denied || data == RegistrationStatus::Denied;
        let denied_for = if denied {
            now - *self.denied_since.get_or_insert(now)
        } else {
            self.denied_since = None;
            Millis::ZERO
        };
        if denied_for >= DENIED || waited >= config.registration_timeout {
            let status = if denied { RegistrationStatus::Denied } else { data };
            return Err(Error::Registration { status, waited });
        }
        Ok(None)
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

/// A PIN as it is kept to be recognised: up to eight digits.
fn latch(pin: &str) -> [u8; 8] {
    let mut digits = [0; 8];
    for (place, digit) in digits.iter_mut().zip(pin.bytes()) {
        *place = digit;
    }
    digits
}

fn device_tries(ok: bool, device: &Device) -> Option<(u8, u8)> {
    let tries = PinAttempts.decode(device.engine.answer()).filter(|_| ok)?;
    Some((tries.pin, tries.puk))
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

fn packet_data(outcome: Outcome, device: &Device) -> Result<(), Error> {
    expect(outcome, device).map_err(|error| match error {
        Error::Refused { cause, .. } => Error::PacketDataRefused(cause),
        other => other,
    })
}
