//! HTTP (chapter 23 of the manual).

use core::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::WRONG;
use crate::at::{Command, Kind};
use crate::http::{HttpProfile, PROFILES};
use crate::modem::{ModemCore, Step};
use crate::result::{NOT_ALLOWED, NOT_FOUND};

impl ModemCore {
    pub(super) fn http_command(&mut self, command: &Command, now: Duration) -> Option<Step> {
        if command.kind != Kind::Set {
            return None;
        }
        Some(match command.name.as_str() {
            "+UHTTP" => self.set_http(command),
            "+UHTTPC" => self.request_command(command, now),
            "+UHTTPER" => match command.index(0, PROFILES).and_then(|index| self.http_profiles.get(index)) {
                Some(profile) => {
                    let (class, code) = profile.last_error;
                    Step::line(format!("+UHTTPER: {},{class},{code}", command.number(0).unwrap_or(0)))
                }
                None => WRONG,
            },
            _ => return None,
        })
    }

    fn set_http(&mut self, command: &Command) -> Step {
        let Some(profile) = command.index(0, PROFILES).and_then(|i| self.http_profiles.get_mut(i)) else {
            return WRONG;
        };
        let text = command.text(2).unwrap_or_default().to_owned();
        match (command.number(1), command.number(2)) {
            (None, _) if command.count() == 1 => *profile = HttpProfile::default(),
            (Some(0 | 1), _) => profile.host = text,
            (Some(2), _) => profile.user = text,
            (Some(3), _) => profile.password = text,
            (Some(4), Some(mode @ (0 | 1))) => profile.authentication = u8::try_from(mode).unwrap_or(0),
            (Some(5), Some(port @ 1..=65535)) => profile.port = u16::try_from(port).ok(),
            (Some(6), Some(0)) => profile.security = None,
            (Some(6), Some(1)) => match command.count() {
                3 => profile.security = Some(0),
                _ => match command.index(3, 5) {
                    Some(index) => profile.security = Some(index),
                    None => return WRONG,
                },
            },
            _ => return WRONG,
        }
        Step::ok()
    }

    /// AT+UHTTPC=profile,operation,"path","file"[,"source or data",type].
    fn request_command(&mut self, command: &Command, now: Duration) -> Step {
        let (Some(index), Some(operation @ 0..=5)) = (command.index(0, PROFILES), command.number(1)) else {
            return WRONG;
        };
        let (Some(path), Some(file)) = (command.text(2), command.text(3)) else { return WRONG };
        let Some(profile) = self.http_profiles.get(index) else { return WRONG };
        if profile.host.is_empty() || self.request.is_some() || !self.contexts.any_active() {
            return Step::Final(NOT_ALLOWED);
        }
        let source = command.text(4).unwrap_or_default();
        let body = match operation {
            3 | 4 => match self.stored.files.get(source) {
                Some(bytes) => bytes.clone(),
                None => return Step::Final(NOT_FOUND),
            },
            5 => source.chars().filter_map(|c| u8::try_from(u32::from(c)).ok()).collect(),
            _ => Vec::new(),
        };
        let method = ["HEAD", "GET", "DELETE", "PUT", "POST", "POST"]
            .get(usize::try_from(operation).unwrap_or(0))
            .unwrap_or(&"GET");
        let mut head = format!("{method} {path} HTTP/1.0\r\nHost: {}\r\n", profile.host);
        if profile.authentication == 1 {
            let pair = STANDARD.encode(format!("{}:{}", profile.user, profile.password));
            head.push_str(&format!("Authorization: Basic {pair}\r\n"));
        }
        if operation >= 3 {
            let kind = match command.number(5) {
                Some(1) => "text/plain",
                Some(2) => "application/octet-stream",
                Some(3) => "multipart/form-data",
                Some(4) => "application/json",
                _ => "application/x-www-form-urlencoded",
            };
            head.push_str(&format!("Content-Type: {kind}\r\nContent-Length: {}\r\n", body.len()));
        }
        head.push_str("Connection: close\r\n\r\n");
        let mut bytes = head.into_bytes();
        bytes.extend(body);
        let file = file.to_owned();
        self.begin_request(index, u8::try_from(operation).unwrap_or(0), &file, bytes, now);
        Step::ok()
    }
}
