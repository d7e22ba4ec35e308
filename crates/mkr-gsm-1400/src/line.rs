//! Editing a line, byte by byte.

/// What the terminal is to show for a byte that was typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Echo {
    /// The byte itself.
    Byte(u8),
    /// The last character disappears.
    Erase,
    /// The line is full.
    Bell,
    /// The line is complete.
    End,
    /// Nothing.
    Nothing,
}

/// A line that is being typed.
///
/// ```
/// use mkr_gsm_1400::{Echo, Line};
///
/// let mut buffer = [0; 8];
/// let mut line = Line::new(&mut buffer);
/// assert_eq!(line.take(b'x'), Echo::Byte(b'x'));
/// assert_eq!(line.take(0x7F), Echo::Erase);
/// assert_eq!(line.take(b'y'), Echo::Byte(b'y'));
/// assert_eq!(line.take(b'\r'), Echo::End);
/// assert_eq!(line.finish(), "y");
/// ```
#[derive(Debug)]
pub struct Line<'b> {
    buffer: &'b mut [u8],
    length: usize,
}

impl<'b> Line<'b> {
    /// Starts with an empty line.
    pub const fn new(buffer: &'b mut [u8]) -> Self {
        Self { buffer, length: 0 }
    }

    /// Takes a byte: a character, backspace (0x08 or 0x7F), or the end of the line (CR or LF).
    pub fn take(&mut self, byte: u8) -> Echo {
        match byte {
            b'\r' | b'\n' => Echo::End,
            0x08 | 0x7F => {
                let Some(last) = self.start_of_last() else { return Echo::Nothing };
                self.length = last;
                Echo::Erase
            }
            0..0x20 => Echo::Nothing,
            byte => {
                let Some(place) = self.buffer.get_mut(self.length) else { return Echo::Bell };
                *place = byte;
                self.length += 1;
                Echo::Byte(byte)
            }
        }
    }

    /// The line so far, up to the first byte that is not UTF-8.
    #[must_use]
    pub fn so_far(&self) -> &str {
        text(self.buffer, self.length)
    }

    /// Returns the line, up to the first byte that is not UTF-8.
    #[must_use]
    pub fn finish(self) -> &'b str {
        text(self.buffer, self.length)
    }

    /// Where the last character starts: at the last byte that continues none.
    fn start_of_last(&self) -> Option<usize> {
        self.buffer.get(..self.length)?.iter().rposition(|byte| byte & 0xC0 != 0x80)
    }
}

fn text(buffer: &[u8], length: usize) -> &str {
    buffer.get(..length).unwrap_or_default().utf8_chunks().next().map_or("", |chunk| chunk.valid())
}

/// How a typed character is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shown {
    /// As it is.
    Plain,
    /// As an asterisk: it belongs to a secret.
    Star,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(bytes: &[u8], room: usize) -> (std::string::String, std::vec::Vec<Echo>) {
        let mut buffer = std::vec![0; room];
        let mut line = Line::new(&mut buffer);
        let echoes = bytes.iter().map(|&byte| line.take(byte)).collect();
        (line.finish().into(), echoes)
    }

    #[test]
    fn a_full_line_rings_and_loses_what_is_too_much() {
        let (line, echoes) = typed(b"abc", 2);
        assert_eq!(line, "ab");
        assert_eq!(echoes, [Echo::Byte(b'a'), Echo::Byte(b'b'), Echo::Bell]);
    }

    #[test]
    fn backspace_takes_a_whole_character() {
        assert_eq!(typed("aü\u{8}b".as_bytes(), 8).0, "ab");
        assert_eq!(typed(b"\x08", 8), ("".into(), std::vec![Echo::Nothing]));
    }

    #[test]
    fn what_is_not_utf_8_ends_the_line() {
        assert_eq!(typed(b"ab\xFFcd", 8).0, "ab");
    }
}
