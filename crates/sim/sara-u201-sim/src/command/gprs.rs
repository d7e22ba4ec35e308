//! The contexts of TS 27.007 (chapter 18 of the manual): kept beside the profiles of AT+UPSD, which
//! alone carry the module's own sockets.

use super::WRONG;
use crate::at::{Command, Kind};
use crate::modem::{ModemCore, Step};
use crate::packet::{Definition, PROFILES};
use crate::result::{FinalResult, NOT_ALLOWED};

impl ModemCore {
    pub(super) fn gprs_command(&mut self, command: &Command) -> Option<Step> {
        let definitions = &mut self.contexts.definitions;
        Some(match (command.name.as_str(), command.kind) {
            ("+CGDCONT", Kind::Set) => {
                let Some(number) = context_number(command, 0) else { return Some(WRONG) };
                if command.count() == 1 {
                    definitions.remove(&number);
                    return Some(Step::ok());
                }
                let name = command.text(2).unwrap_or_default().to_owned();
                match command.quoted(1) {
                    Some("IP") if name.len() <= 99 => {
                        definitions.insert(number, Definition { name, active: false });
                        Step::ok()
                    }
                    _ => WRONG,
                }
            }
            ("+CGDCONT", Kind::Read) => {
                let shown = |(number, definition): (&usize, &Definition)| {
                    format!("+CGDCONT: {number},\"IP\",\"{}\",\"\",0,0", definition.name).into_bytes()
                };
                Step::Done(definitions.iter().map(shown).collect())
            }
            ("+CGACT", Kind::Read) => {
                let shown = |(number, definition): (&usize, &Definition)| {
                    format!("+CGACT: {number},{}", u8::from(definition.active)).into_bytes()
                };
                Step::Done(definitions.iter().map(shown).collect())
            }
            ("+CGACT", Kind::Set) => self.activate_definition(command),
            ("+CGPADDR", Kind::Test) => {
                let numbers: Vec<_> = definitions.keys().map(usize::to_string).collect();
                Step::line(format!("+CGPADDR: ({})", numbers.join(",")))
            }
            ("+CGPADDR", _) => self.tell_addresses(command),
            _ => return None,
        })
    }

    /// AT+CGACT=state[,context]; without a context all of them.
    fn activate_definition(&mut self, command: &Command) -> Step {
        let wanted = match command.count() {
            1 => None,
            _ => match context_number(command, 1) {
                Some(number) if self.contexts.definitions.contains_key(&number) => Some(number),
                Some(_) => return Step::Final(NOT_ALLOWED),
                None => return WRONG,
            },
        };
        let active = match command.number(0) {
            Some(1) if !self.registration.is_attached() => return Step::Final(FinalResult::Cme(148)),
            Some(state @ (0 | 1)) => state == 1,
            _ => return WRONG,
        };
        for (number, definition) in &mut self.contexts.definitions {
            if wanted.is_none_or(|wanted| wanted == *number) {
                definition.active = active;
            }
        }
        Step::ok()
    }

    fn tell_addresses(&self, command: &Command) -> Step {
        let known = &self.contexts.definitions;
        let numbers: Vec<usize> = match command.count() {
            0 => known.keys().copied().collect(),
            count => (0..count).filter_map(|index| context_number(command, index)).collect(),
        };
        if numbers.len() < command.count() || !numbers.iter().all(|number| known.contains_key(number)) {
            return WRONG;
        }
        let shown = |number: &usize| {
            let active = known.get(number).is_some_and(|definition| definition.active);
            let address = if active { self.cellular().address.to_string() } else { String::new() };
            format!("+CGPADDR: {number},\"{address}\"").into_bytes()
        };
        Step::Done(numbers.iter().map(shown).collect())
    }
}

fn context_number(command: &Command, index: usize) -> Option<usize> {
    command.index(index, PROFILES + 1).filter(|number| *number > 0)
}
