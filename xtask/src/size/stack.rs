//! How deep a program's stack may get, along the calls that can be read from its code.
//!
//! The compiler writes down each function's frame (`-Z emit-stack-sizes`); calls are read from the instructions.
//! Calls through pointers cannot be, so the figure is an estimate: a run tells the rest.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result};
use object::read::elf::ElfFile32;
use object::{Endianness, Object, ObjectSection, ObjectSymbol, SymbolKind};

/// Bytes that the processor pushes when it takes an exception (ARMv6-M B1.5.6).
const EXCEPTION_FRAME: u64 = 32;
/// Where a program begins.
const START: &str = "Reset";
/// Exceptions that end a program; how deep they go does not matter.
const FATAL: [&str; 3] = ["DefaultHandler_", "HardFault_", "HardFaultTrampoline"];

/// The functions of a program.
struct Code<'e> {
    /// Frame of each function, by its address.
    frames: BTreeMap<u64, u64>,
    /// End of each function, by its address.
    ends: BTreeMap<u64, u64>,
    /// Where code turns into constants (false), or back (true).
    marks: BTreeMap<u64, bool>,
    text: &'e [u8],
    start: u64,
}

/// Adds up the deepest path from the start and, on top, that of the deepest interrupt handler; none if the compiler
/// wrote down no frames.
pub(super) fn estimate(bytes: &[u8]) -> Result<Option<u64>> {
    let elf: ElfFile32<'_, Endianness> = ElfFile32::parse(bytes)?;
    let Some(frames) = elf.section_by_name(".stack_sizes") else { return Ok(None) };
    let text = elf.section_by_name(".text").context("no code")?;
    let mut code = Code {
        frames: parse_frames(frames.data()?),
        ends: BTreeMap::new(),
        marks: BTreeMap::new(),
        text: text.data()?,
        start: text.address(),
    };
    let mut start = None;
    for symbol in elf.symbols().filter(|symbol| symbol.section_index() == Some(text.index())) {
        let address = symbol.address() & !1;
        match symbol.name().unwrap_or_default() {
            "$t" => drop(code.marks.insert(address, true)),
            "$d" => drop(code.marks.insert(address, false)),
            name => {
                if symbol.kind() == SymbolKind::Text {
                    code.ends.insert(address, address.saturating_add(symbol.size()));
                }
                if name == START {
                    start = Some(address);
                }
            }
        }
    }
    let mut known = BTreeMap::new();
    let program = code.depth(start.context("no start")?, &mut BTreeSet::new(), &mut known);
    let handlers = handlers(&elf)?.into_iter();
    let deepest = handlers.map(|handler| code.depth(handler, &mut BTreeSet::new(), &mut known)).max();
    Ok(Some(program.saturating_add(deepest.unwrap_or(0)).saturating_add(EXCEPTION_FRAME)))
}

impl Code<'_> {
    /// The deepest path from `function` on; a recursion counts once.
    fn depth(&self, function: u64, path: &mut BTreeSet<u64>, known: &mut BTreeMap<u64, u64>) -> u64 {
        if let Some(depth) = known.get(&function) {
            return *depth;
        }
        if !path.insert(function) {
            return 0;
        }
        let callees = self.callees(function).into_iter();
        let below = callees.map(|callee| self.depth(callee, path, known)).max().unwrap_or(0);
        path.remove(&function);
        let depth = self.frames.get(&function).copied().unwrap_or(0).saturating_add(below);
        known.insert(function, depth);
        depth
    }

    /// The functions that `function` calls, or jumps to, by their addresses.
    fn callees(&self, function: u64) -> BTreeSet<u64> {
        let mut callees = BTreeSet::new();
        let Some(&end) = self.ends.get(&function) else { return callees };
        let mut at = function;
        while at < end {
            if self.marks.range(..=at).next_back().is_some_and(|(_, is_code)| !is_code) {
                at = at.saturating_add(2);
                continue;
            }
            let (target, length) = self.branch(at);
            let is_outside = |target: &u64| !(function..end).contains(target) || *target == function;
            callees.extend(target.filter(|target| self.ends.contains_key(target)).filter(is_outside));
            at = at.saturating_add(length);
        }
        callees
    }

    /// Where the instruction at `at` branches to, if it is BL or B, and how long it is (ARMv6-M A6.7.12, A6.7.13).
    fn branch(&self, at: u64) -> (Option<u64>, u64) {
        let Some(first) = self.half_word(at) else { return (None, 2) };
        if first >> 11 == 0b11100 {
            return (relative(at, i64::from(first & 0x7FF) << 53 >> 52), 2);
        }
        if first >> 11 != 0b11110 {
            return (None, 2);
        }
        let Some(second) = self.half_word(at.saturating_add(2)) else { return (None, 4) };
        if second & 0xD000 != 0xD000 {
            return (None, 4);
        }
        let bit = |word: u16, bit: u32| i64::from(word >> bit & 1);
        let sign = bit(first, 10);
        let (i1, i2) = (1 ^ bit(second, 13) ^ sign, 1 ^ bit(second, 11) ^ sign);
        let offset = sign << 24
            | i1 << 23
            | i2 << 22
            | i64::from(first & 0x3FF) << 12
            | i64::from(second & 0x7FF) << 1;
        (relative(at, offset << 39 >> 39), 4)
    }

    fn half_word(&self, at: u64) -> Option<u16> {
        let offset = usize::try_from(at.checked_sub(self.start)?).ok()?;
        Some(u16::from_le_bytes(self.text.get(offset..offset.checked_add(2)?)?.try_into().ok()?))
    }
}

