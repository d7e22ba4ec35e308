//! What the core sees of the chip.

/// Size of one access.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Width {
    /// 8 bits.
    Byte,
    /// 16 bits.
    Half,
    /// 32 bits.
    Word,
}

impl Width {
    /// Counts the bytes.
    #[must_use]
    pub const fn bytes(self) -> u32 {
        match self {
            Self::Byte => 1,
            Self::Half => 2,
            Self::Word => 4,
        }
    }

    /// Masks what an access of this size carries.
    #[must_use]
    pub const fn mask(self) -> u32 {
        match self {
            Self::Byte => 0xFF,
            Self::Half => 0xFFFF,
            Self::Word => u32::MAX,
        }
    }
}

/// Nothing answers at the address, or refuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BusFault;

/// The core's bus. Addresses are aligned to the access: the core has checked.
///
/// `cycles` is the cycle at which the access begins, counted from power-on; the bus adds its wait states.
pub trait Bus {
    /// Fetches the halfword of code at `address`.
    ///
    /// # Errors
    ///
    /// No code can be there.
    fn fetch(&mut self, address: u32, cycles: &mut u64) -> Result<u16, BusFault>;

    /// Reads a word.
    ///
    /// # Errors
    ///
    /// Nothing answers at `address`.
    fn read32(&mut self, address: u32, cycles: &mut u64) -> Result<u32, BusFault>;

    /// Reads a halfword.
    ///
    /// # Errors
    ///
    /// Nothing answers at `address`.
    fn read16(&mut self, address: u32, cycles: &mut u64) -> Result<u16, BusFault>;

    /// Reads a byte.
    ///
    /// # Errors
    ///
    /// Nothing answers at `address`.
    fn read8(&mut self, address: u32, cycles: &mut u64) -> Result<u8, BusFault>;

    /// Writes a word.
    ///
    /// # Errors
    ///
    /// Nothing answers at `address`.
    fn write32(&mut self, address: u32, value: u32, cycles: &mut u64) -> Result<(), BusFault>;

    /// Writes a halfword.
    ///
    /// # Errors
    ///
    /// Nothing answers at `address`.
    fn write16(&mut self, address: u32, value: u16, cycles: &mut u64) -> Result<(), BusFault>;

    /// Writes a byte.
    ///
    /// # Errors
    ///
    /// Nothing answers at `address`.
    fn write8(&mut self, address: u32, value: u8, cycles: &mut u64) -> Result<(), BusFault>;

    /// Tells the cycle at which the core has to stop and look around. An access may bring it forward.
    fn deadline(&self) -> u64;
}
