//! The line to the loader.

use core::time::Duration;
use std::io::{self, Read, Write};
use std::thread;

/// A serial port.
///
/// A [`read`](Read::read) that sees no byte for the time set last fails with [`io::ErrorKind::TimedOut`]. Writes
/// go out without being held back for more.
pub trait Port: Read + Write {
    /// Sets how long a read waits.
    ///
    /// # Errors
    /// Returns what the port says.
    fn set_timeout(&mut self, timeout: Duration) -> io::Result<()>;

    /// Lets time pass, so that what is written before and after does not share a USB packet.
    fn pause(&mut self, pause: Duration) {
        thread::sleep(pause);
    }
}

impl<P: Port + ?Sized> Port for &mut P {
    fn set_timeout(&mut self, timeout: Duration) -> io::Result<()> {
        (**self).set_timeout(timeout)
    }

    fn pause(&mut self, pause: Duration) {
        (**self).pause(pause);
    }
}

impl<P: Port + ?Sized> Port for Box<P> {
    fn set_timeout(&mut self, timeout: Duration) -> io::Result<()> {
        (**self).set_timeout(timeout)
    }

    fn pause(&mut self, pause: Duration) {
        (**self).pause(pause);
    }
}
