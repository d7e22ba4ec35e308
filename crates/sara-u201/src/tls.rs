//! TLS in the modem: what the server's certificate must prove.

use embedded_io::{Read, ReadReady, Write};
use monoclock::Clock;

use crate::at::{CommandLine, Fields};
use crate::command::{Command, ProfileNumber, ProfileReset, ProfileText, Spec};
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
    /// Writes the settings into the modem's profile.
    pub(crate) fn set_profile(&mut self, tls: &TlsProfile<'_>, host: &str) -> Result<(), Fault> {
        for setting in tls.settings(host) {
            self.ask(&setting)?;
        }
        Ok(())
    }
}

/// One setting of a profile.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Setting<'t> {
    Reset(ProfileReset),
    Number(ProfileNumber),
    Text(ProfileText<'t>),
}

impl Command for Setting<'_> {
    type Response = ();

    fn spec(&self) -> &'static Spec {
        ProfileReset(0).spec()
    }

    fn encode(&self, line: &mut CommandLine) {
        match self {
            Self::Reset(command) => command.encode(line),
            Self::Number(command) => command.encode(line),
            Self::Text(command) => command.encode(line),
        }
    }

    fn decode(&self, _: Fields<'_>) -> Option<()> {
        Some(())
    }
}

impl<'t> TlsProfile<'t> {
    /// The settings of the modem's profile, from its defaults up, so that nothing old stays.
    pub(crate) fn settings<'s>(&self, host: &'s str) -> impl Iterator<Item = Setting<'s>> + use<'s, 't>
    where
        't: 's,
    {
        let profile = self.number;
        let level = match self.verification {
            Verification::Full => 3,
            Verification::InsecureIgnoreDates => 2,
            Verification::InsecureIgnoreHostName => 1,
            Verification::InsecureNone => 0,
        };
        let version = match self.minimum_version {
            MinimumVersion::Tls12 => 3,
            MinimumVersion::InsecureTls11 => 2,
            MinimumVersion::InsecureTls10 => 1,
        };
        let number = |op, number| Setting::Number(ProfileNumber { profile, op, number });
        let numbers = [
            Setting::Reset(ProfileReset(profile)),
            number(ProfileNumber::VERIFICATION, level),
            number(ProfileNumber::MINIMUM_VERSION, version),
        ];
        let expected = self.expected_host_name.unwrap_or(host);
        let (certificate, key) = self.client.unwrap_or(("", ""));
        let texts = [
            (ProfileText::ROOT, self.root),
            (ProfileText::HOST_NAME, if level >= 2 { expected } else { "" }),
            (ProfileText::CLIENT_CERTIFICATE, certificate),
            (ProfileText::CLIENT_KEY, key),
            (ProfileText::SERVER_NAME_INDICATION, if self.server_name_indication { host } else { "" }),
        ];
        let texts = texts.into_iter().filter(|(_, text)| !text.is_empty());
        numbers
            .into_iter()
            .chain(texts.map(move |(op, text)| Setting::Text(ProfileText { profile, op, text })))
    }
}
