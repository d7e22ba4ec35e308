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

impl Program {
    /// Takes `name` as a file where there is one of that name, and else builds the program that is called so.
    pub(crate) fn get(name: &str, no_setup: bool) -> Result<Self, Stop> {
        let file = Path::new(name);
        if file.is_file() {
            return Self::read(file);
        }
        let known = firmware::programs().map_err(|error| Stop::new(Kind::Usage, error))?;
        if !known.iter().any(|program| program == name) {
            let advice = format!("The programs are: {}", known.join(", "));
            return Err(
                Stop::text(Kind::Usage, format!("`{name}` is neither a file nor a program")).advise(advice)
            );
        }
        let tools = setup::tools(no_setup).map_err(|error| Stop::new(Kind::Build, error))?;
        let built = firmware::build(&tools, &[name.to_owned()]);
        let built = built.map_err(|error| Stop::new(Kind::Build, error))?;
        let elf = built.first().map(|program| program.elf.clone());
        Self::read(&elf.ok_or_else(|| Stop::text(Kind::Build, format!("`{name}` was not built")))?)
    }

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
