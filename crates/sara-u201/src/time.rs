//! The network's time, as the modem's clock shows it.

use embedded_io::{Read, ReadReady, Write};
use monoclock::Clock;

use crate::at::parse_number;
use crate::command::ReadClock;
use crate::error::Error;
use crate::modem::Modem;
use crate::power::Wiring;

/// What `AT+CCLK?` shows: local time and, if the network told it, the zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClockReading {
    /// Seconds since 1970-01-01 00:00:00, counted in local time.
    pub local_seconds: u64,
    /// Local time minus UTC in quarters of an hour.
    pub zone: Option<i8>,
}

impl ClockReading {
    /// Reads `yy/MM/dd,hh:mm:ss±zz`; the zone may be missing.
    ///
    /// ```
    /// use sara_u201::command::ClockReading;
    ///
    /// let reading = ClockReading::parse(b"26/11/23,07:10:00+08").unwrap();
    /// assert_eq!(reading.zone, Some(8));
    /// assert_eq!(reading.local_seconds, 1_795_417_800);
    /// ```
    #[must_use]
    pub fn parse(text: &[u8]) -> Option<Self> {
        let number = |from: usize, separator: Option<u8>| {
            let value = parse_number(text.get(from..from + 2)?)?;
            (text.get(from + 2).copied() == separator || separator.is_none()).then_some(value)
        };
        let year = number(0, Some(b'/'))?;
        let month = number(3, Some(b'/'))?;
        let day = number(6, Some(b','))?;
        let hour = number(9, Some(b':'))?;
        let minute = number(12, Some(b':'))?;
        let second = number(15, None)?;
        // Two digits: 80 to 99 are the dates of a clock that was never set.
        let year = if year < 80 { 2000 + year } else { 1900 + year };
        let (month_ok, day_ok) = ((1..=12).contains(&month), (1..=31).contains(&day));
        if !month_ok || !day_ok || hour > 23 || minute > 59 || second > 60 {
            return None;
        }
        let days = days_since_1970(year, month, day);
        let local_seconds = u64::from(days) * 86400 + u64::from(hour * 3600 + minute * 60 + second);
        let zone = match (text.get(17), text.get(18..20).and_then(parse_number)) {
            (Some(b'+'), Some(quarters)) => i8::try_from(quarters).ok(),
            (Some(b'-'), Some(quarters)) => i8::try_from(quarters).ok().map(|quarters| -quarters),
            _ => None,
        };
        Some(Self { local_seconds, zone })
    }
}

/// Days from 1970-01-01 to a date of the Gregorian calendar from 1970 on.
const fn days_since_1970(year: u32, month: u32, day: u32) -> u32 {
    // Years start in March, so that the leap day is the last.
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let leap_days = year / 4 - year / 100 + year / 400;
    // 719468 days lie between 0000-03-01 and 1970-01-01.
    year * 365 + leap_days + (153 * month + 2) / 5 + day - 1 - 719_468
}

/// Seconds since 1970 between which a clock is believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Validity {
    /// First second that is believed.
    pub not_before: u64,
    /// Last second that is believed.
    pub not_after: u64,
}

impl Validity {
    /// From 2025 to the end of 2069: a clock that was never set shows 2004 or 1980.
    pub const DEFAULT: Self = Self { not_before: 1_735_689_600, not_after: 3_155_759_999 };
}

impl Default for Validity {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// The network's time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NetworkTime {
    /// The network has not told the time (yet), or what the clock shows cannot be.
    Unset,
    /// The network has told it.
    Utc {
        /// Seconds since 1970-01-01 00:00:00 UTC.
        unix_seconds: u64,
        /// Local time minus UTC in quarters of an hour.
        zone: i8,
    },
}

impl NetworkTime {
    /// Judges what the clock shows: without a zone, or outside `validity`, it is unset.
    #[must_use]
    pub fn judge(reading: ClockReading, validity: Validity) -> Self {
        let Some(zone) = reading.zone else { return Self::Unset };
        let Some(unix_seconds) = reading.local_seconds.checked_add_signed(-i64::from(zone) * 900) else {
            return Self::Unset;
        };
        if unix_seconds < validity.not_before || unix_seconds > validity.not_after {
            return Self::Unset;
        }
        Self::Utc { unix_seconds, zone }
    }

    /// Seconds since 1970-01-01 00:00:00 UTC, if they are known.
    #[must_use]
    pub const fn unix_seconds(self) -> Option<u64> {
        match self {
            Self::Unset => None,
            Self::Utc { unix_seconds, .. } => Some(unix_seconds),
        }
    }
}

impl<S, P, C> Modem<S, P, C>
where
    S: Read + Write + ReadReady,
    P: Wiring<S>,
    C: Clock,
{
    /// Reads the network's time; [`NetworkTime::Unset`] until the network has told it.
    ///
    /// # Errors
    /// The modem does not answer.
    pub fn network_time(&mut self, validity: Validity) -> Result<NetworkTime, Error> {
        Ok(NetworkTime::judge(self.execute(&ReadClock)?, validity))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judge(text: &[u8]) -> NetworkTime {
        NetworkTime::judge(ClockReading::parse(text).unwrap(), Validity::DEFAULT)
    }

    /// Seconds computed with `date -u -d ... +%s`.
    #[test]
    fn the_zone_is_taken_off() {
        assert_eq!(judge(b"26/11/23,07:10:00+00"), NetworkTime::Utc { unix_seconds: 1_795_417_800, zone: 0 });
        assert_eq!(judge(b"26/11/23,07:10:00+04").unix_seconds(), Some(1_795_414_200));
        assert_eq!(judge(b"26/11/23,07:10:00-20").unix_seconds(), Some(1_795_435_800));
        assert_eq!(judge(b"28/02/29,23:59:59+00").unix_seconds(), Some(1_835_481_599));
    }

    #[test]
    fn a_clock_that_was_never_set_is_told() {
        for text in [
            &b"80/01/06,00:00:10+00"[..],
            b"04/01/01,00:00:00+00",
            b"26/11/23,07:10:00",
            b"70/01/01,00:00:00+00",
        ] {
            assert_eq!(judge(text), NetworkTime::Unset);
        }
    }

    #[test]
    fn nonsense_is_refused() {
        for text in
            [&b""[..], b"26/13/01,00:00:00", b"26/11/23,24:00:00", b"26-11-23,07:10:00", b"xx/11/23,07:10:00"]
        {
            assert_eq!(ClockReading::parse(text), None);
        }
    }

    #[test]
    fn days_are_counted() {
        assert_eq!(days_since_1970(1970, 1, 1), 0);
        assert_eq!(days_since_1970(2000, 3, 1), 11_017);
        assert_eq!(days_since_1970(2024, 12, 31), 20_088);
    }
}
