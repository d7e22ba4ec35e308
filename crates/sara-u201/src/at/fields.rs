//! The parameters of an information response or a URC.

/// Reads the comma-separated parameters of a line, one after the other.
///
/// Commas inside quotes do not separate; the quotes themselves are taken off.
///
/// ```
/// use sara_u201::at::Fields;
///
/// let mut fields = Fields::new(b"0,17,\"10.0.0.1\",");
/// assert_eq!(fields.number(), Some(0u8));
/// assert_eq!(fields.number(), Some(17u16));
/// assert_eq!(fields.text(), Some("10.0.0.1"));
/// assert_eq!(fields.text(), Some(""));
/// assert_eq!(fields.text(), None);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Fields<'l> {
    rest: Option<&'l [u8]>,
}

impl<'l> Fields<'l> {
    /// Reads the parameters in `line`, which no longer has its prefix.
    #[must_use]
    pub const fn new(line: &'l [u8]) -> Self {
        Self { rest: Some(line) }
    }

    /// Takes the next parameter with its quotes on.
    pub fn raw(&mut self) -> Option<&'l [u8]> {
        let line = self.rest?;
        let mut quoted = false;
        let end = line.iter().position(|&byte| {
            quoted ^= byte == b'"';
            byte == b',' && !quoted
        });
        let (field, rest) = match end {
            Some(end) => (line.get(..end), line.get(end + 1..)),
            None => (Some(line), None),
        };
        self.rest = rest;
        field.map(<[u8]>::trim_ascii)
    }

    /// Takes the next parameter without its quotes.
    pub fn bytes(&mut self) -> Option<&'l [u8]> {
        let field = self.raw()?;
        Some(field.strip_prefix(b"\"").and_then(|field| field.strip_suffix(b"\"")).unwrap_or(field))
    }

    /// Takes the next parameter as text.
    pub fn text(&mut self) -> Option<&'l str> {
        core::str::from_utf8(self.bytes()?).ok()
    }

    /// Takes the next parameter as a decimal number.
    #[inline]
    pub fn number<T: TryFrom<u32>>(&mut self) -> Option<T> {
        T::try_from(self.integer()?).ok()
    }

    #[inline(never)]
    fn integer(&mut self) -> Option<u32> {
        parse_number(self.bytes()?)
    }

    /// Takes the next parameter as a hexadecimal number (location areas, cells).
    pub fn hex(&mut self) -> Option<u32> {
        let digits = self.bytes()?;
        if digits.is_empty() || digits.len() > 8 {
            return None;
        }
        digits.iter().try_fold(0, |value: u32, &digit| Some(value << 4 | char::from(digit).to_digit(16)?))
    }

    /// Whether the next parameter is in quotes.
    #[must_use]
    pub fn is_quoted(&self) -> bool {
        self.rest.is_some_and(|line| line.trim_ascii_start().first() == Some(&b'"'))
    }

    /// Whether there is another parameter, be it empty.
    #[must_use]
    pub const fn has_more(&self) -> bool {
        self.rest.is_some()
    }
}

/// Reads a decimal number without a sign.
#[must_use]
pub fn parse_number(digits: &[u8]) -> Option<u32> {
    let mut value: u32 = 0;
    for &digit in digits {
        // Compared, since a checked multiplication is done in 64 bits.
        if !digit.is_ascii_digit() || value > u32::MAX / 10 {
            return None;
        }
        value = (value * 10).checked_add(u32::from(digit - b'0'))?;
    }
    if digits.is_empty() { None } else { Some(value) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::vec::Vec;

    #[test]
    fn commas_in_quotes_do_not_separate() {
        let mut fields = Fields::new(br#"1, "a,b" ,"c""#);
        assert_eq!(fields.number(), Some(1u8));
        assert!(fields.is_quoted());
        assert_eq!(fields.text(), Some("a,b"));
        assert_eq!(fields.raw(), Some(&b"\"c\""[..]));
        assert!(!fields.has_more());
    }

    #[test]
    fn numbers_have_bounds() {
        assert_eq!(parse_number(b"4294967295"), Some(u32::MAX));
        assert_eq!(parse_number(b"4294967296"), None);
        assert_eq!(parse_number(b"-1"), None);
        assert_eq!(Fields::new(b"256").number::<u8>(), None);
        assert_eq!(Fields::new(b"\"1A2b\"").hex(), Some(0x1a2b));
        assert_eq!(Fields::new(b"123456789").hex(), None);
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_panic(line: Vec<u8>) {
            let mut fields = Fields::new(&line);
            let mut count = 0;
            while fields.has_more() {
                let _ = fields.clone().number::<u16>();
                let _ = fields.raw();
                count += 1;
            }
            prop_assert!(count <= line.len() + 1);
        }
    }
}
