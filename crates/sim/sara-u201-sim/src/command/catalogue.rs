//! Which commands there are, in which forms, and which values they take.

use crate::at::{Command, Kind};

/// One command of the module.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entry {
    /// In capitals, with its `+`.
    pub(crate) name: &'static str,
    /// `x` AT+X, `r` AT+X?, `t` AT+X=?, `s` AT+X=...
    forms: &'static str,
    /// How many parameters the set form has at most.
    most: usize,
    /// What the test form tells: the values of each parameter. Empty: nothing but `OK`; `*`: it is made
    /// up when asked for.
    pub(crate) values: &'static str,
}

const fn entry(name: &'static str, forms: &'static str, most: usize, values: &'static str) -> Entry {
    Entry { name, forms, most, values }
}

/// The extended commands, by chapter of the manual.
pub(crate) const CATALOGUE: [Entry; 115] = [
    // Identification, general, control of the device
    entry("+CGMI", "xt", 0, ""),
    entry("+GMI", "xt", 0, ""),
    entry("+CGMM", "xt", 0, ""),
    entry("+GMM", "xt", 0, ""),
    entry("+CGMR", "xt", 0, ""),
    entry("+GMR", "xt", 0, ""),
    entry("+CGSN", "xt", 0, ""),
    entry("+GSN", "xt", 0, ""),
    entry("+GCAP", "xt", 0, ""),
    entry("+CLAC", "xt", 0, ""),
    entry("+CMEE", "rst", 1, "(0-2)"),
    entry("+CSCS", "rst", 1, "(\"IRA\",\"GSM\",\"PCCP437\",\"8859-1\",\"UCS2\",\"HEX\")"),
    entry("+FCLASS", "rst", 1, "(0,1)"),
    entry("+IPR", "rst", 1, "*"),
    entry("+ICF", "rst", 2, "(0-3,5),(0,1)"),
    entry("+IFC", "rst", 2, "(0,2),(0,2)"),
    entry("+UPSV", "rst", 2, "(0-3),(40-65000)"),
    entry("+CFUN", "rst", 2, "(0,1,4,15,16),(0,1)"),
    entry("+CPWROFF", "xt", 0, ""),
    entry("+CPAS", "xt", 0, "(0,3,4)"),
    entry("+CIND", "rt", 0, "*"),
    entry("+CMER", "rst", 5, "(0-3),(0),(0),(0-2),(0,1)"),
    entry("+CSGT", "rst", 2, "(0,1)"),
    entry("+CBC", "xt", 0, "(0),(0-100)"),
    entry("+CEER", "xt", 0, ""),
    entry("+UGPIOC", "st", 3, "(16-26),(0-5,9,255),(0,1)"),
    // The card
    entry("+CPIN", "rst", 2, ""),
    entry("+CCID", "xrt", 0, ""),
    entry("+CIMI", "xt", 0, ""),
    entry("+CLCK", "st", 4, "(\"SC\")"),
    entry("+CPWD", "st", 3, "(\"SC\",8)"),
    entry("+UPINCNT", "xrt", 0, ""),
    entry("+CNUM", "xt", 0, ""),
    entry("+USIMSTAT", "rst", 1, "(0-7)"),
    // Network service
    entry("+CREG", "rst", 1, "(0-2)"),
    entry("+CGREG", "rst", 1, "(0-2)"),
    entry("+COPS", "rst", 4, "*"),
    entry("+CSQ", "xt", 0, "(0-31,99),(0-7,99)"),
    entry("+CESQ", "xt", 0, "(0-63,99),(0-7,99),(0-96,255),(0-49,255),(255),(255)"),
    entry("+CGATT", "rst", 1, "(0,1)"),
    entry("+URAT", "rst", 2, "(0-2),(0,2)"),
    entry("+UBANDSEL", "rst", 8, "(0,850,900,1800,1900,2100)"),
    entry("+UCGED", "rst", 1, "(0,2)"),
    // The clock
    entry("+CCLK", "rst", 1, ""),
    entry("+CTZU", "rst", 1, "(0-2)"),
    entry("+CTZR", "rst", 1, "(0-2)"),
    // Data contexts
    entry("+CGDCONT", "rst", 6, "(1-7),\"IP\",,,(0),(0)"),
    entry("+CGACT", "rst", 2, "(0,1)"),
    entry("+CGPADDR", "xst", 7, "*"),
    entry("+CGEREP", "rst", 2, "(0-2),(0,1)"),
    entry("+UPSD", "st", 3, "(0-6),(0-9)"),
    entry("+UPSDA", "st", 2, "(0-6),(0-4)"),
    entry("+UPSND", "st", 2, "(0-6),(0-16)"),
    // Sockets and names
    entry("+UDCONF", "s", 2, ""),
    entry("+USOCR", "st", 2, "(6,17),(1-65535)"),
    entry("+USOSEC", "st", 3, "(0-6),(0,1),(0-4)"),
    entry("+USOSO", "st", 5, "(0-6),(0,6,65535)"),
    entry("+USOCO", "st", 4, "(0-6),,(1-65535),(0,1)"),
    entry("+USOWR", "st", 3, "(0-6),(0-1024)"),
    entry("+USOST", "st", 5, "(0-6),,(1-65535),(0-1024)"),
    entry("+USORD", "st", 2, "(0-6),(0-1024)"),
    entry("+USORF", "st", 2, "(0-6),(0-1024)"),
    entry("+USOCL", "st", 2, "(0-6),(0,1)"),
    entry("+USOCTL", "st", 2, "(0-6),(0-4,10,11)"),
    entry("+USOER", "xt", 0, ""),
    entry("+USOLI", "st", 2, "(0-6),(1-65535)"),
    entry("+USODL", "st", 1, "(0-6)"),
    entry("+UDNSRN", "st", 2, "(0,1)"),
    entry("+UPING", "st", 5, ",(1-64),(4-1460),(10-60000),(1-255)"),
    // Security
    entry("+USECMNG", "st", 4, "(0-4),(0-2)"),
    entry("+USECPRF", "st", 3, "(0-4),(0-13)"),
    // Messages
    entry("+CMGF", "rst", 1, "(0,1)"),
    entry("+CMGS", "st", 2, ""),
    entry("+CMGL", "xst", 1, "*"),
    entry("+CMGR", "st", 1, ""),
    entry("+CMGD", "st", 2, "*"),
    entry("+CPMS", "rst", 3, "(\"SM\",\"ME\"),(\"SM\",\"ME\"),(\"SM\",\"ME\")"),
    entry("+CNMI", "rst", 5, "(0-2),(0-3),(0,2,3),(0-2),(0,1)"),
    entry("+CSMP", "rst", 4, "(0-255),,(0-255),(0-255)"),
    entry("+CSDH", "rst", 1, "(0,1)"),
    entry("+CSCA", "rst", 2, ""),
    entry("+CSMS", "rst", 1, "(0,1)"),
    entry("+UMWI", "rst", 2, "(0,1)"),
    // Calls and sound
    entry("+CHUP", "xt", 0, ""),
    entry("+CLCC", "xt", 0, ""),
    entry("+VTS", "st", 2, ""),
    entry("+VTD", "rst", 1, "(0-255)"),
    entry("+CRC", "rst", 1, "(0,1)"),
    entry("+CLIP", "rst", 1, "(0,1)"),
    entry("+CLIR", "rst", 1, "(0-2)"),
    entry("+COLP", "rst", 1, "(0,1)"),
    entry("+CVHU", "rst", 1, "(0-2)"),
    entry("+CSTA", "rst", 1, "(129,145,161)"),
    entry("+CCWA", "rst", 3, "(0,1)"),
    entry("+CSSN", "rst", 2, "(0,1),(0,1)"),
    entry("+UCALLSTAT", "rst", 1, "(0-2)"),
    entry("+UDTMFD", "rst", 2, "(0-2),(0-3)"),
    entry("+UI2S", "rst", 5, "(1-11),(0,1),(0-2),(0-8),(0,1)"),
    entry("+USPM", "rst", 5, "(0,1,255),(0,1,255),(0),(0),(0-2)"),
    entry("+CLVL", "rst", 1, "(0-5)"),
    entry("+CMUT", "rst", 1, "(0,1)"),
    entry("+CRSL", "rst", 1, "(0-5)"),
    entry("+CALM", "rst", 1, "(0,1)"),
    // Files, HTTP, place
    entry("+UDWNFILE", "st", 3, ""),
    entry("+URDFILE", "st", 2, ""),
    entry("+URDBLOCK", "st", 3, ""),
    entry("+UDELFILE", "st", 2, ""),
    entry("+ULSTFILE", "xst", 2, "(0-2)"),
    entry("+UHTTP", "st", 4, "(0-3),(0-6)"),
    entry("+UHTTPC", "st", 6, "(0-3),(0-5)"),
    entry("+UHTTPER", "st", 1, "(0-3)"),
    entry("+ULOC", "st", 5, "(2),(0-3),(0-2),(1-999),(1-999999)"),
    entry("+ULOCCELL", "rst", 1, "(0,1)"),
    entry("+UGIND", "rst", 1, "(0,1)"),
    entry("+ULOCIND", "rst", 1, "(0,1)"),
];

