//! Firmware images: ELF files and plain binaries.

use core::fmt;

use object::{Object as _, ObjectSection as _, ObjectSymbol as _, SectionKind, SymbolKind};
use sha2::{Digest as _, Sha256};

use crate::fabric::nvm::{FLASH_BYTES, Nvm};
use crate::fabric::{RAM_BASE, RAM_BYTES};
use crate::symbols::{Symbol, Symbols};

/// Where an application begins on a board whose first 8 KiB are the loader's.
pub const APPLICATION: u32 = 0x2000;

/// Why an image cannot be run.
#[derive(Debug)]
#[non_exhaustive]
pub enum ImageError {
    /// It is an ELF file that cannot be read.
    Elf(object::Error),
    /// It is an ELF file that ends before what it promises.
    Truncated,
    /// It is an ELF file for another processor.
    OtherProcessor,
    /// A part of it lies outside the flash.
    OutsideFlash {
        /// First address of that part.
        address: u32,
        /// Its length.
        length: usize,
    },
    /// There is nothing in it.
    Empty,
    /// There is no vector table at its first address.
    NoVectors {
        /// Where it should be.
        base: u32,
    },
}

impl fmt::Display for ImageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Elf(_) => f.write_str("cannot read the ELF file"),
            Self::Truncated => f.write_str("the ELF file ends too early"),
            Self::OtherProcessor => f.write_str("the ELF file is for another processor than ARM"),
            Self::OutsideFlash { address, length } => {
                write!(f, "{length} bytes at 0x{address:08X} lie outside the flash (256 KiB from 0)")
            }
            Self::Empty => f.write_str("the image is empty"),
            Self::NoVectors { base } => write!(
                f,
                "no vector table at 0x{base:X}: the first word is no stack in RAM, or the second no code"
            ),
        }
    }
}

impl core::error::Error for ImageError {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::Elf(error) => Some(error),
            _ => None,
        }
    }
}

/// An image: what goes where in the flash, and what is known about it.
#[derive(Clone, Debug)]
pub struct Image {
    parts: Vec<(u32, Vec<u8>)>,
    base: u32,
    symbols: Symbols,
    statics_end: u32,
    hash: [u8; 32],
}

impl Image {
    /// Reads an ELF file, or a plain binary, which goes to `base` (by default to [`APPLICATION`]).
    ///
    /// The base of an ELF file is the lowest address that it fills, unless `base` names another vector table.
    ///
    /// # Errors
    ///
    /// The file is broken, empty, for another processor, or does not fit the flash.
    pub fn parse(bytes: &[u8], base: Option<u32>) -> Result<Self, ImageError> {
        let mut image = if bytes.starts_with(b"\x7FELF") {
            Self::from_elf(bytes, base)?
        } else {
            let base = base.unwrap_or(APPLICATION);
            Self { parts: vec![(base, bytes.to_vec())], base, ..Self::empty() }
        };
        image.hash = Sha256::digest(bytes).into();
        image.parts.retain(|(_, bytes)| !bytes.is_empty());
        image.check()?;
        Ok(image)
    }

    const fn empty() -> Self {
        Self { parts: Vec::new(), base: 0, symbols: Symbols::none(), statics_end: RAM_BASE, hash: [0; 32] }
    }

