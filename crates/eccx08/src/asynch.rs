//! The async face: the same commands and sequences on an `embedded_hal_async` bus.
//!
//! It needs no executor and no timer of its own: only the bus and the delay. When a future is dropped half
//! way, the element stays awake until its watchdog puts it to sleep; the next call finds it awake, settles it
//! and goes on.

use embedded_hal_async::delay::DelayNs;
use embedded_hal_async::i2c::I2c;

use crate::address::{Location, Slot};
use crate::chip::{Chip, Identity};
use crate::command::{Command, GenKey, Random, ReadWord, Verdict};
use crate::config::{Config, LockBytes};
use crate::device::{DEFAULT_ADDRESS, FACTORY_ADDRESSES, GeneralCall};
use crate::error::Error;
use crate::exchange::{Action, Exchange, Running, Script};
use crate::sequence::{Detect, ReadConfig, Sequence, SignDigest, Single, VerifyDigest};

/// Wakes the element, as [`crate::WakePulse`] does.
#[expect(async_fn_in_trait, reason = "a bus is driven by one task, whose executor need not move it")]
pub trait WakePulse<I2C, D> {
    /// Gives the pulse.
    async fn pulse(&mut self, i2c: &mut I2C, delay: &mut D);
}

impl<I2C: I2c, D> WakePulse<I2C, D> for GeneralCall {
    async fn pulse(&mut self, i2c: &mut I2C, _delay: &mut D) {
        let _ = i2c.write(Self::ADDRESS, &Self::PAYLOAD).await;
    }
}

/// A secure element on an async I²C bus.
///
/// It behaves as [`crate::Eccx08`] does; what is missing here is run as a sequence.
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
    pub async fn chip(&mut self) -> Result<Chip, Error<I2C::Error>> {
        self.identity().await.map(|identity| identity.chip)
    }

    /// Tells which element it is and how fast it computes; asks it only the first time.
    ///
    /// # Errors
    /// As [`Self::chip`].
    pub async fn identity(&mut self) -> Result<Identity, Error<I2C::Error>> {
        if let Some(identity) = self.identity {
            return Ok(identity);
        }
        let identity = self.carry(Identity::UNKNOWN, Detect::default()).await?;
        self.identity = Some(identity);
        Ok(identity)
    }

    /// Looks for the element at all [`FACTORY_ADDRESSES`], and keeps to the one where it answers.
    ///
    /// An address where nothing answers takes 1.5 seconds.
    ///
    /// # Errors
    /// [`Error::Absent`] when nothing answers at any of them; the address is then as it was.
    pub async fn find(&mut self) -> Result<u8, Error<I2C::Error>> {
        let before = self.address;
        let mut outcome = Err(Error::Absent { cause: None });
        for address in FACTORY_ADDRESSES {
            self.address = address;
            self.identity = None;
            outcome = self.identity().await.map(|_| address);
            if !matches!(outcome, Err(Error::Absent { .. })) {
                return outcome;
            }
        }
        self.address = before;
        outcome
    }

    /// Carries out one command.
    ///
    /// # Errors
    /// See [`Error`]; the element rests then as it does after a success.
    pub async fn execute<C: Command>(&mut self, command: &C) -> Result<C::Response, Error<I2C::Error>> {
        self.run(Single(command)).await
    }

    /// Carries out a sequence in one awake window.
    ///
    /// # Errors
    /// See [`Error`]; the element rests then as it does after a success.
    pub async fn run<S: Sequence>(&mut self, sequence: S) -> Result<S::Output, Error<I2C::Error>> {
        let identity = self.identity().await?;
        self.carry(identity, sequence).await
    }

    /// Reads the configuration zone.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn config(&mut self) -> Result<Config, Error<I2C::Error>> {
        self.run(ReadConfig::new()).await
    }

    /// Reads which zones are locked.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn lock_bytes(&mut self) -> Result<LockBytes, Error<I2C::Error>> {
        self.execute(&ReadWord { location: Location::LOCK_WORD }).await.map(LockBytes::in_word)
    }

    /// Makes 32 random bytes.
    ///
    /// # Errors
    /// [`Error::Unlocked`] before the configuration zone is locked, when the element gives a fixed pattern.
    pub async fn random(&mut self) -> Result<[u8; 32], Error<I2C::Error>> {
        self.execute(&Random).await
    }

    /// Makes a new private key in `slot`, see [`Key::generate`](crate::Key::generate).
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn generate_key(&mut self, slot: Slot) -> Result<[u8; 64], Error<I2C::Error>> {
        self.execute(&GenKey::create(slot)).await
    }

    /// Computes the public key of the private key in `slot`.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn public_key(&mut self, slot: Slot) -> Result<[u8; 64], Error<I2C::Error>> {
        self.execute(&GenKey::derive(slot)).await
    }

    /// Signs a SHA-256 digest with the private key in `slot`.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn sign(&mut self, slot: Slot, digest: &[u8; 32]) -> Result<[u8; 64], Error<I2C::Error>> {
        self.run(SignDigest::new(slot, digest)).await
    }

    /// Verifies a signature over a digest with a public key.
    ///
    /// # Errors
    /// See [`Error`]; a wrong signature is a [`Verdict`] and no error.
    pub async fn verify(
        &mut self,
        public_key: &[u8; 64],
        digest: &[u8; 32],
        signature: &[u8; 64],
    ) -> Result<Verdict, Error<I2C::Error>> {
        self.run(VerifyDigest::new(public_key, digest, signature)).await
    }

    async fn carry<S: Sequence>(
        &mut self,
        identity: Identity,
        sequence: S,
    ) -> Result<S::Output, Error<I2C::Error>> {
        let mut script = Running { sequence, output: None };
        self.drive(identity, &mut script).await?;
        // An exchange that ends well ends with the output.
        script.output.ok_or(Error::Absent { cause: None })
    }

    async fn drive(&mut self, identity: Identity, script: &mut dyn Script) -> Result<(), Error<I2C::Error>> {
        let mut exchange = Exchange::new(identity);
        let mut ok = true;
        let mut cause = None;
        loop {
            let done = match exchange.next(ok, script) {
                Action::Pulse => {
                    self.pulse.pulse(&mut self.i2c, &mut self.delay).await;
                    Ok(())
                }
                Action::Wait(time) => {
                    self.delay.delay_us(time.0).await;
                    Ok(())
                }
                Action::Write(bytes) => self.i2c.write(self.address, bytes).await,
                Action::Read(buffer) => self.i2c.read(self.address, buffer).await,
                Action::Over(outcome) => return outcome.map_err(|error| error.with_cause(cause)),
            };
            ok = done.is_ok();
            cause = done.err().or(cause);
        }
    }
}
