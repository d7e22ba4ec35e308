//! Hides what is secret in a recording.

use super::{Direction, Transcript};
use crate::secrecy::{Hidden, TypedLine};

/// What stands in the place of a hidden byte.
const MASK: u8 = b'*';
/// What ends the text of a message, and what throws it away.
const MESSAGE_ENDS: [u8; 2] = [0x1A, 0x1B];

/// Hides PINs, passwords, keys and all that sockets and files carry, byte for byte: the times and the
/// number of bytes stay as they were.
///
/// A recording may come in pieces, as [`Simulation::transcript`](crate::Simulation::transcript) gives it.
/// Certificates, host names and messages are shown; a quoted parameter of an unknown command is not.
///
/// ```
/// use sara_u201_sim::{Redactor, Transcript};
///
/// let recorded: Transcript = "1.0 > AT+CPIN=\"1234\"\\r\n1.1 < AT+CPIN=\"1234\"\\r".parse()?;
/// let shown = Redactor::default().redact(&recorded).to_string();
/// assert_eq!(shown, "1.000000 > AT+CPIN=\"****\"\\r\n1.100000 < AT+CPIN=\"****\"\\r\n");
/// # Ok::<(), sara_u201_sim::TranscriptError>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Redactor {
    typed: TypedLine,
    said: TypedLine,
    /// The line that the module says, for what ends the data.
    words: Vec<u8>,
    owed: Option<Owed>,
    /// Bytes of quoted data in an answer that are still to come; after them the quote.
    quoted: Option<usize>,
    direct: bool,
}

/// Data that the last line has announced.
#[derive(Clone, Copy, Debug)]
struct Owed {
    hidden: bool,
    /// How many bytes; without a number a character ends them.
    left: Option<usize>,
    /// The prompt has come.
    begun: bool,
}

impl Redactor {
    /// Gives the recording without what is secret.
    #[must_use]
    pub fn redact(&mut self, transcript: &Transcript) -> Transcript {
        let mut shown = transcript.clone();
        for chunk in &mut shown.chunks {
            for byte in &mut chunk.bytes {
                let hidden = match chunk.direction {
                    Direction::ToModule => self.hides_typed(*byte),
                    Direction::ToHost => self.hides_said(*byte),
                };
                if hidden {
                    *byte = MASK;
                }
            }
        }
        shown
    }

    fn hides_typed(&mut self, byte: u8) -> bool {
        if self.direct {
            return true;
        }
        if let Some(owed) = self.owed.as_mut().filter(|owed| owed.begun) {
            match &mut owed.left {
                Some(left) => *left = left.saturating_sub(1),
                None if MESSAGE_ENDS.contains(&byte) => self.owed = None,
                None => {}
            }
            return self.owed.is_some_and(|owed| owed.hidden);
        }
        if byte == b'\r' {
            self.owed = announced(&self.typed);
        }
        self.typed.take(byte).is_some()
    }

    fn hides_said(&mut self, byte: u8) -> bool {
        self.listen(byte);
        if self.direct {
            return true;
        }
        match self.quoted {
            Some(0) if byte == b'"' => self.quoted = None,
            Some(left) => {
                self.quoted = Some(left.saturating_sub(1));
                return true;
            }
            None => {}
        }
        let hidden = self.said.take(byte);
        if byte == b'"' {
            self.quoted = quoted_length(self.said.text());
        }
        hidden == Some(Hidden::Secret) || hidden == Some(Hidden::Payload)
    }

    /// Follows prompts and results.
    fn listen(&mut self, byte: u8) {
        if byte != b'\r' && byte != b'\n' {
            if self.words.len() < 40 {
                self.words.push(byte);
            }
            if let Some(owed) = self.owed.as_mut().filter(|_| matches!(self.words.as_slice(), [b'@' | b'>']))
            {
                owed.begun = true;
                self.words.clear();
            }
            return;
        }
        match self.words.as_slice() {
            b"CONNECT" => self.direct = true,
            b"DISCONNECT" => self.direct = false,
            _ => {}
        }
        let ends: [&[u8]; 4] = [b"OK", b"ERROR", b"+CME ERROR: ", b"+CMS ERROR: "];
        if self.quoted.is_none() && ends.iter().any(|end| self.words.starts_with(end)) {
            self.owed = None;
        }
        self.words.clear();
    }
}

