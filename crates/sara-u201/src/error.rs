//! What can go wrong, and who is to blame.

use core::fmt;

use monoclock::Millis;

use crate::at::Cause;
use crate::registration::RegistrationStatus;

/// Why an operation failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// Misuse: a parameter is too long, or holds a quote or a control character.
    Argument(&'static str),
    /// A call of the non-blocking stacks is not over: poll it to its end first, or close its socket.
    Busy,
    /// The peer or the network closed the socket, or the socket's time is over (it restarted, detached).
    Closed,
    /// The socket could not be opened.
    Connect(ConnectError),
    /// The modem's answer has not the form that the manual gives, or lost bytes on the way.
    Garbled {
        /// The command.
        command: &'static str,
    },
    /// The modem answers nothing any more; the next [`crate::Modem::start`] restarts it.
    ModemLost,
    /// All sockets of the driver, or of the modem, are in use.
    OutOfSockets,
    /// The packet data context was refused.
    PacketDataRefused(Cause),
    /// The modem restarted by itself: everything must be set up again.
    Restarted,
    /// The modem refused a command.
    Refused {
        /// The command.
        command: &'static str,
        /// Its words.
        cause: Cause,
    },
    /// The modem is not registered, and the time given for that is over or has no sense any more.
    Registration {
        /// What it said last: denied, searching, idle.
        status: RegistrationStatus,
        /// How long it was waited for.
        waited: Millis,
    },
    /// The serial line failed.
    Serial(embedded_io::ErrorKind),
    /// The SIM is not ready.
    Sim(SimError),
    /// The stored certificate is not the one that was sent.
    CertificateMismatch,
    /// The command had no answer within its time.
    Timeout {
        /// The command.
        command: &'static str,
    },
}

/// Why the SIM is not ready.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SimError {
    /// No SIM is inserted.
    Absent,
    /// The SIM did not become ready in time.
    Busy,
    /// The SIM is broken, or the device is bound to another.
    Failure(Cause),
    /// Another lock than the PIN: PIN2, network, provider.
    Locked,
    /// The SIM wants a PIN and none is configured.
    PinRequired {
        /// Tries left, if the modem tells.
        tries_left: Option<u8>,
    },
    /// This PIN was wrong before and is not tried again, or it is the last try and not risked.
    PinWithheld {
        /// Tries left, if the modem tells.
        tries_left: Option<u8>,
    },
    /// The PIN was wrong too often: the SIM wants its PUK.
    PukRequired {
        /// Tries left for the PUK, if the modem tells.
        tries_left: Option<u8>,
    },
    /// The PIN is wrong. It was tried once.
    WrongPin {
        /// Tries left, if the modem tells.
        tries_left: Option<u8>,
    },
}

/// Why a socket could not be opened.
///
/// The modem tells little about a failed handshake; the raw numbers are kept beside the reading.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConnectError {
    /// What most likely happened.
    pub reason: ConnectReason,
    /// The final result of the connect command.
    pub cause: Cause,
    /// The modem's last socket error (`AT+USOER`), if it could be read.
    pub socket_error: Option<u16>,
}

/// What most likely happened to a connection that failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ConnectReason {
    /// The host's name could not be resolved.
    HostUnknown,
    /// The network, or the packet data context, is gone.
    NetworkDown,
    /// The peer refused the connection, or reset it.
    Refused,
    /// The certificate or the TLS parameters were not accepted.
    Tls,
    /// Nothing came back in time.
    TimedOut,
    /// The modem tells no reason.
    Unknown,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = |command: &'static str| command.trim_end_matches(['=', '?']);
        match *self {
            Self::Argument(what) => write!(f, "{what} cannot be sent to the modem"),
            Self::Busy => f.write_str("a polled call is not over"),
            Self::Closed => f.write_str("the socket is closed"),
            Self::Connect(error) => error.fmt(f),
            Self::Garbled { command } => write!(f, "AT{}: garbled answer", name(command)),
            Self::ModemLost => f.write_str("the modem does not answer"),
            Self::OutOfSockets => f.write_str("all sockets are in use"),
            Self::PacketDataRefused(cause) => write!(f, "packet data refused: {cause}"),
            Self::Restarted => f.write_str("the modem restarted by itself"),
            Self::Refused { command, cause } => write!(f, "AT{}: {cause}", name(command)),
            Self::Registration { status, waited } => {
                let status = match status {
                    RegistrationStatus::Denied => "registration denied",
                    RegistrationStatus::Searching => "no network found",
                    RegistrationStatus::EmergencyOnly => "emergency calls only",
                    RegistrationStatus::SmsOnly => "SMS only",
                    _ => "not registered",
                };
                write!(f, "{status} after {} s", waited.as_secs())
            }
            Self::Serial(kind) => write!(f, "serial line: {kind}"),
            Self::Sim(error) => error.fmt(f),
            Self::CertificateMismatch => f.write_str("the modem stored another certificate than was sent"),
            Self::Timeout { command } => write!(f, "AT{}: no answer in time", name(command)),
        }
    }
}

