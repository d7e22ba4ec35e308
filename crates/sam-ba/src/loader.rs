//! The SAM-BA monitor's commands: the only input and output of this crate.

use core::fmt;
use core::ops::Range;
use core::time::Duration;
use std::io::ErrorKind;

use crate::Error;
use crate::part::{AIRCR, APPLICATION_START, DID_MASK, DSU_DID, FLASH_END, PAGE, RESET_REQUEST, ROW};
use crate::port::Port;

/// Where blocks are kept between `S` and `Y`: above the loader's variables, below its stack.
const BUFFER: u32 = 0x2000_5000;
/// What `S` takes at once.
pub(crate) const BLOCK: u32 = 4096;
/// The longest block read that the loader does not spoil.
const LONGEST_READ: u32 = 63;
/// Between a command and its data, so that they do not share a USB packet.
const PACKET_GAP: Duration = Duration::from_millis(2);
/// Commands that the loader answers at once.
const QUICK: Duration = Duration::from_secs(1);
/// The answer to the first command; a loader that is in the middle of something needs more.
const FIRST: Duration = Duration::from_millis(500);
/// A loader that was left while it erases listens again after this time.
const RECOVERY: Duration = Duration::from_secs(7);
/// An answer is over when nothing more comes for so long: a loader needs up to 70 ms to skip a block.
const QUIET: Duration = Duration::from_millis(200);
/// Erasing 992 rows takes 6 s in the worst case of the data sheet.
const ERASE: Duration = Duration::from_secs(20);
/// Programming 64 pages takes 160 ms in the worst case of the data sheet; a checksum is quicker.
const WORK: Duration = Duration::from_secs(5);
/// The longest answer line; the version is it.
const LONGEST_LINE: usize = 128;

/// The loader on the other side of a port.
#[derive(Debug)]
pub struct Loader<P> {
    port: P,
}

/// What the loader says of itself, such as `v2.0 [Arduino:XYZ] Apr 11 2019 13:09:54`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version(String);

