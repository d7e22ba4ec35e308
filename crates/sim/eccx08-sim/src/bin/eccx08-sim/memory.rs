//! The file of the non-volatile memory.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use eccx08_sim::{NvImage, Sim};

/// The file, and what it holds.
pub(crate) struct Memory {
    path: Option<PathBuf>,
    saved: Option<NvImage>,
}

impl Memory {
    pub(crate) fn new(path: Option<&Path>) -> Self {
        Self { path: path.map(Path::to_path_buf), saved: None }
    }

    /// Reads the file; nothing when there is none yet.
    pub(crate) fn load(&mut self) -> Result<Option<NvImage>, String> {
        let Some(path) = &self.path else { return Ok(None) };
        let bytes = match fs::read(path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(format!("{}: {error}", path.display())),
        };
        let image = NvImage::from_bytes(&bytes).ok_or_else(|| {
            format!("{}: {} bytes, an image has {}", path.display(), bytes.len(), NvImage::SIZE)
        })?;
        self.saved = Some(image.clone());
        Ok(Some(image))
    }

    /// Writes the file when the memory changed: a new file, then in the place of the old one.
    pub(crate) fn save(&mut self, sim: &Sim) -> Result<(), String> {
        let (Some(path), Some(image)) = (&self.path, sim.nv()) else { return Ok(()) };
        if self.saved.as_ref() == Some(&image) {
            return Ok(());
        }
        let mut beside = path.clone().into_os_string();
        beside.push(".new");
        let beside = PathBuf::from(beside);
        write(&beside, &image.to_bytes())
            .and_then(|()| fs::rename(&beside, path))
            .map_err(|error| format!("{}: {error}", path.display()))?;
        self.saved = Some(image);
        Ok(())
    }
}

/// Writes a file that its owner alone can read: it holds private keys.
fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)?.write_all(bytes)
}
