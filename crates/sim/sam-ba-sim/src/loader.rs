//! The monitor: commands in, answers out, one USB packet at a time.

use core::time::Duration;

use crate::memory::{BusFault, Effect, FLASH_SIZE, LOADER_SIZE, Memory};
use crate::nvm::{Outcome, ROW};
use crate::profile::{AfterData, LongRead, Profile};

/// The longest block that is read without damage.
const SAFE_READ: u32 = 63;

/// What the part is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// The loader listens.
    Listening,
    /// The part has been reset: its port is gone.
    Reset,
    /// The program at this address has been started.
    Started(u32),
    /// The plug has been pulled.
    Unplugged,
    /// The loader will not answer again.
    Hung(Hang),
}

/// Why the loader hangs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hang {
    /// Something was read or written where nothing is.
    BusFault(u32),
    /// The loader's own program has been erased.
    LoaderErased,
    /// The loader's own variables or stack have been overwritten.
    LoaderOverwritten,
    /// A fault of the profile.
    Mute,
}

/// What has been counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Statistics {
    /// Commands that were executed, unknown ones included.
    pub commands: u32,
    /// Commands that the loader does not know.
    pub unknown_commands: u32,
    /// Rows that were erased.
    pub rows_erased: u32,
    /// Pages that were written.
    pub pages_written: u32,
    /// Pages among them that were not erased before, so that they do not hold what was written.
    pub pages_not_erased: u32,
    /// Block reads of 64 bytes or more, which the loader spoils.
    pub long_reads: u32,
    /// `S` commands that shared a packet with their data, which the loader spoils.
    pub shared_packets: u32,
}

/// The loader in its part: bytes in, bytes out, and the time that it takes.
#[derive(Debug, Clone)]
pub struct Loader {
    profile: Profile,
    memory: Memory,
    status: Status,
    statistics: Statistics,
    command: u8,
    pointer: u32,
    number: u32,
    /// Where `Y` takes its bytes from.
    source: u32,
    terminal_mode: bool,
    data: Option<Data>,
    output: Vec<u8>,
    busy: Duration,
    trace: Vec<String>,
}

/// Bytes that `S` still waits for.
#[derive(Debug, Clone, Copy)]
struct Data {
    address: u32,
    missing: u32,
}

impl Loader {
    /// Starts the loader of a board whose flash holds no program.
    pub fn new(profile: Profile) -> Self {
        Self {
            memory: Memory::new(&profile),
            profile,
            status: Status::Listening,
            statistics: Statistics::default(),
            command: b'z',
            pointer: 0,
            number: 0,
            source: 0,
            terminal_mode: false,
            data: None,
            output: Vec::new(),
            busy: Duration::ZERO,
            trace: Vec::new(),
        }
    }

    /// Takes one USB packet.
    pub fn receive(&mut self, packet: &[u8]) {
        if self.status != Status::Listening {
            return;
        }
        self.busy += self.profile.timing.packet;
        let mut rest = self.take_data(packet);
        while let Some((&byte, after)) = rest.split_first() {
            rest = after;
            match byte {
                // Line noise of the UART variant.
                0xFF => (),
                b'#' => rest = self.execute(after),
                b',' => {
                    self.pointer = self.number;
                    self.number = 0;
                }
                _ => match char::from(byte).to_digit(16) {
                    Some(digit) => self.number = self.number << 4 | digit,
                    None => {
                        self.command = byte;
                        self.number = 0;
                    }
                },
            }
            if self.status != Status::Listening {
                break;
            }
        }
    }

    /// Takes what the loader answers, and how long it was at it.
    pub fn answer(&mut self) -> (Duration, Vec<u8>) {
        let output = core::mem::take(&mut self.output);
        if !matches!(self.status, Status::Listening | Status::Reset | Status::Started(_)) {
            return (core::mem::take(&mut self.busy), Vec::new());
        }
        (core::mem::take(&mut self.busy), output)
    }

    /// Tells what the part is doing.
    pub fn status(&self) -> Status {
        self.status
    }

    /// Tells how many bytes `S` waits for.
    pub fn missing_data(&self) -> u32 {
        self.data.map_or(0, |data| data.missing)
    }

    /// Returns what has been counted.
    pub fn statistics(&self) -> Statistics {
        self.statistics
    }

    /// Returns what the flash holds, from address 0 on.
    pub fn flash(&self) -> &[u8] {
        self.memory.nvm.bytes()
    }

