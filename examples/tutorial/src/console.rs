//! The serial monitor.

use core::fmt;

/// Text out, lines in.
pub trait Console: fmt::Write {
    /// Waits for a line and returns it without its end; what does not fit `buffer` is dropped.
    fn read_line<'b>(&mut self, buffer: &'b mut [u8]) -> &'b str;

    /// The same, for a console that shows what is typed: it does not while `hides` says so of the line so far.
    fn read_command<'b>(&mut self, buffer: &'b mut [u8], hides: fn(&str) -> bool) -> &'b str {
        let _ = hides;
        self.read_line(buffer)
    }
}

impl<K: Console + ?Sized> Console for &mut K {
    fn read_line<'b>(&mut self, buffer: &'b mut [u8]) -> &'b str {
        (**self).read_line(buffer)
    }

    fn read_command<'b>(&mut self, buffer: &'b mut [u8], hides: fn(&str) -> bool) -> &'b str {
        (**self).read_command(buffer, hides)
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
