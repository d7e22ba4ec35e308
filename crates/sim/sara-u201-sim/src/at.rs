//! The command line's grammar (3GPP TS 27.007 and V.250): from characters to commands.

/// What is asked of a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// `AT+X`.
    Execute,
    /// `AT+X?`.
    Read,
    /// `AT+X=?`.
    Test,
    /// `AT+X=...`.
    Set,
}

/// One argument; a missing one is empty and not quoted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Argument {
    pub(crate) text: String,
    pub(crate) quoted: bool,
}

/// One command of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Command {
    /// In capitals: `+USOCR`, `&K`, `E`.
    pub(crate) name: String,
    pub(crate) kind: Kind,
    pub(crate) arguments: Vec<Argument>,
}

impl Command {
    /// The argument as a number.
    pub(crate) fn number(&self, index: usize) -> Option<u32> {
        let argument = self.arguments.get(index).filter(|argument| !argument.quoted)?;
        argument.text.trim().parse().ok()
    }

    /// The argument as a number below `limit`, as an index.
    pub(crate) fn index(&self, index: usize, limit: usize) -> Option<usize> {
        self.number(index).and_then(|n| usize::try_from(n).ok()).filter(|n| *n < limit)
    }

    /// The argument as text, quoted or not; `None` when it is missing.
    pub(crate) fn text(&self, index: usize) -> Option<&str> {
        let argument = self.arguments.get(index)?;
        (argument.quoted || !argument.text.is_empty()).then_some(argument.text.as_str())
    }

    /// The argument as quoted text.
    pub(crate) fn quoted(&self, index: usize) -> Option<&str> {
        self.arguments.get(index).filter(|argument| argument.quoted).map(|argument| argument.text.as_str())
    }

    pub(crate) fn count(&self) -> usize {
        self.arguments.len()
    }
}

/// The commands of one line, in their order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Line {
    /// Those before the first that cannot be read.
    pub(crate) commands: Vec<Command>,
    /// Whether there is one that cannot be read; what follows it is not looked at.
    pub(crate) is_broken: bool,
}

/// Splits what follows `AT` into commands. Spaces count within quotes only (V.250 section 5.4).
pub(crate) fn parse_line(line: &str) -> Line {
    let line = without_spaces(line);
    let mut commands = Vec::new();
    let mut rest = line.as_str();
    loop {
        rest = rest.trim_start_matches(';');
        let Some(first) = rest.chars().next() else { return Line { commands, is_broken: false } };
        let parsed = match first {
            '+' => parse_extended(rest),
            'D' | 'd' => rest.get(1..).map(|number| (dial(number), "")),
            _ => parse_basic(rest),
        };
        let Some((command, after)) = parsed else { return Line { commands, is_broken: true } };
        commands.push(command);
        rest = after;
    }
}

fn without_spaces(line: &str) -> String {
    let mut inside = false;
    let counts = |c: &char| {
        inside ^= *c == '"';
        inside || *c != ' '
    };
    line.chars().filter(counts).collect()
}

fn dial(number: &str) -> Command {
    let argument = Argument { text: number.to_owned(), quoted: false };
    Command { name: "D".into(), kind: Kind::Execute, arguments: vec![argument] }
}

/// `+NAME`, `+NAME?`, `+NAME=?` or `+NAME=a,b`, up to a semicolon outside quotes.
fn parse_extended(text: &str) -> Option<(Command, &str)> {
    let end = end_of_command(text)?;
    let (body, rest) = text.split_at(end);
    let name_end = body.find(['=', '?']).unwrap_or(body.len());
    let (name, tail) = body.split_at(name_end);
    let name = name.trim().to_ascii_uppercase();
    let known = name.len() > 1 && name.chars().skip(1).all(|c| c.is_ascii_alphanumeric());
    let (kind, arguments) = match tail.trim() {
        "" => (Kind::Execute, Vec::new()),
        "?" => (Kind::Read, Vec::new()),
        "=?" => (Kind::Test, Vec::new()),
        _ => (Kind::Set, parse_arguments(tail.strip_prefix('=')?)?),
    };
    known.then_some((Command { name, kind, arguments }, rest))
}

fn end_of_command(text: &str) -> Option<usize> {
    let mut inside = false;
    for (at, character) in text.char_indices() {
        match character {
            '"' => inside = !inside,
            ';' if !inside => return Some(at),
            _ => {}
        }
    }
    (!inside).then_some(text.len())
}

