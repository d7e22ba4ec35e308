//! CONNACK (section 3.2).

use core::fmt;

use crate::error::{Error, PeerError};

/// Decodes what follows the fixed header: whether the session is present.
pub(crate) fn decode(body: &[u8]) -> Result<bool, Error> {
    let &[flags, code] = body else { return Err(PeerError::MalformedPacket.into()) };
    match (flags, code) {
        (0 | 1, 0) => Ok(flags == 1),
        (0, code) => Err(Error::Refused(Refusal::from_return_code(code))),
        // [MQTT-3.2.2-4]: no session is present when the connection is refused.
        (1, _) => Err(PeerError::SessionPresent.into()),
        _ => Err(PeerError::ReservedFlags.into()),
    }
}

/// Why the server refused the connection (table 3.1, Connect Return code values).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Refusal {
    /// 1: the server does not speak MQTT 3.1.1.
    UnacceptableProtocolVersion,
    /// 2: the Client Identifier is not allowed.
    IdentifierRejected,
    /// 3: the MQTT service is unavailable.
    ServerUnavailable,
    /// 4: the user name or password is malformed, or wrong.
    BadUserNameOrPassword,
    /// 5: the client is not authorized to connect.
    NotAuthorized,
    /// A code that the specification reserves.
    Reserved(u8),
}

impl Refusal {
    /// The Connect Return code.
    #[must_use]
    pub const fn return_code(self) -> u8 {
        match self {
            Self::UnacceptableProtocolVersion => 1,
            Self::IdentifierRejected => 2,
            Self::ServerUnavailable => 3,
            Self::BadUserNameOrPassword => 4,
            Self::NotAuthorized => 5,
            Self::Reserved(code) => code,
        }
    }

    const fn from_return_code(code: u8) -> Self {
        match code {
            1 => Self::UnacceptableProtocolVersion,
            2 => Self::IdentifierRejected,
            3 => Self::ServerUnavailable,
            4 => Self::BadUserNameOrPassword,
            5 => Self::NotAuthorized,
            _ => Self::Reserved(code),
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnacceptableProtocolVersion => f.write_str("1, unacceptable protocol version"),
            Self::IdentifierRejected => f.write_str("2, identifier rejected"),
            Self::ServerUnavailable => f.write_str("3, server unavailable"),
            Self::BadUserNameOrPassword => f.write_str("4, bad user name or password"),
            Self::NotAuthorized => f.write_str("5, not authorized"),
            Self::Reserved(code) => write!(f, "{code}, a reserved code"),
        }
    }
}

impl core::error::Error for Refusal {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_return_code_has_its_name() {
        assert_eq!(decode(&[0, 0]), Ok(false));
        assert_eq!(decode(&[1, 0]), Ok(true));
        for code in 1..=u8::MAX {
            let Err(Error::Refused(refusal)) = decode(&[0, code]) else { panic!("{code} is no refusal") };
            assert_eq!(refusal.return_code(), code);
            assert_eq!(matches!(refusal, Refusal::Reserved(_)), code > 5);
        }
    }

    #[test]
    fn what_section_3_2_forbids_is_refused() {
        assert_eq!(decode(&[1, 5]), Err(PeerError::SessionPresent.into()));
        assert_eq!(decode(&[2, 0]), Err(PeerError::ReservedFlags.into()));
        assert_eq!(decode(&[0]), Err(PeerError::MalformedPacket.into()));
        assert_eq!(decode(&[0, 0, 0]), Err(PeerError::MalformedPacket.into()));
    }
}
