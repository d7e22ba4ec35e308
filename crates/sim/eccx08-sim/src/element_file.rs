//! What a modelled element holds, in a file.

use core::fmt;
use std::fs::File;
use std::io::{self, ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use crate::{NvImage, Sim};

/// A file with the memory of a modelled element, private keys included, as the silicon has them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ElementFile(PathBuf);

/// Why the file cannot be used.
#[derive(Debug)]
#[non_exhaustive]
pub enum ElementFileError {
    /// It cannot be read or written.
    Io(PathBuf, io::Error),
    /// It holds something else.
    NoElement(PathBuf),
}

impl ElementFile {
    /// Names the file.
    #[must_use]
    pub fn new(path: &Path) -> Self {
        Self(path.to_owned())
    }

    /// Reads the memory; nothing if there is no file.
    ///
    /// # Errors
    /// When it cannot be read, or holds something else.
    pub fn read(&self) -> Result<Option<NvImage>, ElementFileError> {
        let bytes = match std::fs::read(&self.0) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(ElementFileError::Io(self.0.clone(), error)),
        };
        NvImage::from_bytes(&bytes).map(Some).ok_or_else(|| ElementFileError::NoElement(self.0.clone()))
    }

    /// Writes the memory; the old file stays whole until the new one is.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write(&self, element: &Sim) -> Result<(), ElementFileError> {
        let Some(memory) = element.nv() else { return Ok(()) };
        let new = self.0.with_extension("new");
        write_private(&new, &memory.to_bytes())
            .and_then(|()| std::fs::rename(&new, &self.0))
            .map_err(|error| ElementFileError::Io(self.0.clone(), error))
    }
}

/// Writes a file that only its owner may read, where the system knows owners: it holds private keys.
fn write_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut options = File::options();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)?.write_all(bytes)
}

impl fmt::Display for ElementFileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(path, _) => write!(f, "cannot use {}", path.display()),
            Self::NoElement(path) => write!(f, "{} does not hold an element's memory", path.display()),
        }
    }
}

impl core::error::Error for ElementFileError {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::Io(_, error) => Some(error),
            Self::NoElement(_) => None,
        }
    }
}
