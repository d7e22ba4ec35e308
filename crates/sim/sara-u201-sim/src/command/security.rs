//! Certificates and TLS profiles (chapter 20 of the manual).

use core::time::Duration;

use super::WRONG;
use crate::at::{Command, Kind};
use crate::fault::{Effect, StoreFault};
use crate::modem::{Data, DataKind, ModemCore, Step};
use crate::result::{FinalResult, MEMORY_FULL, NOT_FOUND};
use crate::security::{Credential, CredentialKind, MAX_ITEMS, MAX_NAME, MAX_SIZE, SecurityProfile};

impl ModemCore {
    pub(super) fn security_command(&mut self, command: &Command, now: Duration) -> Option<Step> {
        match (command.name.as_str(), command.kind) {
            ("+USECMNG", Kind::Set) => Some(self.manage_certificates(command, now)),
            ("+USECPRF", Kind::Set) => Some(self.set_security_profile(command)),
            _ => None,
        }
    }

    fn manage_certificates(&mut self, command: &Command, now: Duration) -> Step {
        let (Some(operation), Some(kind)) =
            (command.number(0), command.number(1).and_then(CredentialKind::from_number))
        else {
            return WRONG;
        };
        let name = command.text(2).unwrap_or_default().to_owned();
        if operation != 3 && (name.is_empty() || name.len() > MAX_NAME) {
            return WRONG;
        }
        let position = self.stored.credentials.iter().position(|item| item.kind == kind && item.name == name);
        match operation {
            0 => {
                let Some(size) = command.number(3).and_then(|n| usize::try_from(n).ok()) else {
                    return WRONG;
                };
                if !(1..=MAX_SIZE).contains(&size) {
                    return WRONG;
                }
                Step::Prompt(Data::new(DataKind::Credential { kind, name }, size, now))
            }
            1 => match command.text(3).and_then(|file| self.stored.files.get(file)).cloned() {
                Some(bytes) => self.store_credential(kind, &name, &bytes),
                None => Step::Final(NOT_FOUND),
            },
            2 => match position {
                Some(index) => {
                    self.stored.credentials.remove(index);
                    Step::ok()
                }
                None => Step::Final(NOT_FOUND),
            },
            3 => Step::Done(self.stored.credentials.iter().filter(|c| c.kind == kind).map(listed).collect()),
            4 => match position.and_then(|index| self.stored.credentials.get(index)) {
                Some(item) => {
                    Step::line(format!("+USECMNG: 4,{},\"{}\",\"{}\"", kind.number(), item.name, item.md5()))
                }
                None => Step::Final(NOT_FOUND),
            },
            _ => WRONG,
        }
    }

    /// Stores an upload, in the place of one of the same name.
    pub(super) fn store_credential(&mut self, kind: CredentialKind, name: &str, bytes: &[u8]) -> Step {
        let Some(item) = Credential::import(kind, name, bytes) else {
            return Step::Final(FinalResult::Error);
        };
        let wrong = |effect: &Effect| matches!(effect, Effect::Store(StoreFault::WrongSum)).then_some(());
        let sum = match self.faults.consume(wrong) {
            Some(()) => "0".repeat(32),
            None => item.md5(),
        };
        let old = self.stored.credentials.iter().position(|c| c.kind == kind && c.name == name);
        if old.is_none() && self.stored.credentials.len() >= MAX_ITEMS {
            return Step::Final(MEMORY_FULL);
        }
        if let Some(index) = old {
            self.stored.credentials.remove(index);
        }
        self.stored.credentials.push(item);
        Step::line(format!("+USECMNG: 0,{},\"{name}\",\"{sum}\"", kind.number()))
    }

    fn set_security_profile(&mut self, command: &Command) -> Step {
        let has_server_name = self.profile.quirks.server_name_indication;
        let Some(index) = command.index(0, self.stored.security.len()) else { return WRONG };
        let Some(profile) = self.stored.security.get_mut(index) else { return WRONG };
        let Some(operation) = command.number(1) else {
            if command.count() > 1 {
                return WRONG;
            }
            *profile = SecurityProfile::default();
            return Step::ok();
        };
        if command.count() < 3 {
            return match shown(profile, operation) {
                Some(value) => Step::line(format!("+USECPRF: {index},{operation},{value}")),
                None => WRONG,
            };
        }
        let text = command.text(2).unwrap_or_default().to_owned();
        let number = command.number(2);
        match (operation, number) {
            (0, Some(level @ 0..=3)) => profile.level = u8::try_from(level).unwrap_or(0),
            (1, Some(version @ 0..=3)) => profile.least_version = u8::try_from(version).unwrap_or(0),
            (2, Some(cipher @ 0..=33)) => profile.cipher = u16::try_from(cipher).unwrap_or(0),
            (3, _) if text.len() <= MAX_NAME => profile.root = text,
            (4, _) if text.len() <= 256 => profile.host = text,
            (5, _) if text.len() <= MAX_NAME => profile.client_certificate = text,
            (6, _) if text.len() <= MAX_NAME => profile.client_key = text,
            (10, _) if has_server_name && text.len() <= 128 => profile.server_name = text,
            _ => return WRONG,
        }
        Step::ok()
    }
}

/// A line of the list, which carries no prefix.
fn listed(item: &Credential) -> Vec<u8> {
    let (subject, expiry) = item.subject_and_expiry();
    let (label, name) = (item.kind.label(), &item.name);
    match item.kind {
        CredentialKind::ClientKey => format!("\"{label}\",\"{name}\"").into_bytes(),
        _ => format!("\"{label}\",\"{name}\",\"{subject}\",\"{expiry}\"").into_bytes(),
    }
}

fn shown(profile: &SecurityProfile, operation: u32) -> Option<String> {
    let quoted = |text: &str| format!("\"{text}\"");
    Some(match operation {
        0 => profile.level.to_string(),
        1 => profile.least_version.to_string(),
        2 => profile.cipher.to_string(),
        3 => quoted(&profile.root),
        4 => quoted(&profile.host),
        5 => quoted(&profile.client_certificate),
        6 => quoted(&profile.client_key),
        10 => quoted(&profile.server_name),
        _ => return None,
    })
}
