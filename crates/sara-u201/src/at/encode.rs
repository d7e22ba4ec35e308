//! Writing a command line, and the hexadecimal form of data.

use heapless::Vec;

/// Greatest length of a command line without its data: `AT`, parameters, carriage return.
const LINE: usize = 192;

/// A command line under construction.
///
/// A parameter that does not fit, or a string that would break out of its quotes, marks the line as bad
/// instead of being sent in part.
///
/// ```
/// use sara_u201::at::CommandLine;
///
/// let mut line = CommandLine::new("+USOCO=");
/// line.number(0u8).text("example.org").number(443u16);
/// assert_eq!(line.finish(), Some(&b"AT+USOCO=0,\"example.org\",443\r"[..]));
///
/// let mut injection = CommandLine::new("+UPSD=");
/// injection.text("a\"\r\nATD");
/// assert_eq!(injection.finish(), None);
/// ```
#[derive(Clone, Debug, Default)]
pub struct CommandLine {
    bytes: Vec<u8, LINE>,
    parameters: bool,
    bad: bool,
}

impl CommandLine {
    /// Starts the line `AT<name>`; `name` carries its `=` or `?`.
    #[must_use]
    pub fn new(name: &str) -> Self {
        let mut line = Self { bytes: Vec::new(), parameters: false, bad: false };
        line.raw(b"AT");
        line.raw(name.as_bytes());
        line
    }

    /// Empties the line and starts `AT<name>` in it.
    pub fn restart(&mut self, name: &str) {
        self.bytes.clear();
        self.parameters = false;
        self.bad = false;
        self.raw(b"AT");
        self.raw(name.as_bytes());
    }

    /// Appends a decimal parameter.
    pub fn number(&mut self, value: impl Into<u32>) -> &mut Self {
        self.separate();
        self.decimal(value.into());
        self
    }

    /// Appends a quoted parameter. Quotes and control characters cannot be sent in one.
    pub fn text(&mut self, text: &str) -> &mut Self {
        self.separate();
        self.push(b'"');
        self.plain(text);
        self.push(b'"');
        self
    }

    /// Appends characters as they are, without quotes or separator; control characters mark the line bad.
    pub fn plain(&mut self, text: &str) -> &mut Self {
        for &byte in text.as_bytes() {
            if byte < b' ' || byte == b'"' || byte == 0x7f {
                self.bad = true;
            }
            self.push(byte);
        }
        self
    }

    /// Appends bytes as they are. Only for text that this crate wrote itself.
    pub(crate) fn raw(&mut self, bytes: &[u8]) -> &mut Self {
        for &byte in bytes {
            self.push(byte);
        }
        self
    }

    /// Appends a separator before the first of what [`CommandLine::raw`] will write.
    pub(crate) fn separate(&mut self) {
        if self.parameters {
            self.push(b',');
        }
        self.parameters = true;
    }

    /// Appends the carriage return and gives the whole line, or nothing when a part of it was bad.
    #[must_use]
    pub fn finish(&mut self) -> Option<&[u8]> {
        self.push(b'\r');
        if self.bad { None } else { Some(&self.bytes) }
    }

    /// The line as far as it is written.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Whether every part so far was good.
    #[must_use]
    pub const fn is_good(&self) -> bool {
        !self.bad
    }

    fn push(&mut self, byte: u8) {
        if self.bytes.push(byte).is_err() {
            self.bad = true;
        }
    }

    pub(crate) fn decimal(&mut self, mut value: u32) {
        let mut digits: Vec<u8, 10> = Vec::new();
        loop {
            let digit = u8::try_from(value % 10).unwrap_or(0);
            if digits.push(b'0' + digit).is_err() {
                break;
            }
            value /= 10;
            if value == 0 {
                break;
            }
        }
        while let Some(digit) = digits.pop() {
            self.push(digit);
        }
    }
}

/// The upper-case hexadecimal digit of the low four bits.
#[must_use]
pub const fn hex_digit(nibble: u8) -> u8 {
    let nibble = nibble & 15;
    if nibble < 10 { b'0' + nibble } else { b'A' + nibble - 10 }
}

/// Turns hexadecimal digits, in pieces of any size, back into bytes.
///
/// ```
/// use sara_u201::at::HexDecoder;
///
/// let mut decoder = HexDecoder::new();
/// let mut bytes = Vec::new();
/// for piece in [&b"4"[..], b"8656C6c", b"6F"] {
///     decoder.feed(piece, |byte| bytes.push(byte));
/// }
/// assert_eq!(bytes, b"Hello");
/// assert!(decoder.is_whole());
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct HexDecoder {
    high: Option<u8>,
    bad: bool,
}

impl HexDecoder {
    /// Makes a decoder that stands between two bytes.
    #[must_use]
    pub const fn new() -> Self {
        Self { high: None, bad: false }
    }

    /// Decodes `digits`; a character that is no digit spoils the whole.
    pub fn feed(&mut self, digits: &[u8], mut sink: impl FnMut(u8)) {
        for &character in digits {
            let nibble = match character {
                b'0'..=b'9' => character - b'0',
                b'A'..=b'F' => character - b'A' + 10,
                b'a'..=b'f' => character - b'a' + 10,
                _ => {
                    self.bad = true;
                    return;
                }
            };
            match self.high.take() {
                None => self.high = Some(nibble),
                Some(high) => sink(high << 4 | nibble),
            }
        }
    }

    /// Whether all that was fed made whole bytes.
    #[must_use]
    pub const fn is_whole(&self) -> bool {
        self.high.is_none() && !self.bad
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_in_full() {
        let mut line = CommandLine::new("+X=");
        line.number(0u8).number(u32::MAX).number(10u16);
        assert_eq!(line.finish(), Some(&b"AT+X=0,4294967295,10\r"[..]));
    }

    #[test]
    fn a_line_that_is_too_long_is_not_sent_in_part() {
        let mut line = CommandLine::new("+X=");
        line.text(core::str::from_utf8(&[b'a'; LINE]).unwrap());
        assert_eq!(line.finish(), None);
        line.restart("+CSQ");
        assert_eq!(line.finish(), Some(&b"AT+CSQ\r"[..]));
    }

    #[test]
    fn a_digit_that_is_none_spoils_the_data() {
        let mut decoder = HexDecoder::new();
        decoder.feed(b"0g", |_| {});
        assert!(!decoder.is_whole());
        let mut odd = HexDecoder::new();
        odd.feed(b"012", |_| {});
        assert!(!odd.is_whole());
    }
}
