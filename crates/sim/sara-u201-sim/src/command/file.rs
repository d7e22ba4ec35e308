//! The file system (chapter 12 of the manual).

use core::time::Duration;

use super::WRONG;
use crate::at::{Command, Kind};
use crate::modem::{Data, DataKind, ModemCore, Step};
use crate::result::{MEMORY_FULL, NOT_FOUND};

/// The flash that files share.
const CAPACITY: usize = 2_500_000;
/// How many files there may be; an assumption.
const MOST_FILES: usize = 512;
/// The longest name.
const LONGEST_NAME: usize = 248;

impl ModemCore {
    pub(super) fn file_command(&mut self, command: &Command, now: Duration) -> Option<Step> {
        if command.name == "+ULSTFILE" && command.kind == Kind::Execute {
            return Some(self.list_files(command));
        }
        if command.kind != Kind::Set {
            return None;
        }
        Some(match command.name.as_str() {
            "+UDWNFILE" => self.download_command(command, now),
            "+URDFILE" => match self.file_of(command, 0) {
                Some((name, bytes)) => {
                    let mut line = format!("+URDFILE: \"{name}\",{},\"", bytes.len()).into_bytes();
                    line.extend_from_slice(bytes);
                    line.push(b'"');
                    Step::Done(vec![line])
                }
                None => Step::Final(NOT_FOUND),
            },
            "+URDBLOCK" => self.read_block(command),
            "+UDELFILE" => match command.text(0).and_then(|name| self.stored.files.remove(name)) {
                Some(_) => Step::ok(),
                None => Step::Final(NOT_FOUND),
            },
            "+ULSTFILE" => self.list_files(command),
            _ => return None,
        })
    }

    pub(crate) fn free_space(&self) -> usize {
        let used: usize = self.stored.files.values().map(Vec::len).sum();
        CAPACITY.saturating_sub(used)
    }

    fn file_of(&self, command: &Command, index: usize) -> Option<(&str, &[u8])> {
        let (name, bytes) = self.stored.files.get_key_value(command.text(index)?)?;
        Some((name, bytes))
    }

    fn download_command(&self, command: &Command, now: Duration) -> Step {
        let name = command.text(0).filter(|name| !name.is_empty() && name.len() <= LONGEST_NAME);
        let (Some(name), Some(size)) = (name, command.index(1, CAPACITY + 1)) else { return WRONG };
        let is_new = !self.stored.files.contains_key(name);
        if size > self.free_space() || (is_new && self.stored.files.len() >= MOST_FILES) {
            return Step::Final(MEMORY_FULL);
        }
        Step::Prompt(Data::new(DataKind::File { name: name.to_owned() }, size, now))
    }

    /// Stores a download; an existing file grows.
    pub(super) fn store_file(&mut self, name: &str, bytes: &[u8]) -> Step {
        self.stored.files.entry(name.to_owned()).or_default().extend_from_slice(bytes);
        Step::ok()
    }

    fn read_block(&self, command: &Command) -> Step {
        let (Some(offset), Some(size)) = (command.index(1, CAPACITY), command.index(2, CAPACITY)) else {
            return WRONG;
        };
        let Some((name, bytes)) = self.file_of(command, 0) else { return Step::Final(NOT_FOUND) };
        let Some(rest) = bytes.get(offset..) else { return WRONG };
        let block = rest.get(..size.min(rest.len())).unwrap_or_default();
        let mut line = format!("+URDBLOCK: \"{name}\",{},\"", block.len()).into_bytes();
        line.extend_from_slice(block);
        line.push(b'"');
        Step::Done(vec![line])
    }

    fn list_files(&self, command: &Command) -> Step {
        match command.number(0) {
            Some(0) | None if command.count() < 2 => {
                let names: Vec<_> = self.stored.files.keys().map(|name| format!("\"{name}\"")).collect();
                Step::line(format!("+ULSTFILE: {}", names.join(",")))
            }
            Some(1) => Step::line(format!("+ULSTFILE: {}", self.free_space())),
            Some(2) => match self.file_of(command, 1) {
                Some((_, bytes)) => Step::line(format!("+ULSTFILE: {}", bytes.len())),
                None => Step::Final(NOT_FOUND),
            },
            _ => WRONG,
        }
    }
}
