//! What every block on the chip's buses is.

use crate::bus::Width;
use crate::fabric::Fabric;
use crate::time::Time;

/// A block of registers that lives on virtual time.
///
/// The chip calls [`Peripheral::advance`] before an access whenever [`Peripheral::next_event`] is due, and asks
/// for the next event, the interrupt lines and the DMA requests after every call that takes `&mut self`. None
/// of them may change by itself in between; what only has to be *computed* from the time (a running counter)
/// is computed at the read, from `fabric.now`.
pub trait Peripheral {
    /// Names the block as the data sheet does: `SERCOM4`.
    fn name(&self) -> &'static str;

    /// Reads the register at `offset`. An unmodelled one is reported with [`Fabric::unmodelled`] and reads 0.
    fn read(&mut self, offset: u32, width: Width, fabric: &mut Fabric) -> u32;

    /// Writes the register at `offset`.
    fn write(&mut self, offset: u32, width: Width, value: u32, fabric: &mut Fabric);

    /// Goes back to the state after a reset.
    fn reset(&mut self, fabric: &mut Fabric);

    /// Tells when something happens next by itself; [`Time::NEVER`] when nothing does.
    fn next_event(&self, fabric: &Fabric) -> Time {
        let _ = fabric;
        Time::NEVER
    }

    /// Lets happen what is due at `fabric.now`.
    fn advance(&mut self, fabric: &mut Fabric) {
        let _ = fabric;
    }

    /// Tells the interrupt lines that the block drives, bit n for line n: its enabled flags.
    fn interrupts(&self) -> u32 {
        0
    }

    /// Tells the DMA triggers that the block asserts, bit n for trigger source n.
    fn dma_requests(&self) -> u64 {
        0
    }

    /// Some generic clock or bus clock has changed. What has been counted up to `fabric.now` was counted at the
    /// old rate, which the block remembers.
    fn clocks_changed(&mut self, fabric: &mut Fabric) {
        let _ = fabric;
    }

    /// Some pin has another level or another function.
    fn pins_changed(&mut self, fabric: &mut Fabric) {
        let _ = fabric;
    }
}
