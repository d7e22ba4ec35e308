//! Provisioning: from a blank element to one that signs, in steps that cannot be taken out of order.
//!
//! ```text
//! survey ─┬─ Blank ── write ── Written ── lock_config ── ConfigLocked ── lock_data ── KeysPending ── make_keys ── Provisioned
//!         └─ any later state, when an earlier run was cut short
//! ```
//!
//! Nothing is written before the survey has found that the element is blank or what an earlier run left, and
//! nothing is locked without a [`Consent`] that names the serial number.

mod change;
mod data_zone;
mod error;

use core::fmt;
use core::marker::PhantomData;

use embedded_hal::delay::DelayNs;
use embedded_hal::i2c::I2c;

pub use change::{Change, changes};
pub use error::ProvisionError;

use crate::address::{Location, Slot, Zone};
use crate::command::{GenKey, Lock, WriteWord};
use crate::config::{Config, Image, KeyType, ReadPolicy, SerialNumber, WritePolicy};
use crate::device::{Eccx08, GeneralCall, WakePulse};
use crate::error::Error;
use data_zone::DataZone;

/// The permission to lock one element for ever. There is no way back.
///
/// It names the element, so that a permission for one is none for another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Consent {
    serial_number: SerialNumber,
}

impl Consent {
    /// Permits to lock the element with this serial number, for ever.
    #[must_use]
    pub const fn to_lock_for_ever(serial_number: SerialNumber) -> Self {
        Self { serial_number }
    }
}

/// An element on its way to be provisioned; `S` is how far it has come.
#[derive(Debug)]
pub struct Provisioning<'d, I2C, D, W, S> {
    device: &'d mut Eccx08<I2C, D, W>,
    image: Image,
    /// What the element held when it was read last.
    config: Config,
    state: PhantomData<S>,
}

/// Nothing is locked, and nothing stands in the way.
#[derive(Clone, Copy, Debug)]
pub struct Blank;
/// The configuration is written and read back, not locked.
#[derive(Clone, Copy, Debug)]
pub struct Written;
/// The configuration is locked.
#[derive(Clone, Copy, Debug)]
pub struct ConfigLocked;
/// All is locked; the private keys are still those that the lock needed.
#[derive(Clone, Copy, Debug)]
pub struct KeysPending;
/// All is locked, and the element has made its keys.
#[derive(Clone, Copy, Debug)]
pub struct Provisioned;

/// What a survey finds.
#[derive(Debug)]
pub enum Survey<'d, I2C, D, W = GeneralCall> {
    /// Nothing is locked.
    Blank(Provisioning<'d, I2C, D, W, Blank>),
    /// An earlier run has locked the configuration.
    ConfigLocked(Provisioning<'d, I2C, D, W, ConfigLocked>),
    /// An earlier run has locked all and was cut short before the keys were made.
    KeysPending(Provisioning<'d, I2C, D, W, KeysPending>),
    /// Nothing is left to do.
    Provisioned(Provisioning<'d, I2C, D, W, Provisioned>),
}

impl<'d, I2C: I2c, D: DelayNs, W: WakePulse<I2C, D>> Survey<'d, I2C, D, W> {
    /// Tells the serial number, which a [`Consent`] must name.
    #[must_use]
    pub const fn serial_number(&self) -> SerialNumber {
        match self {
            Self::Blank(blank) => blank.serial_number(),
            Self::ConfigLocked(locked) => locked.serial_number(),
            Self::KeysPending(pending) => pending.serial_number(),
            Self::Provisioned(provisioned) => provisioned.serial_number(),
        }
    }

    /// Takes all the steps that are left.
    ///
    /// # Errors
    /// As the steps themselves.
    #[inline(never)]
    pub fn complete(
        mut self,
        consent: &Consent,
    ) -> Result<Provisioning<'d, I2C, D, W, Provisioned>, ProvisionError<I2C::Error>> {
        // In their place: each move of what a step holds would take the stack of two configurations.
        match &mut self {
            Self::Blank(blank) => {
                blank.write_words()?;
                blank.lock_config_zone(consent)?;
                blank.fill_and_lock(consent)?;
                blank.generate_keys()?;
            }
            Self::ConfigLocked(locked) => {
                locked.fill_and_lock(consent)?;
                locked.generate_keys()?;
            }
            Self::KeysPending(pending) => pending.generate_keys()?,
            Self::Provisioned(_) => {}
        }
        Ok(match self {
            Self::Blank(blank) => blank.step(),
            Self::ConfigLocked(locked) => locked.step(),
            Self::KeysPending(pending) => pending.step(),
            Self::Provisioned(provisioned) => provisioned,
        })
    }
}

impl<I2C: I2c, D: DelayNs, W: WakePulse<I2C, D>> Eccx08<I2C, D, W> {
    /// Reads how far the element has come on the way to `image`. Nothing is written.
    ///
    /// # Errors
    /// [`ProvisionError::LockedOtherwise`], [`ProvisionError::PartlyLocked`] and
    /// [`ProvisionError::UnexpectedWord`] when the way is barred.
    pub fn survey(&mut self, image: Image) -> Result<Survey<'_, I2C, D, W>, ProvisionError<I2C::Error>> {
        let factory = Image::factory(self.chip()?);
        self.survey_expecting(image, &factory)
    }

    /// Does a survey of an element that left its factory as `factory`.
    ///
    /// # Errors
    /// As [`Self::survey`].
    #[inline(never)]
    pub fn survey_expecting(
        &mut self,
        image: Image,
        factory: &Image,
    ) -> Result<Survey<'_, I2C, D, W>, ProvisionError<I2C::Error>> {
        let config = self.config()?;
        let wanted = image.applied_to(&config);
        let locks = config.lock_bytes();
        if !locks.is_config_locked() {
            if locks.is_data_locked() || Slot::ALL.iter().any(|slot| config.is_slot_locked(*slot)) {
                return Err(ProvisionError::PartlyLocked { locks });
            }
            if let Some(word) = change::unexpected(&config, &factory.applied_to(&config), &wanted) {
                return Err(ProvisionError::UnexpectedWord { word });
            }
            return Ok(Survey::Blank(Provisioning { device: self, image, config, state: PhantomData }));
        }
        let mut differences =
            change::differences(&config, &wanted).filter(|change| change.is_policy(self.is_608()));
        if let Some(first) = differences.next() {
            let words = differences.count() + 1;
            return Err(ProvisionError::LockedOtherwise { first, words });
        }
        if !locks.is_data_locked() {
            return Ok(Survey::ConfigLocked(Provisioning {
                device: self,
                image,
                config,
                state: PhantomData,
            }));
        }
        if has_marker(&config) && self.read_word(Location::MARKER)? == DataZone::MARKER {
            return Ok(Survey::KeysPending(Provisioning { device: self, image, config, state: PhantomData }));
        }
        Ok(Survey::Provisioned(Provisioning { device: self, image, config, state: PhantomData }))
    }

    fn is_608(&self) -> bool {
        self.known_chip().is_some_and(crate::Chip::is_608)
    }
}

