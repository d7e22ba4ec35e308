//! Basic commands: V.250 sections 6.1 and 6.2, and what goes with them.

use core::time::Duration;

use super::WRONG;
use crate::at::{Command, Kind};
use crate::modem::{ModemCore, Step};
use crate::settings::Settings;

/// Letters with a number that is stored and told by AT&V, and the greatest number of each.
const LETTERS: [(&str, u32); 8] =
    [("&C", 1), ("&D", 2), ("&S", 2), ("X", 4), ("L", 3), ("M", 3), ("\\Q", 3), ("T", 0)];
/// S registers with their ranges.
const REGISTERS: [(u32, core::ops::RangeInclusive<u32>); 11] = [
    (0, 0..=255),
    (2, 0..=255),
    (3, 0..=127),
    (4, 0..=127),
    (5, 0..=127),
    (6, 0..=255),
    (7, 1..=255),
    (8, 0..=255),
    (10, 1..=255),
    (11, 0..=255),
    (12, 0..=255),
];
/// How many personal profiles there are.
const PROFILES: usize = 2;

impl ModemCore {
    pub(super) fn basic_command(&mut self, command: &Command, now: Duration) -> Option<Step> {
        let identity = &self.profile.identity;
        let number = command.number(0).unwrap_or(0);
        Some(match command.name.as_str() {
            "E" => return Some(self.switch(number, |s| &mut s.echo)),
            "V" => return Some(self.switch(number, |s| &mut s.verbose)),
            "Q" => return Some(self.switch(number, |s| &mut s.quiet)),
            "I" => match number {
                0 => Step::line(identity.model.clone()),
                9 => Step::line(format!("{},{}", identity.firmware, identity.application)),
                _ => Step::ok(),
            },
            "&F" if number == 0 => {
                self.settings.take_personal(&Settings::default());
                Step::ok()
            }
            "Z" | "&W" | "&Y" => return Some(self.personal_profile(command, now)),
            "&V" => self.show_profile(),
            "&K" => match number {
                3 if self.stored.power_saving == 2 => Step::Final(crate::result::NOT_ALLOWED),
                0 | 3 => {
                    self.settings.flow_control = if number == 3 { 3 } else { 0 };
                    Step::ok()
                }
                _ => WRONG,
            },
            "S" => return Some(self.register_command(command)),
            "O" => Step::Final(crate::result::FinalResult::NoCarrier),
            name => {
                let (_, most) = LETTERS.iter().find(|(letter, _)| *letter == name)?;
                if number > *most {
                    return Some(WRONG);
                }
                self.settings.registers.insert(command.name.clone(), number);
                Step::ok()
            }
        })
    }

    /// A letter with 0 or 1.
    fn switch(&mut self, number: u32, setting: impl Fn(&mut Settings) -> &mut bool) -> Step {
        if number > 1 {
            return WRONG;
        }
        *setting(&mut self.settings) = number == 1;
        Step::ok()
    }

    /// ATZ takes a personal profile up, AT&W stores one, AT&Y chooses the one for the next start.
    fn personal_profile(&mut self, command: &Command, _now: Duration) -> Step {
        let number = if command.kind == Kind::Execute { Some(0) } else { command.index(0, PROFILES) };
        let Some(profile) = number.and_then(|number| self.stored.profiles.get_mut(number)) else {
            return WRONG;
        };
        match command.name.as_str() {
            "Z" => self.settings.take_personal(profile),
            "&W" => profile.take_personal(&self.settings),
            _ => self.stored.profile_at_start = number.unwrap_or(0),
        }
        Step::ok()
    }

    fn show_profile(&self) -> Step {
        let s = &self.settings;
        let flags = [("E", s.echo), ("Q", s.quiet), ("V", s.verbose)];
        let mut shown: Vec<_> = flags.iter().map(|(name, on)| format!("{name}{}", u8::from(*on))).collect();
        shown.push(format!("&K{}", s.flow_control));
        shown.extend(LETTERS.iter().map(|(letter, _)| format!("{letter}{}", s.letter(letter))));
        let registers: Vec<_> =
            REGISTERS.iter().map(|(number, _)| format!("S{number:02}:{:03}", s.register(*number))).collect();
        Step::Done(vec![b"ACTIVE PROFILE:".to_vec(), shown.join(" ").into(), registers.join(" ").into()])
    }

    fn register_command(&mut self, command: &Command) -> Step {
        let Some((register, range)) =
            command.number(0).and_then(|number| REGISTERS.iter().find(|(known, _)| *known == number))
        else {
            return WRONG;
        };
        if command.kind == Kind::Read {
            return Step::line(format!("{:03}", self.settings.register(*register)));
        }
        match command.number(1).filter(|value| range.contains(value)) {
            Some(value) => {
                self.settings.registers.insert(format!("S{register}"), value);
                Step::ok()
            }
            None => WRONG,
        }
    }
}
