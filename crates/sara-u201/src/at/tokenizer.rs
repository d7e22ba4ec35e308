//! Cutting received bytes into lines, prompts and data of known length.

use super::fields::Fields;

/// What the command that runs expects besides lines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Framing<'p> {
    /// The character that asks for data, at the start of a line: `@` or `>`.
    pub prompt: Option<u8>,
    /// Where the response carries data.
    pub data: Option<DataFrame<'p>>,
}

/// Data inside an information response: in quotes, its length in the parameter before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DataFrame<'p> {
    /// What the line starts with: the command's name, from which a colon follows.
    pub prefix: &'p [u8],
    /// Which parameter, counted from 0, is the data.
    pub field: u8,
    /// Whether every byte of data comes as two digits.
    pub hex: bool,
}

/// A piece of what the modem said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Token<'t> {
    /// A line, or a piece of one that is longer than the buffer. Empty lines are left out.
    Line {
        /// The characters, without the line's end.
        text: &'t [u8],
        /// Whether this piece starts the line.
        first: bool,
        /// Whether this piece ends the line.
        last: bool,
    },
    /// The line up to and including the quote that opens its data.
    DataHeader(&'t [u8]),
    /// Data, or a piece of it.
    Data(&'t [u8]),
    /// What closes the data was there, or was not: then bytes were lost.
    DataEnd {
        /// Whether the closing quote stood where the length said.
        whole: bool,
    },
    /// The modem asks for data.
    Prompt,
}

/// Cuts bytes into [`Token`]s with a line buffer of `N` bytes.
///
/// Data is counted, never scanned, so it may hold any byte:
///
/// ```
/// use sara_u201::at::{DataFrame, Framing, Token, Tokenizer};
///
/// let mut tokenizer = Tokenizer::<64>::new();
/// let framing = Framing { data: Some(DataFrame { prefix: b"+USORD", field: 2, hex: false }), prompt: None };
/// let mut input = &b"\r\n+USORD: 0,6,\"\r\nOK\r\n\"\r\nOK\r\n"[..];
/// let mut data = Vec::new();
/// let mut lines = 0;
/// while let Some(token) = tokenizer.next(&mut input, framing) {
///     match token {
///         Token::Data(bytes) => data.extend_from_slice(bytes),
///         Token::Line { .. } => lines += 1,
///         _ => {}
///     }
/// }
/// assert_eq!(data, b"\r\nOK\r\n");
/// assert_eq!(lines, 1); // the OK behind the data
/// ```
#[derive(Clone, Debug)]
#[repr(C)] // What is small comes first, where one instruction of a small core reaches it.
pub struct Tokenizer<const N: usize> {
    /// The line buffer's content was handed out and is to be cleared.
    spent: bool,
    /// The line goes on from a piece that was handed out.
    continued: bool,
    /// The quote that closes data comes next, behind the characters that are left.
    closing: bool,
    /// So many characters of data are to come.
    left: u32,
    length: usize,
    line: [u8; N],
}

impl<const N: usize> Default for Tokenizer<N> {
    fn default() -> Self {
        Self::new()
    }
}

impl<const N: usize> Tokenizer<N> {
    /// Makes a tokenizer that stands at the start of a line.
    #[must_use]
    pub const fn new() -> Self {
        Self { line: [0; N], length: 0, spent: false, continued: false, closing: false, left: 0 }
    }

    /// Forgets a line or data that has begun.
    pub const fn reset(&mut self) {
        self.length = 0;
        self.spent = false;
        self.continued = false;
        self.closing = false;
        self.left = 0;
    }

    /// Whether data of known length is being received.
    #[must_use]
    pub const fn is_inside_data(&self) -> bool {
        self.closing
    }

    /// Takes bytes from the front of `input` up to the next token; nothing when the input is used up.
    pub fn next<'t, 'i: 't>(&'t mut self, input: &mut &'i [u8], framing: Framing<'_>) -> Option<Token<'t>> {
        if self.spent {
            self.spent = false;
            self.length = 0;
        }
        while let Some((&byte, rest)) = input.split_first() {
            if self.left > 0 {
                return self.data(input);
            }
            if self.closing {
                self.closing = false;
                let whole = byte == b'"';
                if whole {
                    *input = rest;
                }
                return Some(Token::DataEnd { whole });
            }
            *input = rest;
            let start = self.length == 0 && !self.continued;
            let last = matches!(byte, b'\r' | b'\n');
            if start && (last || byte == b' ') {
                continue;
            }
            if start && framing.prompt == Some(byte) {
                return Some(Token::Prompt);
            }
            if !last {
                // The buffer has room: a full one was handed out below.
                if let Some(place) = self.line.get_mut(self.length) {
                    *place = byte;
                    self.length += 1;
                }
                if byte == b'"'
                    && !self.continued
                    && let Some(frame) = framing.data
                    && let Some(left) = opened_data(self.text(), frame)
                {
                    self.left = left;
                    self.closing = true;
                    self.spent = true;
                    return Some(Token::DataHeader(self.text()));
                }
                if self.length < N {
                    continue;
                }
            }
            let first = !self.continued;
            self.continued = !last;
            self.spent = true;
            return Some(Token::Line { text: self.text(), first, last });
        }
        None
    }

    fn text(&self) -> &[u8] {
        self.line.get(..self.length).unwrap_or(&[])
    }

    fn data<'i>(&mut self, input: &mut &'i [u8]) -> Option<Token<'i>> {
        let want = usize::try_from(self.left).unwrap_or(usize::MAX).min(input.len());
        let (data, rest) = input.split_at_checked(want)?;
        *input = rest;
        self.left = self.left.saturating_sub(u32::try_from(want).unwrap_or(u32::MAX));
        Some(Token::Data(data))
    }
}

