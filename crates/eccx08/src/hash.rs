//! The element's own SHA-256 and HMAC.

use embedded_hal::delay::DelayNs;
use embedded_hal::i2c::I2c;

use crate::address::Slot;
use crate::command::{ShaEnd, ShaStart, ShaUpdate};
use crate::device::{Eccx08, GeneralCall, WakePulse};
use crate::error::Error;
use crate::sequence::{Kept, Single};

/// A SHA-256 digest or HMAC that the element computes, over data that comes in pieces.
///
/// Software is faster: an ATECC608 takes up to 36 ms for 64 bytes. What the element is for is the HMAC with
/// a key that it keeps.
///
/// Between the pieces the element idles. When it loses its state there, the next piece is refused and the
/// digest must be begun again; a wrong digest does not come out.
#[derive(Debug)]
pub struct ChipSha256<'d, I2C, D, W = GeneralCall> {
    device: &'d mut Eccx08<I2C, D, W>,
    key: Option<Slot>,
    block: [u8; 64],
    length: usize,
    started: bool,
}

impl<'d, I2C: I2c, D: DelayNs, W: WakePulse<I2C, D>> ChipSha256<'d, I2C, D, W> {
    /// Begins a SHA-256 digest.
    pub const fn new(device: &'d mut Eccx08<I2C, D, W>) -> Self {
        Self { device, key: None, block: [0; 64], length: 0, started: false }
    }

    /// Begins an HMAC with the key in `slot`.
    pub const fn hmac(device: &'d mut Eccx08<I2C, D, W>, slot: Slot) -> Self {
        Self { device, key: Some(slot), block: [0; 64], length: 0, started: false }
    }

    /// Takes the next piece of the message, of any length.
    ///
    /// # Errors
    /// See [`Error`]; the digest is lost then, and the next piece begins another.
    pub fn update(&mut self, mut data: &[u8]) -> Result<(), Error<I2C::Error>> {
        while !data.is_empty() {
            let free = self.block.get_mut(self.length..).unwrap_or_default();
            let (now, later) = data.split_at_checked(free.len()).unwrap_or((data, &[]));
            for (to, from) in free.iter_mut().zip(now) {
                *to = *from;
            }
            self.length += now.len();
            data = later;
            // The last block must have less than 64 bytes, but a full one is never the last: it is sent at
            // once, and the end may be empty.
            if self.length == self.block.len() {
                self.start()?;
                self.length = 0;
                let sent = self.device.run(Kept(&ShaUpdate { block: &self.block }));
                self.forget_unless(sent)?;
            }
        }
        Ok(())
    }

    /// Gives the digest, and is ready for another message.
    ///
    /// # Errors
    /// See [`Error`]; the digest is lost then.
    pub fn finish(&mut self) -> Result<[u8; 32], Error<I2C::Error>> {
        self.start()?;
        let chip = self.device.chip()?;
        let end = ShaEnd::with_part(&self.block, self.length, self.key.map(|_| chip));
        self.length = 0;
        self.started = false;
        self.device.run(Single(&end))
    }

    fn start(&mut self) -> Result<(), Error<I2C::Error>> {
        if !self.started {
            let start = self.key.map_or(ShaStart::sha256(), ShaStart::hmac);
            let begun = self.device.run(Kept(&start));
            self.forget_unless(begun)?;
            self.started = true;
        }
        Ok(())
    }

    fn forget_unless(&mut self, done: Result<(), Error<I2C::Error>>) -> Result<(), Error<I2C::Error>> {
        if done.is_err() {
            self.started = false;
            self.length = 0;
        }
        done
    }
}

#[cfg(feature = "jwt")]
impl<I2C: I2c, D: DelayNs, W: WakePulse<I2C, D>> jwt_signer::Sha256Engine for ChipSha256<'_, I2C, D, W> {
    type Error = Error<I2C::Error>;

    fn update(&mut self, data: &[u8]) -> Result<(), Self::Error> {
        Self::update(self, data)
    }

    fn finish(&mut self) -> Result<[u8; 32], Self::Error> {
        Self::finish(self)
    }
}
