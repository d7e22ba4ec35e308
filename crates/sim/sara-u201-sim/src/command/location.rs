//! Ping and cell location (chapters 19 and 25 of the manual).

use core::time::Duration;

use super::WRONG;
use crate::at::{Command, Kind};
use crate::modem::{ModemCore, Step, Timer};
use crate::result::NOT_ALLOWED;
use crate::rtc::Civil;

/// +UUPINGER: the name is not known.
const UNKNOWN_HOST: u8 = 8;

impl ModemCore {
    pub(super) fn location_command(&mut self, command: &Command, now: Duration) -> Option<Step> {
        match (command.name.as_str(), command.kind) {
            ("+UPING", Kind::Set) => Some(self.ping(command, now)),
            ("+ULOC", Kind::Set) => Some(self.locate(command, now)),
            _ => None,
        }
    }

    /// AT+UPING="host"[,retries[,size[,timeout[,ttl]]]]: `OK`, then one URC for each echo.
    fn ping(&mut self, command: &Command, now: Duration) -> Step {
        let Some(host) = command.text(0).map(str::to_owned) else { return WRONG };
        let retries = command.number(1).unwrap_or(4).clamp(1, 64);
        let size = command.number(2).unwrap_or(32);
        let timeout = command.number(3).unwrap_or(5000);
        let ttl = command.number(4).unwrap_or(32);
        if !self.contexts.any_active() {
            return Step::Final(NOT_ALLOWED);
        }
        if self.awaits("+UUPING") {
            return Step::Final(NOT_ALLOWED);
        }
        let query = self.network.resolve(&host, now);
        let limit = now + Duration::from_secs(70);
        let Some(Ok(address)) = self.network.resolved(query, limit) else {
            self.schedule(now + Duration::from_secs(1), Timer::Urc(format!("+UUPINGER: {UNKNOWN_HOST}")));
            return Step::ok();
        };
        let mut at = now;
        for retry in 1..=retries {
            let trip = self.network.ping(address, now);
            at += trip.unwrap_or(Duration::from_millis(u64::from(timeout)));
            let trip = trip.map_or("-1".to_owned(), |trip| trip.as_millis().to_string());
            let line = format!("+UUPING: {retry},{size},\"{host}\",\"{address}\",{ttl},{trip}");
            self.schedule(at, Timer::Urc(line));
            at += Duration::from_secs(1);
        }
        Step::ok()
    }

    /// AT+ULOC=2,sensor,response,timeout,accuracy: `OK`, then +UULOC, if there is a data context.
    fn locate(&mut self, command: &Command, now: Duration) -> Step {
        if command.number(0) != Some(2) || command.count() < 5 {
            return WRONG;
        }
        let Some(position) = self.cellular().position.clone() else { return Step::ok() };
        if !self.contexts.any_active() {
            return Step::ok();
        }
        if self.awaits("+UULOC") {
            return Step::Final(NOT_ALLOWED);
        }
        let at = now + self.profile.latencies.location.draw(&mut self.rng);
        let t = Civil::from_unix(i64::try_from(self.rtc.unix(at)).unwrap_or(0));
        let date = format!("{:02}/{:02}/{}", t.day, t.month, t.year);
        let time = format!("{:02}:{:02}:{:02}.000", t.hour, t.minute, t.second);
        let (latitude, longitude) = (&position.latitude, &position.longitude);
        let (altitude, uncertainty) = (position.altitude, position.uncertainty);
        let mut line = format!("+UULOC: {date},{time},{latitude},{longitude},{altitude},{uncertainty}");
        if command.number(2) == Some(1) {
            line.push_str(",0,0,0,2,0,0,0");
        }
        self.schedule(at, Timer::Urc(line));
        Step::ok()
    }
}
