//! A program for the board, checked before anything is erased.

use core::fmt;
use core::ops::Range;

use object::LittleEndian;
use object::elf;
use object::read::elf::{ElfFile32, FileHeader, ProgramHeader};

use crate::checksum::crc16;
use crate::part::{APPLICATION_START, FLASH_END, RAM_END, RAM_START};

/// Bytes of the vectors that are looked at: the initial stack pointer and the reset vector.
const VECTORS: usize = 8;

/// A program that begins at [`APPLICATION_START`] with vectors that make sense.
#[derive(Clone, PartialEq, Eq)]
pub struct Image {
    bytes: Vec<u8>,
}

impl Image {
    /// Takes a file of either kind: ELF, or the plain bytes from [`APPLICATION_START`] on.
    ///
    /// # Errors
    /// Fails when the file is no program that this board can start.
    pub fn from_file(file: &[u8]) -> Result<Self, ImageError> {
        if file.starts_with(&elf::ELFMAG) { Self::from_elf(file) } else { Self::from_bytes(file) }
    }

    /// Takes the plain bytes from [`APPLICATION_START`] on.
    ///
    /// ```
    /// use sam_ba::{Image, ImageError};
    ///
    /// let mut program = 0x2000_8000_u32.to_le_bytes().to_vec(); // the stack begins at the end of the RAM
    /// program.extend(0x2009_u32.to_le_bytes()); // the reset vector: an odd address, for Thumb code
    /// program.extend([0xFE, 0xE7]); // b .
    /// let image = Image::from_bytes(&program)?;
    /// assert_eq!(image.range(), 0x2000..0x200A);
    ///
    /// assert!(matches!(Image::from_bytes(b"#!/bin/sh\n"), Err(ImageError::StackPointer(_))));
    /// # Ok::<(), ImageError>(())
    /// ```
    ///
    /// # Errors
    /// Fails when the bytes do not fit, or do not begin with vectors that this board can start from.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, ImageError> {
        let room = (FLASH_END - APPLICATION_START) as usize;
        if bytes.len() > room {
            return Err(ImageError::TooLong { length: bytes.len(), room });
        }
        let Some((vectors, _)) = bytes.split_at_checked(VECTORS) else {
            return Err(ImageError::TooShort(bytes.len()));
        };
        let image = Self { bytes: bytes.to_vec() };
        let (stack, reset) = (word(&vectors[..4]), word(&vectors[4..]));
        if !(RAM_START + 1..=RAM_END).contains(&stack) || !stack.is_multiple_of(8) {
            return Err(ImageError::StackPointer(stack));
        }
        if reset % 2 == 0 || !image.range().contains(&reset) {
            return Err(ImageError::ResetVector(reset));
        }
        Ok(image)
    }

    /// Takes what an ELF file loads into flash, by physical address; gaps are left erased.
    ///
    /// # Errors
    /// Fails when the file is none for this processor, loads anything outside the program's flash, or does not begin
    /// with vectors that this board can start from.
    pub fn from_elf(file: &[u8]) -> Result<Self, ImageError> {
        let elf = ElfFile32::<LittleEndian>::parse(file).map_err(ImageError::Elf)?;
        let header = elf.elf_header();
        let endian = elf.endian();
        let machine = header.e_machine(endian);
        if machine != elf::EM_ARM || header.e_type(endian) != elf::ET_EXEC {
            return Err(ImageError::Foreign { machine: machine.0 });
        }
        let mut bytes: Vec<Option<u8>> = Vec::new();
        for segment in elf
            .elf_program_headers()
            .iter()
            .filter(|segment| segment.p_type(endian) == elf::PT_LOAD && segment.p_filesz(endian) > 0)
        {
            let start = segment.p_paddr(endian);
            let data = segment.data(endian, file).map_err(|()| ImageError::Truncated(start))?;
            let outside = || ImageError::Outside { start, length: data.len() };
            let offset = start.checked_sub(APPLICATION_START).ok_or_else(outside)? as usize;
            let end = offset.checked_add(data.len()).ok_or_else(outside)?;
            if end > (FLASH_END - APPLICATION_START) as usize {
                return Err(outside());
            }
            bytes.resize(bytes.len().max(end), None);
            for (slot, byte) in bytes[offset..end].iter_mut().zip(data) {
                if slot.replace(*byte).is_some() {
                    return Err(ImageError::Overlap(start));
                }
            }
        }
        let bytes: Vec<u8> = bytes.into_iter().map(|byte| byte.unwrap_or(0xFF)).collect();
        Self::from_bytes(&bytes)
    }

    /// Returns the bytes from [`APPLICATION_START`] on.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Returns the addresses that the image takes.
    pub fn range(&self) -> Range<u32> {
        let length = u32::try_from(self.bytes.len()).unwrap_or(u32::MAX);
        APPLICATION_START..APPLICATION_START.saturating_add(length)
    }

    /// Returns the checksum that the loader computes over the image.
    pub fn checksum(&self) -> u16 {
        crc16(&self.bytes)
    }
}

