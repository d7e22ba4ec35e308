//! How long a certificate is valid (RFC 5280 section 4.1.2.5).

use core::time::Duration;

use der::asn1::{GeneralizedTime, UtcTime};
use der::{DateTime, Encode, Length, Writer};

use super::document::Sequence;
use super::{CertificateError, Style};

/// From a whole hour in the years 2000 to 2031, for whole years: what the compressed form can hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Validity {
    years_since_2000: u8,
    month: u8,
    day: u8,
    hour: u8,
    years: u8,
}

impl Validity {
    /// Valid from `hour`:00:00 UTC of a day, for `years` years (0 to 31).
    ///
    /// No year at all means for ever, which X.509 writes as 9999-12-31 23:59:59; in a certificate of the
    /// Arduino library, which does not know that rule, it means not a single moment.
    ///
    /// # Errors
    /// [`CertificateError::InvalidDate`] if there is no such day, or it cannot be written, or the last day
    /// were a 29th of February in a year without one.
    pub fn new(year: u16, month: u8, day: u8, hour: u8, years: u8) -> Result<Self, CertificateError> {
        let years_since_2000 = year.checked_sub(2000).and_then(|years| u8::try_from(years).ok());
        let validity = match years_since_2000 {
            Some(years_since_2000 @ 0..=31) if years <= 31 => {
                Self { years_since_2000, month, day, hour, years }
            }
            _ => return Err(CertificateError::InvalidDate),
        };
        validity.on_the_same_day(0)?;
        validity.on_the_same_day(years)?;
        Ok(validity)
    }

    /// Valid from the hour in which `unix_seconds` lies, for `years` years.
    ///
    /// # Errors
    /// [`CertificateError::InvalidDate`], as in [`new`](Self::new).
    pub fn from_unix(unix_seconds: u32, years: u8) -> Result<Self, CertificateError> {
        let date = DateTime::from_unix_duration(Duration::from_secs(unix_seconds.into()))
            .map_err(|_| CertificateError::InvalidDate)?;
        Self::new(date.year(), date.month(), date.day(), date.hour(), years)
    }

    /// Years since 2000, month, day and hour of the first moment, and the years that it lasts.
    pub(super) const fn fields(&self) -> [u8; 5] {
        [self.years_since_2000, self.month, self.day, self.hour, self.years]
    }

    pub(super) fn encoder(&self, style: Style) -> Result<Sequence<(Time, Time)>, CertificateError> {
        let not_before = self.on_the_same_day(0)?;
        let not_after = if self.years == 0 && style == Style::Rfc5280 {
            DateTime::new(9999, 12, 31, 23, 59, 59)?
        } else {
            self.on_the_same_day(self.years)?
        };
        Ok(Sequence((Time(not_before), Time(not_after))))
    }

    /// The same hour of the same day, `years` years after the first moment.
    fn on_the_same_day(&self, years: u8) -> Result<DateTime, CertificateError> {
        let year = 2000 + u16::from(self.years_since_2000) + u16::from(years);
        DateTime::new(year, self.month, self.day, self.hour, 0, 0).map_err(|_| CertificateError::InvalidDate)
    }
}

/// A moment, as a UTCTime until 2049 and as a GeneralizedTime from then on.
pub(super) struct Time(DateTime);

impl Encode for Time {
    fn encoded_len(&self) -> der::Result<Length> {
        match UtcTime::from_date_time(self.0) {
            Ok(time) => time.encoded_len(),
            Err(_) => GeneralizedTime::from(self.0).encoded_len(),
        }
    }

    fn encode(&self, writer: &mut impl Writer) -> der::Result<()> {
        match UtcTime::from_date_time(self.0) {
            Ok(time) => time.encode(writer),
            Err(_) => GeneralizedTime::from(self.0).encode(writer),
        }
    }
}
