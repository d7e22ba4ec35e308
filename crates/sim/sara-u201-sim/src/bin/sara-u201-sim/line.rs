//! The lines on which a foreign client meets the modem.

use core::net::SocketAddr;
use std::fs::File;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::fd::OwnedFd;

use rustix::fs::{Mode, OFlags, fcntl_getfl, fcntl_setfl, open};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{OptionalActions, tcgetattr, tcsetattr};

/// A byte stream that never blocks.
pub(crate) trait Line {
    /// What a client has to open.
    fn name(&self) -> String;

    /// Takes what has come from the client.
    fn receive(&mut self, buffer: &mut [u8]) -> io::Result<usize>;

    /// Sends to the client and tells how much went; without a client everything goes nowhere.
    fn send(&mut self, bytes: &[u8]) -> io::Result<usize>;
}

/// A TCP port for one client at a time.
pub(crate) struct TcpLine {
    listener: TcpListener,
    client: Option<TcpStream>,
}

impl TcpLine {
    pub(crate) fn listen(address: SocketAddr) -> io::Result<Self> {
        if !address.ip().is_loopback() {
            let reason = "--tcp takes a loopback address: the modem asks nobody who he is";
            return Err(io::Error::new(ErrorKind::InvalidInput, reason));
        }
        let listener = TcpListener::bind(address)?;
        listener.set_nonblocking(true)?;
        Ok(Self { listener, client: None })
    }
}

impl Line for TcpLine {
    fn name(&self) -> String {
        self.listener.local_addr().map_or_else(|error| error.to_string(), |address| address.to_string())
    }

    fn receive(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.client.is_none()
            && let Ok((client, _)) = self.listener.accept()
        {
            client.set_nonblocking(true)?;
            client.set_nodelay(true)?;
            self.client = Some(client);
        }
        let Some(client) = &mut self.client else { return Ok(0) };
        match client.read(buffer) {
            Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(0),
            Ok(0) | Err(_) => {
                self.client = None;
                Ok(0)
            }
            Ok(count) => Ok(count),
        }
    }

    fn send(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let Some(client) = &mut self.client else { return Ok(bytes.len()) };
        match client.write(bytes) {
            Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(0),
            Err(_) => {
                self.client = None;
                Ok(bytes.len())
            }
            Ok(count) => Ok(count),
        }
    }
}

/// A pseudo-terminal.
pub(crate) struct PtyLine {
    name: String,
    controller: File,
    /// Kept open, so that a client may come and go.
    _terminal: OwnedFd,
}

impl PtyLine {
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
        fcntl_setfl(&controller, fcntl_getfl(&controller)? | OFlags::NONBLOCK)?;
        let name = name.to_string_lossy().into_owned();
        Ok(Self { name, controller: File::from(controller), _terminal: terminal })
    }
}

impl Line for PtyLine {
    fn name(&self) -> String {
        self.name.clone()
    }

    fn receive(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.controller.read(buffer) {
            Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(0),
            other => other,
        }
    }

    fn send(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self.controller.write(bytes) {
            Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(0),
            other => other,
        }
    }
}
