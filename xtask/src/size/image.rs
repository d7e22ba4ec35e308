//! Reads a linked program: how large it is, whose code it holds, and which panics are left in it.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::{Context, Result};
use gimli::{EndianSlice, LittleEndian, Reader};
use object::elf::{SHF_ALLOC, SHT_NOBITS, SHT_PROGBITS};
use object::read::elf::{ElfFile32, ElfSection32, SectionHeader};
use object::{Endianness, Object, ObjectSection, ObjectSymbol, SymbolKind};

use super::origin::Origins;

/// What was read of one program.
#[derive(Debug)]
pub(crate) struct Image {
    /// Bytes of flash: vector table, code, constants, initial values.
    pub(crate) flash: u64,
    /// Bytes of static RAM.
    pub(crate) ram: u64,
    /// Bytes of flash by crate, the largest first.
    pub(crate) bytes_by_crate: Vec<(String, u64)>,
    /// The functions that are left, the largest first.
    pub(crate) functions: Vec<(String, u64)>,
    /// The lines that code came from, inlined code included, by source file.
    pub(crate) lines: BTreeMap<String, BTreeSet<u64>>,
    /// The places of panics, as crate and place; only in a program that keeps them.
    pub(crate) panics: Vec<(String, String)>,
}

impl Image {
    /// Reads the program at `path`.
    pub(crate) fn read(path: &Path, origins: &Origins) -> Result<Self> {
        let bytes = std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
        Self::parse(&bytes, origins).with_context(|| format!("cannot make sense of {}", path.display()))
    }

    fn parse(bytes: &[u8], origins: &Origins) -> Result<Self> {
        let elf: ElfFile32<'_, Endianness> = ElfFile32::parse(bytes)?;
        let size_where = |wanted: fn(&ElfSection32<'_, '_, Endianness>) -> bool| {
            elf.sections().filter(wanted).map(|section| section.size()).sum()
        };
        Ok(Self {
            flash: size_where(is_in_flash),
            ram: size_where(is_in_ram),
            bytes_by_crate: bytes_by_crate(&elf, origins)?,
            functions: functions(&elf),
            lines: lines(&elf)?,
            panics: panics(&elf, origins)?,
        })
    }
}

const RAM_START: u64 = 0x2000_0000;

fn is_allocated(section: &ElfSection32<'_, '_, Endianness>) -> bool {
    (section.elf_section_header().sh_flags(Endianness::Little) & SHF_ALLOC).0 != 0
}

fn is_in_flash(section: &ElfSection32<'_, '_, Endianness>) -> bool {
    is_allocated(section) && section.elf_section_header().sh_type(Endianness::Little) == SHT_PROGBITS
}

fn is_in_ram(section: &ElfSection32<'_, '_, Endianness>) -> bool {
    let no_bits = section.elf_section_header().sh_type(Endianness::Little) == SHT_NOBITS;
    is_allocated(section) && (no_bits || section.address() >= RAM_START)
}

fn functions(elf: &ElfFile32<'_, Endianness>) -> Vec<(String, u64)> {
    let text = elf.symbols().filter(|symbol| symbol.kind() == SymbolKind::Text && symbol.size() > 0);
    let mut functions: Vec<_> =
        text.map(|symbol| (demangled(symbol.name().unwrap_or_default()), symbol.size())).collect();
    functions.sort_by_key(|(_, bytes)| core::cmp::Reverse(*bytes));
    functions
}

fn demangled(symbol: &str) -> String {
    format!("{:#}", rustc_demangle::demangle(symbol))
}