/// Finds an extended command.
pub(crate) fn find(name: &str) -> Option<&'static Entry> {
    CATALOGUE.iter().find(|entry| entry.name == name)
}

/// Whether there is such a command.
pub(crate) fn is_known(name: &str) -> bool {
    find(name).is_some()
}

impl Entry {
    pub(crate) fn has(&self, kind: Kind) -> bool {
        self.forms.contains(match kind {
            Kind::Execute => 'x',
            Kind::Read => 'r',
            Kind::Test => 't',
            Kind::Set => 's',
        })
    }

    /// Whether the parameters of a set form are as many as may be, and each is one of its values.
    pub(crate) fn admits(&self, command: &Command) -> bool {
        let groups = groups(self.values);
        let within = |(index, argument): (usize, &crate::at::Argument)| match groups.get(index) {
            Some(group) if group.starts_with('(') => {
                let shown =
                    if argument.quoted { format!("\"{}\"", argument.text) } else { argument.text.clone() };
                shown.is_empty() || is_among(&shown, group)
            }
            _ => true,
        };
        command.count() <= self.most && command.arguments.iter().enumerate().all(within)
    }
}

/// The text of each parameter: `(0-2),,"IP"` has three, the second of them empty.
fn groups(values: &str) -> Vec<&str> {
    let mut depth = 0;
    let border = |c: char| {
        depth += match c {
            '(' => 1,
            ')' => -1,
            _ => 0,
        };
        c == ',' && depth == 0
    };
    if values == "*" { Vec::new() } else { values.split(border).collect() }
}

