//! What follows from the outcome of each command on the way up.

use monoclock::Instant;

use super::{Bringup, PROFILE, Phase, RATE_CHECK, RATE_PAUSE, REGISTRATION_POLL, RESTART};
use crate::at::Cause;
use crate::command::{Command, PinState, PsdActive, QueryRegistration, SOCKETS};
use crate::config::{Config, PowerUp};
use crate::device::Device;
use crate::error::{Error, SimError};
use crate::fault::{Fault, SimFault};
use crate::registration::{Domain, RegistrationStatus};

/// SIM not inserted.
const ABSENT: Cause = Cause::Cme(10);

impl Bringup {
    /// Takes the outcome of the phase's command.
    #[inline(never)]
    pub(super) fn handle(
        &mut self,
        ended: Result<(), Fault>,
        device: &mut Device,
        config: &Config<'_>,
        now: Instant,
    ) -> Result<(), Fault> {
        // Whatever the modem says shows that it listens.
        let answered = matches!(ended, Ok(()) | Err(Fault::Refused(_)));
        let ok = ended.is_ok();
        match self.phase {
            Phase::Sync | Phase::RateCheck if answered => {
                device.engine.set_fresh();
                self.old_rate = self.rate;
                let known = self.clean || config.power_up == PowerUp::Keep;
                self.phase = match self.phase {
                    Phase::Sync if known => Phase::Echo,
                    Phase::Sync => Phase::Restart,
                    _ => Phase::HexMode,
                };
                return Ok(());
            }
            Phase::Sync => {
                if now.has_reached(self.until) {
                    if self.clean || self.no_reset {
                        return Err(Fault::ModemLost);
                    }
                    // It was said to run and does not answer at any rate: from a reset, then.
                    self.phase = Phase::Unknown;
                    self.lost = true;
                }
                return Ok(());
            }
            Phase::RateCheck => return Ok(()),
            // Refused: it stays as it is.
            Phase::Rate if answered && !ok => {
                self.rate_kept = true;
                self.phase = Phase::HexMode;
                return Ok(());
            }
            // No answer: it may have come at the new rate already. The check tells.
            Phase::Rate => {
                self.change_rate(config, now);
                return Ok(());
            }
            Phase::Pin => return self.handle_pin_state(ended, device, config, now),
            Phase::Tries => {
                self.tries_left = Self::tries(device, PinState::Pin).filter(|_| ok);
                self.check_pin(config)?;
            }
            Phase::EnterPin => {
                self.entered = true;
                match ended {
                    Err(Fault::Refused(ABSENT)) => return ended,
                    Err(Fault::Refused(_)) => self.refuse_pin(config),
                    // Accepted; or nobody knows: the SIM's state tells.
                    _ => self.phase = Phase::Pin,
                }
                return Ok(());
            }
            Phase::TriesAfter => {
                self.tries_left = Self::tries(device, self.pin_state).filter(|_| ok);
                let puk = self.pin_state == PinState::Puk;
                return Err(Fault::Sim(if puk { SimFault::PukRequired } else { SimFault::WrongPin }));
            }
            Phase::Calls | Phase::Data => {
                let domain =
                    if self.phase == Phase::Calls { Domain::CircuitSwitched } else { Domain::PacketSwitched };
                let heard = QueryRegistration(domain).decode(device.engine.answer());
                if let Some(registration) = heard.filter(|_| ok) {
                    *device.registration(domain) = registration;
                }
                self.until = now + REGISTRATION_POLL;
                self.phase = self.phase.next();
                return Ok(());
            }
            Phase::Active => {
                device.packet_data = ok && PsdActive(PROFILE).decode(device.engine.answer()) == Some(true);
                if device.packet_data {
                    // A context that stands is of an earlier life, and so are its sockets.
                    let keep = self.clean || device.sockets_known;
                    self.phase = if keep { Phase::Ready } else { Phase::Stale };
                    self.socket = 0;
                } else {
                    self.phase = Phase::Apn;
                }
                return Ok(());
            }
            Phase::Stale => {
                self.socket += 1;
                device.sockets_known = usize::from(self.socket) >= SOCKETS;
                if device.sockets_known {
                    self.phase = Phase::Ready;
                }
                return Ok(());
            }
            _ => {}
        }
        ended?;
        self.succeed(device, now);
        Ok(())
    }

    /// Follows the modem to its new baud rate.
    fn change_rate(&mut self, config: &Config<'_>, now: Instant) {
        self.old_rate = self.rate;
        self.rate = config.baud_rate;
        self.until = now + RATE_PAUSE;
        self.phase = Phase::RatePause;
        self.rate_step = true;
    }

    /// Goes on behind a command that was answered OK.
    fn succeed(&mut self, device: &mut Device, now: Instant) {
        match self.phase {
            Phase::Restart => {
                self.clean = true;
                device.engine.reset();
                self.until = now + RESTART;
            }
            Phase::Echo => device.echo_off = true,
            Phase::HexMode => device.hex = true,
            Phase::BinaryMode => device.hex = false,
            Phase::Activate => {
                device.packet_data = true;
                device.sockets_known = true;
            }
            _ => {}
        }
        self.enter(self.phase.next(), now);
    }

    /// The error that the program sees.
    #[inline(never)]
    pub(super) fn error(&self, fault: Fault, device: &Device, now: Instant) -> Error {
        match (fault, self.phase) {
            (Fault::Sim(sim), _) => sim.with_tries(self.tries_left).into(),
            (Fault::Refused(ABSENT), Phase::Pin | Phase::EnterPin) => SimError::Absent.into(),
            (Fault::Refused(cause), Phase::Pin) => SimError::Failure(cause).into(),
            (
                Fault::Refused(cause),
                Phase::Attach
                | Phase::Apn
                | Phase::Authentication
                | Phase::User
                | Phase::Password
                | Phase::Address
                | Phase::Activate,
            ) => Error::PacketDataRefused(cause),
            (Fault::Unregistered, _) => {
                let (calls, data) = (device.circuit_switched.status, device.packet_switched.status);
                let status = if calls == RegistrationStatus::Denied { calls } else { data };
                Error::Registration { status, waited: now - self.since }
            }
            (Fault::Argument, Phase::Tries) => Error::Argument("the PIN"),
            (Fault::Argument, _) => Error::Argument("a setting"),
            (fault, _) => fault.named(device.engine.name()),
        }
    }

    /// When the check of a new baud rate is over.
    pub(super) fn begin_rate_check(&mut self, now: Instant) {
        self.until = now + RATE_CHECK;
        self.phase = Phase::RateCheck;
    }
}
