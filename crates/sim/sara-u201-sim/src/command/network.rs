//! Network service (chapter 7 of the manual).

use core::time::Duration;

use super::WRONG;
use crate::at::{Command, Kind};
use crate::modem::{ModemCore, Step, Wait};
use crate::registration::Selection;
use crate::result::NO_NETWORK;

/// How long AT+COPS=0 waits for a network.
const REGISTER_TIMEOUT: Duration = Duration::from_secs(180);

impl ModemCore {
    pub(super) fn network_command(&mut self, command: &Command, now: Duration) -> Option<Step> {
        Some(match (command.name.as_str(), command.kind) {
            ("+CREG", Kind::Read) => {
                let (mode, status) = (self.settings.registration_urc, self.registration.circuit);
                let place = if mode == 2 { self.place(status, false) } else { String::new() };
                Step::line(format!("+CREG: {mode},{status}{place}"))
            }
            ("+CGREG", Kind::Read) => {
                let (mode, status) = (self.settings.packet_registration_urc, self.registration.packet);
                let place = if mode == 2 { self.place(status, true) } else { String::new() };
                Step::line(format!("+CGREG: {mode},{status}{place}"))
            }
            ("+CREG" | "+CGREG", Kind::Set) => {
                let Some(mode @ 0..=2) = command.number(0) else { return Some(WRONG) };
                let mode = u8::try_from(mode).unwrap_or(0);
                match command.name.as_str() {
                    "+CREG" => self.settings.registration_urc = mode,
                    _ => self.settings.packet_registration_urc = mode,
                }
                Step::ok()
            }
            ("+COPS", Kind::Read) => self.tell_operator(),
            ("+COPS", Kind::Set) => self.select_operator(command, now),
            ("+COPS", Kind::Test) => {
                let n = self.cellular();
                let access = if n.access_technology == 0 { 0 } else { 2 };
                let own = format!("(2,\"{}\",\"{}\",\"{}\",{access})", n.operator, n.operator_short, n.plmn);
                let other = "(1,\"Other Mobile\",\"Other\",\"20408\",0)";
                Step::line(format!("+COPS: {own},{other},,(0-4),(0-2)"))
            }
            ("+CGATT", Kind::Read) => {
                Step::line(format!("+CGATT: {}", u8::from(self.registration.is_attached())))
            }
            ("+CGATT", Kind::Set) => match command.number(0) {
                Some(1) => self.attach(),
                Some(0) => {
                    self.registration.wants_packet = Some(false);
                    self.lose_contexts(now, false);
                    self.set_packet(0);
                    Step::ok()
                }
                _ => WRONG,
            },
            _ => return None,
        })
    }

    fn attach(&mut self) -> Step {
        self.registration.wants_packet = Some(true);
        if !self.registration.is_registered() {
            return Step::Final(NO_NETWORK);
        }
        self.cancel(|timer| *timer == crate::modem::Timer::PacketRegistered);
        self.packet_registered();
        Step::ok()
    }

    fn tell_operator(&self) -> Step {
        let mode = match self.registration.selection {
            Selection::Automatic => 0,
            Selection::Manual(_) => 1,
            Selection::Deregistered => 2,
        };
        if !self.registration.is_registered() {
            return Step::line(format!("+COPS: {mode}"));
        }
        let network = self.cellular();
        let name = match self.settings.operator_format {
            0 => &network.operator,
            1 => &network.operator_short,
            _ => &network.plmn,
        };
        let (format, access) = (self.settings.operator_format, self.access_technology());
        Step::line(format!("+COPS: {mode},{format},\"{name}\",{access}"))
    }

    fn select_operator(&mut self, command: &Command, now: Duration) -> Step {
        match command.number(0) {
            Some(0) => {
                if let Some(format @ 0..=2) = command.number(1) {
                    self.settings.operator_format = u8::try_from(format).unwrap_or(0);
                }
                self.search_as(Selection::Automatic, now)
            }
            Some(1 | 4) => match command.text(2) {
                Some(plmn) => {
                    let network = self.cellular();
                    let same = plmn == network.operator || plmn == network.operator_short;
                    let plmn = if same { network.plmn.clone() } else { plmn.to_owned() };
                    self.search_as(Selection::Manual(plmn), now)
                }
                None => WRONG,
            },
            Some(2) => {
                self.registration.selection = Selection::Deregistered;
                self.leave_network(now);
                Step::ok()
            }
            Some(3) => match command.number(1) {
                Some(format @ 0..=2) => {
                    self.settings.operator_format = u8::try_from(format).unwrap_or(0);
                    Step::ok()
                }
                _ => WRONG,
            },
            _ => WRONG,
        }
    }

    fn search_as(&mut self, selection: Selection, now: Duration) -> Step {
        let same = self.registration.selection == selection;
        self.registration.selection = selection;
        if same && self.registration.is_registered() {
            return Step::ok();
        }
        if !same || matches!(self.registration.circuit, 0 | 3) {
            self.start_search(now);
        }
        Step::Wait(Wait::Register { deadline: now + REGISTER_TIMEOUT })
    }
}
