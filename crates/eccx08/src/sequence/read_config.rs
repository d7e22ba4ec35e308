//! Reads the whole configuration zone.

use super::{Outbox, Sequence, Step};
use crate::address::Location;
use crate::command::ReadBlock;
use crate::config::Config;
use crate::error::Error;

/// Reads the four blocks of the configuration zone.
#[derive(Clone, Copy, Debug)]
pub struct ReadConfig {
    bytes: [u8; Config::SIZE],
    block: u8,
}

impl ReadConfig {
    const BLOCKS: u8 = 4;

    /// Starts with an empty image.
    #[must_use]
    pub const fn new() -> Self {
        Self { bytes: [0; Config::SIZE], block: 0 }
    }
}

impl Default for ReadConfig {
    fn default() -> Self {
        Self::new()
    }
}

impl Sequence for ReadConfig {
    type Output = Config;

    fn advance(&mut self, reply: Option<&[u8]>, outbox: &mut Outbox) -> Result<Step<Config>, Error> {
        match reply {
            None => self.block = 0,
            Some(reply) => {
                let read = ReadBlock { location: Location::in_config(self.block) };
                let data = outbox.receive(&read, reply)?;
                let (blocks, _) = self.bytes.as_chunks_mut::<32>();
                if let Some(block) = blocks.get_mut(usize::from(self.block)) {
                    *block = data;
                }
                self.block += 1;
            }
        }
        if self.block < Self::BLOCKS {
            outbox.send(&ReadBlock { location: Location::in_config(self.block) })
        } else {
            Ok(Step::Done(Config::from_bytes(self.bytes)))
        }
    }
}
