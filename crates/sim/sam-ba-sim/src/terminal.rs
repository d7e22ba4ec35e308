//! A pseudo-terminal, of which the model holds the controlling side.

use core::time::Duration;
use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::OwnedFd;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{Mode, OFlags, open};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{OptionalActions, tcgetattr, tcsetattr};

#[derive(Debug)]
pub(crate) struct Terminal {
    name: String,
    controller: File,
    /// Kept open, so that a client may come and go.
    _terminal: OwnedFd,
}

impl Terminal {
    pub(crate) fn open() -> io::Result<Self> {
        let controller = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY)?;
        grantpt(&controller)?;
        unlockpt(&controller)?;
        let name = ptsname(&controller, Vec::new())?;
        let terminal = open(&*name, OFlags::RDWR | OFlags::NOCTTY, Mode::empty())?;
        // A serial line does not echo, edit or translate by itself.
        let mut settings = tcgetattr(&terminal)?;
        settings.make_raw();
        tcsetattr(&terminal, OptionalActions::Now, &settings)?;
        let name = name.to_string_lossy().into_owned();
        Ok(Self { name, controller: File::from(controller), _terminal: terminal })
    }

    /// What a client has to open.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Waits for bytes of the client; none have come within `wait` where there are none.
    pub(crate) fn receive(&mut self, buffer: &mut [u8], wait: Duration) -> io::Result<usize> {
        let wait = Timespec::try_from(wait).map_err(|_| io::ErrorKind::InvalidInput)?;
        let mut waiting = [PollFd::new(&self.controller, PollFlags::IN)];
        if poll(&mut waiting, Some(&wait))? == 0 {
            return Ok(0);
        }
        self.controller.read(buffer)
    }

    pub(crate) fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.controller.write_all(bytes)
    }
}