impl fmt::Debug for Image {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Images may carry secrets.
        write!(f, "Image(0x{:X}..0x{:X})", self.range().start, self.range().end)
    }
}

/// Why a file is no program for this board.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ImageError {
    /// The file is no 32-bit little-endian ELF file.
    Elf(object::read::Error),
    /// The ELF file is for another processor, or none that can be executed.
    Foreign {
        /// Its machine number; 40 is Arm.
        machine: u16,
    },
    /// The bytes of the segment at this address are not in the file.
    Truncated(u32),
    /// A segment lies where no program may be; below 0x2000 is the loader.
    Outside {
        /// Where the segment begins.
        start: u32,
        /// Its length.
        length: usize,
    },
    /// The segment at this address covers another one.
    Overlap(u32),
    /// The image reaches into the settings that are to be kept.
    OverSettings {
        /// Where the image ends.
        end: u32,
        /// Where the settings begin.
        settings: u32,
    },
    /// The image is longer than the flash.
    TooLong {
        /// Its length.
        length: usize,
        /// What there is.
        room: usize,
    },
    /// The image has not even vectors; its length.
    TooShort(usize),
    /// The first word is no stack pointer.
    StackPointer(u32),
    /// The second word is no reset vector: odd, and inside the image.
    ResetVector(u32),
}

impl fmt::Display for ImageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Elf(_) => f.write_str("not a 32-bit little-endian ELF file"),
            Self::Foreign { machine } if *machine == elf::EM_ARM.0 => {
                f.write_str("the ELF file is not an executable")
            }
            Self::Foreign { machine } => write!(f, "the ELF file is for machine {machine}, not for Arm"),
            Self::Truncated(start) => write!(f, "the file ends inside the segment at 0x{start:X}"),
            Self::Outside { start, length } => write!(
                f,
                "a segment of {length} bytes at 0x{start:X} lies outside 0x{APPLICATION_START:X}..0x{FLASH_END:X}"
            ),
            Self::Overlap(start) => write!(f, "the segment at 0x{start:X} covers another one"),
            Self::OverSettings { end, settings } => {
                write!(f, "the image ends at 0x{end:X}, beyond the settings at 0x{settings:X}")
            }
            Self::TooLong { length, room } => write!(f, "{length} bytes do not fit into {room}"),
            Self::TooShort(length) => write!(f, "{length} bytes are too few for a program"),
            Self::StackPointer(word) => {
                write!(
                    f,
                    "the first word, 0x{word:08X}, is no stack pointer: an address in RAM, a multiple of 8"
                )
            }
            Self::ResetVector(word) => write!(
                f,
                "the second word, 0x{word:08X}, is no reset vector: an odd address inside the image, which begins at \
                 0x{APPLICATION_START:X}"
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

fn word(bytes: &[u8]) -> u32 {
    bytes.iter().rev().fold(0, |word, byte| word << 8 | u32::from(*byte))
}
