//! Short messages (chapter 10 of the manual).

use core::time::Duration;

use super::WRONG;
use crate::at::{Command, Kind};
use crate::fault::Effect;
use crate::message::{CAPACITY, STORES, SentMessage, Status, Stored, deliver, submit_destination};
use crate::modem::{Data, DataKind, ModemCore, Step};
use crate::result::FinalResult;

const INVALID_PDU: Step = Step::Final(FinalResult::Cms(304));
const INVALID_TEXT: Step = Step::Final(FinalResult::Cms(305));
const INVALID_INDEX: Step = Step::Final(FinalResult::Cms(321));
/// So many sent messages are remembered for whoever asks the simulation.
const MOST_SENT: usize = 1000;
/// The longest text in the default alphabet.
const LONGEST_TEXT: usize = 160;

impl ModemCore {
    pub(super) fn message_command(&mut self, command: &Command, now: Duration) -> Option<Step> {
        Some(match (command.name.as_str(), command.kind) {
            ("+CMGF", Kind::Set) => match command.number(0) {
                Some(mode @ (0 | 1)) => {
                    self.settings.text_mode = mode == 1;
                    Step::ok()
                }
                _ => WRONG,
            },
            ("+CMGF", Kind::Read) => Step::line(format!("+CMGF: {}", u8::from(self.settings.text_mode))),
            ("+CMGL", Kind::Test) => Step::line(if self.settings.text_mode {
                "+CMGL: (\"REC UNREAD\",\"REC READ\",\"STO UNSENT\",\"STO SENT\",\"ALL\")"
            } else {
                "+CMGL: (0-4)"
            }),
            ("+CMGD", Kind::Test) => {
                let stored = self.readable().iter().enumerate().filter(|(_, message)| message.is_some());
                let numbers: Vec<_> = stored.map(|(index, _)| (index + 1).to_string()).collect();
                Step::line(format!("+CMGD: ({}),(0-4)", numbers.join(",")))
            }
            ("+CMGS", Kind::Set) => self.begin_message(command, now),
            ("+CMGL", Kind::Set | Kind::Execute) => self.list_messages(command),
            ("+CMGR", Kind::Set) => self.read_message(command),
            ("+CMGD", Kind::Set) => self.delete_messages(command),
            ("+CPMS", Kind::Set | Kind::Read) => {
                let names = (0..3).map(|place| command.text(place).unwrap_or_default());
                for (chosen, name) in self.settings.stores.iter_mut().zip(names) {
                    // A store that is not named stays.
                    *chosen = STORES.iter().position(|known| *known == name).unwrap_or(*chosen);
                }
                let told = self.settings.stores.map(|store| {
                    let used = self.messages.get(store).map_or(0, |store| store.iter().flatten().count());
                    let name = STORES.get(store).copied().unwrap_or_default();
                    let name =
                        if command.kind == Kind::Read { format!("\"{name}\",") } else { String::new() };
                    format!("{name}{used},{CAPACITY}")
                });
                Step::line(format!("+CPMS: {}", told.join(",")))
            }
            _ => return None,
        })
    }

    /// The store that AT+CMGL, AT+CMGR and AT+CMGD work on.
    fn readable(&self) -> &[Option<Stored>] {
        self.messages.get(self.settings.stores[0]).map_or(&[], Vec::as_slice)
    }

    fn readable_mut(&mut self) -> &mut [Option<Stored>] {
        self.messages.get_mut(self.settings.stores[0]).map_or(&mut [], Vec::as_mut_slice)
    }

    fn begin_message(&self, command: &Command, now: Duration) -> Step {
        if !self.registration.is_registered() {
            return Step::Final(FinalResult::Cms(331));
        }
        let kind = if self.settings.text_mode {
            match command.text(0).filter(|to| !to.is_empty()) {
                Some(to) => DataKind::Message { to: to.to_owned() },
                None => return INVALID_TEXT,
            }
        } else {
            match command.index(0, 180).filter(|length| *length >= 7) {
                Some(length) => DataKind::Pdu { length },
                None => return INVALID_PDU,
            }
        };
        Step::Prompt(Data::new(kind, usize::MAX, now))
    }

    /// The text has been ended by control-Z.
    pub(super) fn send_message(&mut self, to: &str, bytes: &[u8]) -> Step {
        let body: String = bytes.iter().map(|byte| char::from(*byte)).collect();
        let longest = if self.uses_ucs2() { 280 } else { LONGEST_TEXT };
        if body.len() > longest {
            return INVALID_TEXT;
        }
        self.record_message(to.to_owned(), body)
    }

    pub(super) fn send_pdu(&mut self, length: usize, bytes: &[u8]) -> Step {
        let pdu: String = bytes.iter().map(|byte| char::from(*byte)).filter(|c| !c.is_whitespace()).collect();
        match submit_destination(&pdu, length) {
            Some(to) => self.record_message(to, pdu),
            None => INVALID_PDU,
        }
    }

