//! Which characters of a command line must not be seen: PINs, passwords, keys, and what sockets carry.

use crate::command::is_known;

/// Why a character is hidden.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Hidden {
    /// A PIN, a password, a key, or a quoted parameter of a command that nobody knows.
    Secret,
    /// What a socket or a request carries.
    Payload,
}

/// A line as it is typed or echoed, character by character.
#[derive(Clone, Debug, Default)]
pub(crate) struct TypedLine {
    /// In capitals; hidden characters are left out.
    text: String,
    in_quotes: bool,
    hidden: Option<Hidden>,
}

impl TypedLine {
    /// Takes the next character and tells whether it is hidden.
    pub(crate) fn take(&mut self, byte: u8) -> Option<Hidden> {
        match byte {
            b'\r' | b'\n' => {
                *self = Self::default();
                return None;
            }
            b'"' => self.in_quotes = !self.in_quotes,
            b',' | b'=' | b';' | b':' | b'?' if !self.in_quotes => {}
            _ => {
                if self.hidden.is_none() {
                    self.text.push(char::from(byte.to_ascii_uppercase()));
                }
                return self.hidden.filter(|_| byte != b' ' || self.in_quotes);
            }
        }
        self.text.push(char::from(byte));
        self.hidden = self.next_is_hidden();
        None
    }

    /// The line so far, in capitals.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// The last command of the line and its parameters.
    pub(crate) fn command(&self) -> Option<(&str, Vec<&str>)> {
        let last = self.text.rsplit(';').next()?;
        let (name, parameters) = last.split_once('=')?;
        Some((name.get(name.rfind('+')?..)?, parameters.split(',').collect()))
    }

    /// Whether what follows belongs to a parameter that is hidden.
    fn next_is_hidden(&self) -> Option<Hidden> {
        let Some((name, parameters)) = self.command() else {
            // An answer is no command, and shows no secret.
            return Some(Hidden::Secret).filter(|_| self.in_quotes && !self.text.contains(": "));
        };
        let index = parameters.len() - 1;
        let tag = parameters.get(1).copied().unwrap_or_default().trim();
        let secret = match name {
            "+CPIN" => true,
            "+CPWD" => index >= 1,
            "+CLCK" => index >= 2,
            "+UPSD" => index == 2 && tag == "3",
            "+UHTTP" => index == 2 && matches!(tag, "2" | "3"),
            "+USECPRF" => index == 2 && matches!(tag, "7" | "8" | "9"),
            "+USECMNG" => index >= 4,
            _ => self.in_quotes && !is_known(name),
        };
        let payload = match name {
            "+USOWR" => index == 2,
            "+USOST" => index == 4,
            "+UHTTPC" => index >= 4,
            _ => false,
        };
        match (secret, payload) {
            (true, _) => Some(Hidden::Secret),
            (_, true) => Some(Hidden::Payload),
            _ => None,
        }
    }
}

/// The longest line that a log shows in full, and the longest payload.
const LONG: usize = 120;
const LONG_PAYLOAD: usize = 70;

/// A command line for a log: secrets and long payloads are replaced.
pub(crate) fn redact(line: &str) -> String {
    let mut typed = TypedLine::default();
    let mut shown = String::new();
    let mut run: Option<(Hidden, String)> = None;
    for character in line.chars() {
        let hidden = typed.take(u8::try_from(u32::from(character)).unwrap_or(b'?'));
        match (hidden, &mut run) {
            (Some(hidden), None) => run = Some((hidden, character.to_string())),
            (Some(_), Some((_, text))) => text.push(character),
            (None, _) => {
                shown.push_str(&run.take().map_or_else(String::new, summary));
                shown.push(character);
            }
        }
    }
    shown.push_str(&run.take().map_or_else(String::new, summary));
    if shown.chars().count() > LONG {
        let beginning: String = shown.chars().take(LONG).collect();
        return format!("{beginning}({} more)", shown.chars().count() - LONG);
    }
    shown
}

fn summary((hidden, text): (Hidden, String)) -> String {
    match hidden {
        Hidden::Secret => "***".into(),
        Hidden::Payload if text.len() > LONG_PAYLOAD => format!("({} characters)", text.chars().count()),
        Hidden::Payload => text,
    }
}

#[cfg(test)]
mod tests {
    use super::redact;

    #[test]
    fn secrets_are_not_shown() {
        for (line, shown) in [
            ("AT+CPIN=\"1234\"", "AT+CPIN=\"***\""),
            ("at+cpin=1234", "at+cpin=***"),
            ("AT+CPIN=\"12345678\",\"4321\"", "AT+CPIN=\"***\",\"***\""),
            ("AT+CPWD=\"SC\",\"1\",\"2\"", "AT+CPWD=\"SC\",\"***\",\"***\""),
            ("AT+CLCK=\"SC\",1,\"1234\"", "AT+CLCK=\"SC\",1,\"***\""),
            ("AT+UPSD=0,3,\"pw\"", "AT+UPSD=0,3,\"***\""),
            ("AT+UPSD=0,1,\"apn\"", "AT+UPSD=0,1,\"apn\""),
            ("ATE0;+UPSD=0,3,pw;+CMEE=1", "ATE0;+UPSD=0,3,***;+CMEE=1"),
            ("AT+UHTTP=0,3,\"pw\"", "AT+UHTTP=0,3,\"***\""),
            ("AT+UHTTP=0,1,\"host\"", "AT+UHTTP=0,1,\"host\""),
            ("AT+CPJN=\"1234\"", "AT+CPJN=\"***\""),
            ("AT+USOCO=0,\"host\",443", "AT+USOCO=0,\"host\",443"),
            ("AT+USOWR=0,2,\"6869\"", "AT+USOWR=0,2,\"6869\""),
        ] {
            assert_eq!(redact(line), shown);
        }
        let write = format!("AT+USOWR=0,100,\"{}\"", "41".repeat(100));
        assert_eq!(redact(&write), "AT+USOWR=0,100,\"(200 characters)\"");
        assert_eq!(redact(&"x".repeat(125)), format!("{}(5 more)", "x".repeat(120)));
    }
}