/// Gives every byte of flash to a crate: code by the line it was compiled from, constants by their symbol.
fn bytes_by_crate(elf: &ElfFile32<'_, Endianness>, origins: &Origins) -> Result<Vec<(String, u64)>> {
    let mut sizes = BTreeMap::<String, u64>::new();
    let mut add = |owner: String, bytes: u64| {
        let size = sizes.entry(owner).or_default();
        *size = size.saturating_add(bytes);
    };
    for section in elf.sections().filter(is_in_flash) {
        let name = section.name()?.to_owned();
        let mut left = section.size();
        let mut take = |owner: String, bytes: u64| {
            left = left.saturating_sub(bytes);
            add(owner, bytes);
        };
        match name.as_str() {
            ".text" => {
                let range = section.address()..section.address().saturating_add(section.size());
                for (path, bytes) in code_by_file(elf, &range)? {
                    take(origins.of(&path).0, bytes);
                }
            }
            ".rodata" => {
                for symbol in elf.symbols().filter(|symbol| symbol.section_index() == Some(section.index())) {
                    if symbol.kind() == SymbolKind::Data {
                        take(crate_of_symbol(symbol.name().unwrap_or_default()), symbol.size());
                    }
                }
            }
            _ => {}
        }
        let rest = match name.as_str() {
            ".text" => "start-up and code without lines",
            ".rodata" => "constants without a name",
            other => other,
        };
        if left > 0 {
            add(rest.to_owned(), left);
        }
    }
    let mut sizes: Vec<_> = sizes.into_iter().collect();
    sizes.sort_by_key(|(_, bytes)| core::cmp::Reverse(*bytes));
    Ok(sizes)
}

/// Adds up the code in `range` by the source file it was compiled from, inlined functions included.
fn code_by_file(
    elf: &ElfFile32<'_, Endianness>,
    range: &core::ops::Range<u64>,
) -> Result<BTreeMap<String, u64>> {
    let mut sizes = BTreeMap::<String, u64>::new();
    each_line(elf, range, |path, _, bytes| {
        let size = sizes.entry(path).or_default();
        *size = size.saturating_add(bytes);
    })?;
    Ok(sizes)
}

/// Lists the lines that are left in the code.
fn lines(elf: &ElfFile32<'_, Endianness>) -> Result<BTreeMap<String, BTreeSet<u64>>> {
    let mut lines = BTreeMap::<String, BTreeSet<u64>>::new();
    if let Some(text) = elf.section_by_name(".text") {
        let range = text.address()..text.address().saturating_add(text.size());
        each_line(elf, &range, |path, line, bytes| {
            if bytes > 0 {
                lines.entry(path).or_default().insert(line);
            }
        })?;
    }
    Ok(lines)
}

/// Tells of each stretch of code in `range` its source file, its line, and its length.
fn each_line(
    elf: &ElfFile32<'_, Endianness>,
    range: &core::ops::Range<u64>,
    mut tell: impl FnMut(String, u64, u64),
) -> Result<()> {
    let sections = gimli::DwarfSections::load(|id| -> Result<Cow<'_, [u8]>> {
        Ok(match elf.section_by_name(id.name()) {
            Some(section) => Cow::Borrowed(section.data()?),
            None => Cow::Borrowed(&[]),
        })
    })?;
    let dwarf = sections.borrow(|section| EndianSlice::new(section, LittleEndian));
    let mut units = dwarf.units();
    while let Some(header) = units.next()? {
        let unit = dwarf.unit(header)?;
        let Some(program) = unit.line_program.clone() else { continue };
        let mut rows = program.rows();
        let mut previous: Option<(u64, u64, u64)> = None;
        while let Some((header, row)) = rows.next_row()? {
            if let Some((address, file, line)) = previous.filter(|(address, ..)| range.contains(address)) {
                let bytes = row.address().saturating_sub(address);
                tell(path_of(&dwarf, &unit, header, file)?, line, bytes);
            }
            let line = row.line().map_or(0, core::num::NonZero::get);
            previous = (!row.end_sequence()).then(|| (row.address(), row.file_index(), line));
        }
    }
    Ok(())
}