fn parse_arguments(text: &str) -> Option<Vec<Argument>> {
    let mut arguments = Vec::new();
    let mut rest = text;
    loop {
        let trimmed = rest.trim_start();
        if let Some(quoted) = trimmed.strip_prefix('"') {
            let end = quoted.find('"')?;
            arguments.push(Argument { text: quoted.get(..end)?.to_owned(), quoted: true });
            rest = quoted.get(end + 1..)?.trim_start();
        } else {
            let end = trimmed.find(',').unwrap_or(trimmed.len());
            arguments.push(Argument { text: trimmed.get(..end)?.trim_end().to_owned(), quoted: false });
            rest = trimmed.get(end..)?;
        }
        match rest.strip_prefix(',') {
            Some(next) => rest = next,
            None if rest.is_empty() => return Some(arguments),
            None => return None,
        }
    }
}

/// `E0`, `&K3`, `S3=13`, `S3?`: a letter (or `&` and a letter) and digits.
fn parse_basic(text: &str) -> Option<(Command, &str)> {
    let prefix = usize::from(text.starts_with(['&', '\\', '%']));
    let letter = text.chars().nth(prefix).filter(char::is_ascii_alphabetic)?;
    let mut name: String = text.chars().take(prefix).collect();
    name.push(letter.to_ascii_uppercase());
    let rest = text.get(prefix + 1..)?;
    let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let (number, mut rest) = rest.split_at(digits);
    let number = Argument { text: number.to_owned(), quoted: false };
    let mut arguments = vec![number];
    let mut kind = if digits == 0 { Kind::Execute } else { Kind::Set };
    if name == "S" {
        if let Some(after) = rest.strip_prefix('?') {
            (kind, rest) = (Kind::Read, after);
        } else {
            let value = rest.strip_prefix('=')?;
            let digits = value.len() - value.trim_start_matches(|c: char| c.is_ascii_digit()).len();
            arguments.push(Argument { text: value.get(..digits)?.to_owned(), quoted: false });
            (kind, rest) = (Kind::Set, value.get(digits..)?);
        }
    }
    Some((Command { name, kind, arguments }, rest))
}

#[cfg(test)]
mod tests {
    use super::{Kind, Line, parse_line};

    #[test]
    fn a_line_holds_several_commands() {
        let line = parse_line("E0&K3+CMEE=1;+CREG?;+COPS=?");
        assert!(!line.is_broken);
        let names: Vec<_> = line.commands.iter().map(|c| (c.name.as_str(), c.kind)).collect();
        assert_eq!(
            names,
            [
                ("E", Kind::Set),
                ("&K", Kind::Set),
                ("+CMEE", Kind::Set),
                ("+CREG", Kind::Read),
                ("+COPS", Kind::Test)
            ]
        );
    }

    #[test]
    fn arguments_may_be_quoted_or_missing() {
        let command = &parse_line("+USOCO=0,\"a;b, c\",,443").commands[0];
        assert_eq!(command.number(0), Some(0));
        assert_eq!(command.quoted(1), Some("a;b, c"));
        assert_eq!(command.text(2), None);
        assert_eq!(command.number(3), Some(443));
        assert_eq!(command.count(), 4);
    }

    #[test]
    fn nonsense_is_refused_and_what_stands_before_it_is_not() {
        for line in ["+USOCO=0,\"open", "+", "+CPIN=\"1\"2", "*", "+CSQ+CREG?"] {
            assert!(parse_line(line).is_broken, "{line}");
        }
        let line = parse_line("E0;*;+CSQ");
        assert_eq!((line.commands.len(), line.is_broken), (1, true));
        assert_eq!(parse_line(" ; "), Line::default());
    }

    #[test]
    fn spaces_and_case_do_not_matter() {
        let wvdial = parse_line("Q0 V1 e1 S0=0 &C1 &D2 + fclass = 0");
        let names: Vec<_> = wvdial.commands.iter().map(|command| command.name.as_str()).collect();
        assert_eq!(names, ["Q", "V", "E", "S", "&C", "&D", "+FCLASS"]);
        assert_eq!(wvdial.commands[6].number(0), Some(0));
    }

    #[test]
    fn registers_and_dialling() {
        let set = &parse_line("S3=13").commands[0];
        assert_eq!((set.number(0), set.number(1)), (Some(3), Some(13)));
        let dialled = &parse_line("D+49 1234;").commands[0];
        assert_eq!(dialled.text(0), Some("+491234;"));
    }
}
