//! TLS in the modem: what the server's certificate must prove.

use embedded_io::{Read, ReadReady, Write};
use monoclock::Clock;

use crate::command::{ProfileNumber, ProfileReset, ProfileText};
use crate::fault::Fault;
use crate::modem::Modem;
use crate::power::Wiring;

/// How the server's certificate is verified, op 0 of `AT+USECPRF`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verification {
    /// Level 3: the chain, the host name and the dates. Needs a clock that is set.
    Full,
    /// Level 2: the chain and the host name, but not the dates.
    InsecureIgnoreDates,
    /// Level 1: only the chain. Whoever has a certificate of that root can pose as the server.
    InsecureIgnoreHostName,
    /// Level 0, the modem's own default: nothing. Whoever sits in between reads and writes along.
    InsecureNone,
}

/// The lowest version of TLS that is accepted, op 1 of `AT+USECPRF`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MinimumVersion {
    /// TLS 1.2, the highest that the modem speaks.
    Tls12,
    /// TLS 1.1.
    InsecureTls11,
    /// TLS 1.0.
    InsecureTls10,
}

/// The TLS settings of a connection.
///
/// ```
/// use sara_u201::{TlsProfile, Verification};
///
/// let profile = TlsProfile::new("my-root");
/// assert_eq!(profile.verification, Verification::Full);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct TlsProfile<'t> {
    /// Number of the modem's security profile, 0 to 4.
    pub number: u8,
    /// Name of the trusted root in the modem.
    pub root: &'t str,
    /// What is verified.
    pub verification: Verification,
    /// The lowest version that is accepted.
    pub minimum_version: MinimumVersion,
    /// The name that the certificate must carry; the name that is connected to, if none is given.
    pub expected_host_name: Option<&'t str>,
    /// Whether the host name is sent in the clear in the handshake, as servers with many names need.
    /// Firmware of the SARA-U2 seen in the field refuses the setting.
    pub server_name_indication: bool,
    /// Names of client certificate and key in the modem, if the server wants them.
    pub client: Option<(&'t str, &'t str)>,
}

impl<'t> TlsProfile<'t> {
    /// Full verification against one root, TLS 1.2, in profile 0.
    #[must_use]
    pub const fn new(root: &'t str) -> Self {
        Self {
            number: 0,
            root,
            verification: Verification::Full,
            minimum_version: MinimumVersion::Tls12,
            expected_host_name: None,
            server_name_indication: false,
            client: None,
        }
    }

    /// The same with a client certificate and key that are stored under these names.
    #[must_use]
    pub const fn with_client(self, certificate: &'t str, key: &'t str) -> Self {
        Self { client: Some((certificate, key)), ..self }
    }
}

impl<S, P, C> Modem<S, P, C>
where
    S: Read + Write + ReadReady,
    P: Wiring<S>,
    C: Clock,
{
    /// Writes the settings into the modem's profile, from its defaults up, so that nothing old stays.
    pub(crate) fn set_profile(&mut self, tls: &TlsProfile<'_>, host: &str) -> Result<(), Fault> {
        let profile = tls.number;
        self.ask(&ProfileReset(profile))?;
        let level = match tls.verification {
            Verification::Full => 3,
            Verification::InsecureIgnoreDates => 2,
            Verification::InsecureIgnoreHostName => 1,
            Verification::InsecureNone => 0,
        };
        let version = match tls.minimum_version {
            MinimumVersion::Tls12 => 3,
            MinimumVersion::InsecureTls11 => 2,
            MinimumVersion::InsecureTls10 => 1,
        };
        for (op, number) in [(ProfileNumber::VERIFICATION, level), (ProfileNumber::MINIMUM_VERSION, version)]
        {
            self.ask(&ProfileNumber { profile, op, number })?;
        }
        let expected = tls.expected_host_name.unwrap_or(host);
        let (certificate, key) = tls.client.unwrap_or(("", ""));
        for (op, text) in [
            (ProfileText::ROOT, tls.root),
            (ProfileText::HOST_NAME, if level >= 2 { expected } else { "" }),
            (ProfileText::CLIENT_CERTIFICATE, certificate),
            (ProfileText::CLIENT_KEY, key),
            (ProfileText::SERVER_NAME_INDICATION, if tls.server_name_indication { host } else { "" }),
        ] {
            if !text.is_empty() {
                self.ask(&ProfileText { profile, op, text })?;
            }
        }
        Ok(())
    }
}
