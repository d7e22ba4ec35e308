//! General commands and power (chapters 4, 5, 16 and 21 of the manual).

use core::time::Duration;

use super::WRONG;
use crate::at::{Command, Kind};
use crate::modem::{ModemCore, Step, Timer};
use crate::quirks::RateChange;

/// From the `OK` of AT+CFUN=15 or 16 to the restart.
const RESTART_DELAY: Duration = Duration::from_millis(500);
/// From the `OK` of AT+CPWROFF to the end of the supply.
const POWER_DOWN_DELAY: Duration = Duration::from_millis(1500);
/// The longest text of AT+CSGT.
const LONGEST_GREETING: usize = 49;
/// Rates of AT+IPR.
const RATES: [u32; 12] =
    [0, 1200, 2400, 4800, 9600, 19_200, 38_400, 57_600, 115_200, 230_400, 460_800, 921_600];

impl ModemCore {
    pub(super) fn general_command(&mut self, command: &Command, now: Duration) -> Option<Step> {
        let identity = &self.profile.identity;
        Some(match (command.name.as_str(), command.kind) {
            ("+CGMI" | "+GMI", Kind::Execute) => Step::line(identity.manufacturer.clone()),
            ("+CGMM" | "+GMM", Kind::Execute) => Step::line(identity.model.clone()),
            ("+CGMR" | "+GMR", Kind::Execute) => Step::line(identity.firmware.clone()),
            ("+CGSN" | "+GSN", Kind::Execute) => Step::line(identity.imei.clone()),
            ("+GCAP", Kind::Execute) => Step::line("+GCAP: +FCLASS, +CGSM"),
            ("+CLAC", Kind::Execute) => {
                Step::Done(super::catalogue::CATALOGUE.iter().map(|entry| entry.name.into()).collect())
            }
            ("+CMEE", Kind::Set) => match command.number(0) {
                Some(mode @ 0..=2) => {
                    self.settings.error_mode = u8::try_from(mode).unwrap_or(0);
                    Step::ok()
                }
                _ => WRONG,
            },
            ("+CMEE", Kind::Read) => Step::line(format!("+CMEE: {}", self.settings.error_mode)),
            ("+IPR", Kind::Set) => self.change_rate(command),
            ("+IPR", Kind::Read) => Step::line(format!("+IPR: {}", self.stored.rate)),
            ("+IPR", Kind::Test) => {
                let rates: Vec<_> = RATES.iter().map(u32::to_string).collect();
                Step::line(format!("+IPR: ({}),()", rates.join(",")))
            }
            ("+IFC", Kind::Set) => match (command.number(0), command.number(1)) {
                (Some(2), Some(2)) => {
                    self.settings.flow_control = 3;
                    Step::ok()
                }
                (Some(0), Some(0)) => {
                    self.settings.flow_control = 0;
                    Step::ok()
                }
                _ => WRONG,
            },
            ("+IFC", Kind::Read) => {
                Step::line(if self.settings.flow_control == 3 { "+IFC: 2,2" } else { "+IFC: 0,0" })
            }
            ("+UPSV", Kind::Set) => self.set_power_saving(command),
            ("+UPSV", Kind::Read) => Step::line(match self.stored.power_saving {
                1 => format!("+UPSV: 1,{}", self.stored.power_saving_frames),
                mode => format!("+UPSV: {mode}"),
            }),
            ("+CFUN", Kind::Set) => self.set_functionality(command, now),
            ("+CFUN", Kind::Read) => Step::line(format!("+CFUN: {},0", self.functionality)),
            ("+CSGT", Kind::Set) => {
                let text = command.quoted(1).map_or_else(|| self.stored.greeting.1.clone(), str::to_owned);
                if text.len() > LONGEST_GREETING {
                    return Some(WRONG);
                }
                self.stored.greeting = (command.number(0) == Some(1), text);
                Step::ok()
            }
            ("+CSGT", Kind::Read) => {
                let (on, text) = &self.stored.greeting;
                Step::line(format!("+CSGT: \"{text}\",{}", u8::from(*on)))
            }
            ("+CPWROFF", Kind::Execute) => {
                self.leave_network(now);
                self.schedule(now + POWER_DOWN_DELAY, Timer::PowerDown);
                Step::ok()
            }
            _ => return None,
        })
    }

    fn change_rate(&mut self, command: &Command) -> Step {
        let Some(rate) = command.number(0).filter(|rate| RATES.contains(rate)) else { return WRONG };
        self.stored.rate = rate;
        let at_once = self.profile.quirks.rate_change == RateChange::BeforeResult;
        self.set_rate(Some(rate).filter(|rate| *rate != 0), at_once);
        Step::ok()
    }

    fn set_power_saving(&mut self, command: &Command) -> Step {
        let (Some(mode @ 0..=3), frames) = (command.number(0), command.number(1)) else { return WRONG };
        // RTS cannot both pace the line and wake the module.
        if mode == 2 && self.settings.flow_control == 3 {
            return Step::Final(crate::result::NOT_ALLOWED);
        }
        self.stored.power_saving = u8::try_from(mode).unwrap_or(0);
        self.stored.power_saving_frames = frames.unwrap_or(2000);
        Step::ok()
    }

    fn set_functionality(&mut self, command: &Command, now: Duration) -> Step {
        if command.number(1) == Some(1) && matches!(command.number(0), Some(0 | 1 | 4)) {
            self.stored.airplane = command.number(0) == Some(4);
            self.leave_network(now);
            self.schedule(now + RESTART_DELAY, Timer::Restart);
            return Step::ok();
        }
        match command.number(0) {
            Some(1) => {
                self.stored.airplane = false;
                if core::mem::replace(&mut self.functionality, 1) != 1 {
                    self.start_search(now);
                }
            }
            Some(mode @ (0 | 4)) => {
                self.stored.airplane = mode == 4;
                self.functionality = u8::try_from(mode).unwrap_or(0);
                self.leave_network(now);
            }
            Some(15 | 16) => {
                self.leave_network(now);
                self.schedule(now + RESTART_DELAY, Timer::Restart);
            }
            _ => return WRONG,
        }
        Step::ok()
    }
}
