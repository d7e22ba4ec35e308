//! What follows from the outcome of each command on the way up.

use monoclock::Instant;

use super::pin::{device_tries, latch};
use super::{Bringup, PROFILE, Phase, RATE_PAUSE, REGISTRATION_POLL, RESTART, SET_BEFORE_RATE, expect};
use crate::at::{Cause, FinalResult};
use crate::command::{Command, PinState, PsdActive, QueryRegistration, SOCKETS};
use crate::config::{Authentication, Config, DataMode, PowerUp};
use crate::device::Device;
use crate::engine::Outcome;
use crate::error::{Error, SimError};
use crate::registration::Domain;

impl Bringup {
    /// Takes the outcome of the phase's command.
    pub(super) fn handle(
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
}

fn packet_data(outcome: Outcome, device: &Device) -> Result<(), Error> {
    expect(outcome, device).map_err(|error| match error {
        Error::Refused { cause, .. } => Error::PacketDataRefused(cause),
        other => other,
    })
}