impl fmt::Display for SimError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (words, left) = match *self {
            Self::Absent => ("no SIM inserted", None),
            Self::Busy => ("SIM busy", None),
            Self::Failure(cause) => return write!(f, "SIM failure: {cause}"),
            Self::Locked => ("SIM locked by another code than the PIN", None),
            Self::PinRequired { tries_left } => ("SIM PIN required", tries_left),
            Self::PinWithheld { tries_left } => ("SIM PIN not tried again", tries_left),
            Self::PukRequired { tries_left } => ("SIM PUK required", tries_left),
            Self::WrongPin { tries_left } => ("wrong SIM PIN", tries_left),
        };
        f.write_str(words)?;
        left.map_or(Ok(()), |left| write!(f, ", {left} tries left"))
    }
}

impl fmt::Display for ConnectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let reason = match self.reason {
            ConnectReason::HostUnknown => "host unknown",
            ConnectReason::NetworkDown => "network down",
            ConnectReason::Refused => "connection refused",
            ConnectReason::Tls => "TLS handshake failed",
            ConnectReason::TimedOut => "connection timed out",
            ConnectReason::Unknown => "connection failed",
        };
        write!(f, "{reason} ({}", self.cause)?;
        match self.socket_error {
            Some(error) => write!(f, ", socket error {error})"),
            None => f.write_str(")"),
        }
    }
}

impl core::error::Error for Error {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::Connect(error) => Some(error),
            Self::Sim(error) => Some(error),
            _ => None,
        }
    }
}

impl core::error::Error for SimError {}

impl core::error::Error for ConnectError {}

impl From<SimError> for Error {
    fn from(error: SimError) -> Self {
        Self::Sim(error)
    }
}

impl embedded_io::Error for Error {
    fn kind(&self) -> embedded_io::ErrorKind {
        use embedded_io::ErrorKind;
        match self {
            Self::Argument(_) => ErrorKind::InvalidInput,
            Self::Busy => ErrorKind::Other,
            Self::Closed => ErrorKind::ConnectionReset,
            Self::Connect(error) => match error.reason {
                ConnectReason::Refused => ErrorKind::ConnectionRefused,
                ConnectReason::TimedOut => ErrorKind::TimedOut,
                _ => ErrorKind::Other,
            },
            Self::Garbled { .. } | Self::CertificateMismatch => ErrorKind::InvalidData,
            Self::Restarted => ErrorKind::ConnectionAborted,
            Self::Refused { .. } | Self::PacketDataRefused(_) => ErrorKind::PermissionDenied,
            Self::Registration { .. } | Self::Sim(_) => ErrorKind::NotConnected,
            Self::OutOfSockets => ErrorKind::OutOfMemory,
            Self::Serial(kind) => *kind,
            Self::ModemLost | Self::Timeout { .. } => ErrorKind::TimedOut,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_say_why() {
        let wrong = Error::Sim(SimError::WrongPin { tries_left: Some(2) });
        assert_eq!(std::format!("{wrong}"), "wrong SIM PIN, 2 tries left");
        let refused = Error::Refused { command: "+USOCR=", cause: Cause::Cme(3) };
        assert_eq!(std::format!("{refused}"), "AT+USOCR: CME 3 (operation not allowed)");
        let connect = ConnectError { reason: ConnectReason::Tls, cause: Cause::Error, socket_error: Some(1) };
        assert_eq!(
            std::format!("{}", Error::Connect(connect)),
            "TLS handshake failed (error, socket error 1)"
        );
    }
}
