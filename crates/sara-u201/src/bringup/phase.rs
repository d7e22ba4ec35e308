//! The stations on the way up, in their order, and the command of each.

use crate::command::{Attention, Command, PinAttempts, QueryPin, QueryRegistration, SetFunctionality, Spec};
use crate::registration::Domain;

/// Where the bring-up stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Phase {
    /// Nothing is known about the modem.
    Unknown,
    /// RESET_N is low for a time.
    Resetting,
    /// The modem restarts by a command.
    Restart,
    /// The restart begins.
    Restarting,
    /// `AT` until an answer comes.
    Sync,
    Echo,
    ErrorNumbers,
    NoFlowControl,
    Rate,
    /// The change of the baud rate settles.
    RatePause,
    /// `AT` at the new baud rate until an answer comes.
    RateCheck,
    HexMode,
    BinaryMode,
    TimeZone,
    CallUrcs,
    DataUrcs,
    Pin,
    PinPause,
    /// How many tries are left, before a PIN is entered.
    Tries,
    EnterPin,
    /// How many tries are left, after the SIM has refused.
    TriesAfter,
    /// The registration for calls, asked for.
    Calls,
    /// The registration for packet data, asked for.
    Data,
    RegistrationPause,
    Attach,
    Active,
    Apn,
    Authentication,
    User,
    Password,
    Address,
    Activate,
    /// Sockets of an earlier life are closed, one after the other.
    Stale,
    Ready,
}

impl Phase {
    /// What follows when all goes well.
    pub(super) const fn next(self) -> Self {
        match self {
            Self::Restart => Self::Restarting,
            Self::Echo => Self::ErrorNumbers,
            Self::ErrorNumbers => Self::NoFlowControl,
            Self::NoFlowControl => Self::Rate,
            Self::Rate | Self::RateCheck => Self::HexMode,
            Self::RatePause => Self::RateCheck,
            Self::HexMode => Self::BinaryMode,
            Self::BinaryMode => Self::TimeZone,
            Self::TimeZone => Self::CallUrcs,
            Self::CallUrcs => Self::DataUrcs,
            Self::DataUrcs | Self::PinPause => Self::Pin,
            Self::Pin | Self::Calls => Self::Data,
            Self::Data => Self::RegistrationPause,
            Self::RegistrationPause => Self::Calls,
            Self::Tries => Self::EnterPin,
            Self::EnterPin => Self::Pin,
            Self::Attach => Self::Active,
            Self::Active => Self::Apn,
            Self::Apn => Self::Authentication,
            Self::Authentication => Self::User,
            Self::User => Self::Password,
            Self::Password => Self::Address,
            Self::Address => Self::Activate,
            Self::Activate | Self::Stale | Self::Ready => Self::Ready,
            Self::Unknown | Self::Resetting | Self::Restarting | Self::Sync | Self::TriesAfter => self,
        }
    }

    /// The command, up to its last parameter.
    pub(super) fn spec(self) -> &'static Spec {
        match self {
            Self::Restart => SetFunctionality::RESTART.spec(),
            Self::Echo => const { &Spec::new("E0") },
            Self::ErrorNumbers => const { &Spec::new("+CMEE=1") },
            Self::NoFlowControl => const { &Spec::new("&K0") },
            Self::Rate => const { &Spec::new("+IPR=") },
            Self::HexMode => const { &Spec::new("+UDCONF=1,1") },
            Self::BinaryMode => const { &Spec::new("+UDCONF=1,0") },
            Self::TimeZone => const { &Spec::new("+CTZU=1") },
            Self::CallUrcs => const { &Spec::new("+CREG=2") },
            Self::DataUrcs => const { &Spec::new("+CGREG=2") },
            Self::Pin => QueryPin.spec(),
            Self::Tries | Self::TriesAfter => PinAttempts.spec(),
            Self::EnterPin => const { &Spec::new("+CPIN=").within(Spec::SOCKET) },
            Self::Calls => QueryRegistration(Domain::CircuitSwitched).spec(),
            Self::Data => QueryRegistration(Domain::PacketSwitched).spec(),
            Self::Attach => const { &Spec::new("+CGATT=1").within(Spec::NETWORK).abortable() },
            Self::Active => {
                const { &Spec::new("+UPSND=0,8").reply(crate::command::Reply::Line).within(Spec::SOCKET) }
            }
            Self::Apn => const { &Spec::new("+UPSD=0,1,").within(Spec::SOCKET) },
            Self::User => const { &Spec::new("+UPSD=0,2,").within(Spec::SOCKET) },
            Self::Password => const { &Spec::new("+UPSD=0,3,").within(Spec::SOCKET) },
            Self::Authentication => const { &Spec::new("+UPSD=0,6,").within(Spec::SOCKET) },
            Self::Address => const { &Spec::new("+UPSD=0,7,\"0.0.0.0\"").within(Spec::SOCKET) },
            Self::Activate => const { &Spec::new("+UPSDA=0,3").within(Spec::NETWORK).abortable() },
            Self::Stale => const { &Spec::new("+USOCL=").within(Spec::SOCKET) },
            _ => Attention.spec(),
        }
    }
}