fn path_of<R: Reader>(
    dwarf: &gimli::Dwarf<R>,
    unit: &gimli::Unit<R>,
    header: &gimli::LineProgramHeader<R>,
    file: u64,
) -> Result<String> {
    let Some(file) = header.file(file) else { return Ok(String::new()) };
    let mut path = match &unit.comp_dir {
        Some(directory) => directory.to_string_lossy()?.into_owned(),
        None => String::new(),
    };
    if let Some(directory) = file.directory(header) {
        push(&mut path, &dwarf.attr_string(unit, directory)?.to_string_lossy()?);
    }
    push(&mut path, &dwarf.attr_string(unit, file.path_name())?.to_string_lossy()?);
    Ok(path)
}

fn push(path: &mut String, part: &str) {
    if part.starts_with('/') {
        path.clear();
    } else if !path.is_empty() && !path.ends_with('/') {
        path.push('/');
    }
    path.push_str(part);
}

/// Returns the crate that a constant's symbol names, or a stand-in where it names none.
fn crate_of_symbol(symbol: &str) -> String {
    match demangled(symbol).trim_start_matches(['<', '&', '[', '(']).split_once("::") {
        Some((owner, _)) => owner.replace('_', "-"),
        None => "constants without a name".to_owned(),
    }
}

/// Finds the source locations in the constants: pointer and length of a path, line, column.
fn panics(elf: &ElfFile32<'_, Endianness>, origins: &Origins) -> Result<Vec<(String, String)>> {
    let Some(section) = elf.section_by_name(".rodata") else { return Ok(Vec::new()) };
    Ok(locations(section.data()?, section.address())
        .into_iter()
        .map(|(path, line, column)| {
            let (owner, file) = origins.of(&path);
            (owner, format!("{file}:{line}:{column}"))
        })
        .collect())
}

fn locations(constants: &[u8], start: u64) -> Vec<(String, u32, u32)> {
    let mut found = Vec::new();
    let words: Vec<u32> = constants
        .chunks_exact(4)
        .map(|word| u32::from_le_bytes(word.try_into().unwrap_or_default()))
        .collect();
    for candidate in words.windows(4) {
        let &[pointer, length, line, column] = candidate else { continue };
        let path = u64::from(pointer).checked_sub(start).and_then(|offset| {
            let offset = usize::try_from(offset).ok()?;
            let end = offset.checked_add(usize::try_from(length).ok()?)?;
            let text = core::str::from_utf8(constants.get(offset..end)?).ok()?;
            text.trim_end_matches('\0').ends_with(".rs").then(|| text.trim_end_matches('\0').to_owned())
        });
        if let Some(path) = path.filter(|_| line > 0 && column > 0) {
            found.push((path, line, column));
        }
    }
    found.sort();
    found.dedup();
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_location_is_read_back_from_constants() {
        let path = b"crates/eccx08/src/device.rs\0";
        let mut constants = path.to_vec();
        for word in [0x3000_u32, 27, 12, 5, 0x3000, 9999, 1, 1] {
            constants.extend(word.to_le_bytes());
        }
        assert_eq!(locations(&constants, 0x3000), [("crates/eccx08/src/device.rs".to_owned(), 12, 5)]);
    }

    #[test]
    fn constants_that_only_look_like_a_location_are_none() {
        let mut constants = b"no source".to_vec();
        constants.resize(12, 0);
        for word in [0x3000_u32, 9, 1, 1] {
            constants.extend(word.to_le_bytes());
        }
        assert!(locations(&constants, 0x3000).is_empty());
    }

    #[test]
    fn symbols_name_their_crates() {
        assert_eq!(crate_of_symbol("_RNvNtCshAqUdaHQZjq_4sha26consts3K32"), "sha2");
        assert_eq!(crate_of_symbol("__INTERRUPTS"), "constants without a name");
    }

    #[test]
    fn an_absolute_part_starts_a_path_anew() {
        let mut path = "/build".to_owned();
        push(&mut path, "src");
        assert_eq!(path, "/build/src");
        push(&mut path, "/usr/lib");
        assert_eq!(path, "/usr/lib");
    }
}