/// Tells whether slot 8 is open, so that a word in it can tell whether the keys are still to be made.
fn has_marker(config: &Config) -> bool {
    let policy = config.slot_config(Slot::S8);
    policy.read_policy() == ReadPolicy::Clear && policy.write_policy() == WritePolicy::Always
}

impl<'d, I2C: I2c, D: DelayNs, W: WakePulse<I2C, D>, S> Provisioning<'d, I2C, D, W, S> {
    /// Tells the serial number, which a [`Consent`] must name.
    #[must_use]
    pub const fn serial_number(&self) -> SerialNumber {
        self.config.serial_number()
    }

    /// Gives the configuration as it was read.
    #[must_use]
    pub const fn config(&self) -> &Config {
        &self.config
    }

    fn check(&self, consent: &Consent) -> Result<(), ProvisionError<I2C::Error>> {
        let found = self.serial_number();
        if consent.serial_number == found {
            Ok(())
        } else {
            Err(ProvisionError::ConsentForAnother { named: consent.serial_number, found })
        }
    }

    /// Locks a zone; a lost reply is settled by reading whether it is locked.
    fn lock(&mut self, lock: &Lock, zone: Zone) -> Result<(), ProvisionError<I2C::Error>> {
        const ATTEMPTS: u8 = 3;
        let mut attempt = 1;
        loop {
            match self.device.execute(lock) {
                Ok(()) => return Ok(()),
                Err(Error::Unconfirmed { .. }) if attempt < ATTEMPTS => {
                    if self.device.lock_bytes()?.is_locked(zone) {
                        return Ok(());
                    }
                    attempt += 1;
                }
                Err(error) => return Err(error.into()),
            }
        }
    }

    #[inline(never)]
    fn write_words(&mut self) -> Result<(), ProvisionError<I2C::Error>> {
        let wanted = self.image.applied_to(&self.config);
        for change in change::differences(&self.config, &wanted) {
            self.device.execute(&WriteWord { location: change.location(), data: change.to })?;
        }
        self.config = self.device.config()?;
        match change::differences(&self.config, &wanted).next() {
            Some(word) => Err(ProvisionError::ReadBack { word }),
            None => Ok(()),
        }
    }

    #[inline(never)]
    fn lock_config_zone(&mut self, consent: &Consent) -> Result<(), ProvisionError<I2C::Error>> {
        self.check(consent)?;
        self.lock(&Lock::config(self.config.summary()), Zone::Config)?;
        Ok(())
    }

    #[inline(never)]
    fn fill_and_lock(&mut self, consent: &Consent) -> Result<(), ProvisionError<I2C::Error>> {
        self.check(consent)?;
        let mut zone = DataZone::new(self.device.random()?);
        for slot in Slot::ALL {
            if self.private_slots().any(|private| private == slot) {
                zone.fill_key(self.device, slot)?;
            } else {
                zone.fill_data(self.device, slot)?;
            }
        }
        zone.fill_otp(self.device)?;
        let (summary, other) = zone.summaries();
        // A wrong summary does no harm: the element refuses it.
        match (self.lock(&Lock::data(summary), Zone::Data), other) {
            (Err(ProvisionError::Element(Error::Refused { .. })), Some(other)) => {
                self.lock(&Lock::data(other), Zone::Data)?;
            }
            (locked, _) => locked?,
        }
        Ok(())
    }