/// A branch counts from the address of its instruction and 4.
fn relative(at: u64, offset: i64) -> Option<u64> {
    at.checked_add(4)?.checked_add_signed(offset)
}

/// Reads the compiler's notes: address, then size as ULEB128.
fn parse_frames(mut notes: &[u8]) -> BTreeMap<u64, u64> {
    let mut frames = BTreeMap::new();
    while let Some((address, rest)) = notes.split_first_chunk() {
        let length = rest.iter().take_while(|byte| **byte & 0x80 != 0).count().saturating_add(1);
        let Some((size, rest)) = rest.split_at_checked(length) else { break };
        let size = size.iter().rev().fold(0_u64, |size, byte| size << 7 | u64::from(byte & 0x7F));
        frames.insert(u64::from(u32::from_le_bytes(*address)) & !1, size);
        notes = rest;
    }
    frames
}

/// The addresses of the handlers in the vector table, the fatal ones left out.
fn handlers(elf: &ElfFile32<'_, Endianness>) -> Result<BTreeSet<u64>> {
    let table = elf.section_by_name(".vector_table").context("no vector table")?;
    let fatal: BTreeSet<u64> = elf
        .symbols()
        .filter(|symbol| symbol.name().is_ok_and(|name| FATAL.contains(&name) || name == START))
        .map(|symbol| symbol.address() & !1)
        .collect();
    let (words, _) = table.data()?.as_chunks();
    let handlers = words.iter().skip(2).map(|word| u64::from(u32::from_le_bytes(*word)) & !1);
    Ok(handlers.filter(|handler| *handler != 0 && !fatal.contains(handler)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code<'t>(text: &'t [u8], functions: &[(u64, u64, u64)]) -> Code<'t> {
        Code {
            frames: functions.iter().map(|&(address, _, frame)| (address, frame)).collect(),
            ends: functions.iter().map(|&(address, end, _)| (address, end)).collect(),
            marks: BTreeMap::new(),
            text,
            start: 0x2000,
        }
    }

    #[test]
    fn notes_of_the_compiler_are_read() {
        let notes = [0x01, 0x20, 0, 0, 0x08, 0x11, 0x20, 0, 0, 0x88, 0x02];
        assert_eq!(parse_frames(&notes), BTreeMap::from([(0x2000, 8), (0x2010, 264)]));
    }

    #[test]
    fn the_deepest_path_counts_and_a_recursion_once() {
        // 2000: bl 2008; bx lr; nop. 2008: b 200a (itself); bl 2000.
        let text = [0x00, 0xF0, 0x02, 0xF8, 0x70, 0x47, 0xC0, 0x46, 0xFF, 0xE7, 0xFF, 0xF7, 0xF9, 0xFF];
        let code = code(&text, &[(0x2000, 0x2008, 16), (0x2008, 0x200E, 24)]);
        assert_eq!(code.branch(0x2000), (Some(0x2008), 4));
        assert_eq!(code.branch(0x200A), (Some(0x2000), 4));
        assert_eq!(code.callees(0x2008), BTreeSet::from([0x2000]));
        assert_eq!(code.depth(0x2000, &mut BTreeSet::new(), &mut BTreeMap::new()), 40);
    }

    #[test]
    fn constants_are_no_calls() {
        let text = [0x70, 0x47, 0xC0, 0x46, 0xFF, 0xF7, 0xFC, 0xFF];
        let mut code = code(&text, &[(0x2000, 0x2008, 16)]);
        assert_eq!(code.branch(0x2004).0, Some(0x2000));
        code.marks.insert(0x2004, false);
        assert!(code.callees(0x2000).is_empty());
    }
}
