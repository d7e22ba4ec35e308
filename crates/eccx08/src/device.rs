//! The blocking face: the only file that talks to an `embedded_hal` bus.

use embedded_hal::delay::DelayNs;
use embedded_hal::i2c::I2c;

use crate::address::{Location, Slot};
use crate::chip::{Chip, Identity};
use crate::command::{Command, Random, ReadBlock, ReadWord, Verdict, WriteBlock, WriteWord};
use crate::config::{Config, LockBytes, SerialNumber};
use crate::error::Error;
use crate::exchange::{Action, Exchange, Running, Script};
use crate::key::Key;
use crate::sequence::{Detect, ReadConfig, Sequence, Single, VerifyDigest};

/// Address of a blank element and of those on Arduino's boards, 7 bits.
pub const DEFAULT_ADDRESS: u8 = 0x60;

/// Addresses that elements leave the factory with, 7 bits: blank ones and TNGHNT, TNGTLS, TFLXTLS, and those
/// for LoRaWAN (TNG data sheets).
pub const FACTORY_ADDRESSES: [u8; 4] = [DEFAULT_ADDRESS, 0x35, 0x36, 0x59];

/// Wakes the element: it must see SDA low for 60 µs or more.
///
/// A closure over bus and delay is one, for a board that slows its bus down or moves the pin itself.
/// Errors are its own affair: the pulse is not acknowledged by design.
pub trait WakePulse<I2C, D> {
    /// Gives the pulse.
    fn pulse(&mut self, i2c: &mut I2C, delay: &mut D);
}

/// Wakes by a write to address 0: eight low bits, 80 µs at 100 kHz. It works up to 133 kHz.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct GeneralCall;

impl GeneralCall {
    /// The general call address.
    pub(crate) const ADDRESS: u8 = 0x00;
    /// A device that acknowledges the general call takes an odd byte neither for a reset nor for an
    /// address. Some buses cannot write nothing at all.
    pub(crate) const PAYLOAD: [u8; 1] = [0x01];
}

impl<I2C: I2c, D> WakePulse<I2C, D> for GeneralCall {
    fn pulse(&mut self, i2c: &mut I2C, _delay: &mut D) {
        let _ = i2c.write(Self::ADDRESS, &Self::PAYLOAD);
    }
}

impl<I2C, D, F: FnMut(&mut I2C, &mut D)> WakePulse<I2C, D> for F {
    fn pulse(&mut self, i2c: &mut I2C, delay: &mut D) {
        self(i2c, delay);
    }
}

/// A secure element on an I²C bus.
///
/// Nothing is sent before the first command; the first one finds out which element it is. Between two calls
/// the element sleeps.
#[derive(Debug)]
pub struct Eccx08<I2C, D, W = GeneralCall> {
    i2c: I2C,
    delay: D,
    pulse: W,
    address: u8,
    identity: Option<Identity>,
}

impl<I2C: I2c, D: DelayNs> Eccx08<I2C, D> {
    /// Takes the bus and a delay; the element is at [`DEFAULT_ADDRESS`].
    pub const fn new(i2c: I2C, delay: D) -> Self {
        Self { i2c, delay, pulse: GeneralCall, address: DEFAULT_ADDRESS, identity: None }
    }
}

impl<I2C: I2c, D: DelayNs, W: WakePulse<I2C, D>> Eccx08<I2C, D, W> {
    /// Looks for the element at another 7-bit address.
    #[must_use]
    pub fn with_address(self, address: u8) -> Self {
        Self { address, identity: None, ..self }
    }

    /// Wakes in another way.
    #[must_use]
    pub fn with_wake_pulse<P: WakePulse<I2C, D>>(self, pulse: P) -> Eccx08<I2C, D, P> {
        let Self { i2c, delay, address, identity, .. } = self;
        Eccx08 { i2c, delay, pulse, address, identity }
    }

    /// Gives bus and delay back.
    pub fn release(self) -> (I2C, D) {
        (self.i2c, self.delay)
    }

    /// Tells which element it is.
    ///
    /// # Errors
    /// [`Error::Absent`] when nothing answers, [`Error::UnknownRevision`] for another family.
    pub fn chip(&mut self) -> Result<Chip, Error<I2C::Error>> {
        self.identity().map(|identity| identity.chip)
    }

    /// Tells which element it is and how fast it computes; asks it only the first time.
    ///
    /// # Errors
    /// As [`Self::chip`].
    pub fn identity(&mut self) -> Result<Identity, Error<I2C::Error>> {
        if let Some(identity) = self.identity {
            return Ok(identity);
        }
        let identity = self.carry(Identity::UNKNOWN, Detect::default())?;
        self.identity = Some(identity);
        Ok(identity)
    }

    /// Looks for the element at all [`FACTORY_ADDRESSES`], and keeps to the one where it answers.
    ///
    /// An address where nothing answers takes 1.5 seconds.
    ///
    /// # Errors
    /// [`Error::Absent`] when nothing answers at any of them; the address is then as it was.
    pub fn find(&mut self) -> Result<u8, Error<I2C::Error>> {
        let before = self.address;
        let mut outcome = Err(Error::Absent { cause: None });
        for address in FACTORY_ADDRESSES {
            self.address = address;
            self.identity = None;
            outcome = self.identity().map(|_| address);
            if !matches!(outcome, Err(Error::Absent { .. })) {
                return outcome;
            }
        }
        self.address = before;
        outcome
    }

