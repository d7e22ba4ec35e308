//! Files in the modem's flash.

use embedded_io::{Read, ReadReady, Write};
use monoclock::Clock;

use heapless::{String, Vec};
use monoclock::Millis;

use crate::at::{CommandLine, Fields};
use crate::command::{Custom, Reply, Spec};
use crate::device::{Fill, Sink};
use crate::engine::Payload;
use crate::error::Error;
use crate::modem::Modem;
use crate::power::Wiring;

/// Longest time for the flash file system.
const FILE: Millis = Millis::from_secs(20);

/// A file's name.
pub type FileName = String<48>;

impl<S, P, C> Modem<S, P, C>
where
    S: Read + Write + ReadReady,
    P: Wiring<S>,
    C: Clock,
{
    /// Writes a file; what is there under that name grows.
    ///
    /// # Errors
    /// [`Error::Refused`] when the file system is full.
    pub fn append_file(&mut self, name: &str, data: &[u8]) -> Result<(), Error> {
        let length = u32::try_from(data.len()).unwrap_or(u32::MAX);
        let spec = const { &Spec::new("+UDWNFILE=").within(FILE).prompt(b'>') };
        let encode = |line: &mut CommandLine| {
            line.text(name).number(length);
        };
        self.execute_with(&Custom::plain(spec, encode), Payload::Prompted(data.len()), data)
    }

    /// Reads from a file, from `offset` on, into `buffer`; tells how much was read.
    ///
    /// # Errors
    /// [`Error::Refused`] when there is no such file.
    pub fn read_file(&mut self, name: &str, offset: u32, buffer: &mut [u8]) -> Result<usize, Error> {
        let length = u32::try_from(buffer.len()).unwrap_or(u32::MAX);
        let spec = const { &Spec::new("+URDBLOCK=").reply(Reply::Line).within(FILE).data(2, false) };
        let encode = |line: &mut CommandLine| {
            line.text(name).number(offset).number(length);
        };
        let command = Custom::new(spec, encode, |mut answer| {
            let _name = answer.raw()?;
            answer.number::<u32>()
        });
        let mut fill = Fill::new(buffer, false);
        let announced = self.execute_into(&command, Payload::None, &[], &mut fill)?;
        let whole = fill.whole().filter(|&read| u32::try_from(read) == Ok(announced));
        whole.ok_or(Error::Garbled { command: "+URDBLOCK=" })
    }

    /// Deletes a file.
    ///
    /// # Errors
    /// [`Error::Refused`] when there is no such file.
    pub fn delete_file(&mut self, name: &str) -> Result<(), Error> {
        self.execute(&Custom::plain(const { &Spec::new("+UDELFILE=").within(FILE) }, |line| {
            line.text(name);
        }))
    }

    /// The size of a file in bytes.
    ///
    /// # Errors
    /// [`Error::Refused`] when there is no such file.
    pub fn file_size(&mut self, name: &str) -> Result<u32, Error> {
        self.file_number(|line| {
            line.number(2u8).text(name);
        })
    }

    /// The free space in bytes.
    ///
    /// # Errors
    /// The modem does not answer.
    pub fn free_space(&mut self) -> Result<u32, Error> {
        self.file_number(|line| {
            line.number(1u8);
        })
    }

    fn file_number(&mut self, encode: impl Fn(&mut CommandLine)) -> Result<u32, Error> {
        let spec = const { &Spec::new("+ULSTFILE=").reply(Reply::Line).within(FILE) };
        self.execute(&Custom::new(spec, encode, |mut answer| answer.number()))
    }

    /// The names of the files; at most `N`.
    ///
    /// # Errors
    /// The modem does not answer.
    pub fn files<const N: usize>(&mut self) -> Result<Vec<FileName, N>, Error> {
        let spec = const { &Spec::new("+ULSTFILE=").reply(Reply::Lines).within(FILE) };
        let encode = |line: &mut CommandLine| {
            line.number(0u8);
        };
        let mut names = Names { names: Vec::new(), name: Vec::new(), inside: false };
        self.execute_into(&Custom::plain(spec, encode), Payload::None, &[], &mut names)?;
        Ok(names.names)
    }
}

/// Reads names in quotes, in pieces of any size.
struct Names<const N: usize> {
    names: Vec<FileName, N>,
    name: Vec<u8, 48>,
    inside: bool,
}

impl<const N: usize> Sink for Names<N> {
    fn line(&mut self, text: &[u8], _last: bool) {
        for &byte in text {
            match byte {
                b'"' if self.inside => {
                    self.inside = false;
                    if let Some(name) = Fields::new(&self.name).text()
                        && let Ok(name) = FileName::try_from(name)
                    {
                        let _ = self.names.push(name);
                    }
                }
                b'"' => {
                    self.inside = true;
                    self.name.clear();
                }
                _ if self.inside => {
                    let _ = self.name.push(byte);
                }
                _ => {}
            }
        }
    }
}
