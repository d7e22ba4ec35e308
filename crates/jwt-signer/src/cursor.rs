//! A text that is written piece by piece into a buffer of its own length.

use core::convert::Infallible;

use crate::base64url::Encoder;

/// Fills a buffer from its beginning; the caller knows that the pieces add up to its length.
pub(crate) struct Cursor<'a>(core::slice::IterMut<'a, u8>);

impl<'a> Cursor<'a> {
    pub(crate) fn new(buffer: &'a mut [u8]) -> Self {
        Self(buffer.iter_mut())
    }

    pub(crate) fn put(&mut self, piece: &[u8]) -> Result<(), Infallible> {
        // The piece comes first: `zip` takes one more from its left side than it uses.
        for (byte, place) in piece.iter().zip(&mut self.0) {
            *place = *byte;
        }
        Ok(())
    }

    pub(crate) fn put_base64url(&mut self, bytes: &[u8]) -> Result<(), Infallible> {
        let mut encoder = Encoder::new();
        encoder.push(bytes, &mut |text: &[u8]| self.put(text))?;
        encoder.flush(&mut |text: &[u8]| self.put(text))
    }
}
