//! The order of a new program's installation, and what becomes of the settings if it breaks off.

use core::fmt;
use core::ops::{ControlFlow, Range};

use crate::Error;
use crate::checksum::crc16;
use crate::image::{Image, ImageError};
use crate::loader::{BLOCK, Loader, Version};
use crate::part::{APPLICATION_START, SAMD21G18A};
use crate::port::Port;
use crate::settings::Settings;

/// Installs one image.
#[derive(Debug, Clone, Copy)]
pub struct Flasher<'a> {
    image: &'a Image,
    settings: Settings,
    verify: bool,
}

/// One step of the installation, in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    /// Which loader is it, and in which part?
    Identify,
    /// The settings are read and their checksum compared.
    ReadSettings,
    /// Everything from the program's first address on is erased.
    Erase,
    /// The program is written.
    Program,
    /// The settings are written back and their checksum compared.
    RestoreSettings,
    /// The checksum of the program is compared.
    Verify,
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Identify => "identify",
            Self::ReadSettings => "read settings",
            Self::Erase => "erase",
            Self::Program => "program",
            Self::RestoreSettings => "restore settings",
            Self::Verify => "verify",
        })
    }
}

/// How far a step is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// The step.
    pub step: Step,
    /// Bytes that are done.
    pub done: usize,
    /// Bytes in all; zero where a step does not count bytes.
    pub total: usize,
}

/// What an installation came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// The loader that did it.
    pub version: Version,
    /// What became of the settings.
    pub settings: SettingsAfter,
}

/// What became of the settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SettingsAfter {
    /// Nothing was erased.
    Untouched,
    /// They were written back, and their checksum is right.
    Kept,
    /// The board had none.
    None,
    /// They were erased because the caller wanted it.
    Erased,
    /// They were erased and could not be written back: the board has to be set up again.
    Lost,
}

/// An installation that broke off.
#[derive(Debug)]
pub struct Failure {
    /// The step that failed.
    pub step: Step,
    /// Why.
    pub cause: Error,
    /// What became of the settings.
    pub settings: SettingsAfter,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the step \"{}\" failed", self.step)?;
        if self.settings == SettingsAfter::Lost {
            f.write_str("; settings lost")?;
        }
        Ok(())
    }
}

impl core::error::Error for Failure {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        Some(&self.cause)
    }
}

/// Rows that are to survive, in memory only.
struct Saved {
    range: Range<u32>,
    bytes: Vec<u8>,
}

impl<'a> Flasher<'a> {
    /// Prepares the installation of `image`.
    ///
    /// # Errors
    /// Fails when the image reaches into the settings that are to be kept.
    pub fn new(image: &'a Image, settings: Settings) -> Result<Self, ImageError> {
        if let Settings::Keep(region) = settings
            && image.range().end > region.range().start
        {
            return Err(ImageError::OverSettings { end: image.range().end, settings: region.range().start });
        }
        Ok(Self { image, settings, verify: true })
    }

    /// Leaves out the comparison of the program's checksum. The settings' is always compared.
    #[must_use]
    pub fn without_verification(mut self) -> Self {
        self.verify = false;
        self
    }

    /// Lists the steps that [`run`](Self::run) takes.
    pub fn steps(&self) -> Vec<Step> {
        let keep = self.settings != Settings::Erase;
        let all = [
            (Step::Identify, true),
            (Step::ReadSettings, keep),
            (Step::Erase, true),
            (Step::Program, true),
            (Step::RestoreSettings, keep),
            (Step::Verify, self.verify),
        ];
        all.into_iter().filter_map(|(step, taken)| taken.then_some(step)).collect()
    }

    /// Installs the image. The board stays in its loader; [`Loader::reset`] starts the program.
    ///
    /// `progress` hears of every step, and may break off. Whatever fails or breaks off after the erasure, the
    /// settings are still written back as long as the loader answers.
    ///
    /// # Errors
    /// Returns the step, its cause, and what became of the settings.
    pub fn run<P: Port>(
        &self,
        loader: &mut Loader<P>,
        progress: impl FnMut(Progress) -> ControlFlow<()>,
    ) -> Result<Report, Failure> {
        let mut run = Run { loader, progress, step: Step::Identify };
        let prepared = run.identify().and_then(|version| {
            let saved = run.read_settings(self.settings)?;
            run.tell(Step::Erase, 0, 0)?;
            Ok((version, saved))
        });
        let (version, saved) = match prepared {
            Ok(prepared) => prepared,
            Err(cause) => {
                return Err(Failure { step: run.step, cause, settings: SettingsAfter::Untouched });
            }
        };
        let programmed = run.loader.erase_from(APPLICATION_START).and_then(|()| run.program(self.image));
        let programmed = programmed.map_err(|cause| (run.step, cause));
        let restored = match (&saved, &programmed) {
            // Nobody is there to take them.
            (Some(_), Err((_, Error::Port(_)))) => Ok(SettingsAfter::Lost),
            (Some(saved), _) => run.restore(saved).map(|()| SettingsAfter::Kept),
            (None, _) if self.settings == Settings::Erase => Ok(SettingsAfter::Erased),
            (None, _) => Ok(SettingsAfter::None),
        };
        let settings = match (programmed, restored) {
            (Ok(()), Ok(settings)) => settings,
            (Ok(()), Err(cause)) => {
                return Err(Failure { step: run.step, cause, settings: SettingsAfter::Lost });
            }
            (Err((step, cause)), restored) => {
                return Err(Failure { step, cause, settings: restored.unwrap_or(SettingsAfter::Lost) });
            }
        };
        if self.verify {
            run.verify(self.image).map_err(|cause| Failure { step: run.step, cause, settings })?;
        }
        Ok(Report { version, settings })
    }
}