    #[inline(never)]
    fn generate_keys(&mut self) -> Result<(), ProvisionError<I2C::Error>> {
        const ATTEMPTS: u8 = 3;
        for slot in self.private_slots() {
            if !self.config.slot_config(slot).allows_gen_key() {
                continue;
            }
            let mut attempt = 1;
            // A key that may have been made is made again: nobody has seen it.
            while let Err(error) = self.device.execute(&GenKey::create(slot)) {
                match error {
                    Error::Unconfirmed { .. } if attempt < ATTEMPTS => attempt += 1,
                    error => return Err(error.into()),
                }
            }
        }
        if has_marker(&self.config) {
            self.device.execute(&WriteWord { location: Location::MARKER, data: [0; 4] })?;
        }
        self.config = self.device.config()?;
        Ok(())
    }

    fn step<T>(self) -> Provisioning<'d, I2C, D, W, T> {
        Provisioning { device: self.device, image: self.image, config: self.config, state: PhantomData }
    }

    /// Names the slots that hold private keys by the image.
    fn private_slots(&self) -> impl Iterator<Item = Slot> + use<I2C, D, W, S> {
        let config = self.config;
        Slot::ALL.into_iter().filter(move |slot| {
            let key = config.key_config(*slot);
            key.is_private() && key.key_type() == KeyType::P256
        })
    }
}

impl<'d, I2C: I2c, D: DelayNs, W: WakePulse<I2C, D>> Provisioning<'d, I2C, D, W, Blank> {
    /// Gives the words that will be written: a dry run. It displays, too.
    pub fn changes(&self) -> impl Iterator<Item = Change> + use<I2C, D, W> {
        changes(&self.config, &self.image.applied_to(&self.config))
    }

    /// Writes what differs, reads all of it back and compares.
    ///
    /// It can be done again and again, until the configuration is locked.
    ///
    /// # Errors
    /// [`ProvisionError::ReadBack`] when a word did not take.
    pub fn write(mut self) -> Result<Provisioning<'d, I2C, D, W, Written>, ProvisionError<I2C::Error>> {
        self.write_words()?;
        Ok(self.step())
    }
}

impl<I2C: I2c, D: DelayNs, W: WakePulse<I2C, D>> fmt::Display for Provisioning<'_, I2C, D, W, Blank> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.changes().try_for_each(|change| writeln!(f, "{change}"))
    }
}

impl<'d, I2C: I2c, D: DelayNs, W: WakePulse<I2C, D>> Provisioning<'d, I2C, D, W, Written> {
    /// Locks the configuration, for ever. The element compares the summary of what was read back.
    ///
    /// # Errors
    /// [`ProvisionError::ConsentForAnother`] when the consent names another element.
    pub fn lock_config(
        mut self,
        consent: &Consent,
    ) -> Result<Provisioning<'d, I2C, D, W, ConfigLocked>, ProvisionError<I2C::Error>> {
        self.lock_config_zone(consent)?;
        Ok(self.step())
    }
}

impl<'d, I2C: I2c, D: DelayNs, W: WakePulse<I2C, D>> Provisioning<'d, I2C, D, W, ConfigLocked> {
    /// Fills the data and OTP zones and locks them, for ever.
    ///
    /// What is in them cannot be read before, so all of it is written, for the summary to be known: zeros
    /// where data goes, ones in the OTP zone, and in the slots of private keys a key that is forgotten at
    /// once. [`Self::make_keys`](Provisioning::make_keys) replaces those.
    ///
    /// # Errors
    /// [`ProvisionError::ConsentForAnother`] when the consent names another element.
    pub fn lock_data(
        mut self,
        consent: &Consent,
    ) -> Result<Provisioning<'d, I2C, D, W, KeysPending>, ProvisionError<I2C::Error>> {
        self.fill_and_lock(consent)?;
        Ok(self.step())
    }
}

impl<'d, I2C: I2c, D: DelayNs, W: WakePulse<I2C, D>> Provisioning<'d, I2C, D, W, KeysPending> {
    /// Lets the element make a key of its own in every slot of a private key that allows it.
    ///
    /// # Errors
    /// When the element fails; a survey leads back here.
    pub fn make_keys(
        mut self,
    ) -> Result<Provisioning<'d, I2C, D, W, Provisioned>, ProvisionError<I2C::Error>> {
        self.generate_keys()?;
        Ok(self.step())
    }
}

impl<'d, I2C: I2c, D: DelayNs, W: WakePulse<I2C, D>> Provisioning<'d, I2C, D, W, Provisioned> {
    /// Gives the element back, for its keys to be used.
    #[must_use]
    pub fn into_device(self) -> &'d mut Eccx08<I2C, D, W> {
        self.device
    }
}
