//! base64url without padding (RFC 7515 section 2), in chunks.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// Length of the text that `bytes` bytes encode to.
pub(crate) const fn encoded_len(bytes: usize) -> usize {
    bytes / 3 * 4 + (bytes % 3 * 4).div_ceil(3)
}

/// Encodes a message that comes in pieces; the text goes out in pieces of at most [`TEXT`] characters.
#[derive(Debug)]
pub(crate) struct Encoder {
    staged: [u8; STAGE],
    length: usize,
}

/// Bytes held back until they fill whole groups of three; for more than these base64 has a fast way, which
/// costs 0.5 KB of flash.
const STAGE: usize = 24;
/// Characters of one full stage.
const TEXT: usize = encoded_len(STAGE);

impl Encoder {
    pub(crate) const fn new() -> Self {
        Self { staged: [0; STAGE], length: 0 }
    }

    /// Takes the next bytes of the message and hands finished text to `put`.
    pub(crate) fn push<E>(
        &mut self,
        bytes: &[u8],
        put: &mut impl FnMut(&[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        for byte in bytes {
            if let Some(place) = self.staged.get_mut(self.length) {
                *place = *byte;
                self.length += 1;
            }
            if self.length == STAGE {
                self.flush(put)?;
            }
        }
        Ok(())
    }

    /// Encodes what is held back: the end of the message, or a whole stage.
    pub(crate) fn flush<E>(&mut self, put: &mut impl FnMut(&[u8]) -> Result<(), E>) -> Result<(), E> {
        let mut text = [0; TEXT];
        match self.encode(&mut text) {
            [] => Ok(()),
            text => put(text),
        }
    }

    fn encode<'t>(&mut self, text: &'t mut [u8; TEXT]) -> &'t [u8] {
        let staged = self.staged.get(..self.length).unwrap_or_default();
        self.length = 0;
        // Cannot fail: a full stage fills the text exactly.
        let length = URL_SAFE_NO_PAD.encode_slice(staged, text).unwrap_or_default();
        text.get(..length).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use std::vec::Vec;

    use super::*;

    fn encode(pieces: &[&[u8]]) -> Vec<u8> {
        let mut text = Vec::new();
        let mut put = |piece: &[u8]| -> Result<(), ()> {
            text.extend_from_slice(piece);
            Ok(())
        };
        let mut encoder = Encoder::new();
        for piece in pieces {
            encoder.push(piece, &mut put).unwrap();
        }
        encoder.flush(&mut put).unwrap();
        text
    }

    /// RFC 4648 section 10, without the padding.
    #[test]
    fn encodes_the_vectors_of_rfc_4648() {
        for (bytes, text) in [
            ("", ""),
            ("f", "Zg"),
            ("fo", "Zm8"),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg"),
            ("fooba", "Zm9vYmE"),
            ("foobar", "Zm9vYmFy"),
        ] {
            assert_eq!(encode(&[bytes.as_bytes()]), text.as_bytes());
            assert_eq!(encoded_len(bytes.len()), text.len());
        }
    }

    /// RFC 7515 appendix C.
    #[test]
    fn uses_the_url_alphabet() {
        assert_eq!(encode(&[&[3, 236, 255, 224, 193]]), b"A-z_4ME");
    }

    #[test]
    fn does_not_care_where_the_pieces_end() {
        let message: Vec<u8> = (0..=255).collect();
        let whole = encode(&[&message]);
        assert_eq!(whole.len(), encoded_len(message.len()));
        for cut in 0..message.len() {
            let (head, tail) = message.split_at(cut);
            assert_eq!(encode(&[head, tail]), whole);
        }
    }

    #[test]
    fn stops_at_the_first_failure_of_the_output() {
        let mut calls = 0;
        let mut put = |_: &[u8]| {
            calls += 1;
            Err("full")
        };
        assert_eq!(Encoder::new().push(&[0; 100], &mut put), Err("full"));
        assert_eq!(calls, 1);
    }
}
