//! The program that is to be flashed: built here, or a file.

use std::fs;
use std::path::{Path, PathBuf};

use object::{Object, ObjectSymbol};
use sam_ba::Image;
use sha2::{Digest, Sha256};

use crate::board::{Kind, Stop};
use crate::build::firmware;
use crate::setup;

/// A checked program.
#[derive(Debug)]
pub(crate) struct Program {
    /// The file: ELF, or plain bytes.
    pub(crate) file: PathBuf,
    /// The SHA-256 of that file.
    pub(crate) sha256: String,
    /// Whether the file is an ELF file.
    pub(crate) is_elf: bool,
    /// What of it goes into flash.
    pub(crate) image: Image,
    /// Whether it has a USB port, where its symbols tell.
    pub(crate) has_usb: Option<bool>,
}

/// Where a program comes from.
#[derive(Debug)]
pub(crate) enum Source {
    /// A file that is there.
    File(PathBuf),
    /// A program of this workspace, by its name.
    Workspace(String),
}

impl Source {
    /// Takes `name` as a file where there is one of that name, and else as a program of this workspace.
    pub(crate) fn find(name: &str) -> Result<Self, Stop> {
        if Path::new(name).is_file() {
            return Ok(Self::File(name.into()));
        }
        let known = firmware::programs().map_err(|error| Stop::new(Kind::Usage, error))?;
        if known.iter().any(|program| program == name) {
            return Ok(Self::Workspace(name.to_owned()));
        }
        let advice = format!("The programs are: {}", known.join(", "));
        Err(Stop::text(Kind::Usage, format!("`{name}` is neither a file nor a program")).advise(advice))
    }

    /// Builds the program if need be, and checks it.
    pub(crate) fn program(&self, no_setup: bool) -> Result<Program, Stop> {
        let name = match self {
            Self::File(file) => return Program::read(file),
            Self::Workspace(name) => name,
        };
        let tools = setup::tools(no_setup).map_err(|error| Stop::new(Kind::Build, error))?;
        let built = firmware::build(&tools, core::slice::from_ref(name));
        let built = built.map_err(|error| Stop::new(Kind::Build, error))?;
        let elf = built.first().map(|program| program.elf.clone());
        Program::read(&elf.ok_or_else(|| Stop::text(Kind::Build, format!("`{name}` was not built")))?)
    }
}

impl Program {
    fn read(file: &Path) -> Result<Self, Stop> {
        let shown = file.display();
        let bytes = fs::read(file).map_err(|error| {
            Stop::new(Kind::Usage, anyhow::Error::new(error).context(format!("cannot read {shown}")))
        })?;
        let image = Image::from_file(&bytes).map_err(|error| {
            let reason = anyhow::Error::new(error).context(format!("{shown} is no program for this board"));
            Stop::new(Kind::Usage, reason)
                .advise("An ELF file linked for 0x2000 is wanted, or its plain bytes from there on.")
        })?;
        let is_elf = bytes.starts_with(b"\x7FELF");
        Ok(Self {
            file: file.to_owned(),
            sha256: sha256(&bytes),
            is_elf,
            image,
            has_usb: if is_elf { has_usb(&bytes) } else { None },
        })
    }
}

/// Returns the SHA-256 of `bytes` in hexadecimal.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Looks for the USB device stack among the symbols; a stripped file tells nothing.
fn has_usb(elf: &[u8]) -> Option<bool> {
    let file = object::File::parse(elf).ok()?;
    let mut names = file.symbols().filter_map(|symbol| symbol.name().ok()).peekable();
    names.peek()?;
    Some(names.any(|name| name.contains("usb_device") || name.contains("usbd_serial")))
}
