//! The SIM card's commands (chapter 9 of the manual).

use core::time::Duration;

use super::WRONG;
use crate::at::{Command, Kind};
use crate::modem::{ModemCore, Step};
use crate::result::FinalResult;

impl ModemCore {
    pub(super) fn sim_command(&mut self, command: &Command, now: Duration) -> Option<Step> {
        Some(match (command.name.as_str(), command.kind) {
            ("+CPIN", Kind::Read) => match self.card.answer() {
                Ok(state) => Step::line(format!("+CPIN: {state}")),
                Err(refusal) => Step::Final(refusal),
            },
            ("+CPIN", Kind::Set) => {
                let Some(first) = command.text(0) else { return Some(WRONG) };
                let result = self.card.enter(first, command.text(1));
                if result == FinalResult::Ok {
                    self.start_search(now);
                }
                result.into()
            }
            ("+CCID", Kind::Execute | Kind::Read) => Step::line(format!("+CCID: {}", self.card.iccid())),
            ("+CIMI", Kind::Execute) => Step::line(self.card.imsi()),
            ("+CLCK", Kind::Set) if command.quoted(0) == Some("SC") => {
                match (command.number(1), command.text(2)) {
                    (Some(2), _) => {
                        let lock = u8::from(self.card.is_locked());
                        Step::line(format!("+CLCK: {lock}"))
                    }
                    (Some(mode @ (0 | 1)), Some(pin)) => self.card.set_lock(mode == 1, pin).into(),
                    _ => WRONG,
                }
            }
            ("+CPWD", Kind::Set) if command.quoted(0) == Some("SC") => {
                match (command.text(1), command.text(2)) {
                    (Some(old), Some(new)) => self.card.change(old, new).into(),
                    _ => WRONG,
                }
            }
            ("+UPINCNT", Kind::Execute | Kind::Read) => {
                let (pin, puk) = (self.card.pin_tries, self.card.puk_tries);
                Step::line(format!("+UPINCNT: {pin},3,{puk},10"))
            }
            _ => return None,
        })
    }

    /// The refusal of a command that needs the card, while the card is not ready.
    pub(super) fn card_refusal(&self, command: &Command) -> Option<FinalResult> {
        const NEED_CARD: [&str; 18] = [
            "+CIMI", "+CLCK", "+CPWD", "+COPS", "+CGATT", "+UPSDA", "+CGACT", "+USOCR", "+USOCO", "+UDNSRN",
            "+UPING", "+CMGS", "+CMGL", "+CMGR", "+CMGD", "+CMGW", "+ULOC", "D",
        ];
        let needs = NEED_CARD.contains(&command.name.as_str()) && command.kind != Kind::Test;
        let iccid = command.name == "+CCID";
        let absent = self.card.state == crate::card::CardState::Absent;
        if needs || (iccid && absent) { self.card.refusal() } else { None }
    }
}
