//! A log without PINs, passwords and tokens.

use std::io::{self, Write};

/// The longest line that is kept together; a longer one is cut, and a secret across the cut shortened.
const LONGEST: usize = 8192;
const SECRET: &str = "<secret>";
const TOKEN: &str = "<token>";
/// AT commands whose values are secret from their first on, or from the one after a prefix.
const COMMANDS: [&str; 9] = [
    "+CPIN=",
    "+CPWD=",
    "+CLCK=",
    "+UAUTHREQ=",
    "+CGAUTH=",
    "+UPSD=0,2,",
    "+UPSD=0,3,",
    "+UHTTP=0,2,",
    "+UHTTP=0,3,",
];
/// Settings whose values are secret.
const SETTINGS: [&str; 5] = ["pin", "puk", "password", "login", "token"];

/// Collects lines, redacts them, and writes them.
#[derive(Debug)]
pub(crate) struct Log<W: Write> {
    file: W,
    line: Vec<u8>,
}

impl<W: Write> Log<W> {
    pub(crate) fn new(file: W) -> Self {
        Self { file, line: Vec::new() }
    }

    /// Takes bytes as they come, in whatever pieces.
    pub(crate) fn take(&mut self, bytes: &[u8]) -> io::Result<()> {
        for byte in bytes {
            self.line.push(*byte);
            if *byte == b'\n' || self.line.len() >= LONGEST {
                self.write()?;
            }
        }
        Ok(())
    }

    /// Writes what is left of a line.
    pub(crate) fn finish(mut self) -> io::Result<()> {
        self.write()?;
        self.file.flush()
    }

    fn write(&mut self) -> io::Result<()> {
        let line = redacted(&String::from_utf8_lossy(&self.line));
        self.line.clear();
        self.file.write_all(line.as_bytes())
    }
}

/// Returns a line without what is secret in it.
fn redacted(line: &str) -> String {
    let text = line.trim_end_matches(['\r', '\n']);
    let end = &line[text.len()..];
    without_tokens(&without_values(text)) + end
}

/// Replaces the values of commands and settings that are secret, to the end of the line.
fn without_values(text: &str) -> String {
    let upper = text.to_ascii_uppercase();
    if let Some(value) = COMMANDS.iter().filter_map(|name| Some(upper.find(name)? + name.len())).min()
        && upper[value..].trim() != "?"
    {
        return format!("{}{SECRET}", &text[..value]);
    }
    let mut words = text.split_whitespace().skip_while(|word| !word.eq_ignore_ascii_case("set")).skip(1);
    match (words.next(), words.next()) {
        (Some(name), Some(value)) if SETTINGS.iter().any(|secret| name.eq_ignore_ascii_case(secret)) => {
            // What stands there is a slice of the text.
            let start = value.as_ptr() as usize - text.as_ptr() as usize;
            format!("{}{SECRET}", &text[..start])
        }
        _ => text.to_owned(),
    }
}

/// Replaces JSON web tokens: what begins as the base64url of `{"`, and is long.
fn without_tokens(text: &str) -> String {
    const SHORTEST: usize = 16;
    let in_token = |character: char| character.is_ascii_alphanumeric() || "-_.".contains(character);
    let mut rest = text;
    let mut result = String::new();
    while let Some(start) = rest.find("eyJ") {
        let length = rest[start..].find(|character| !in_token(character)).unwrap_or(rest.len() - start);
        let (before, token) = rest[..start + length].split_at(start);
        result.push_str(before);
        result.push_str(if length >= SHORTEST { TOKEN } else { token });
        rest = &rest[start + length..];
    }
    result + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    fn logged(pieces: &[&str]) -> String {
        let mut file = Vec::new();
        let mut log = Log::new(&mut file);
        for piece in pieces {
            log.take(piece.as_bytes()).unwrap();
        }
        log.finish().unwrap();
        String::from_utf8(file).unwrap()
    }

    #[test]
    fn secrets_do_not_reach_the_log_however_they_are_cut() {
        let said = "AT+CPIN=\"0001\"\r\nOK\r\n> set password hunter2 and more\r\n\
                    AT+UPSD=0,3,\"invented\"\r\ntoken eyJhbGciOiJFUzI1NiJ9.eyJpYXQiOjF9.c2lnbmF0dXJl end\r\n";
        let expected = "AT+CPIN=<secret>\r\nOK\r\n> set password <secret>\r\n\
                        AT+UPSD=0,3,<secret>\r\ntoken <token> end\r\n";
        assert_eq!(logged(&[said]), expected);
        let pieces: Vec<String> = said.chars().map(String::from).collect();
        assert_eq!(logged(&pieces.iter().map(String::as_str).collect::<Vec<_>>()), expected);
    }

    #[test]
    fn what_is_not_secret_stays() {
        let said = "AT+CPIN?\r\n+CPIN: READY\r\nset apn internet.example\r\nhello 17052\r\n\
                    at+upsd=0,1,\"internet.example\"\r\neyJ short\r\nlast";
        assert_eq!(logged(&[said]), said);
    }

    #[test]
    fn a_secret_at_the_end_of_what_came_is_redacted_too() {
        assert_eq!(logged(&["at+cpwd=\"SC\",\"0001\",\"0002\""]), "at+cpwd=<secret>");
        assert_eq!(logged(&["SET PIN 1234"]), "SET PIN <secret>");
    }
}
