//! From power-up to packet data, as steps that never wait: the blocking, the polled and the async face
//! take the same ones.

mod outcome;
mod phase;
mod pin;
mod register;

use monoclock::{Instant, Millis};

use crate::command::PinState;
use crate::config::{Authentication, Config, DataMode, PowerUp};
use crate::device::Device;
use crate::engine::Payload;
use crate::error::Error;
use crate::fault::Fault;
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
#[repr(C)] // What is small comes first, where one instruction of a small core reaches it.
pub(crate) struct Bringup {
    phase: Phase,
    /// The next socket of an earlier life.
    socket: u8,
    /// The engine runs a command of this phase.
    started: bool,
    /// RESET_N was found not to be wired.
    no_reset: bool,
    /// The modem was restarted on this way, so that its state is known.
    clean: bool,
    /// The modem did not answer to anything: it is reset, whatever the settings say.
    lost: bool,
    /// A PIN was sent and the SIM has not said READY since.
    entered: bool,
    /// The board cannot change its baud rate.
    rate_fixed: bool,
    /// The modem would not change its baud rate: it is not asked again.
    rate_kept: bool,
    /// The board's rate is to follow the modem's.
    rate_step: bool,
    /// The last try ended in an error: times are counted anew.
    aborted: bool,
    /// What the SIM waits for, while the tries left are asked for.
    pin_state: PinState,
    tries_left: Option<u8>,
    /// The PIN that was refused; it is not tried again.
    refused_pin: Option<u32>,
    /// The end of the phase, where it has one.
    until: Instant,
    /// The baud rate of the board's serial port.
    rate: u32,
    /// The baud rate that was in use before the last change.
    old_rate: u32,
    /// When the next of the baud rates is tried.
    next_rate_at: Instant,
    /// When the wait for the SIM, or for the registration, began.
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
            until: Instant::from_millis(0),
            socket: 0,
            started: false,
            no_reset: false,
            clean: false,
            lost: false,
            tries_left: None,
            entered: false,
            refused_pin: None,
            pin_state: PinState::Ready,
            rate: RATES[0],
            old_rate: RATES[0],
            rate_fixed: false,
            rate_kept: false,
            rate_step: false,
            next_rate_at: Instant::from_millis(0),
            since: Instant::from_millis(0),
            aborted: false,
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
        self.until = now + BOOT;
        self.phase = Phase::Sync;
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
        device.engine.set_prompt_pause(config.prompt_pause);
        if core::mem::take(&mut self.aborted) {
            self.since = now;
            self.denied_since = None;
        }
        match self.go_on(device, config, now) {
            Ok(step) => Ok(step),
            Err(fault) => {
                let error = self.error(fault, device, now);
                self.abort(fault);
                Err(error)
            }
        }
    }

    fn go_on(&mut self, device: &mut Device, config: &Config<'_>, now: Instant) -> Result<Step, Fault> {
        if self.started {
            self.started = false;
            let ended = device.engine.ended();
            self.handle(ended, device, config, now)?;
        }
        self.advance(device, config, now)
    }

    /// Decides where to begin again after an error: the modem that is there and set up stays so.
    fn abort(&mut self, fault: Fault) {
        self.phase = match fault {
            Fault::Sim(_) => Phase::Pin,
            Fault::Unregistered => Phase::Data,
            Fault::Refused(_) if self.phase >= Phase::Attach => Phase::Data,
            Fault::Refused(_) if self.phase >= Phase::Pin => Phase::Pin,
            _ => Phase::Unknown,
        };
        self.clean &= self.phase != Phase::Unknown;
        self.entered = false;
        self.aborted = true;
    }

    fn enter(&mut self, phase: Phase, now: Instant) {
        self.phase = phase;
        self.since = now;
    }

    /// Starts the command of the phase, or says what else it needs.
    #[inline(never)]
    fn advance(&mut self, device: &mut Device, config: &Config<'_>, now: Instant) -> Result<Step, Fault> {
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
                        self.until = now + RESET_PULSE;
                        self.phase = Phase::Resetting;
                        return Ok(Step::Reset(true));
                    }
                    self.sync(now);
                }
                Phase::Resetting
                | Phase::Restarting
                | Phase::RatePause
                | Phase::PinPause
                | Phase::RegistrationPause
                    if !now.has_reached(self.until) =>
                {
                    if self.phase == Phase::RegistrationPause
                        && let Some(phase) = self.registration(device, config, now)?
                    {
                        self.enter(phase, now);
                        continue;
                    }
                    return Ok(Step::Wait(self.until));
                }
                Phase::Resetting => {
                    self.clean = true;
                    self.sync(now);
                    return Ok(Step::Reset(false));
                }
                Phase::Restarting => self.sync(now),
                Phase::Sync if !self.rate_fixed && now.has_reached(self.next_rate_at) => {
                    self.next_rate_at = now + RATE_TIME;
                    self.old_rate = self.rate;
                    let place = RATES.iter().position(|&rate| rate == self.rate).map_or(0, |place| place + 1);
                    self.rate = RATES.get(place).copied().unwrap_or(RATES[0]);
                    device.engine.reset();
                    return Ok(Step::Baud(self.rate));
                }
                Phase::RatePause => self.begin_rate_check(now),
                Phase::RateCheck if now.has_reached(self.until) => {
                    // The modem did not follow: back to where it answered.
                    self.rate_kept = true;
                    self.rate = self.old_rate;
                    device.engine.reset();
                    self.until = now;
                    self.phase = Phase::RatePause;
                    return Ok(Step::Baud(self.rate));
                }
                Phase::PinPause => self.phase = Phase::Pin,
                Phase::RegistrationPause => match self.registration(device, config, now)? {
                    Some(phase) => self.enter(phase, now),
                    None => self.phase = Phase::Calls,
                },
                Phase::Ready if device.packet_data => return Ok(Step::Ready),
                Phase::Ready => {
                    self.denied_since = None;
                    self.enter(Phase::Data, now);
                }
                phase if self.is_needless(config) => self.phase = phase.next(),
                _ => {
                    self.start(device, config, now)?;
                    self.started = true;
                    return Ok(Step::Exchange);
                }
            }
        }
    }

    /// Whether a setting is as it should be without its command.
    fn is_needless(&self, config: &Config<'_>) -> bool {
        match self.phase {
            // RTS and CTS are the modem's default: only their absence must be told.
            Phase::NoFlowControl => config.flow_control,
            Phase::Rate => self.rate_fixed || self.rate_kept || config.baud_rate == self.rate,
            Phase::HexMode => config.data_mode == DataMode::Binary,
            Phase::BinaryMode => config.data_mode != DataMode::Binary,
            Phase::User | Phase::Password => {
                config.apn.authentication == Authentication::None || config.apn.login.is_none()
            }
            _ => false,
        }
    }

    #[inline(never)]
    fn start(&mut self, device: &mut Device, config: &Config<'_>, now: Instant) -> Result<(), Fault> {
        let apn = &config.apn;
        let (user, password) = apn.login.unwrap_or(("", ""));
        let line = device.engine.open(self.phase.spec());
        let text = match self.phase {
            Phase::EnterPin => config.pin,
            Phase::Apn => Some(apn.name),
            Phase::User => Some(user),
            Phase::Password => Some(password),
            _ => None,
        };
        let number = match self.phase {
            Phase::Restart => Some(16),
            Phase::Rate => Some(config.baud_rate),
            Phase::Authentication => Some(apn.authentication.number().into()),
            Phase::Stale => Some(self.socket.into()),
            _ => None,
        };
        if let Some(text) = text {
            line.text(text);
        }
        if let Some(number) = number {
            line.number(number);
        }
        device.engine.begin(Payload::None, now).map_err(|_| Fault::Argument)
    }
}
