//! Writing a command line, and the hexadecimal form of data.

/// Greatest length of a command line without its data: `AT`, parameters, carriage return.
const LINE: usize = 160;

/// The units of a decimal number.
static UNITS: [u32; 10] =
    [1_000_000_000, 100_000_000, 10_000_000, 1_000_000, 100_000, 10_000, 1000, 100, 10, 1];

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
#[derive(Clone, Debug)]
#[repr(C)] // What is small comes first, where one instruction of a small core reaches it.
pub struct CommandLine {
    parameters: bool,
    bad: bool,
    length: usize,
    bytes: [u8; LINE],
}

impl Default for CommandLine {
    fn default() -> Self {
        Self::empty()
    }
}

impl CommandLine {
    pub(crate) const fn empty() -> Self {
        Self { bytes: [0; LINE], length: 0, parameters: false, bad: false }
    }

    /// Starts the line `AT<name>`; `name` carries its `=` or `?`.
    #[must_use]
    pub fn new(name: &str) -> Self {
        let mut line = Self::empty();
        line.restart(name);
        line
    }

    /// Empties the line and starts `AT<name>` in it.
    pub fn restart(&mut self, name: &str) {
        self.length = 0;
        self.parameters = false;
        self.bad = false;
        self.raw(b"AT");
        self.raw(name.as_bytes());
    }

    /// Appends a decimal parameter.
    #[inline]
    pub fn number(&mut self, value: impl Into<u32>) -> &mut Self {
        self.integer(value.into());
        self
    }

    #[inline(never)]
    fn integer(&mut self, value: u32) {
        self.separate();
        self.decimal(value);
    }

    /// Appends a quoted parameter. Quotes and control characters cannot be sent in one.
    #[inline(never)]
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
            self.bad |= byte < b' ' || byte == b'"' || byte == 0x7f;
            self.push(byte);
        }
        self
    }

    /// Appends bytes as they are. Only for text that this crate wrote itself.
    #[inline(never)]
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
        if self.bad { None } else { Some(self.as_bytes()) }
    }

    /// The line as far as it is written.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..self.length).unwrap_or(&[])
    }

    /// The command's name, up to its operator or parameters.
    #[must_use]
    pub fn name(&self) -> &[u8] {
        let rest = self.as_bytes().get(2..).unwrap_or(&[]);
        let end = rest.iter().position(|byte| matches!(byte, b'=' | b'?' | b',' | b'\r'));
        end.and_then(|end| rest.get(..end)).unwrap_or(rest)
    }

    /// Whether every part so far was good.
    #[must_use]
    pub const fn is_good(&self) -> bool {
        !self.bad
    }

    #[inline(never)]
    fn push(&mut self, byte: u8) {
        if let Some(place) = self.bytes.get_mut(self.length) {
            *place = byte;
            self.length += 1;
        } else {
            self.bad = true;
        }
    }

    pub(crate) fn decimal(&mut self, mut value: u32) {
        let mut leading = true;
        // By subtraction: the core has no division.
        for &unit in &UNITS {
            let mut digit = b'0';
            while value >= unit {
                value -= unit;
                digit += 1;
            }
            leading &= digit == b'0' && unit > 1;
            if !leading {
                self.push(digit);
            }
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
