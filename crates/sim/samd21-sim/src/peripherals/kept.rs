//! A block that is not modelled: it keeps what is written, and says once that it does nothing.

use crate::bus::Width;
use crate::fabric::Fabric;
use crate::peripheral::Peripheral;

/// Words that a block of 1 KiB has.
const WORDS: usize = 256;
/// Offset of CTRLA or CTRL, whose lowest bit resets the block and clears itself.
const CONTROL: u32 = 0;

/// The registers of a block, as they were written.
#[derive(Debug)]
pub struct Kept {
    name: &'static str,
    words: Box<[u32; WORDS]>,
}

impl Kept {
    /// Makes a block.
    #[must_use]
    pub fn new(name: &'static str) -> Self {
        Self { name, words: Box::new([0; WORDS]) }
    }
}

impl Peripheral for Kept {
    fn name(&self) -> &'static str {
        self.name
    }

    fn read(&mut self, offset: u32, width: Width, fabric: &mut Fabric) -> u32 {
        fabric.warn_once(format_args!(
            "{} is not modelled: it keeps what is written and does nothing",
            self.name
        ));
        let word = self.words[(offset / 4) as usize % WORDS];
        word >> (offset % 4 * 8) & width.mask()
    }

    fn write(&mut self, offset: u32, width: Width, value: u32, fabric: &mut Fabric) {
        fabric.warn_once(format_args!(
            "{} is not modelled: it keeps what is written and does nothing",
            self.name
        ));
        // SWRST is over at once.
        let value = if offset == CONTROL { value & !1 } else { value };
        let shift = offset % 4 * 8;
        let word = &mut self.words[(offset / 4) as usize % WORDS];
        *word = *word & !(width.mask() << shift) | (value & width.mask()) << shift;
    }

    fn reset(&mut self, _fabric: &mut Fabric) {
        self.words.fill(0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_keeps_bytes_and_words_and_warns_once() {
        let (mut block, mut fabric) = (Kept::new("DAC"), Fabric::new());
        block.write(0, Width::Byte, 0x03, &mut fabric);
        block.write(8, Width::Half, 0x1234, &mut fabric);
        block.write(11, Width::Byte, 0x56, &mut fabric);
        assert_eq!(block.read(0, Width::Byte, &mut fabric), 2);
        assert_eq!(block.read(8, Width::Word, &mut fabric), 0x5600_1234);
        assert_eq!(fabric.warnings.len(), 1);
    }
}