impl Version {
    /// Tells whether the loader announces a command beyond those of the ROM monitor: `X`, `Y` or `Z`.
    pub fn has(&self, command: char) -> bool {
        let extensions = self.0.split_once("[Arduino:").and_then(|(_, rest)| rest.split_once(']'));
        extensions.is_some_and(|(letters, _)| letters.contains(command))
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<P: Port> Loader<P> {
    /// Talks to the loader behind `port`: leaves whatever it was in the middle of, and selects binary mode.
    ///
    /// # Errors
    /// Fails with [`Error::Timeout`] when nobody answers: the port may be that of the program, not of the loader.
    pub fn connect(port: P) -> Result<Self, Error> {
        let mut loader = Self { port };
        if loader.binary_mode(FIRST).is_ok() {
            return Ok(loader);
        }
        // A loader that waits for data of a transfer takes these; any other skips bytes of 0xFF.
        loader.send(&[0xFF; BLOCK as usize])?;
        loader.port.pause(PACKET_GAP);
        loader.binary_mode(RECOVERY)?;
        Ok(loader)
    }

    /// Asks for the version.
    ///
    /// # Errors
    /// Fails when the loader does not answer, or not in a line of text.
    pub fn version(&mut self) -> Result<Version, Error> {
        self.command("V#")?;
        let line = self.line('V')?;
        match String::from_utf8(line) {
            Ok(text) => Ok(Version(text)),
            Err(error) => Err(Error::Answer { command: 'V', answer: error.into_bytes() }),
        }
    }

    /// Reads a word of memory or of a register.
    ///
    /// # Errors
    /// Fails when the loader does not answer.
    pub fn read_word(&mut self, address: u32) -> Result<u32, Error> {
        self.command(&format!("w{address:08X},4#"))?;
        let mut word = [0; 4];
        self.receive('w', &mut word, QUICK)?;
        Ok(u32::from_le_bytes(word))
    }

    /// Reads the part's device id, its revision masked: [`SAMD21G18A`](crate::SAMD21G18A) on this board.
    ///
    /// # Errors
    /// Fails when the loader does not answer.
    pub fn device_id(&mut self) -> Result<u32, Error> {
        Ok(self.read_word(DSU_DID)? & DID_MASK)
    }

    /// Reads memory, in blocks that the loader does not spoil.
    ///
    /// # Errors
    /// Fails when the loader does not answer.
    pub fn read(&mut self, range: Range<u32>) -> Result<Vec<u8>, Error> {
        let mut bytes = vec![0; range.len()];
        let addresses = range.step_by(LONGEST_READ as usize);
        for (address, block) in addresses.zip(bytes.chunks_mut(LONGEST_READ as usize)) {
            self.command(&format!("R{address:08X},{:X}#", block.len()))?;
            self.receive('R', block, QUICK)?;
        }
        Ok(bytes)
    }

    /// Erases the flash from `address` to its end; the loader cannot erase less.
    ///
    /// # Errors
    /// Fails with [`Error::Address`] for an address that is the loader's own or inside a row, and when the loader
    /// does not answer.
    pub fn erase_from(&mut self, address: u32) -> Result<(), Error> {
        if !(APPLICATION_START..FLASH_END).contains(&address) || !address.is_multiple_of(ROW) {
            return Err(Error::Address { command: 'X', address });
        }
        self.command(&format!("X{address:08X}#"))?;
        self.acknowledged('X', ERASE)
    }

    /// Writes at most 4096 bytes to erased flash; the rest of the last page stays erased.
    ///
    /// # Errors
    /// Fails with [`Error::Address`] for an address that is the loader's own or inside a page, or for bytes that do
    /// not fit, and when the loader does not answer.
    pub fn program(&mut self, address: u32, bytes: &[u8]) -> Result<(), Error> {
        let length = u32::try_from(bytes.len().next_multiple_of(PAGE as usize)).unwrap_or(u32::MAX);
        let fits = length <= BLOCK && address.checked_add(length).is_some_and(|end| end <= FLASH_END);
        if address < APPLICATION_START || !address.is_multiple_of(PAGE) || !fits {
            return Err(Error::Address { command: 'Y', address });
        }
        if length == 0 {
            return Ok(());
        }
        let mut pages = bytes.to_vec();
        pages.resize(length as usize, 0xFF);
        self.write_ram(BUFFER, &pages)?;
        self.command(&format!("Y{BUFFER:08X},0#"))?;
        self.acknowledged('Y', QUICK)?;
        self.command(&format!("Y{address:08X},{length:X}#"))?;
        self.acknowledged('Y', WORK)
    }

    /// Lets the loader compute the [`crc16`](crate::crc16) of at most 4096 bytes of memory.
    ///
    /// # Errors
    /// Fails with [`Error::Address`] for a longer range, and when the loader does not answer.
    pub fn checksum(&mut self, range: Range<u32>) -> Result<u16, Error> {
        if range.len() > BLOCK as usize {
            return Err(Error::Address { command: 'Z', address: range.start });
        }
        self.command(&format!("Z{:08X},{:X}#", range.start, range.len()))?;
        let mut answer = [0; 12];
        self.receive('Z', &mut answer, WORK)?;
        let sum = answer
            .strip_prefix(b"Z")
            .and_then(|rest| rest.strip_suffix(b"#\n\r"))
            .filter(|digits| digits.iter().all(u8::is_ascii_hexdigit))
            .and_then(|digits| core::str::from_utf8(digits).ok())
            .and_then(|digits| u16::from_str_radix(digits, 16).ok());
        sum.ok_or_else(|| Error::Answer { command: 'Z', answer: answer.to_vec() })
    }

    /// Resets the part, which then starts its program; the port goes away. Returns the port.
    ///
    /// # Errors
    /// Fails when the port does.
    pub fn reset(mut self) -> Result<P, Error> {
        self.command(&format!("W{AIRCR:08X},{RESET_REQUEST:08X}#"))?;
        // The bytes leave before the port is closed.
        self.port.pause(PACKET_GAP);
        Ok(self.port)
    }

    /// Writes to the part's RAM; a command and its data must not share a packet.
    fn write_ram(&mut self, address: u32, bytes: &[u8]) -> Result<(), Error> {
        self.command(&format!("S{address:08X},{:X}#", bytes.len()))?;
        self.port.pause(PACKET_GAP);
        self.send(bytes)
    }

    /// Selects binary mode, and knows by the answer that the loader listens.
    fn binary_mode(&mut self, timeout: Duration) -> Result<(), Error> {
        // The letter makes the loader forget a command that was left unfinished; `#` alone would execute it.
        self.command("N#")?;
        let answer = self.until_quiet(timeout)?;
        match answer.as_slice() {
            [] => Err(Error::Timeout { command: 'N' }),
            // Answers to what came before may precede it.
            [.., b'\n', b'\r'] => Ok(()),
            _ => Err(Error::Answer { command: 'N', answer }),
        }
    }

    fn command(&mut self, text: &str) -> Result<(), Error> {
        self.send(text.as_bytes())
    }

    fn send(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.port.write_all(bytes).and_then(|()| self.port.flush()).map_err(Error::Port)
    }

    /// Expects the command's own letter as an answer.
    fn acknowledged(&mut self, command: char, timeout: Duration) -> Result<(), Error> {
        let mut answer = [0; 3];
        self.receive(command, &mut answer, timeout)?;
        let [letter, b'\n', b'\r'] = answer else {
            return Err(Error::Answer { command, answer: answer.to_vec() });
        };
        if char::from(letter) != command {
            return Err(Error::Answer { command, answer: answer.to_vec() });
        }
        Ok(())
    }

    /// Receives exactly what `buffer` takes.
    fn receive(&mut self, command: char, buffer: &mut [u8], timeout: Duration) -> Result<(), Error> {
        self.port.set_timeout(timeout).map_err(Error::Port)?;
        let mut filled = 0;
        while filled < buffer.len() {
            match self.read_some(&mut buffer[filled..])? {
                0 => return Err(Error::Timeout { command }),
                count => filled += count,
            }
        }
        Ok(())
    }

    /// Receives a line and returns it without its end.
    fn line(&mut self, command: char) -> Result<Vec<u8>, Error> {
        let mut line = Vec::new();
        while line.len() < LONGEST_LINE {
            let mut byte = [0];
            self.receive(command, &mut byte, QUICK)?;
            line.extend(byte);
            if let Some(text) = line.strip_suffix(b"\n\r") {
                return Ok(text.to_vec());
            }
        }
        Err(Error::Answer { command, answer: line })
    }

    /// Receives whatever comes until nothing comes for a while; waits `timeout` for it to begin.
    fn until_quiet(&mut self, timeout: Duration) -> Result<Vec<u8>, Error> {
        self.port.set_timeout(timeout).map_err(Error::Port)?;
        let mut answer = Vec::new();
        while answer.len() < BLOCK as usize {
            let mut block = [0; 64];
            let count = self.read_some(&mut block)?;
            if count == 0 {
                break;
            }
            answer.extend_from_slice(&block[..count]);
            self.port.set_timeout(QUIET).map_err(Error::Port)?;
        }
        Ok(answer)
    }

    /// Reads once; 0 when the time is over.
    fn read_some(&mut self, buffer: &mut [u8]) -> Result<usize, Error> {
        loop {
            match self.port.read(buffer) {
                Ok(0) => return Err(Error::Port(ErrorKind::UnexpectedEof.into())),
                Ok(count) => return Ok(count),
                Err(error) if error.kind() == ErrorKind::TimedOut => return Ok(0),
                Err(error) if error.kind() == ErrorKind::Interrupted => (),
                Err(error) => return Err(Error::Port(error)),
            }
        }
    }
}
