//! The stations on the way up.

use monoclock::Instant;

use crate::command::PinState;
use crate::registration::Domain;

/// Where the bring-up stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
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
