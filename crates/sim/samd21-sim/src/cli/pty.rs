//! The console as a pseudo-terminal.

use std::fs::File;
use std::io::{ErrorKind, Read as _, Result, Write as _};
use std::os::fd::OwnedFd;

use rustix::fs::{Mode, OFlags, fcntl_getfl, fcntl_setfl, open};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{OptionalActions, tcgetattr, tcsetattr};

/// A pseudo-terminal that any program may open like a board's port.
#[derive(Debug)]
pub(super) struct Pty {
    name: String,
    controller: File,
    /// Kept open, so that a program may come and go.
    _terminal: OwnedFd,
}

impl Pty {
    pub(super) fn open() -> Result<Self> {
        let controller = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY)?;
        grantpt(&controller)?;
        unlockpt(&controller)?;
        let name = ptsname(&controller, Vec::new())?;
        let terminal = open(&*name, OFlags::RDWR | OFlags::NOCTTY, Mode::empty())?;
        let mut settings = tcgetattr(&terminal)?;
        settings.make_raw();
        tcsetattr(&terminal, OptionalActions::Now, &settings)?;
        fcntl_setfl(&controller, fcntl_getfl(&controller)? | OFlags::NONBLOCK)?;
        let name = name.to_string_lossy().into_owned();
        Ok(Self { name, controller: File::from(controller), _terminal: terminal })
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Takes what has come, if anything has.
    pub(super) fn receive(&mut self) -> Result<Vec<u8>> {
        let mut buffer = [0; 256];
        match self.controller.read(&mut buffer) {
            Ok(count) => Ok(buffer.iter().take(count).copied().collect()),
            Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(Vec::new()),
            Err(error) => Err(error),
        }
    }

    /// Hands `bytes` over; a program that does not read them loses them, as with a port that nobody has open.
    pub(super) fn send(&mut self, bytes: &[u8]) -> Result<()> {
        match self.controller.write_all(bytes) {
            Err(error) if error.kind() != ErrorKind::WouldBlock => Err(error),
            _ => Ok(()),
        }
    }
}
