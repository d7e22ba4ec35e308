//! Packet switched data (chapter 18 of the manual).

use core::time::Duration;

use super::WRONG;
use crate::at::{Command, Kind};
use crate::modem::{ModemCore, Step};
use crate::packet::{Context, PROFILES};
use crate::result::{FinalResult, NOT_ALLOWED};

/// Tags of AT+UPSD; 3 is the password, which is never told.
const TAGS: [u32; 9] = [0, 1, 2, 4, 5, 6, 7, 8, 9];

impl ModemCore {
    pub(super) fn packet_command(&mut self, command: &Command, now: Duration) -> Option<Step> {
        Some(match (command.name.as_str(), command.kind) {
            ("+UPSD", Kind::Set) => self.packet_setting(command),
            ("+UPSND", Kind::Set) => self.packet_status(command),
            ("+UPSDA", Kind::Set) => self.packet_action(command, now),
            ("+CGEREP", Kind::Set) => match command.number(0) {
                Some(mode @ 0..=2) => {
                    self.settings.packet_event_urc = u8::try_from(mode).unwrap_or(0);
                    Step::ok()
                }
                _ => WRONG,
            },
            ("+CGEREP", Kind::Read) => Step::line(format!("+CGEREP: {},0", self.settings.packet_event_urc)),
            _ => return None,
        })
    }

    fn packet_setting(&mut self, command: &Command) -> Step {
        let Some(index) = command.index(0, PROFILES) else { return WRONG };
        let Some(context) = self.contexts.profiles.get_mut(index) else { return WRONG };
        let shown = |context: &Context, tag: u32| {
            let value = context.parameter(tag);
            let quotes = if matches!(tag, 0 | 6 | 8 | 9) { "" } else { "\"" };
            format!("+UPSD: {index},{tag},{quotes}{value}{quotes}").into_bytes()
        };
        match (command.number(1), command.count()) {
            (None, 1) => Step::Done(TAGS.iter().map(|tag| shown(context, *tag)).collect()),
            (Some(3), 2) => Step::Final(FinalResult::Cme(3)),
            (Some(tag), 2) if TAGS.contains(&tag) => Step::Done(vec![shown(context, tag)]),
            (Some(tag), 3) if tag == 3 || TAGS.contains(&tag) => {
                let value = command.text(2).unwrap_or_default().to_owned();
                let longest = if tag == 1 { 99 } else { 64 };
                let fits = match tag {
                    4 | 5 | 7 => value.parse::<core::net::Ipv4Addr>().is_ok(),
                    0 | 8 | 9 => matches!(value.as_str(), "0" | "1" | "2"),
                    6 => matches!(value.as_str(), "0" | "1" | "2" | "3"),
                    _ => value.len() <= longest,
                };
                if !fits {
                    return WRONG;
                }
                context.parameters.insert(tag, value);
                Step::ok()
            }
            _ => WRONG,
        }
    }

    fn packet_status(&self, command: &Command) -> Step {
        let (Some(index), Some(tag)) = (command.index(0, PROFILES), command.number(1)) else { return WRONG };
        let active = self.contexts.profiles.get(index).is_some_and(|context| context.active);
        let address = if active { self.cellular().address.to_string() } else { "0.0.0.0".into() };
        match tag {
            0 => Step::line(format!("+UPSND: {index},0,\"{address}\"")),
            1 | 2 if active => Step::line(format!("+UPSND: {index},{tag},\"198.51.100.25{tag}\"")),
            1 | 2 => Step::line(format!("+UPSND: {index},{tag},\"0.0.0.0\"")),
            8 => Step::line(format!("+UPSND: {index},8,{}", u8::from(active))),
            3..=16 => Step::line(format!("+UPSND: {index},{tag},0")),
            _ => WRONG,
        }
    }

    fn packet_action(&mut self, command: &Command, now: Duration) -> Step {
        let (Some(index), Some(action)) = (command.index(0, PROFILES), command.number(1)) else {
            return WRONG;
        };
        let attached = self.registration.is_attached();
        let admission = self.admission(index);
        let Some(context) = self.contexts.profiles.get_mut(index) else { return WRONG };
        match action {
            0 if !context.active => {
                context.parameters.clear();
                Step::ok()
            }
            1 => {
                self.stored.contexts.insert(index, context.parameters.clone());
                Step::ok()
            }
            2 if !context.active => {
                context.parameters = self.stored.contexts.get(&index).cloned().unwrap_or_default();
                Step::ok()
            }
            3 if context.active => Step::Final(NOT_ALLOWED),
            3 if !attached => Step::Final(FinalResult::Cme(148)),
            3 => match admission {
                Ok(()) => {
                    context.active = true;
                    Step::ok()
                }
                Err(refusal) => Step::Final(refusal),
            },
            4 if context.active => {
                self.lose_context(index, now, false);
                Step::ok()
            }
            0 | 2 | 4 => Step::Final(NOT_ALLOWED),
            _ => WRONG,
        }
    }
}
