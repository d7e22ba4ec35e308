//! Commands as values: what is sent, what comes back, and how long it may take.

mod clock;
mod general;
mod network;
mod packet_switched;
mod security;
mod sim;
mod socket;

use monoclock::Millis;

pub use crate::time::ClockReading;
pub use clock::ReadClock;
pub use general::{
    Attention, Echo, ErrorNumbers, FlowControl, PowerOff, ProbeErrorNumbers, SetBaudRate, SetFunctionality,
};
pub use network::{PacketService, QueryRegistration, RegistrationUrcs, TimeZoneUpdate};
pub use packet_switched::{PsdAction, PsdActive, PsdAddress, PsdCommand, PsdNumber, PsdText};
pub use security::{
    CertificateMd5, CertificateUpload, ProfileNumber, ProfileReset, ProfileText, RemoveCertificate,
};
pub use sim::{EnterPin, PinAttempts, PinState, QueryPin, TriesLeft};
pub use socket::{
    BytesWaiting, CloseSocket, ConnectSocket, CreateSocket, HexMode, LastSocketError, MAX_BINARY, MAX_HEX,
    Protocol, ReadSocket, SOCKETS, SecureSocket, WriteSocket,
};

use crate::at::{CommandLine, DataFrame, Fields};

/// A command: encodes itself and decodes its answer, without I/O.
pub trait Command {
    /// What the answer says.
    type Response;

    /// How the command is exchanged.
    fn spec(&self) -> Spec;

    /// Appends the parameters behind the name.
    fn encode(&self, line: &mut CommandLine) {
        let _ = line;
    }

    /// Reads the information response, without its prefix; empty when there was none.
    fn decode(&self, answer: Fields<'_>) -> Option<Self::Response>;
}

/// Which lines are the command's information response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reply {
    /// None: the final result is all.
    None,
    /// A line that starts so; a final OK without it is not believed.
    Line(&'static str),
    /// A line that starts so, or none.
    Maybe(&'static str),
    /// The answer to `+CREG?` or `+CGREG?`, told from the URC of the same name.
    Registration(&'static str),
    /// A line of digits only (IMEI, IMSI).
    Digits,
    /// Any line that is no URC.
    Text,
}

/// How the modem asks for the data of a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Prompt {
    /// `@` or `>`.
    pub character: u8,
    /// Longest wait for it.
    pub timeout: Millis,
}

/// How a command is exchanged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spec {
    /// The name with its operator, as `+CREG?`.
    pub name: &'static str,
    /// The information response.
    pub reply: Reply,
    /// Longest time from the end of the command (or of its data) to the final result.
    pub timeout: Millis,
    /// Whether any character sent while the command runs aborts it.
    pub abortable: bool,
    /// Whether data follows on a prompt.
    pub prompt: Option<Prompt>,
    /// Where the response carries data.
    pub data: Option<DataFrame>,
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
        Self { name, reply: Reply::None, timeout: Self::LOCAL, abortable: false, prompt: None, data: None }
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
    pub const fn prompt(self, character: u8, timeout: Millis) -> Self {
        Self { prompt: Some(Prompt { character, timeout }), ..self }
    }

    /// The same with data in its response.
    #[must_use]
    pub const fn data(self, frame: DataFrame) -> Self {
        Self { data: Some(frame), ..self }
    }
}
