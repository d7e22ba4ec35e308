//! The serial monitor.

use core::fmt;

use mkr_gsm_1400::{Console, Shown};

/// The tutorial's console over USB.
#[derive(Debug)]
pub struct Monitor(pub Console);

impl fmt::Write for Monitor {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0.write_str(text)
    }
}

impl tutorial::Console for Monitor {
    fn read_line<'b>(&mut self, buffer: &'b mut [u8]) -> &'b str {
        self.0.read_line(buffer, |_| Shown::Plain)
    }

    fn read_command<'b>(&mut self, buffer: &'b mut [u8], hides: fn(&str) -> bool) -> &'b str {
        self.0.read_line(buffer, |line| if hides(line) { Shown::Star } else { Shown::Plain })
    }
}
