//! The serial monitor.

use core::fmt;

/// Text out, lines in.
pub trait Console: fmt::Write {
    /// Waits for a line and returns it without its end; what does not fit `buffer` is dropped.
    fn read_line<'b>(&mut self, buffer: &'b mut [u8]) -> &'b str;
}

impl<K: Console + ?Sized> Console for &mut K {
    fn read_line<'b>(&mut self, buffer: &'b mut [u8]) -> &'b str {
        (**self).read_line(buffer)
    }
}

/// An error with all its causes, each after a colon.
#[derive(Clone, Copy, Debug)]
pub struct Causes<'e>(pub &'e dyn core::error::Error);

impl fmt::Display for Causes<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)?;
        let mut cause = self.0.source();
        while let Some(error) = cause {
            write!(f, ": {error}")?;
            cause = error.source();
        }
        Ok(())
    }
}
