//! The model in real time, on a pseudo-terminal and with its flash in a file.

use core::time::Duration;
use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::thread;

use crate::loader::{Loader, Status};
use crate::memory::FLASH_SIZE;
use crate::profile::Profile;
use crate::terminal::Terminal;
use crate::usb::PACKET;

/// When nothing has come for so long, the flash is written to its file.
const IDLE: Duration = Duration::from_millis(200);

/// How a board is served.
#[derive(Debug, Clone)]
pub struct Options {
    /// The loader and the part.
    pub profile: Profile,
    /// A file that keeps the flash, from address 0 on; without one the board is blank.
    pub flash: Option<PathBuf>,
    /// Whether serving ends when the part is reset or its program started, instead of the loader starting again.
    pub once: bool,
    /// How many times as fast as a real board it is; not 0.
    pub speed: u32,
    /// Whether each command is shown on stderr, without its data.
    pub trace: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self { profile: Profile::default(), flash: None, once: false, speed: 1, trace: false }
    }
}

/// A board in its loader, behind a pseudo-terminal.
#[derive(Debug)]
pub struct Board {
    options: Options,
    loader: Loader,
    terminal: Terminal,
}

impl Board {
    /// Opens the pseudo-terminal.
    ///
    /// # Errors
    /// Fails when the system has no pseudo-terminal, or the flash's file is none.
    pub fn open(options: Options) -> io::Result<Self> {
        let mut loader = Loader::new(options.profile.clone());
        match options.flash.as_deref().map(fs::read) {
            Some(Ok(flash)) if flash.len() == FLASH_SIZE as usize => loader.load_flash(0, &flash),
            Some(Ok(flash)) => {
                let reason = format!("the file of a flash has {FLASH_SIZE} bytes, this one {}", flash.len());
                return Err(io::Error::new(ErrorKind::InvalidData, reason));
            }
            Some(Err(error)) if error.kind() != ErrorKind::NotFound => return Err(error),
            Some(Err(_)) | None => (),
        }
        Ok(Self { options, loader, terminal: Terminal::open()? })
    }

    /// Returns the name of the port that a flashing tool is to open.
    pub fn port(&self) -> &str {
        self.terminal.name()
    }

    /// Returns the loader, to be changed before it is served.
    pub fn loader_mut(&mut self) -> &mut Loader {
        &mut self.loader
    }

    /// Serves until the plug is pulled, or until the end that [`Options::once`] asks for, and returns the loader.
    ///
    /// # Errors
    /// Fails when the terminal or the file does.
    pub fn serve(mut self) -> io::Result<Loader> {
        let mut saved = self.loader.flash().to_vec();
        let mut bytes = [0; 4096];
        loop {
            let count = self.terminal.receive(&mut bytes, IDLE)?;
            if count == 0 {
                self.save(&mut saved)?;
                continue;
            }
            self.answer(&bytes[..count])?;
            match self.loader.status() {
                Status::Listening | Status::Hung(_) => (),
                status => {
                    self.save(&mut saved)?;
                    // To a client a pulled plug is a terminal that hangs up.
                    if self.options.once || status == Status::Unplugged {
                        return Ok(self.loader);
                    }
                    self.loader = Loader::new(self.options.profile.clone());
                    self.loader.load_flash(0, &saved);
                }
            }
        }
    }

    fn answer(&mut self, bytes: &[u8]) -> io::Result<()> {
        let mut rest = bytes;
        while !rest.is_empty() {
            let (packet, after) = rest.split_at(packet_length(&self.loader, rest));
            rest = after;
            self.loader.receive(packet);
            let (busy, answer) = self.loader.answer();
            thread::sleep(busy / self.options.speed.max(1));
            for line in self.loader.take_trace().iter().filter(|_| self.options.trace) {
                eprintln!("{line}");
            }
            self.terminal.send(&answer)?;
        }
        Ok(())
    }

    fn save(&self, saved: &mut Vec<u8>) -> io::Result<()> {
        let flash = self.loader.flash();
        if let Some(file) = self.options.flash.as_deref().filter(|file| flash != saved || !Path::exists(file))
        {
            fs::write(file, flash)?;
        }
        flash.clone_into(saved);
        Ok(())
    }
}

/// Cuts what the terminal gave into packets.
///
/// A terminal does not keep the gap that a host leaves between the command `S` and its data, so the cut behind that
/// command is taken for granted here; a host that leaves none is found on the line in memory only.
fn packet_length(loader: &Loader, bytes: &[u8]) -> usize {
    let most = bytes.len().min(PACKET);
    let missing = loader.missing_data() as usize;
    if missing > 0 {
        return most.min(missing);
    }
    bytes[..most].iter().position(|byte| *byte == b'#').map_or(most, |end| end + 1)
}
