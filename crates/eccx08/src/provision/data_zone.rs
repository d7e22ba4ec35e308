//! Fills the data and OTP zones and keeps the summary of what is in them.

use embedded_hal::delay::DelayNs;
use embedded_hal::i2c::I2c;

use crate::Crc16;
use crate::address::{Location, Slot};
use crate::command::{PrivWrite, WriteBlock};
use crate::device::{Eccx08, WakePulse};
use crate::error::Error;

pub(super) struct DataZone {
    /// One for each of [`Self::BLANK`].
    summaries: [Crc16; 2],
    /// A private key to be forgotten; its first byte is zero, so it is less than the order of the curve.
    key: [u8; 36],
}

impl DataZone {
    /// What may stand at the end of a slot, where an element takes no block that reaches over it.
    const BLANK: [u8; 2] = [0xFF, 0x00];
    /// Stands at the start of slot 8 until the keys are made.
    pub(super) const MARKER: [u8; 4] = *b"KEY?";

    pub(super) fn new(random: [u8; 32]) -> Self {
        let mut key = [0; 36];
        for (byte, random) in key.iter_mut().skip(5).zip(random) {
            *byte = random;
        }
        Self { summaries: [Crc16::new(); 2], key }
    }

    /// Gives the summary, and another one where it is not known what the ends of slots hold.
    pub(super) fn summaries(&self) -> (Crc16, Option<Crc16>) {
        let [first, second] = self.summaries;
        (first, (second != first).then_some(second))
    }

    pub(super) fn fill_key<I2C: I2c, D: DelayNs, W: WakePulse<I2C, D>>(
        &mut self,
        device: &mut Eccx08<I2C, D, W>,
        slot: Slot,
    ) -> Result<(), Error<I2C::Error>> {
        device.execute(&PrivWrite::clear(slot, &self.key))?;
        self.summaries = self.summaries.map(|summary| summary.update(&self.key));
        Ok(())
    }

    pub(super) fn fill_data<I2C: I2c, D: DelayNs, W: WakePulse<I2C, D>>(
        &mut self,
        device: &mut Eccx08<I2C, D, W>,
        slot: Slot,
    ) -> Result<(), Error<I2C::Error>> {
        let mut left = slot.size();
        for block in 0.. {
            let Some(location) = Location::slot_block(slot, block) else { break };
            let mut data = [0; 32];
            if slot == Slot::S8 && block == 0 {
                [data[0], data[1], data[2], data[3]] = Self::MARKER;
            }
            match device.execute(&WriteBlock { location, data: &data }) {
                Ok(()) => self.add(data.get(..left).unwrap_or(&data)),
                Err(Error::Refused { .. }) if left < data.len() => self.add_blank(left),
                Err(error) => return Err(error),
            }
            left = left.saturating_sub(data.len());
        }
        Ok(())
    }

    pub(super) fn fill_otp<I2C: I2c, D: DelayNs, W: WakePulse<I2C, D>>(
        &mut self,
        device: &mut Eccx08<I2C, D, W>,
    ) -> Result<(), Error<I2C::Error>> {
        for location in [0, 1].into_iter().filter_map(Location::otp_block) {
            let data = [0xFF; 32];
            device.execute(&WriteBlock { location, data: &data })?;
            self.add(&data);
        }
        Ok(())
    }

    /// Adds what was written.
    fn add(&mut self, data: &[u8]) {
        self.summaries = self.summaries.map(|summary| summary.update(data));
    }

    /// Adds the end of a slot that could not be written.
    fn add_blank(&mut self, length: usize) {
        for (summary, blank) in self.summaries.iter_mut().zip(Self::BLANK) {
            *summary = summary.update([blank; 32].get(..length).unwrap_or_default());
        }
    }
}

impl Drop for DataZone {
    fn drop(&mut self) {
        self.key = [0; 36];
        core::hint::black_box(&self.key);
    }
}
