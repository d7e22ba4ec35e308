//! A private key inside the element, lent by the driver.

use embedded_hal::delay::DelayNs;
use embedded_hal::i2c::I2c;

use crate::address::Slot;
use crate::command::{Ecdh, GenKey};
use crate::device::{Eccx08, GeneralCall, WakePulse};
use crate::error::Error;
use crate::sequence::SignDigest;

/// The private key in one slot. It never leaves the element.
#[derive(Debug)]
pub struct Key<'d, I2C, D, W = GeneralCall> {
    device: &'d mut Eccx08<I2C, D, W>,
    slot: Slot,
}

impl<'d, I2C, D, W> Key<'d, I2C, D, W> {
    pub(crate) const fn new(device: &'d mut Eccx08<I2C, D, W>, slot: Slot) -> Self {
        Self { device, slot }
    }

    /// Tells which slot it is in.
    #[must_use]
    pub const fn slot(&self) -> Slot {
        self.slot
    }
}

impl<I2C: I2c, D: DelayNs, W: WakePulse<I2C, D>> Key<'_, I2C, D, W> {
    /// Makes a new key. The old one is lost for ever.
    ///
    /// The answer is the public key: X and Y, 32 bytes each, big-endian.
    ///
    /// # Errors
    /// [`Error::Unlocked`] before the configuration zone is locked; [`Error::Refused`] when the slot does not
    /// allow it. After [`Error::Unconfirmed`], [`Self::public_key`] tells whether there is a new key.
    pub fn generate(&mut self) -> Result<[u8; 64], Error<I2C::Error>> {
        self.device.execute(&GenKey::create(self.slot))
    }

    /// Computes the public key: X and Y, 32 bytes each, big-endian.
    ///
    /// # Errors
    /// [`Error::Refused`] when the slot holds no private key or hides its public key.
    pub fn public_key(&mut self) -> Result<[u8; 64], Error<I2C::Error>> {
        self.device.execute(&GenKey::derive(self.slot))
    }

    /// Signs a SHA-256 digest: r and s, 32 bytes each, big-endian.
    ///
    /// # Errors
    /// [`Error::Unlocked`] before the element is provisioned; [`Error::Refused`] when the slot does not sign
    /// external digests.
    pub fn sign(&mut self, digest: &[u8; 32]) -> Result<[u8; 64], Error<I2C::Error>> {
        self.device.run(SignDigest::new(self.slot, digest))
    }

    /// Computes the Diffie-Hellman secret with another side's public key: its X, 32 bytes, in clear.
    ///
    /// # Errors
    /// [`Error::Refused`] when the slot does not allow it, or the other key is no point on the curve.
    pub fn diffie_hellman(&mut self, public_key: &[u8; 64]) -> Result<[u8; 32], Error<I2C::Error>> {
        self.device.execute(&Ecdh { slot: self.slot, public_key })
    }
}

#[cfg(feature = "jwt")]
impl<I2C: I2c, D: DelayNs, W: WakePulse<I2C, D>> jwt_signer::Es256Signer for Key<'_, I2C, D, W> {
    type Error = Error<I2C::Error>;

    fn sign_digest(&mut self, digest: &[u8; 32]) -> Result<[u8; 64], Self::Error> {
        self.sign(digest)
    }
}
