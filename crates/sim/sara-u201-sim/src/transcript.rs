//! What went over the line, when, as text; and a serial line that plays it back.

mod redactor;
mod replay;

pub use redactor::Redactor;
pub use replay::Replay;

use core::fmt;
use core::fmt::Write as _;
use core::str::FromStr;
use core::time::Duration;

/// A pause that ends a chunk.
const PAUSE: Duration = Duration::from_millis(2);

/// A direction on the line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// From the module: `<` in the text.
    ToHost,
    /// To the module: `>` in the text.
    ToModule,
}

/// Bytes of one direction without a pause.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chunk {
    /// When the first of them arrived.
    pub at: Duration,
    /// In which direction.
    pub direction: Direction,
    /// The bytes.
    pub bytes: Vec<u8>,
}

/// A recording of the serial line.
///
/// Its text has one line for each chunk: seconds, `>` or `<`, the bytes with `\r`, `\n`, `\\` and `\xHH`
/// for what is not printable. Lines that begin with `#` are comments. A recording holds what was really
/// sent, secrets included; a [`Redactor`] takes them out.
///
/// ```
/// use sara_u201_sim::{Direction, Transcript};
///
/// let transcript: Transcript = "0.000087 > AT\\r\n# the echo\n0.000174 < AT\\r\n0.010500 < \\r\\nOK\\r\\n".parse()?;
/// assert_eq!(transcript.chunks.len(), 3);
/// assert_eq!(transcript.chunks[2].bytes, b"\r\nOK\r\n");
/// assert_eq!(transcript.to_string().lines().nth(1), Some("0.000174 < AT\\r"));
/// # Ok::<(), sara_u201_sim::TranscriptError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Transcript {
    /// The chunks in the order of time.
    pub chunks: Vec<Chunk>,
    last: Duration,
}

impl Transcript {
    /// Adds a byte.
    pub(crate) fn add(&mut self, now: Duration, direction: Direction, byte: u8) {
        let continues = now.saturating_sub(self.last) < PAUSE;
        self.last = now;
        match self.chunks.as_mut_slice() {
            [.., chunk] if chunk.direction == direction && continues => chunk.bytes.push(byte),
            // The echo runs beside what is typed.
            [.., typed, echo]
                if typed.direction == direction
                    && direction == Direction::ToModule
                    && continues
                    && typed.bytes.starts_with(&echo.bytes) =>
            {
                typed.bytes.push(byte);
            }
            _ => self.chunks.push(Chunk { at: now, direction, bytes: vec![byte] }),
        }
    }

    /// All bytes of one direction.
    #[must_use]
    pub fn bytes(&self, direction: Direction) -> Vec<u8> {
        let chunks = self.chunks.iter().filter(|chunk| chunk.direction == direction);
        chunks.flat_map(|chunk| chunk.bytes.iter().copied()).collect()
    }
}

impl fmt::Display for Transcript {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for chunk in &self.chunks {
            let mark = if chunk.direction == Direction::ToHost { '<' } else { '>' };
            write!(f, "{}.{:06} {mark} ", chunk.at.as_secs(), chunk.at.subsec_micros())?;
            for byte in &chunk.bytes {
                match byte {
                    b'\r' => f.write_str("\\r")?,
                    b'\n' => f.write_str("\\n")?,
                    b'\\' => f.write_str("\\\\")?,
                    0x20..=0x7E => f.write_char(char::from(*byte))?,
                    other => write!(f, "\\x{other:02x}")?,
                }
            }
            f.write_char('\n')?;
        }
        Ok(())
    }
}

/// Why a recording could not be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TranscriptError {
    /// The line, from 1.
    pub line: usize,
}

impl fmt::Display for TranscriptError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {} is not of the form `seconds > bytes`", self.line)
    }
}

impl core::error::Error for TranscriptError {}

impl FromStr for Transcript {
    type Err = TranscriptError;

    fn from_str(text: &str) -> Result<Self, TranscriptError> {
        let mut chunks = Vec::new();
        for (index, line) in text.lines().enumerate() {
            if !line.starts_with('#') && !line.trim().is_empty() {
                chunks.push(parse_chunk(line).ok_or(TranscriptError { line: index + 1 })?);
            }
        }
        Ok(Self { chunks, last: Duration::ZERO })
    }
}

fn parse_chunk(line: &str) -> Option<Chunk> {
    let (time, rest) = line.split_once(' ')?;
    let (seconds, fraction) = time.split_once('.').unwrap_or((time, "0"));
    let micros = format!("{fraction:0<6}").get(..6)?.parse::<u64>().ok()?;
    let at = Duration::from_secs(seconds.parse().ok()?) + Duration::from_micros(micros);
    let (mark, text) = rest.split_once(' ')?;
    let direction = match mark {
        "<" => Direction::ToHost,
        ">" => Direction::ToModule,
        _ => return None,
    };
    Some(Chunk { at, direction, bytes: unescape(text)? })
}

fn unescape(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        bytes.push(match character {
            '\\' => match characters.next()? {
                'r' => b'\r',
                'n' => b'\n',
                '\\' => b'\\',
                'x' => {
                    let digits: String = characters.by_ref().take(2).collect();
                    u8::from_str_radix(&digits, 16).ok()?
                }
                _ => return None,
            },
            plain => u8::try_from(u32::from(plain)).ok()?,
        });
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::{Direction, Duration, Transcript, TranscriptError};

    #[test]
    fn an_echo_does_not_cut_a_line_to_pieces() {
        let mut transcript = Transcript::default();
        for (index, byte) in b"AT\r".iter().enumerate() {
            let at = Duration::from_micros(index as u64 * 87);
            transcript.add(at, Direction::ToModule, *byte);
            transcript.add(at + Duration::from_micros(87), Direction::ToHost, *byte);
        }
        let at = Duration::from_micros(400);
        b"\r\n@".iter().for_each(|byte| transcript.add(at, Direction::ToHost, *byte));
        transcript.add(at, Direction::ToModule, b'x');
        let shown = "0.000000 > AT\\r\n0.000087 < AT\\r\\r\\n@\n0.000400 > x\n";
        assert_eq!(transcript.to_string(), shown);
    }

    #[test]
    fn text_and_recording_are_the_same() {
        let mut transcript = Transcript::default();
        for (index, byte) in (0..=255).enumerate() {
            let at = Duration::from_micros(index as u64 * 87);
            let direction = if byte < 100 { Direction::ToModule } else { Direction::ToHost };
            transcript.add(at, direction, byte);
        }
        let read: Transcript = transcript.to_string().parse().expect("well formed");
        assert_eq!(read.chunks, transcript.chunks);
        assert_eq!(read.bytes(Direction::ToHost).len(), 156);
        assert_eq!("1.0 = x".parse::<Transcript>(), Err(TranscriptError { line: 1 }));
    }
}
