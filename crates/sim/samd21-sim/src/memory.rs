//! A memory of 32-bit words, little-endian.

/// A memory whose size is a power of two. Addresses wrap at its end: who may use it checks the range before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Memory<const WORDS: usize> {
    words: Box<[u32; WORDS]>,
}

impl<const WORDS: usize> Memory<WORDS> {
    /// Makes a memory full of `word`.
    ///
    /// # Panics
    ///
    /// Never: the vector has the size of the array.
    #[must_use]
    pub fn filled(word: u32) -> Self {
        const { assert!(WORDS.is_power_of_two(), "addresses are masked") };
        let words = vec![word; WORDS].into_boxed_slice();
        Self { words: words.try_into().expect("the size is the array's") }
    }

    const fn index(address: u32) -> usize {
        (address >> 2) as usize & (WORDS - 1)
    }

    /// Reads the word at `address`, whose two low bits do not count.
    #[inline(always)]
    #[must_use]
    pub const fn read32(&self, address: u32) -> u32 {
        self.words[Self::index(address)]
    }

    /// Reads the halfword at `address`, whose low bit does not count.
    #[inline(always)]
    #[must_use]
    pub const fn read16(&self, address: u32) -> u16 {
        (self.read32(address) >> ((address & 2) * 8) & 0xFFFF) as u16
    }

    /// Reads the byte at `address`.
    #[inline(always)]
    #[must_use]
    pub const fn read8(&self, address: u32) -> u8 {
        (self.read32(address) >> ((address & 3) * 8) & 0xFF) as u8
    }

    /// Writes the word at `address`.
    #[inline(always)]
    pub const fn write32(&mut self, address: u32, value: u32) {
        self.words[Self::index(address)] = value;
    }

    /// Writes the halfword at `address`.
    #[inline(always)]
    pub const fn write16(&mut self, address: u32, value: u16) {
        let shift = (address & 2) * 8;
        let word = &mut self.words[Self::index(address)];
        *word = *word & !(0xFFFF << shift) | (value as u32) << shift;
    }

    /// Writes the byte at `address`.
    #[inline(always)]
    pub const fn write8(&mut self, address: u32, value: u8) {
        let shift = (address & 3) * 8;
        let word = &mut self.words[Self::index(address)];
        *word = *word & !(0xFF << shift) | (value as u32) << shift;
    }

    /// Borrows the words.
    #[must_use]
    pub fn words(&self) -> &[u32] {
        self.words.as_slice()
    }

    /// Borrows the words to change them.
    #[must_use]
    pub fn words_mut(&mut self) -> &mut [u32] {
        self.words.as_mut_slice()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_little_endian() {
        let mut memory = Memory::<4>::filled(0);
        memory.write32(4, 0x4433_2211);
        assert_eq!(
            [memory.read8(4), memory.read8(5), memory.read8(6), memory.read8(7)],
            [0x11, 0x22, 0x33, 0x44]
        );
        assert_eq!(memory.read16(6), 0x4433);
        memory.write8(5, 0xAA);
        memory.write16(6, 0xBBCC);
        assert_eq!(memory.read32(4), 0xBBCC_AA11);
        assert_eq!(memory.words(), [0, 0xBBCC_AA11, 0, 0]);
    }
}
