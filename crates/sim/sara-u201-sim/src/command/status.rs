//! What can be asked about the state of things (chapters 4, 5, 7 and 16 of the manual).

use crate::at::{Command, Kind};
use crate::message::{CAPACITY, Status};
use crate::modem::{ModemCore, Step};
use crate::voice::CallState;

/// The indicators of AT+CIND, in their order; the ninth is the one that +CIEV tells.
const INDICATORS: &str = "(\"battchg\",(0-5)),(\"signal\",(0-5)),(\"service\",(0,1)),(\"sounder\",(0,1)),\
    (\"message\",(0,1)),(\"call\",(0,1)),(\"roam\",(0,1)),(\"smsfull\",(0,1)),(\"gprs\",(0-2)),\
    (\"callsetup\",(0-3)),(\"callheld\",(0,1)),(\"simind\",(0-2))";

impl ModemCore {
    pub(super) fn status_command(&self, command: &Command) -> Option<Step> {
        Some(match (command.name.as_str(), command.kind) {
            ("+CSQ", Kind::Execute) => {
                let (signal, quality) = self.signal();
                Step::line(format!("+CSQ: {signal},{quality}"))
            }
            ("+CESQ", Kind::Execute) => Step::line(self.extended_signal()),
            ("+CIND", Kind::Test) => Step::line(format!("+CIND: {INDICATORS}")),
            ("+CIND", Kind::Read) => {
                let values: Vec<_> = self.indicators().iter().map(u8::to_string).collect();
                Step::line(format!("+CIND: {}", values.join(",")))
            }
            ("+CBC", Kind::Execute) => Step::line("+CBC: 0,100"),
            ("+CPAS", Kind::Execute) => {
                let activity = match self.call.as_ref().map(|call| call.state) {
                    None => 0,
                    Some(CallState::Incoming) => 3,
                    Some(_) => 4,
                };
                Step::line(format!("+CPAS: {activity}"))
            }
            ("+CEER", Kind::Execute) => Step::line("+CEER: \"No cause information available\""),
            // The card holds no number of its own.
            ("+CNUM", Kind::Execute) => Step::ok(),
            _ => return None,
        })
    }

    /// Strength and quality; 99 where nothing is heard.
    fn signal(&self) -> (u8, u8) {
        let network = self.cellular();
        let heard = self.functionality == 1 && self.registration.circuit != 0;
        if heard { (network.signal, network.quality) } else { (99, 99) }
    }

    /// TS 27.007 section 8.69: GSM in the first two fields, UTRAN in the next two; the scale of the
    /// strength is taken from AT+CSQ's.
    fn extended_signal(&self) -> String {
        match (self.signal(), self.access_technology()) {
            ((99, _), _) => "+CESQ: 99,99,255,255,255,255".into(),
            ((signal, quality), 0 | 1 | 3) => {
                format!("+CESQ: {},{quality},255,255,255,255", (u16::from(signal) * 2).min(63))
            }
            ((signal, _), _) => format!("+CESQ: 99,99,{},30,255,255", u16::from(signal) * 2 + 7),
        }
    }

    fn indicators(&self) -> [u8; 12] {
        let strength = match self.signal().0 {
            99 => 0,
            signal => (signal / 6).min(5),
        };
        let stored: Vec<_> = self.messages.iter().flatten().flatten().collect();
        let unread = stored.iter().any(|message| message.status == Status::Unread);
        let (active, setup) = match self.call.as_ref().map(|call| call.state) {
            None => (0, 0),
            Some(CallState::Active) => (1, 0),
            Some(CallState::Incoming) => (0, 1),
            Some(CallState::Dialling) => (0, 2),
            Some(CallState::Alerting) => (0, 3),
        };
        [
            5,
            strength,
            u8::from(self.registration.is_registered()),
            0,
            u8::from(unread),
            active,
            u8::from(self.registration.circuit == 5),
            u8::from(stored.len() >= CAPACITY),
            if self.registration.is_attached() { 2 } else { 0 },
            setup,
            0,
            u8::from(self.card.state == crate::card::CardState::Ready),
        ]
    }
}