/// One installation under way.
struct Run<'l, P, F> {
    loader: &'l mut Loader<P>,
    progress: F,
    /// The step that is under way.
    step: Step,
}

impl<P: Port, F: FnMut(Progress) -> ControlFlow<()>> Run<'_, P, F> {
    fn identify(&mut self) -> Result<Version, Error> {
        self.tell(Step::Identify, 0, 0)?;
        let version = self.loader.version()?;
        if let Some(command) = ['X', 'Y', 'Z'].into_iter().find(|command| !version.has(*command)) {
            return Err(Error::Extension { command, version: version.to_string() });
        }
        match self.loader.device_id()? {
            SAMD21G18A => Ok(version),
            device_id => Err(Error::Part { device_id }),
        }
    }

    /// Reads what is to be kept; nothing where the rows are blank.
    fn read_settings(&mut self, settings: Settings) -> Result<Option<Saved>, Error> {
        let Settings::Keep(region) = settings else { return Ok(None) };
        let range = region.range();
        let mut bytes = Vec::new();
        for block in blocks(&range) {
            self.tell(Step::ReadSettings, bytes.len(), range.len())?;
            let read = self.loader.read(block.clone())?;
            self.compare(block, &read)?;
            bytes.extend(read);
        }
        self.tell(Step::ReadSettings, bytes.len(), range.len())?;
        Ok(bytes.iter().any(|byte| *byte != 0xFF).then_some(Saved { range, bytes }))
    }

    fn program(&mut self, image: &Image) -> Result<(), Error> {
        let total = image.bytes().len();
        for (done, block, bytes) in chunks(image.range(), image.bytes()) {
            self.tell(Step::Program, done, total)?;
            self.loader.program(block.start, bytes)?;
        }
        self.tell(Step::Program, total, total)
    }

    /// Writes the settings back; a caller who wants to stop is not heard before it is done.
    fn restore(&mut self, saved: &Saved) -> Result<(), Error> {
        let total = saved.bytes.len();
        for (done, block, bytes) in chunks(saved.range.clone(), &saved.bytes) {
            let _ = self.tell(Step::RestoreSettings, done, total);
            self.loader.program(block.start, bytes)?;
            self.compare(block, bytes)?;
        }
        let _ = self.tell(Step::RestoreSettings, total, total);
        Ok(())
    }

    fn verify(&mut self, image: &Image) -> Result<(), Error> {
        let total = image.bytes().len();
        for (done, block, bytes) in chunks(image.range(), image.bytes()) {
            self.tell(Step::Verify, done, total)?;
            self.compare(block, bytes)?;
        }
        self.tell(Step::Verify, total, total)
    }

    fn compare(&mut self, block: Range<u32>, bytes: &[u8]) -> Result<(), Error> {
        let (address, length, expected) = (block.start, block.end - block.start, crc16(bytes));
        let found = self.loader.checksum(block)?;
        if found == expected { Ok(()) } else { Err(Error::Verify { address, length, expected, found }) }
    }

    fn tell(&mut self, step: Step, done: usize, total: usize) -> Result<(), Error> {
        self.step = step;
        match (self.progress)(Progress { step, done, total }) {
            ControlFlow::Continue(()) => Ok(()),
            ControlFlow::Break(()) => Err(Error::Interrupted),
        }
    }
}

/// Cuts bytes and their addresses into what the loader takes at once, each with the number of bytes before it.
fn chunks(range: Range<u32>, bytes: &[u8]) -> impl Iterator<Item = (usize, Range<u32>, &[u8])> {
    let before = (0..).step_by(BLOCK as usize);
    before
        .zip(blocks(&range).zip(bytes.chunks(BLOCK as usize)))
        .map(|(done, (block, bytes))| (done, block, bytes))
}

/// Cuts a range into what the loader takes at once.
fn blocks(range: &Range<u32>) -> impl Iterator<Item = Range<u32>> + use<> {
    let end = range.end;
    range.clone().step_by(BLOCK as usize).map(move |start| start..end.min(start.saturating_add(BLOCK)))
}