    /// Tells which element it is, if it was asked already.
    pub(crate) fn known_chip(&self) -> Option<Chip> {
        self.identity.map(|identity| identity.chip)
    }

    /// Carries out one command.
    ///
    /// # Errors
    /// See [`Error`]; the element rests then as it does after a success.
    pub fn execute<C: Command>(&mut self, command: &C) -> Result<C::Response, Error<I2C::Error>> {
        self.run(Single(command))
    }

    /// Carries out a sequence in one awake window.
    ///
    /// # Errors
    /// See [`Error`]; the element rests then as it does after a success.
    pub fn run<S: Sequence>(&mut self, sequence: S) -> Result<S::Output, Error<I2C::Error>> {
        let identity = self.identity()?;
        self.carry(identity, sequence)
    }

    /// Reads the serial number.
    ///
    /// # Errors
    /// See [`Error`].
    pub fn serial_number(&mut self) -> Result<SerialNumber, Error<I2C::Error>> {
        self.config().map(|config| config.serial_number())
    }

    /// Reads the configuration zone.
    ///
    /// # Errors
    /// See [`Error`].
    pub fn config(&mut self) -> Result<Config, Error<I2C::Error>> {
        self.run(ReadConfig::new())
    }

    /// Reads which zones are locked.
    ///
    /// # Errors
    /// See [`Error`].
    pub fn lock_bytes(&mut self) -> Result<LockBytes, Error<I2C::Error>> {
        let word = self.execute(&ReadWord { location: Location::LOCK_WORD })?;
        Ok(LockBytes::in_word(word))
    }

    /// Makes 32 random bytes.
    ///
    /// # Errors
    /// [`Error::Unlocked`] before the configuration zone is locked, when the element gives a fixed pattern.
    pub fn random(&mut self) -> Result<[u8; 32], Error<I2C::Error>> {
        self.execute(&Random)
    }

    /// Lends the private key in `slot`.
    pub const fn key(&mut self, slot: Slot) -> Key<'_, I2C, D, W> {
        Key::new(self, slot)
    }

    /// Verifies a signature over a digest with a public key.
    ///
    /// # Errors
    /// See [`Error`]; a wrong signature is a [`Verdict`] and no error.
    pub fn verify(
        &mut self,
        public_key: &[u8; 64],
        digest: &[u8; 32],
        signature: &[u8; 64],
    ) -> Result<Verdict, Error<I2C::Error>> {
        self.run(VerifyDigest::new(public_key, digest, signature))
    }

    /// Reads 4 bytes in clear.
    ///
    /// # Errors
    /// See [`Error`].
    pub fn read_word(&mut self, location: Location) -> Result<[u8; 4], Error<I2C::Error>> {
        self.execute(&ReadWord { location })
    }

    /// Reads 32 bytes in clear.
    ///
    /// # Errors
    /// See [`Error`].
    pub fn read_block(&mut self, location: Location) -> Result<[u8; 32], Error<I2C::Error>> {
        self.execute(&ReadBlock { location })
    }

    /// Writes 4 bytes in clear.
    ///
    /// # Errors
    /// See [`Error`].
    pub fn write_word(&mut self, location: Location, data: [u8; 4]) -> Result<(), Error<I2C::Error>> {
        self.execute(&WriteWord { location, data })
    }

    /// Writes 32 bytes in clear.
    ///
    /// # Errors
    /// See [`Error`].
    pub fn write_block(&mut self, location: Location, data: &[u8; 32]) -> Result<(), Error<I2C::Error>> {
        self.execute(&WriteBlock { location, data })
    }

    fn carry<S: Sequence>(
        &mut self,
        identity: Identity,
        sequence: S,
    ) -> Result<S::Output, Error<I2C::Error>> {
        let mut script = Running { sequence, output: None };
        self.drive(identity, &mut script)?;
        // An exchange that ends well ends with the output.
        script.output.ok_or(Error::Absent { cause: None })
    }

    fn drive(&mut self, identity: Identity, script: &mut dyn Script) -> Result<(), Error<I2C::Error>> {
        let mut exchange = Exchange::new(identity);
        let mut ok = true;
        let mut cause = None;
        loop {
            let done = match exchange.next(ok, script) {
                Action::Pulse => {
                    self.pulse.pulse(&mut self.i2c, &mut self.delay);
                    Ok(())
                }
                Action::Wait(time) => {
                    self.delay.delay_us(time.0);
                    Ok(())
                }
                Action::Write(bytes) => self.i2c.write(self.address, bytes),
                Action::Read(buffer) => self.i2c.read(self.address, buffer),
                Action::Over(outcome) => return outcome.map_err(|error| error.with_cause(cause)),
            };
            ok = done.is_ok();
            cause = done.err().or(cause);
        }
    }
}
