//! The SIM's PIN on the way up: tried once, and never to the last try.

use monoclock::Instant;

use super::{Bringup, Phase, SIM_PAUSE};
use crate::at::Cause;
use crate::command::{Command, PinAttempts, PinState, QueryPin};
use crate::config::Config;
use crate::device::Device;
use crate::fault::{Fault, SimFault};

impl Bringup {
    /// Takes the answer to `+CPIN?`.
    #[inline(never)]
    pub(super) fn handle_pin_state(
        &mut self,
        ended: Result<(), Fault>,
        device: &Device,
        config: &Config<'_>,
        now: Instant,
    ) -> Result<(), Fault> {
        let state = match ended {
            Ok(()) => QueryPin.decode(device.engine.answer()),
            // No SIM, failure, wrong SIM.
            Err(Fault::Refused(Cause::Cme(10 | 13 | 15))) => return ended,
            // 14, SIM busy, and plain errors right after the start.
            Err(_) if now - self.since < config.sim_timeout => {
                self.until = now + SIM_PAUSE;
                self.phase = Phase::PinPause;
                return Ok(());
            }
            Err(_) => return Err(Fault::Sim(SimFault::Busy)),
        };
        match state {
            Some(PinState::Ready) => {
                self.entered = false;
                self.enter(Phase::Data, now);
            }
            // The answer was lost, and it was a refusal.
            Some(PinState::Pin) if self.entered => self.refuse_pin(config),
            Some(PinState::Pin) => self.phase = Phase::Tries,
            Some(PinState::Puk) => {
                self.pin_state = PinState::Puk;
                self.phase = Phase::TriesAfter;
            }
            Some(PinState::Other) => return Err(Fault::Sim(SimFault::Locked)),
            None => return Err(Fault::Garbled),
        }
        Ok(())
    }

    /// Remembers a PIN that was refused, and asks what is left.
    pub(super) fn refuse_pin(&mut self, config: &Config<'_>) {
        self.refused_pin = config.pin.and_then(latch);
        self.pin_state = PinState::Pin;
        self.phase = Phase::TriesAfter;
    }

    /// Decides whether the PIN may be tried.
    pub(super) fn check_pin(&self, config: &Config<'_>) -> Result<(), Fault> {
        let Some(pin) = config.pin else { return Err(Fault::Sim(SimFault::PinRequired)) };
        let Some(pin) = latch(pin) else { return Err(Fault::Argument) };
        if self.refused_pin == Some(pin) || self.tries_left.is_some_and(|left| left <= 1) {
            return Err(Fault::Sim(SimFault::PinWithheld));
        }
        Ok(())
    }

    /// The tries left for what the SIM waits for, if the modem has told them.
    pub(super) fn tries(device: &Device, state: PinState) -> Option<u8> {
        let tries = PinAttempts.decode(device.engine.answer())?;
        Some(if state == PinState::Puk { tries.puk } else { tries.pin })
    }
}

/// A PIN of four to eight digits, as it is kept to be recognised.
fn latch(pin: &str) -> Option<u32> {
    if !(4..=8).contains(&pin.len()) {
        return None;
    }
    // The leading one tells 0123 from 00123.
    pin.bytes().try_fold(1, |value, byte| byte.is_ascii_digit().then(|| value * 10 + u32::from(byte - b'0')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pin_is_four_to_eight_digits() {
        assert_eq!(latch("99999999"), Some(199_999_999));
        assert_ne!(latch("0123"), latch("00123"));
        for bad in ["", "123", "123456789", "12a4"] {
            assert_eq!(latch(bad), None, "{bad}");
        }
    }
}
