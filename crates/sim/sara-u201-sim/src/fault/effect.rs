//! What can go wrong.

use crate::profile::{Nitz, PowerAtStart, Profile};

/// What a fault does. The numbers are those of the catalogue in the README.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Effect {
    /// A URC that begins so is not sent (F1, F2).
    DropUrc {
        /// The beginning of the line.
        name: String,
    },
    /// Lines are sent, whatever runs (F3); several are spread in time and queued (F26).
    Urc {
        /// The line.
        text: String,
        /// How many.
        count: u32,
        /// Milliseconds between them.
        gap: u32,
    },
    /// Bytes on the wire are damaged (F4).
    Noise {
        /// How many of ten thousand.
        rate: u32,
        /// What happens to them.
        kind: NoiseKind,
        /// In which direction.
        wire: Wire,
    },
    /// The module thinks longer (F5).
    Delay {
        /// Milliseconds.
        ms: u32,
    },
    /// The answer comes in pieces (F6).
    Fragment {
        /// Bytes of a piece.
        size: u32,
        /// Milliseconds between pieces.
        gap: u32,
    },
    /// The network is lost, and with it every data context (F8).
    RegistrationLost {
        /// Milliseconds until the search begins again.
        ms: u32,
    },
    /// The network ends a data context (F9).
    ContextLost {
        /// The profile.
        profile: u32,
    },
    /// The card is absent, slow or locked (F10).
    Card(CardFault),
    /// The module restarts by itself: echo on, sockets gone (F11).
    Reboot {
        /// A text that it says when it is up; empty for none.
        greeting: String,
    },
    /// The host's receiver is small and nothing paces the line (F12).
    Fifo {
        /// Its bytes.
        size: u32,
    },
    /// The prompt does not come (F13).
    Prompt(PromptFault),
    /// The peer of the socket of the running command, or of every socket, closes (F13).
    PeerClose,
    /// A socket takes less than it is given (F14).
    Write(WriteFault),
    /// A connection attempt fails (F15).
    Connect {
        /// What AT+USOER tells.
        number: u16,
    },
    /// A name is not found, or has an old address (F16).
    Resolver {
        /// The address; without one the look-up fails.
        stale: Option<core::net::Ipv4Addr>,
    },
    /// The clock is wrong (F17).
    Clock(ClockFault),
    /// The module has been left at a rate (F18).
    Rate {
        /// The rate.
        rate: u32,
    },
    /// The module has been left in a power saving mode (F19).
    Sleep {
        /// AT+UPSV: 1 or 3.
        mode: u8,
    },
    /// Sockets of an earlier life are open (F20).
    StaleSockets {
        /// How many.
        count: u32,
    },
    /// A close is told after the number has been given to a new socket (F21).
    LateClose,
    /// The certificate store fails (F23).
    Store(StoreFault),
    /// A message arrives (F24).
    Message {
        /// Who sends it.
        from: String,
        /// What it says.
        text: String,
    },
    /// A message cannot be sent (F24).
    MessageError {
        /// The +CMS error.
        code: u16,
    },
    /// CTS is held off (F25).
    ClearToSend {
        /// Milliseconds.
        ms: u32,
    },
}

/// What noise does to a byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoiseKind {
    /// One bit is turned over.
    Flip,
    /// It is lost.
    Drop,
    /// It comes twice.
    Duplicate,
}

/// A direction of the serial line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wire {
    /// From the module.
    ToHost,
    /// To the module.
    ToModule,
    /// Both.
    Both,
}

/// What is wrong with the card.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CardFault {
    /// There is none.
    Absent,
    /// It is busy for so many milliseconds.
    Busy(u32),
    /// Its PIN tries are used up.
    Puk,
    /// It has a PIN that nobody knows.
    UnknownPin,
}

/// What comes instead of a prompt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PromptFault {
    /// Nothing; half a minute later an error.
    Never,
    /// An error.
    Error,
}

/// What a socket does instead of taking everything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WriteFault {
    /// It takes so many bytes.
    Partial(usize),
    /// It says that it has taken none.
    Zero,
    /// It says `OK` and nothing else, and has taken none.
    Bare,
    /// It fails; AT+USOER tells 11.
    WouldBlock,
}

/// What is wrong with the clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClockFault {
    /// The network never tells the time.
    Unset,
    /// The time zone is missing.
    NoZone,
    /// The time zone is west of Greenwich.
    Negative,
    /// The network tells the time so many milliseconds after registration.
    Late(u32),
}

/// What is wrong with the certificate store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StoreFault {
    /// All sixteen places are taken.
    Full,
    /// The sum told after an upload is another.
    WrongSum,
    /// A byte of the upload is lost, so that the module waits for more.
    LostByte,
}

impl Effect {
    /// What must hold from the start; effects that happen later leave the profile alone.
    pub(super) fn configure(&self, profile: &mut Profile) {
        match *self {
            Self::Card(CardFault::Absent) => profile.sim.present = false,
            Self::Card(CardFault::Busy(ms)) => {
                profile.sim.busy = core::time::Duration::from_millis(u64::from(ms));
            }
            Self::Card(CardFault::Puk) => {
                profile.sim.pin.get_or_insert_with(|| "0000".into());
                profile.sim.pin_tries = 0;
            }
            Self::Card(CardFault::UnknownPin) => profile.sim.pin = Some("73519204".into()),
            Self::Fifo { size } => {
                profile.uart.host_receive_capacity = usize::try_from(size).unwrap_or(usize::MAX);
                profile.uart.flow_control_wired = false;
            }
            Self::Clock(ClockFault::Unset) => profile.network.nitz = Nitz::Never,
            Self::Clock(ClockFault::NoZone) => profile.quirks.clock_without_zone = true,
            Self::Clock(ClockFault::Negative) => profile.network.time_zone = -32,
            Self::Clock(ClockFault::Late(ms)) => {
                profile.network.nitz = Nitz::After { delay: u64::from(ms) };
            }
            Self::Rate { rate } => {
                profile.uart.stored_rate = rate;
                profile.power_at_start = PowerAtStart::On;
            }
            Self::Sleep { mode } => {
                profile.power_saving = mode;
                profile.power_at_start = PowerAtStart::On;
            }
            Self::StaleSockets { .. } => profile.power_at_start = PowerAtStart::On,
            _ => {}
        }
    }
}