/// Greatest length of data that is believed.
const MAX_DATA: u32 = 1 << 20;

/// Tells how many characters of data follow `line`, if the quote at its end opens the data of `frame`.
fn opened_data(line: &[u8], frame: DataFrame<'_>) -> Option<u32> {
    let mut fields = Fields::new(line.strip_prefix(frame.prefix)?.strip_prefix(b":")?);
    for _ in 1..frame.field {
        fields.raw()?;
    }
    let length: u32 = fields.number()?;
    // No modem has so much; it is a garbled length.
    if fields.raw()? != b"\"" || length > MAX_DATA {
        return None;
    }
    Some(if frame.hex { 2 * length } else { length })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::string::String;
    use std::vec::Vec;

    const USORD: Framing<'_> =
        Framing { prompt: None, data: Some(DataFrame { prefix: b"+USORD", field: 2, hex: false }) };

    /// Feeds `input` in pieces of `size` and joins what belongs together.
    fn tokens(input: &[u8], framing: Framing<'_>, size: usize) -> Vec<String> {
        let mut tokenizer = Tokenizer::<32>::new();
        let mut seen: Vec<String> = Vec::new();
        let mut data: Vec<u8> = Vec::new();
        let mut long = String::new();
        for mut piece in input.chunks(size) {
            while let Some(token) = tokenizer.next(&mut piece, framing) {
                match token {
                    Token::Line { text, last, .. } => {
                        long.push_str(&String::from_utf8_lossy(text));
                        if last {
                            seen.push(core::mem::take(&mut long));
                        }
                    }
                    Token::DataHeader(line) => seen.push(std::format!("header {}", line.escape_ascii())),
                    Token::Data(bytes) => data.extend_from_slice(bytes),
                    Token::DataEnd { whole } => {
                        seen.push(std::format!("data {} {whole}", data.escape_ascii()));
                        data.clear();
                    }
                    Token::Prompt => seen.push("prompt".into()),
                }
            }
        }
        seen
    }

    #[test]
    fn every_way_to_cut_the_input_gives_the_same_tokens() {
        let input = b"\r\n+UUSOCL: 3\r\n\r\n+USORD: 0,14,\"ab\r\nOK\r\n@>\"xyz\"\r\n\r\nOK\r\n";
        let whole = tokens(input, USORD, input.len());
        assert_eq!(
            whole,
            ["+UUSOCL: 3", "header +USORD: 0,14,\\\"", "data ab\\r\\nOK\\r\\n@>\\\"xyz true", "OK"]
        );
        for size in 1..input.len() {
            assert_eq!(tokens(input, USORD, size), whole, "pieces of {size}");
        }
    }

    #[test]
    fn an_empty_socket_is_told_in_two_ways() {
        assert_eq!(
            tokens(b"+USORD: 0,0,\"\"\r\nOK\r\n", USORD, 5),
            ["header +USORD: 0,0,\\\"", "data  true", "OK"]
        );
        assert_eq!(tokens(b"+USORD: 0,0\r\nOK\r\n", USORD, 5), ["+USORD: 0,0", "OK"]);
    }

    #[test]
    fn a_lost_byte_shows_at_the_closing_quote() {
        let seen = tokens(b"+USORD: 0,4,\"abc\"\r\nOK\r\n", USORD, 64);
        assert_eq!(seen.get(1).map(String::as_str), Some("data abc\\\" false"));
    }

    #[test]
    fn a_prompt_is_one_only_at_the_start_of_a_line() {
        let framing = Framing { prompt: Some(b'@'), data: None };
        assert_eq!(tokens(b"\r\nmail@example\r\n\r\n@", framing, 3), ["mail@example", "prompt"]);
        assert_eq!(tokens(b"\r\n@", Framing::default(), 3), Vec::<String>::new());
    }

    #[test]
    fn names_with_commas_do_not_move_the_data() {
        let framing =
            Framing { prompt: None, data: Some(DataFrame { prefix: b"+URDFILE", field: 2, hex: false }) };
        assert_eq!(
            tokens(b"+URDFILE: \"a,2,\",3,\"xyz\"\r\n", framing, 64),
            ["header +URDFILE: \\\"a,2,\\\",3,\\\"", "data xyz true"]
        );
    }

    #[test]
    fn a_long_line_comes_in_pieces() {
        let line = [b'x'; 100];
        assert_eq!(tokens(&[&line[..], b"\r\nOK\r\n"].concat(), USORD, 7).len(), 2);
    }

    proptest! {
        #[test]
        fn any_bytes_are_cut_without_panic(input: Vec<u8>, size in 1usize..40) {
            let _ = tokens(&input, USORD, size);
        }

        #[test]
        fn data_is_bit_exact(data in proptest::collection::vec(any::<u8>(), 1..300), size in 1usize..40) {
            let mut wire = std::format!("\r\n+USORD: 6,{},\"", data.len()).into_bytes();
            wire.extend_from_slice(&data);
            wire.extend_from_slice(b"\"\r\nOK\r\n");
            let seen = tokens(&wire, USORD, size);
            prop_assert_eq!(&seen[1], &std::format!("data {} true", data.escape_ascii()));
            prop_assert_eq!(&seen[2], "OK");
        }
    }
}
