//! The SIM's PIN on the way up: tried once, and never to the last try.

use monoclock::Instant;

use super::{Bringup, Phase, SIM_PAUSE};
use crate::at::{Cause, FinalResult};
use crate::command::{Command, PinAttempts, PinState, QueryPin};
use crate::config::Config;
use crate::device::Device;
use crate::engine::Outcome;
use crate::error::{Error, SimError};
use crate::registration::Domain;

impl Bringup {
    /// Takes the answer to `+CPIN?`.
    pub(super) fn handle_pin_state(
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
    pub(super) fn check_pin(&self, config: &Config<'_>) -> Result<(), Error> {
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
}

/// A PIN as it is kept to be recognised: up to eight digits.
pub(super) fn latch(pin: &str) -> [u8; 8] {
    let mut digits = [0; 8];
    for (place, digit) in digits.iter_mut().zip(pin.bytes()) {
        *place = digit;
    }
    digits
}

/// The tries left for PIN and PUK, if the modem has told them.
pub(super) fn device_tries(ok: bool, device: &Device) -> Option<(u8, u8)> {
    let tries = PinAttempts.decode(device.engine.answer()).filter(|_| ok)?;
    Some((tries.pin, tries.puk))
}
