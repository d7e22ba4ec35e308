//! The element's generator as a `rand_core` one.

use embedded_hal::delay::DelayNs;
use embedded_hal::i2c::I2c;
use rand_core::{TryCryptoRng, TryRng};

use crate::device::{Eccx08, GeneralCall, WakePulse};
use crate::error::Error;

/// Random numbers from the element, 32 bytes at a time.
///
/// It refuses with [`Error::Unlocked`] while the configuration is unlocked, when the element gives a pattern
/// that looks like success.
#[derive(Debug)]
pub struct ChipRng<'d, I2C, D, W = GeneralCall> {
    device: &'d mut Eccx08<I2C, D, W>,
}

impl<'d, I2C: I2c, D: DelayNs, W: WakePulse<I2C, D>> ChipRng<'d, I2C, D, W> {
    /// Takes the numbers from `device`.
    pub const fn new(device: &'d mut Eccx08<I2C, D, W>) -> Self {
        Self { device }
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Error<I2C::Error>> {
        let mut bytes = [0; N];
        self.try_fill_bytes(&mut bytes)?;
        Ok(bytes)
    }
}

impl<I2C: I2c, D: DelayNs, W: WakePulse<I2C, D>> TryRng for ChipRng<'_, I2C, D, W> {
    type Error = Error<I2C::Error>;

    fn try_next_u32(&mut self) -> Result<u32, Self::Error> {
        self.array().map(u32::from_le_bytes)
    }

    fn try_next_u64(&mut self) -> Result<u64, Self::Error> {
        self.array().map(u64::from_le_bytes)
    }

    fn try_fill_bytes(&mut self, dst: &mut [u8]) -> Result<(), Self::Error> {
        for chunk in dst.chunks_mut(32) {
            for (to, from) in chunk.iter_mut().zip(self.device.random()?) {
                *to = from;
            }
        }
        Ok(())
    }
}

impl<I2C: I2c, D: DelayNs, W: WakePulse<I2C, D>> TryCryptoRng for ChipRng<'_, I2C, D, W> {}
