//! Settings that the model keeps and tells back, and what little hangs on them.

use core::time::Duration;

use super::WRONG;
use crate::at::{Argument, Command, Kind};
use crate::modem::{ModemCore, Step};

/// Commands whose value is stored as it is given, and their factory values.
const REMEMBERED: [(&str, &str); 34] = [
    ("+CSCS", "\"IRA\""),
    ("+CNMI", "1,0,0,0,0"),
    ("+CSMP", "17,167,0,0"),
    ("+CSDH", "0"),
    ("+CSCA", "\"+491700000000\",145"),
    ("+CSMS", "0,1,1,1"),
    ("+CMER", "0,0,0,0,0"),
    ("+CRC", "0"),
    ("+CLIP", "0"),
    ("+COLP", "0"),
    ("+CLIR", "0"),
    ("+UCALLSTAT", "0"),
    ("+UDTMFD", "0"),
    ("+UMWI", "1"),
    ("+USIMSTAT", "0"),
    ("+ULOCCELL", "0"),
    ("+UI2S", "11,1,0,0,0"),
    ("+USPM", "1,1,0,0,2"),
    ("+CLVL", "4"),
    ("+CMUT", "0"),
    ("+CTZR", "0"),
    ("+FCLASS", "0"),
    ("+ICF", "3,1"),
    ("+UGPIOC", "16,2"),
    ("+UCGED", "2"),
    ("+VTD", "1"),
    ("+CVHU", "0"),
    ("+CSTA", "129"),
    ("+CCWA", "0"),
    ("+CSSN", "0,0"),
    ("+CRSL", "2"),
    ("+CALM", "0"),
    ("+UGIND", "0"),
    ("+ULOCIND", "0"),
];

impl ModemCore {
    pub(super) fn remembered_command(&mut self, command: &Command, _now: Duration) -> Option<Step> {
        let name = command.name.as_str();
        if let Some((_, factory)) = REMEMBERED.iter().find(|(known, _)| *known == name) {
            return Some(match command.kind {
                Kind::Set => {
                    let value: Vec<_> = command.arguments.iter().map(written).collect();
                    self.settings.remembered.insert(name.to_owned(), value.join(","));
                    Step::ok()
                }
                Kind::Read => {
                    let value = self.settings.remembered.get(name).map_or(*factory, String::as_str);
                    Step::line(format!("{name}: {value}"))
                }
                Kind::Test | Kind::Execute => Step::ok(),
            });
        }
        Some(match (name, command.kind) {
            ("+URAT", Kind::Set) => {
                let preference = command.number(1);
                match command.number(0) {
                    Some(selection @ 0..=2) if matches!(preference, None | Some(0 | 2)) => {
                        let preference = u8::try_from(preference.unwrap_or(2)).unwrap_or(2);
                        self.stored.access = (u8::try_from(selection).unwrap_or(1), preference);
                        Step::ok()
                    }
                    _ => WRONG,
                }
            }
            ("+URAT", Kind::Read) => {
                let (selection, preference) = self.stored.access;
                Step::line(match selection {
                    1 => format!("+URAT: 1,{preference}"),
                    _ => format!("+URAT: {selection}"),
                })
            }
            ("+UBANDSEL", Kind::Set) => self.select_bands(command),
            ("+UBANDSEL", Kind::Read) => {
                let bands: Vec<_> = self.stored.bands.iter().map(u16::to_string).collect();
                Step::line(format!("+UBANDSEL: {}", bands.join(",")))
            }
            _ => return None,
        })
    }

    fn select_bands(&mut self, command: &Command) -> Step {
        const ALL: [u16; 5] = [850, 900, 1800, 1900, 2100];
        if command.count() == 1 && command.number(0) == Some(0) {
            self.stored.bands = ALL.to_vec();
            return Step::ok();
        }
        let band = |index| command.number(index).and_then(|band| u16::try_from(band).ok());
        let wanted: Option<Vec<u16>> = (0..command.count()).map(band).collect();
        match wanted.filter(|wanted| !wanted.is_empty() && wanted.iter().all(|band| ALL.contains(band))) {
            Some(wanted) => {
                self.stored.bands = wanted;
                Step::ok()
            }
            None => WRONG,
        }
    }
}

/// An argument as it was typed.
fn written(argument: &Argument) -> String {
    if argument.quoted { format!("\"{}\"", argument.text) } else { argument.text.clone() }
}
