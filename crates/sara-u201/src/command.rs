//! Commands as values: what is sent, what comes back, and how long it may take.

mod clock;
mod custom;
mod general;
mod network;
mod packet_switched;
mod security;
mod sim;
mod socket;

use monoclock::Millis;

pub use crate::time::ClockReading;
pub use clock::ReadClock;
pub use custom::Custom;
pub use general::{Attention, Plain, PowerOff, ProbeErrorNumbers, SetBaudRate, SetFunctionality};
pub use network::{PacketService, QueryRegistration};
pub use packet_switched::{PsdAction, PsdActive, PsdAddress, PsdCommand, PsdNumber, PsdText};
pub use security::{
    CertificateMd5, CertificateUpload, ProfileNumber, ProfileReset, ProfileText, RemoveCertificate,
};
pub use sim::{EnterPin, PinAttempts, PinState, QueryPin, TriesLeft};
pub use socket::{
    BytesWaiting, CloseSocket, ConnectSocket, CreateSocket, HexMode, LastSocketError, MAX_BINARY, MAX_HEX,
    Protocol, ReadSocket, SOCKETS, SecureSocket, WriteSocket,
};

use crate::at::{CommandLine, Fields};

/// A command: encodes itself and decodes its answer, without I/O.
pub trait Command {
    /// What the answer says.
    type Response;

    /// How the command is exchanged.
    fn spec(&self) -> &'static Spec;

    /// Appends the parameters behind the name.
    fn encode(&self, line: &mut CommandLine) {
        let _ = line;
    }

    /// Reads the information response, without its prefix; empty when there was none.
    fn decode(&self, answer: Fields<'_>) -> Option<Self::Response>;
}

/// Which lines are the command's information response. Its prefix is the command's name and a colon.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reply {
    /// None: the final result is all.
    None,
    /// A line with the prefix; a final OK without it is not believed.
    Line,
    /// A line with the prefix, or none.
    Maybe,
    /// The answer to `+CREG?` or `+CGREG?`, told from the URC of the same name.
    Registration,
    /// A line of digits only (IMEI, IMSI).
    Digits,
    /// Any line that is no URC; a final OK without one is not believed.
    Text,
    /// Any lines that are no URCs, or none (lists).
    Lines,
}

/// How a command is exchanged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spec {
    /// The name with its operator, as `+CREG?`.
    pub name: &'static str,
    /// Longest time from the end of the command (or of its data) to the final result.
    pub timeout: Millis,
    /// The information response.
    pub reply: Reply,
    /// Whether any character sent while the command runs aborts it.
    pub abortable: bool,
    /// The character by which the modem asks for the command's data: `@` or `>`.
    pub prompt: Option<u8>,
    /// Which parameter of the response is data in quotes, of a length told by the parameter before, and
    /// whether it comes in hexadecimal digits.
    pub data: Option<(u8, bool)>,
}

impl Spec {
    /// Longest answer to a command that only touches the modem itself.
    pub const LOCAL: Millis = Millis::from_secs(2);
    /// Longest answer to a command that waits for the network (manual: 3 minutes).
    pub const NETWORK: Millis = Millis::from_secs(180);
    /// Longest answer to socket and profile commands (nominally 1 s).
    pub const SOCKET: Millis = Millis::from_secs(10);

    /// A command that answers OK at once.
    #[must_use]
    pub const fn new(name: &'static str) -> Self {
        Self { name, timeout: Self::LOCAL, reply: Reply::None, abortable: false, prompt: None, data: None }
    }

    /// The same with an information response.
    #[must_use]
    pub const fn reply(self, reply: Reply) -> Self {
        Self { reply, ..self }
    }

    /// The same with another longest time.
    #[must_use]
    pub const fn within(self, timeout: Millis) -> Self {
        Self { timeout, ..self }
    }

    /// The same, aborted by any character.
    #[must_use]
    pub const fn abortable(self) -> Self {
        Self { abortable: true, ..self }
    }

    /// The same with data on a prompt.
    #[must_use]
    pub const fn prompt(self, character: u8) -> Self {
        Self { prompt: Some(character), ..self }
    }

    /// The same with data in its response.
    #[must_use]
    pub const fn data(self, field: u8, hex: bool) -> Self {
        Self { data: Some((field, hex)), ..self }
    }
}
