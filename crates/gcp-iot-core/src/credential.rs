//! The token that a device logs in with.

use core::convert::Infallible;
use core::fmt;

use jwt_signer::{ClaimsError, Es256Signer, Payload, SoftwareSha256, Token, WriteError};
use monoclock::Millis;
use serde::ser::{Serialize, SerializeMap, Serializer};

/// Token lifetime unless told otherwise, in seconds.
pub const DEFAULT_LIFETIME: u32 = 3600;

/// Longest token lifetime that the bridge accepts, in seconds (quotas page: 24 h).
pub const MAXIMUM_LIFETIME: u32 = 86_400;

/// Shortest lifetime: less would be renewed all the time.
const MINIMUM_LIFETIME: u32 = 300;

/// 1 January 2019, before any firmware with this crate: an earlier clock was never set.
const EARLIEST_TIME: u64 = 1_546_300_800;

/// A connection is renewed this long before its token expires, and up to as long again by jitter.
const RENEWAL_MARGIN: Millis = Millis::from_secs(60);

/// Longest JSON text of all claims, in bytes; the three that the bridge wants take 74 at most.
const CLAIMS: usize = 256;

/// How tokens are made: their lifetime.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Credential {
    lifetime: u32,
}

/// Why there is no token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TokenError<S> {
    /// The clock that the token needs was never set: the seconds since 1970 that it shows.
    ClockNotSet(u64),
    /// The clock shows a year after 2106: the seconds since 1970 that it shows.
    ClockOutOfRange(u64),
    /// The claims do not fit.
    Claims(ClaimsError),
    /// The key could not be used.
    Signer(S),
}

/// A lifetime that is longer than the bridge accepts, or too short to be of use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidLifetime(pub u32);

impl Credential {
    /// Tokens that live for an hour.
    pub(crate) const DEFAULT: Self = Self { lifetime: DEFAULT_LIFETIME };

    /// Makes tokens that live for `seconds`: from 5 minutes to 24 hours.
    ///
    /// # Errors
    /// [`InvalidLifetime`] outside these limits.
    pub const fn with_lifetime(seconds: u32) -> Result<Self, InvalidLifetime> {
        if seconds < MINIMUM_LIFETIME || seconds > MAXIMUM_LIFETIME {
            return Err(InvalidLifetime(seconds));
        }
        Ok(Self { lifetime: seconds })
    }

    /// Token lifetime in seconds.
    #[must_use]
    pub const fn lifetime(&self) -> u32 {
        self.lifetime
    }

    /// Writes the claims of a token for `project`, issued at `unix_now`, and those in `more`.
    #[cfg_attr(target_os = "none", inline(never))]
    pub(crate) fn claims<S>(
        &self,
        project: &str,
        more: &[(&str, &str)],
        unix_now: u64,
    ) -> Result<Payload<CLAIMS>, TokenError<S>> {
        if unix_now < EARLIEST_TIME {
            return Err(TokenError::ClockNotSet(unix_now));
        }
        let Ok(issued) = u32::try_from(unix_now) else { return Err(TokenError::ClockOutOfRange(unix_now)) };
        let expires = issued.saturating_add(self.lifetime);
        Payload::new(&Claims { project, issued, expires, more }).map_err(TokenError::Claims)
    }

    /// How long a connection with a new token may last before it is renewed.
    #[cfg_attr(target_os = "none", inline(never))]
    pub(crate) fn renewal(&self, jitter: &mut crate::backoff::Jitter) -> Millis {
        let margin = RENEWAL_MARGIN.saturating_add(jitter.up_to(RENEWAL_MARGIN));
        Millis::from_secs(self.lifetime).saturating_sub(margin)
    }
}

impl Default for Credential {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// The claims that the bridge wants, in its order, and others after them.
///
/// Seconds since 1970 are 32 bits wide: printing 64 would cost a Cortex-M0+ 0.7 KB.
struct Claims<'a> {
    project: &'a str,
    issued: u32,
    expires: u32,
    more: &'a [(&'a str, &'a str)],
}

impl Serialize for Claims<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut claims = serializer.serialize_map(None)?;
        claims.serialize_entry("aud", self.project)?;
        claims.serialize_entry("iat", &self.issued)?;
        claims.serialize_entry("exp", &self.expires)?;
        for (name, value) in self.more {
            claims.serialize_entry(*name, *value)?;
        }
        claims.end()
    }
}

/// Signs `token` into `space`, which has exactly its length.
#[cfg_attr(not(any(feature = "mqtt-lite", feature = "minimq")), expect(dead_code, reason = "for links"))]
#[cfg_attr(target_os = "none", inline(never))]
pub(crate) fn sign<S: Es256Signer>(
    token: &Token<'_>,
    signer: &mut S,
    space: &mut [u8],
) -> Result<(), S::Error> {
    let mut rest = space.iter_mut();
    let put = |piece: &[u8]| {
        // The piece goes first: zip takes from its first side before it sees the end of the other.
        for (from, to) in piece.iter().zip(rest.by_ref()) {
            *to = *from;
        }
        Ok::<(), Infallible>(())
    };
    match token.write(put, &mut SoftwareSha256::new(), signer) {
        Ok(()) => Ok(()),
        Err(WriteError::Signer(error)) => Err(error),
        Err(WriteError::Output(never) | WriteError::Hash(never)) => match never {},
    }
}

impl<S> fmt::Display for TokenError<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ClockNotSet(seconds) => write!(f, "the token clock is not set: {seconds} s since 1970"),
            Self::ClockOutOfRange(seconds) => {
                write!(f, "the token clock is out of range: {seconds} s since 1970")
            }
            Self::Claims(_) => f.write_str("the claims do not fit"),
            Self::Signer(_) => f.write_str("the token could not be signed"),
        }
    }
}

impl<S: core::error::Error + 'static> core::error::Error for TokenError<S> {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::Claims(error) => Some(error),
            Self::Signer(error) => Some(error),
            Self::ClockNotSet(_) | Self::ClockOutOfRange(_) => None,
        }
    }
}

impl fmt::Display for InvalidLifetime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a token cannot live for {} s: from {MINIMUM_LIFETIME} to {MAXIMUM_LIFETIME}", self.0)
    }
}

impl core::error::Error for InvalidLifetime {}
