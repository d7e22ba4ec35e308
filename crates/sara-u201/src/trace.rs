//! A trace of both directions of the serial line, with secrets taken out.

use embedded_io::{ErrorType, Read, ReadReady, Write};

/// Takes what passes over the line, in pieces.
pub trait Trace {
    /// Bytes to the modem; secrets are replaced by `*`.
    fn sent(&mut self, bytes: &[u8]);

    /// Bytes from the modem.
    fn received(&mut self, bytes: &[u8]);
}

/// A serial port that shows what passes.
///
/// Of commands that carry secrets (`+CPIN`, `+CPWD`, `+CLCK`, `+UPSD`) everything in quotes is hidden; of
/// socket writes, certificates, keys and files, which carry tokens and keys, all the data is.
///
/// ```
/// use sara_u201::{Redactor};
///
/// let mut redactor = Redactor::new();
/// let mut shown = b"AT+CPIN=\"1234\"\rAT+CSQ\r".to_vec();
/// redactor.redact(&mut shown);
/// assert_eq!(shown, b"AT+CPIN=\"****\"\rAT+CSQ\r");
/// ```
#[derive(Debug)]
pub struct Traced<S, T> {
    serial: S,
    trace: T,
    redactor: Redactor,
}

impl<S, T> Traced<S, T> {
    /// Puts a trace on a serial port.
    pub const fn new(serial: S, trace: T) -> Self {
        Self { serial, trace, redactor: Redactor::new() }
    }

    /// Gives both back.
    pub fn release(self) -> (S, T) {
        (self.serial, self.trace)
    }
}

impl<S: ErrorType, T> ErrorType for Traced<S, T> {
    type Error = S::Error;
}

impl<S: Read, T: Trace> Read for Traced<S, T> {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, S::Error> {
        let count = self.serial.read(buffer)?;
        self.trace.received(buffer.get(..count).unwrap_or(&[]));
        Ok(count)
    }
}

impl<S: ReadReady, T> ReadReady for Traced<S, T> {
    fn read_ready(&mut self) -> Result<bool, S::Error> {
        self.serial.read_ready()
    }
}

impl<S: Write, T: Trace> Write for Traced<S, T> {
    fn write(&mut self, bytes: &[u8]) -> Result<usize, S::Error> {
        let count = self.serial.write(bytes)?;
        for piece in bytes.get(..count).unwrap_or(&[]).chunks(32) {
            let mut shown = [0; 32];
            let shown = shown.get_mut(..piece.len()).unwrap_or(&mut []);
            for (to, &from) in shown.iter_mut().zip(piece) {
                *to = from;
            }
            self.redactor.redact(shown);
            self.trace.sent(shown);
        }
        Ok(count)
    }

    fn flush(&mut self) -> Result<(), S::Error> {
        self.serial.flush()
    }
}

/// Takes the secrets out of what is sent to the modem.
#[derive(Clone, Copy, Debug)]
pub struct Redactor {
    /// The command line as far as it is, its first characters.
    head: [u8; 12],
    length: usize,
    quoted: bool,
    /// Digits of the last parameter: the length of data that follows on a prompt.
    number: usize,
    quotes: u8,
    /// Bytes of data still to come.
    data: usize,
}

impl Default for Redactor {
    fn default() -> Self {
        Self::new()
    }
}

impl Redactor {
    /// Commands whose quoted parameters are secrets.
    const SECRETS: [&'static [u8]; 4] = [b"AT+CPIN=", b"AT+CPWD=", b"AT+CLCK=", b"AT+UPSD="];
    /// Commands with data: on a prompt, or in quotes behind so many other quoted parameters.
    const DATA: [(&'static [u8], u8); 5] =
        [(b"AT+USOWR=", 0), (b"AT+USOST=", 1), (b"AT+USECMNG=0", 1), (b"AT+UDWNFILE=", 1), (b"AT+CMGS=", 0)];

    /// Makes a redactor that stands at the start of a line.
    #[must_use]
    pub const fn new() -> Self {
        Self { head: [0; 12], length: 0, quoted: false, number: 0, quotes: 0, data: 0 }
    }

    /// Replaces secrets in the next bytes that are sent.
    pub fn redact(&mut self, bytes: &mut [u8]) {
        for byte in bytes {
            if self.data > 0 {
                self.data -= 1;
                *byte = b'*';
                continue;
            }
            match *byte {
                b'\r' => self.end_line(),
                b'"' => {
                    self.quoted = !self.quoted;
                    self.quotes = self.quotes.saturating_add(u8::from(!self.quoted));
                }
                _ if self.quoted && self.is_secret() => *byte = b'*',
                character => self.note(character),
            }
        }
    }

    fn note(&mut self, character: u8) {
        if let Some(place) = self.head.get_mut(self.length) {
            *place = character;
            self.length += 1;
        }
        self.number = match character {
            b'0'..=b'9' if !self.quoted => {
                self.number.saturating_mul(10).saturating_add(usize::from(character - b'0'))
            }
            _ => 0,
        };
    }

    fn is_secret(&self) -> bool {
        let head = self.head.get(..self.length).unwrap_or(&[]);
        Self::SECRETS.iter().any(|name| head.starts_with(name))
            || Self::DATA.iter().any(|(name, before)| head.starts_with(name) && self.quotes >= *before)
    }

    fn end_line(&mut self) {
        let head = self.head.get(..self.length).unwrap_or(&[]);
        let data = Self::DATA.iter().find(|(name, _)| head.starts_with(name));
        // Data that stood in quotes does not follow again.
        let follows = data.is_some_and(|(_, before)| self.quotes <= *before);
        // A message is its digits, those of the service centre, and the end mark.
        let number = if head.starts_with(b"AT+CMGS=") { 2 * self.number.min(255) + 3 } else { self.number };
        *self = Self::new();
        if follows {
            self.data = number;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::string::String;

    fn shown(sent: &[u8], size: usize) -> String {
        let mut redactor = Redactor::new();
        let mut out = std::vec::Vec::new();
        for piece in sent.chunks(size) {
            let mut piece = piece.to_vec();
            redactor.redact(&mut piece);
            out.extend(piece);
        }
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn secrets_do_not_show_however_the_bytes_are_cut() {
        let sent =
            b"AT+UPSD=0,3,\"pass\"\rAT+USOWR=0,4\rAB\rDAT+USOWR=1,2,\"6869\"\rAT+USOCO=0,\"host\",80\r\
                     AT+USECMNG=0,2,\"key\",3\rxyzAT\r";
        let expected = "AT+UPSD=0,3,\"****\"\rAT+USOWR=0,4\r****AT+USOWR=1,2,\"****\"\rAT+USOCO=0,\"host\",80\r\
                        AT+USECMNG=0,2,\"key\",3\r***AT\r";
        for size in 1..sent.len() {
            assert_eq!(shown(sent, size), expected, "pieces of {size}");
        }
    }
}