    fn from_elf(bytes: &[u8], base: Option<u32>) -> Result<Self, ImageError> {
        let elf =
            object::read::elf::ElfFile32::<object::Endianness>::parse(bytes).map_err(ImageError::Elf)?;
        if elf.architecture() != object::Architecture::Arm {
            return Err(ImageError::OtherProcessor);
        }
        let mut parts = Vec::new();
        for header in elf.elf_program_headers() {
            use object::read::elf::ProgramHeader as _;
            let endian = elf.endian();
            if header.p_type(endian) == object::elf::PT_LOAD {
                let data = header.data(endian, bytes).map_err(|()| ImageError::Truncated)?;
                parts.push((header.p_paddr(endian), data.to_vec()));
            }
        }
        parts.retain(|(_, data): &(u32, Vec<u8>)| !data.is_empty());
        let lowest = parts.iter().map(|(address, _)| *address).min().unwrap_or(0);
        let symbols = elf.symbols().filter(|symbol| symbol.kind() == SymbolKind::Text).filter_map(|symbol| {
            let address = u32::try_from(symbol.address()).ok()? & !1;
            let size = u32::try_from(symbol.size()).ok()?;
            let name = symbol.name().ok().filter(|name| !name.is_empty() && !name.starts_with('$'))?;
            Some(Symbol { address, size, name: format!("{:#}", rustc_demangle::demangle(name)) })
        });
        let symbols = Symbols::new(symbols.collect());
        Ok(Self {
            parts,
            base: base.unwrap_or(lowest),
            symbols,
            statics_end: statics_end(&elf),
            hash: [0; 32],
        })
    }

    fn check(&self) -> Result<(), ImageError> {
        if self.parts.is_empty() {
            return Err(ImageError::Empty);
        }
        for (address, bytes) in &self.parts {
            let (start, length) = (*address as usize, bytes.len());
            if start.checked_add(length).is_none_or(|end| end > FLASH_BYTES as usize) {
                return Err(ImageError::OutsideFlash { address: *address, length });
            }
        }
        Ok(())
    }

    /// Writes the image into a flash.
    pub fn program(&self, nvm: &mut Nvm) {
        for (address, bytes) in &self.parts {
            for (address, byte) in (*address..).zip(bytes) {
                nvm.flash.write8(address, *byte);
            }
        }
    }

    /// Checks that there is a vector table at the base of a programmed flash.
    ///
    /// # Errors
    ///
    /// The first word does not point into RAM, or the second not to code.
    pub fn check_vectors(&self, nvm: &Nvm) -> Result<(), ImageError> {
        let (stack, entry) = (nvm.flash.read32(self.base), nvm.flash.read32(self.base + 4));
        let in_ram = (RAM_BASE + 4..=RAM_BASE + RAM_BYTES).contains(&stack);
        if in_ram && entry & 1 != 0 && entry < FLASH_BYTES {
            return Ok(());
        }
        Err(ImageError::NoVectors { base: self.base })
    }

    /// Tells the address of the vector table.
    #[must_use]
    pub const fn base(&self) -> u32 {
        self.base
    }

    /// Borrows the symbols of functions; a plain binary has none.
    #[must_use]
    pub const fn symbols(&self) -> &Symbols {
        &self.symbols
    }

    /// Tells the end of the static data in RAM: a stack below it has overflowed. The first address of RAM when
    /// it is not known.
    #[must_use]
    pub const fn statics_end(&self) -> u32 {
        self.statics_end
    }

    /// Tells the SHA-256 of the file.
    #[must_use]
    pub const fn hash(&self) -> [u8; 32] {
        self.hash
    }

    /// Counts the bytes that go to flash.
    #[must_use]
    pub fn length(&self) -> usize {
        self.parts.iter().map(|(_, bytes)| bytes.len()).sum()
    }
}

/// Finds the end of `.data`, `.bss` and the like.
fn statics_end(elf: &object::read::elf::ElfFile32<'_>) -> u32 {
    let is_static = |kind| matches!(kind, SectionKind::Data | SectionKind::UninitializedData);
    let ends = elf.sections().filter(|section| is_static(section.kind())).filter_map(|section| {
        let name = section.name().unwrap_or_default();
        let end = section.address().checked_add(section.size())?;
        let ends_in_ram = (u64::from(RAM_BASE)..=u64::from(RAM_BASE + RAM_BYTES)).contains(&end);
        let reserved = name.contains("stack") || name.contains("heap");
        (ends_in_ram && !reserved).then(|| u32::try_from(end).ok()).flatten()
    });
    ends.max().unwrap_or(RAM_BASE)
}
