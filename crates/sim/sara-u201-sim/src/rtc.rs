//! The module's clock and the calendar.

use core::time::Duration;

/// Seconds of a day.
const DAY: i64 = 86_400;
/// Seconds of a quarter of an hour, the unit of time zones.
pub(crate) const QUARTER: i64 = 900;

/// A date and a time of day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Civil {
    pub(crate) year: i64,
    pub(crate) month: i64,
    pub(crate) day: i64,
    pub(crate) hour: i64,
    pub(crate) minute: i64,
    pub(crate) second: i64,
}

impl Civil {
    /// The civil time of a count of seconds since 1970 (proleptic Gregorian calendar).
    pub(crate) const fn from_unix(seconds: i64) -> Self {
        let (days, time) = (seconds.div_euclid(DAY), seconds.rem_euclid(DAY));
        // Days since 0000-03-01, in eras of 400 years.
        let shifted = days + 719_468;
        let (era, of_era) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
        let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
        let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let shifted_month = (5 * of_year + 2) / 153;
        let day = of_year - (153 * shifted_month + 2) / 5 + 1;
        let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
        let year = year_of_era + era * 400 + if month <= 2 { 1 } else { 0 };
        Self { year, month, day, hour: time / 3600, minute: time / 60 % 60, second: time % 60 }
    }

    /// The count of seconds since 1970.
    pub(crate) const fn to_unix(self) -> i64 {
        let year = if self.month <= 2 { self.year - 1 } else { self.year };
        let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
        let shifted_month = (self.month + 9) % 12;
        let of_year = (153 * shifted_month + 2) / 5 + self.day - 1;
        let days = era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468;
        days * DAY + self.hour * 3600 + self.minute * 60 + self.second
    }
}

/// The real-time clock: local time and zone.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rtc {
    /// Local time, as seconds since 1970, when it was set.
    local: i64,
    set_at: Duration,
    /// Quarters of an hour east of Greenwich.
    pub(crate) zone: i64,
    /// Whether network or host have set it.
    pub(crate) is_set: bool,
}

impl Rtc {
    /// A clock that starts at the 6th of January of a factory year of two digits.
    pub(crate) fn unset(year: u8, now: Duration) -> Self {
        let year = i64::from(year);
        let year = if year >= 70 { 1900 + year } else { 2000 + year };
        let start = Civil { year, month: 1, day: 6, hour: 0, minute: 0, second: 0 };
        Self { local: start.to_unix(), set_at: now, zone: 0, is_set: false }
    }

    pub(crate) const fn set(&mut self, local: i64, zone: i64, now: Duration) {
        *self = Self { local, set_at: now, zone, is_set: true };
    }

    pub(crate) fn local(&self, now: Duration) -> i64 {
        let passed = now.saturating_sub(self.set_at).as_secs();
        self.local + i64::try_from(passed).unwrap_or(0)
    }

    /// Seconds since 1970 UTC, as the module believes.
    pub(crate) fn unix(&self, now: Duration) -> u64 {
        u64::try_from(self.local(now) - self.zone * QUARTER).unwrap_or(0)
    }

    /// `yy/MM/dd,hh:mm:ss`, and `±zz` if asked.
    pub(crate) fn format(&self, now: Duration, with_zone: bool) -> String {
        let t = Civil::from_unix(self.local(now));
        let date = format!("{:02}/{:02}/{:02}", t.year.rem_euclid(100), t.month, t.day);
        let time = format!("{:02}:{:02}:{:02}", t.hour, t.minute, t.second);
        if with_zone { format!("{date},{time}{:+03}", self.zone) } else { format!("{date},{time}") }
    }
}

/// Reads `yy/MM/dd,hh:mm:ss` with or without `±zz`.
pub(crate) fn parse(text: &str) -> Option<(i64, Option<i64>)> {
    let field = |at: usize| text.get(at..at + 2).and_then(|digits| digits.parse::<i64>().ok());
    let separators = [(2, '/'), (5, '/'), (8, ','), (11, ':'), (14, ':')];
    let formed = separators.iter().all(|(at, c)| text.get(*at..).is_some_and(|rest| rest.starts_with(*c)));
    if !formed {
        return None;
    }
    let civil = Civil {
        year: 2000 + field(0)?,
        month: field(3)?,
        day: field(6)?,
        hour: field(9)?,
        minute: field(12)?,
        second: field(15)?,
    };
    let valid = Civil::from_unix(civil.to_unix()) == civil;
    let zone = match text.get(17..).unwrap_or_default() {
        "" => None,
        zone => Some(zone.parse::<i64>().ok().filter(|zone| (-96..=96).contains(zone))?),
    };
    valid.then(|| (civil.to_unix(), zone))
}

#[cfg(test)]
mod tests {
    use super::{Civil, Duration, Rtc, parse};

    #[test]
    fn the_calendar_agrees_with_known_dates() {
        assert_eq!(Civil::from_unix(0).year, 1970);
        let leap = Civil { year: 2024, month: 2, day: 29, hour: 23, minute: 59, second: 59 };
        assert_eq!(leap.to_unix(), 1_709_251_199);
        assert_eq!(Civil::from_unix(1_709_251_199), leap);
        for day in (-30_000..60_000).step_by(17) {
            assert_eq!(Civil::from_unix(day * 86_400).to_unix(), day * 86_400);
        }
    }

    #[test]
    fn the_clock_tells_local_time() {
        let mut rtc = Rtc::unset(80, Duration::ZERO);
        assert_eq!(rtc.format(Duration::from_secs(7), true), "80/01/06,00:00:07+00");
        let (local, zone) = parse("26/11/23,07:00:00-08").expect("well formed");
        rtc.set(local, zone.unwrap_or(0), Duration::from_secs(10));
        assert_eq!(rtc.format(Duration::from_secs(70), true), "26/11/23,07:01:00-08");
        assert_eq!(rtc.unix(Duration::from_secs(10)), 1_795_413_600 + 3600 + 7200);
        assert!(parse("26/13/01,00:00:00").is_none());
        assert!(parse("nonsense").is_none());
    }
}