/// Whether `(0-2,5,"IRA")` holds a value.
fn is_among(value: &str, group: &str) -> bool {
    let number = value.parse::<u32>().ok();
    group.trim_matches(['(', ')']).split(',').any(|item| {
        let range = item.split_once('-').and_then(|(from, to)| Some((from.parse().ok()?, to.parse().ok()?)));
        match (range, number) {
            (Some((from, to)), Some(number)) => (from..=to).contains(&number),
            _ => item == value || item.parse().is_ok_and(|item: u32| Some(item) == number),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::{CATALOGUE, find, groups, is_among};
    use crate::at::{Command, Kind, parse_line};
    use crate::modem::{ModemCore, Step};
    use crate::network::MemoryNetwork;
    use crate::profile::{PowerAtStart, Profile};

    #[test]
    fn every_form_that_is_promised_is_there() {
        let profile = Profile { power_at_start: PowerAtStart::On, ..Profile::default() };
        let start = core::time::Duration::ZERO;
        let mut modem = ModemCore::new(profile, Box::new(MemoryNetwork::new(0)), start);
        for entry in &CATALOGUE {
            for kind in [Kind::Execute, Kind::Read, Kind::Test].into_iter().filter(|kind| entry.has(*kind)) {
                let command = Command { name: entry.name.into(), kind, arguments: Vec::new() };
                let step = modem.execute(&command, start);
                let unknown = matches!(step, Step::Final(result) if result == modem.unknown_command());
                assert!(!unknown, "{} {kind:?}", entry.name);
            }
        }
    }

    #[test]
    fn every_command_stands_once() {
        for (index, entry) in CATALOGUE.iter().enumerate() {
            let name = entry.name;
            assert!(CATALOGUE.iter().skip(index + 1).all(|other| other.name != name), "{name}");
            assert!(name.starts_with('+') && name == name.to_ascii_uppercase(), "{name}");
        }
    }

    #[test]
    fn values_are_read_from_what_the_test_form_tells() {
        assert_eq!(groups("(0-2),,(\"a\",\"b\")"), ["(0-2)", "", "(\"a\",\"b\")"]);
        assert!(is_among("2", "(0-2,5)") && is_among("5", "(0-2,5)") && is_among("05", "(0-2,5)"));
        assert!(!is_among("3", "(0-2,5)") && !is_among("", "(0-2)") && !is_among("\"1\"", "(0-2)"));
        assert!(is_among("\"UCS2\"", "(\"GSM\",\"UCS2\")"));
        let admits = |line: &str| {
            let command = &parse_line(line).commands[0];
            find(&command.name).is_some_and(|entry| entry.admits(command))
        };
        assert!(admits("+CNMI=2,1") && admits("+CNMI=,2") && admits("+CSCS=\"UCS2\""));
        assert!(!admits("+CNMI=3") && !admits("+CNMI=2,1,0,0,0,0") && !admits("+CSCS=\"latin\""));
    }
}