    fn record_message(&mut self, to: String, body: String) -> Step {
        let fault = self.faults.consume(|effect| match effect {
            Effect::MessageError { code } => Some(*code),
            _ => None,
        });
        if let Some(code) = fault {
            return Step::Final(FinalResult::Cms(code));
        }
        if self.sent_messages.len() >= MOST_SENT {
            self.sent_messages.remove(0);
        }
        self.sent_messages.push(SentMessage { to, body });
        self.message_reference = self.message_reference.wrapping_add(1);
        Step::line(format!("+CMGS: {}", self.message_reference))
    }

    fn uses_ucs2(&self) -> bool {
        self.settings.remembered.get("+CSCS").is_some_and(|set| set.contains("UCS2"))
    }

    fn list_messages(&mut self, command: &Command) -> Step {
        let wanted = match (self.settings.text_mode, command.text(0)) {
            (true, None | Some("REC UNREAD")) | (false, None | Some("0")) => Some(Status::Unread),
            (true, Some("REC READ")) | (false, Some("1")) => Some(Status::Read),
            (true, Some("ALL")) | (false, Some("4")) => None,
            (true, Some("STO UNSENT" | "STO SENT")) | (false, Some("2" | "3")) => return Step::ok(),
            (true, _) => return INVALID_TEXT,
            (false, _) => return INVALID_PDU,
        };
        let (text_mode, ucs2) = (self.settings.text_mode, self.uses_ucs2());
        let mut lines = Vec::new();
        for (index, slot) in self.readable_mut().iter_mut().enumerate() {
            let Some(message) = slot.as_mut().filter(|m| wanted.is_none_or(|w| w == m.status)) else {
                continue;
            };
            let index = index + 1;
            lines.push(if text_mode {
                let (status, from, time) = (message.status.text(), &message.from, &message.time);
                let body = message.body(ucs2);
                format!("+CMGL: {index},\"{status}\",\"{from}\",,\"{time}\"\r\n{body}")
            } else {
                let (status, length) = (message.status.number(), message.pdu_length());
                format!("+CMGL: {index},{status},,{length}\r\n{}", message.pdu)
            });
            message.status = Status::Read;
        }
        Step::Done(lines.into_iter().map(String::into_bytes).collect())
    }

    fn read_message(&mut self, command: &Command) -> Step {
        let (text_mode, ucs2) = (self.settings.text_mode, self.uses_ucs2());
        let Some(message) = self.message_at(command) else { return INVALID_INDEX };
        let line = if text_mode {
            let (status, from, time) = (message.status.text(), &message.from, &message.time);
            format!("+CMGR: \"{status}\",\"{from}\",,\"{time}\"\r\n{}", message.body(ucs2))
        } else {
            format!("+CMGR: {},,{}\r\n{}", message.status.number(), message.pdu_length(), message.pdu)
        };
        message.status = Status::Read;
        Step::line(line)
    }

    fn message_at(&mut self, command: &Command) -> Option<&mut Stored> {
        let index = command.index(0, CAPACITY + 1)?.checked_sub(1)?;
        self.readable_mut().get_mut(index)?.as_mut()
    }

    fn delete_messages(&mut self, command: &Command) -> Step {
        match command.number(1).unwrap_or(0) {
            0 => match command.index(0, CAPACITY + 1).and_then(|index| index.checked_sub(1)) {
                Some(index) => {
                    if let Some(slot) = self.readable_mut().get_mut(index) {
                        *slot = None;
                    }
                }
                None => return INVALID_INDEX,
            },
            1..=3 => {
                let read = |slot: &mut Option<Stored>| {
                    slot.take_if(|message| message.status == Status::Read);
                };
                self.readable_mut().iter_mut().for_each(read);
            }
            4 => self.readable_mut().iter_mut().for_each(|slot| *slot = None),
            _ => return INVALID_INDEX,
        }
        Step::ok()
    }

    /// A message arrives from the network: stored, and told if AT+CNMI asks for it.
    pub(crate) fn deliver_message(&mut self, from: &str, text: &str, now: Duration) {
        let time = self.rtc.format(now, true);
        let pdu = deliver(from, text, &time);
        let routing = self.settings.remembered.get("+CNMI").cloned().unwrap_or_default();
        let mut fields = routing.split(',');
        let (told, routing) = (fields.next().is_some_and(|mode| !matches!(mode, "" | "0")), fields.next());
        if told && matches!(routing, Some("2" | "3")) {
            let line = if self.settings.text_mode {
                format!("+CMT: \"{from}\",,\"{time}\"\r\n{text}")
            } else {
                let centre =
                    pdu.get(..2).and_then(|digits| usize::from_str_radix(digits, 16).ok()).unwrap_or(0);
                format!("+CMT: ,{}\r\n{pdu}", (pdu.len() / 2).saturating_sub(centre + 1))
            };
            self.announce(line);
            return;
        }
        let store = self.settings.stores[2];
        let name = STORES.get(store).copied().unwrap_or_default();
        let Some(messages) = self.messages.get_mut(store) else { return };
        let Some(index) = messages.iter().position(Option::is_none) else { return };
        let message =
            Stored { status: Status::Unread, from: from.to_owned(), time, text: text.to_owned(), pdu };
        if let Some(slot) = messages.get_mut(index) {
            *slot = Some(message);
        }
        if told && routing == Some("1") {
            self.announce(format!("+CMTI: \"{name}\",{}", index + 1));
        }
    }
}