/// The data that a typed line announces.
fn announced(line: &TypedLine) -> Option<Owed> {
    let (name, parameters) = line.command()?;
    let number = |index: usize| parameters.get(index).and_then(|text: &&str| text.trim().parse().ok());
    let (hidden, left) = match (name, parameters.len()) {
        ("+USOWR", 2) => (true, Some(number(1)?)),
        ("+USOST", 4) => (true, Some(number(3)?)),
        ("+USECMNG", 4) if number(0) == Some(0) => (number(1) == Some(2), Some(number(3)?)),
        ("+UDWNFILE", 2..) => (true, Some(number(1)?)),
        ("+CMGS", _) => (false, None),
        _ => return None,
    };
    Some(Owed { hidden, left, begun: false })
}

/// The length of the data that an opening quote begins, in an answer that carries any.
fn quoted_length(line: &str) -> Option<usize> {
    let (name, fields) = line.split_once(": ")?;
    let fields: Vec<_> = fields.split(',').collect();
    let place = match name {
        "+USORD" | "+URDFILE" | "+URDBLOCK" => 2,
        "+USORF" => 4,
        _ => return None,
    };
    let opens = fields.len() == place + 1 && fields.last() == Some(&"\"");
    fields.get(place - 1).filter(|_| opens)?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::{Redactor, Transcript};

    fn shown(recorded: &str) -> String {
        let transcript: Transcript = recorded.parse().expect("well formed");
        let whole = Redactor::default().redact(&transcript);
        // The same, one chunk at a time.
        let mut redactor = Redactor::default();
        let mut pieces = Transcript::default();
        for chunk in &transcript.chunks {
            let mut piece = Transcript::default();
            piece.chunks.push(chunk.clone());
            pieces.chunks.extend(redactor.redact(&piece).chunks);
        }
        assert_eq!(whole.chunks, pieces.chunks);
        whole.chunks.iter().map(|chunk| String::from_utf8_lossy(&chunk.bytes).into_owned()).collect()
    }

    #[test]
    fn data_after_a_prompt_is_hidden_and_what_follows_is_not() {
        let session = "0.1 > AT+USOWR=0,6\\r\n0.2 < \\r\\n@\n0.3 > secret\n0.4 < \\r\\n+USOWR: 0,6\\r\\n\\r\\nOK\\r\\n\n\
            0.5 > AT+CSQ\\r\n";
        assert_eq!(shown(session), "AT+USOWR=0,6\r\r\n@******\r\n+USOWR: 0,6\r\n\r\nOK\r\nAT+CSQ\r");
        let refused = "0.1 > AT+USOWR=0,6\\r\n0.2 < \\r\\nERROR\\r\\n\n0.3 > AT+CSQ\\r\n";
        assert_eq!(shown(refused), "AT+USOWR=0,6\r\r\nERROR\r\nAT+CSQ\r");
    }

    #[test]
    fn keys_are_hidden_and_certificates_are_not() {
        let upload = |kind: u8| {
            format!("0.1 > AT+USECMNG=0,{kind},\"k\",3\\r\n0.2 < \\r\\n>\n0.3 > abc\n0.4 < \\r\\nOK\\r\\n\n")
        };
        assert!(shown(&upload(2)).contains(">***\r\nOK"));
        assert!(shown(&upload(0)).contains(">abc\r\nOK"));
    }

    #[test]
    fn answers_that_carry_data_are_hidden_in_both_modes() {
        let read = "0.1 < \\r\\n+USORD: 0,4,\"a\\r\\n\"\"\\r\\n\\r\\nOK\\r\\n\n0.2 < \\r\\n+CREG: 1\\r\\n\n";
        assert_eq!(shown(read), "\r\n+USORD: 0,4,\"****\"\r\n\r\nOK\r\n\r\n+CREG: 1\r\n");
        let hexadecimal = "0.1 < \\r\\n+USORF: 1,\"192.0.2.1\",7,2,\"6869\"\\r\\n\\r\\nOK\\r\\n\n";
        assert_eq!(shown(hexadecimal), "\r\n+USORF: 1,\"192.0.2.1\",7,2,\"****\"\r\n\r\nOK\r\n");
    }

    #[test]
    fn messages_are_shown_and_direct_link_is_not() {
        let message =
            "0.1 > AT+CMGS=\"+491\"\\r\n0.2 < \\r\\n> \n0.3 > good \"day\"\\x1a\n0.4 > AT+CPIN=\"1\"\\r\n";
        assert_eq!(shown(message), "AT+CMGS=\"+491\"\r\r\n> good \"day\"\u{1a}AT+CPIN=\"*\"\r");
        let direct = "0.1 < \\r\\nCONNECT\\r\\n\n0.2 > abc\n0.3 < abc\\r\\n\n0.4 < \\r\\nDISCONNECT\\r\\n\\r\\nOK\\r\\n\n";
        assert!(shown(direct).ends_with("OK\r\n") && !shown(direct).contains("abc"));
    }
}
