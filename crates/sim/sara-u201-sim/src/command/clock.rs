//! Clock and time zone (chapter 5 of the manual).

use core::time::Duration;

use super::WRONG;
use crate::at::{Command, Kind};
use crate::modem::{ModemCore, Step};
use crate::rtc;

impl ModemCore {
    pub(super) fn clock_command(&mut self, command: &Command, now: Duration) -> Option<Step> {
        let quirks = &self.profile.quirks;
        Some(match (command.name.as_str(), command.kind) {
            ("+CCLK", Kind::Read) => {
                let hidden = !self.rtc.is_set && quirks.unset_clock_without_zone;
                let with_zone = !quirks.clock_without_zone && !hidden;
                Step::line(format!("+CCLK: \"{}\"", self.rtc.format(now, with_zone)))
            }
            ("+CCLK", Kind::Set) => match command.text(0).and_then(rtc::parse) {
                Some((local, zone)) => {
                    self.rtc.set(local, zone.unwrap_or(0), now);
                    Step::ok()
                }
                None => WRONG,
            },
            ("+CTZU", Kind::Set) => match command.number(0) {
                Some(mode @ 0..=2) => {
                    self.stored.zone_update = u8::try_from(mode).unwrap_or(0);
                    Step::ok()
                }
                _ => WRONG,
            },
            ("+CTZU", Kind::Read) => Step::line(format!("+CTZU: {}", self.stored.zone_update)),
            _ => return None,
        })
    }
}
