//! A serial port of this machine as the flashing library wants it.

use core::time::Duration;
use std::io::{self, ErrorKind, Read, Write};
use std::thread;
use std::time::Instant;

use serialport::SerialPort;

use super::stop::{Kind, Stop};

/// The USB port has no rate; this one is not the one that means "into the loader".
const RATE: u32 = 115_200;
/// A new port's permissions are set a moment after the port appears.
const SETTLE: Duration = Duration::from_secs(2);

/// An open serial port.
#[derive(Debug)]
pub(crate) struct Line(Box<dyn SerialPort>);

/// Opens a port for this process alone.
pub(crate) fn open(port: &str) -> Result<Line, Stop> {
    let deadline = Instant::now() + SETTLE;
    loop {
        match serialport::new(port, RATE).dtr_on_open(true).timeout(Duration::from_secs(1)).open() {
            Ok(line) => return Ok(Line(line)),
            Err(error) if Instant::now() < deadline && may_pass(&error) => {
                thread::sleep(Duration::from_millis(100));
            }
            Err(error) => return Err(cannot_open(port, error)),
        }
    }
}

/// Asks the program behind `port` to start the loader: 1200 baud, and DTR drops.
pub(crate) fn touch(port: &str) -> Result<(), Stop> {
    let opened = serialport::new(port, 1200).dtr_on_open(true).open();
    let mut line = opened.map_err(|error| cannot_open(port, error))?;
    // The port may vanish before the answer comes.
    let _ = line.write_data_terminal_ready(false);
    Ok(())
}

fn may_pass(error: &serialport::Error) -> bool {
    matches!(error.kind, serialport::ErrorKind::Io(ErrorKind::PermissionDenied | ErrorKind::NotFound))
}

fn cannot_open(port: &str, error: serialport::Error) -> Stop {
    let advice = match error.kind {
        serialport::ErrorKind::Io(ErrorKind::PermissionDenied) => {
            "Add yourself to the group that owns the port (`ls -l`; on Debian: dialout), and log in again."
        }
        serialport::ErrorKind::NoDevice => "Is another program using it: a serial monitor, or ModemManager?",
        _ => "See `cargo xtask devices` for the ports there are.",
    };
    let reason = anyhow::Error::new(error).context(format!("cannot open {port}"));
    Stop::new(Kind::NoDevice, reason).advise(advice)
}

impl Read for Line {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer)
    }
}

impl Write for Line {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        self.0.write(buffer)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

impl sam_ba::Port for Line {
    fn set_timeout(&mut self, timeout: Duration) -> io::Result<()> {
        self.0.set_timeout(timeout).map_err(io::Error::from)
    }
}

impl Line {
    /// Returns a second handle, so that one can read while the other writes.
    pub(crate) fn split(&self) -> io::Result<Self> {
        self.0.try_clone().map(Self).map_err(io::Error::from)
    }
}
