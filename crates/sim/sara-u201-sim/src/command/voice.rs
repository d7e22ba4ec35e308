//! Call control, DTMF and audio (chapters 6, 14 and 15 of the manual).

use core::time::Duration;

use super::WRONG;
use crate::at::{Command, Kind};
use crate::modem::{ModemCore, Step};
use crate::result::FinalResult;
use crate::voice::CallState;

impl ModemCore {
    pub(super) fn voice_command(&mut self, command: &Command, now: Duration) -> Option<Step> {
        Some(match (command.name.as_str(), command.kind) {
            ("D", _) => self.dial_command(command.text(0).unwrap_or_default(), now),
            ("A", _) => match self.call.as_mut().filter(|call| call.state == CallState::Incoming) {
                Some(call) => {
                    call.state = CallState::Active;
                    self.tell_call(7);
                    self.tell_call(0);
                    Step::ok()
                }
                None => Step::Final(FinalResult::NoCarrier),
            },
            ("H" | "+CHUP", _) => {
                if self.call.take().is_some() {
                    self.tell_call(6);
                }
                Step::ok()
            }
            ("+CLCC", Kind::Execute) => match &self.call {
                Some(call) => {
                    let (incoming, state) = (u8::from(!call.outgoing), call.state as u8);
                    let kind = if call.number.starts_with('+') { 145 } else { 129 };
                    Step::line(format!("+CLCC: 1,{incoming},{state},0,0,\"{}\",{kind}", call.number))
                }
                None => Step::ok(),
            },
            ("+VTS", Kind::Set) => {
                let tone = command.text(0).and_then(|text| text.chars().next());
                let known = tone.is_some_and(|c| c.is_ascii_digit() || "*#ABCD".contains(c));
                match (known, self.call.is_some()) {
                    (false, _) => WRONG,
                    (true, false) => Step::Final(crate::result::NOT_ALLOWED),
                    (true, true) => Step::ok(),
                }
            }
            _ => return None,
        })
    }

    /// A voice call ends in a semicolon; data calls are not what this module is used for.
    fn dial_command(&mut self, dialled: &str, now: Duration) -> Step {
        let Some(number) = dialled.strip_suffix(';') else { return Step::Final(FinalResult::NoCarrier) };
        let number = number.trim();
        let valid = number.chars().all(|c| c.is_ascii_digit() || "+*#".contains(c));
        if number.is_empty() || !valid {
            return WRONG;
        }
        if !self.registration.is_registered() || self.call.is_some() {
            return Step::Final(FinalResult::NoCarrier);
        }
        if self.cellular().busy_numbers.iter().any(|busy| busy == number) {
            return Step::Final(FinalResult::Busy);
        }
        self.dial(number, now);
        Step::ok()
    }

    /// The far end presses a key.
    pub(crate) fn hear_tone(&mut self, tone: char) {
        let listens = self.settings.remembered.get("+UDTMFD").is_some_and(|mode| !mode.starts_with('0'));
        if self.call.is_some() && listens {
            self.announce(format!("+UUDTMFD: {tone}"));
        }
    }
}