    /// Puts bytes into the flash behind the loader's back.
    ///
    /// # Panics
    /// Panics if they reach beyond the end of the flash.
    pub fn load_flash(&mut self, address: u32, bytes: &[u8]) {
        self.memory.nvm.load(address, bytes);
    }

    /// Takes one line for each command that has been executed: its text and what it came to, without data.
    pub fn take_trace(&mut self) -> Vec<String> {
        core::mem::take(&mut self.trace)
    }

    /// Gives the data of `S` what it waits for, and returns the rest of the packet.
    fn take_data<'a>(&mut self, packet: &'a [u8]) -> &'a [u8] {
        let Some(data) = self.data else { return packet };
        let (taken, rest) = packet.split_at(packet.len().min(data.missing as usize));
        let count = u32::try_from(taken.len()).unwrap_or(u32::MAX);
        let effect = self.memory.copy(data.address, taken);
        self.note(effect, data.address);
        let missing = data.missing - count;
        self.data = (missing > 0).then_some(Data { address: data.address.wrapping_add(count), missing });
        match self.profile.after_data {
            AfterData::Command => rest,
            AfterData::Lost => &[],
        }
    }

    /// Executes the command before a `#`; returns what of the packet is left after it.
    fn execute<'a>(&mut self, after: &'a [u8]) -> &'a [u8] {
        if self.terminal_mode {
            self.output.extend_from_slice(b"\n\r");
        }
        let (command, pointer, number) = (self.command, self.pointer, self.number);
        self.trace(command, pointer, number);
        let mut rest = after;
        match command {
            b'S' => rest = self.begin_data(pointer, number, after),
            b'R' => self.read_block(pointer, number),
            b'O' => self.store(pointer, &number.to_le_bytes()[..1]),
            b'H' => self.store(pointer, &number.to_le_bytes()[..2]),
            b'W' => self.store(pointer, &number.to_le_bytes()),
            b'o' => self.load(pointer, 1),
            b'h' => self.load(pointer, 2),
            b'w' => self.load(pointer, 4),
            b'G' => self.start(number),
            b'N' => {
                if !self.terminal_mode {
                    self.output.extend_from_slice(b"\n\r");
                }
                self.terminal_mode = false;
            }
            b'T' => {
                self.output.extend_from_slice(b"\n\r");
                self.terminal_mode = true;
            }
            b'V' => {
                self.output.extend_from_slice(self.profile.version.as_bytes());
                self.output.extend_from_slice(b"\n\r");
            }
            b'X' => self.erase(number),
            b'Y' => self.program(pointer, number),
            b'Z' => self.checksum(pointer, number),
            _ => self.statistics.unknown_commands += 1,
        }
        self.command = b'z';
        self.number = 0;
        if self.terminal_mode {
            self.output.push(b'>');
        }
        self.count();
        rest
    }

    /// Data that shares the packet is copied, and what follows is copied to the same address again.
    fn begin_data<'a>(&mut self, address: u32, length: u32, after: &'a [u8]) -> &'a [u8] {
        let (early, rest) = after.split_at(after.len().min(length as usize));
        if !early.is_empty() {
            self.statistics.shared_packets += 1;
            let effect = self.memory.copy(address, early);
            self.note(effect, address);
        }
        let missing = length - u32::try_from(early.len()).unwrap_or(length);
        self.data = (missing > 0).then_some(Data { address, missing });
        rest
    }

    fn read_block(&mut self, address: u32, length: u32) {
        let is_long = length > SAFE_READ;
        self.statistics.long_reads += u32::from(is_long);
        let length = match self.profile.long_read {
            LongRead::EndsEarly => length.min(SAFE_READ),
            LongRead::Corrupts => length,
        };
        for index in 0..length {
            let address = address.wrapping_add(index);
            match self.memory.read(address) {
                Ok(byte) => self.output.push(if index < SAFE_READ { byte } else { !byte }),
                Err(BusFault) => return self.hang(Hang::BusFault(address)),
            }
        }
        self.busy += self.profile.timing.packet * (length / SAFE_READ);
    }

    fn load(&mut self, address: u32, size: u32) {
        let mut value = Vec::new();
        for address in (0..size).map(|offset| address.wrapping_add(offset)) {
            match self.memory.read(address) {
                Ok(byte) => value.push(byte),
                Err(BusFault) => return self.hang(Hang::BusFault(address)),
            }
        }
        if self.terminal_mode {
            let digits: String = value.iter().rev().map(|byte| format!("{byte:02X}")).collect();
            value = format!("0x{digits}\n\r").into_bytes();
        }
        self.output.extend_from_slice(&value);
    }

    fn store(&mut self, address: u32, bytes: &[u8]) {
        let effect = self.memory.store(address, bytes);
        self.note(effect, address);
    }

    fn start(&mut self, vectors: u32) {
        let mut entry = [0; 4];
        for (address, byte) in (vectors.wrapping_add(4)..).zip(&mut entry) {
            match self.memory.read(address) {
                Ok(read) => *byte = read,
                Err(BusFault) => return self.hang(Hang::BusFault(address)),
            }
        }
        self.status = Status::Started(u32::from_le_bytes(entry));
    }

    fn erase(&mut self, address: u32) {
        for row in (address / ROW * ROW..FLASH_SIZE).step_by(ROW as usize) {
            let outcome = self.memory.erase_row(row);
            self.row_erased(outcome);
        }
        if self.memory.nvm.loader_is_whole() {
            self.output.extend_from_slice(b"X\n\r");
        } else {
            self.hang(Hang::LoaderErased);
        }
    }

    fn program(&mut self, address: u32, length: u32) {
        if length == 0 {
            self.source = address;
        } else {
            match self.memory.program(self.source, address, length) {
                Ok(outcomes) => outcomes.into_iter().for_each(|outcome| self.page_written(outcome)),
                Err(BusFault) => return self.hang(Hang::BusFault(address)),
            }
            if address < LOADER_SIZE && !self.memory.nvm.loader_is_whole() {
                return self.hang(Hang::LoaderErased);
            }
        }
        self.output.extend_from_slice(b"Y\n\r");
    }

    fn checksum(&mut self, address: u32, length: u32) {
        let mut sum = 0_u16;
        for address in (0..length).map(|offset| address.wrapping_add(offset)) {
            let byte = match self.memory.read(address) {
                Ok(byte) => byte,
                Err(BusFault) => return self.hang(Hang::BusFault(address)),
            };
            sum ^= u16::from(byte) << 8;
            for _ in 0..8 {
                sum = if sum & 0x8000 == 0 { sum << 1 } else { sum << 1 ^ 0x1021 };
            }
            self.busy += self.profile.timing.checksum_byte;
        }
        self.output.extend_from_slice(format!("Z{sum:08X}#\n\r").as_bytes());
    }

    fn note(&mut self, effect: Result<Effect, BusFault>, address: u32) {
        match effect {
            Ok(Effect::None) => (),
            Ok(Effect::Reset) => self.status = Status::Reset,
            Ok(Effect::RowErased(outcome)) => self.row_erased(outcome),
            Ok(Effect::PageWritten(outcome)) => self.page_written(outcome),
            Ok(Effect::LoaderOverwritten) => self.hang(Hang::LoaderOverwritten),
            Err(BusFault) => self.hang(Hang::BusFault(address)),
        }
    }

    fn row_erased(&mut self, outcome: Outcome) {
        if outcome != Outcome::Protected {
            self.statistics.rows_erased += 1;
            self.busy += self.profile.timing.row_erase;
        }
    }

    fn page_written(&mut self, outcome: Outcome) {
        if outcome != Outcome::Protected {
            self.statistics.pages_written += 1;
            self.statistics.pages_not_erased += u32::from(outcome == Outcome::NotErased);
            self.busy += self.profile.timing.page_write;
        }
    }

    fn count(&mut self) {
        self.statistics.commands += 1;
        let now = Some(self.statistics.commands);
        if self.status != Status::Listening {
            return;
        }
        if self.profile.faults.unplug_after == now {
            self.status = Status::Unplugged;
        } else if self.profile.faults.mute_after == now {
            self.hang(Hang::Mute);
        }
    }

    fn hang(&mut self, why: Hang) {
        self.status = Status::Hung(why);
    }

    fn trace(&mut self, command: u8, pointer: u32, number: u32) {
        let name = char::from(command).escape_default();
        self.trace.push(match command {
            b'N' | b'T' | b'V' => format!("{name}#"),
            b'X' | b'G' => format!("{name}{number:X}#"),
            _ => format!("{name}{pointer:X},{number:X}#"),
        });
    }
}
