//! Names of functions by address.

use core::fmt;

/// A function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Symbol {
    /// Its first instruction.
    pub address: u32,
    /// Its size in bytes; 0 when it is not known.
    pub size: u32,
    /// Its name, demangled.
    pub name: String,
}

/// Functions, sorted by address.
#[derive(Clone, Debug, Default)]
pub struct Symbols {
    sorted: Vec<Symbol>,
}

/// A function and the distance from its first instruction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place<'s> {
    /// The address.
    pub address: u32,
    /// The function's name, when one is known.
    pub name: Option<&'s str>,
    /// Bytes from its beginning.
    pub offset: u32,
}

impl Symbols {
    /// No symbols at all.
    #[must_use]
    pub const fn none() -> Self {
        Self { sorted: Vec::new() }
    }

    /// Sorts functions; of several at one address the largest stays.
    #[must_use]
    pub fn new(mut symbols: Vec<Symbol>) -> Self {
        symbols.sort_by(|one, other| {
            (one.address, core::cmp::Reverse(one.size), &one.name).cmp(&(
                other.address,
                core::cmp::Reverse(other.size),
                &other.name,
            ))
        });
        symbols.dedup_by_key(|symbol| symbol.address);
        Self { sorted: symbols }
    }

    /// Finds the function that `address` is in.
    #[must_use]
    pub fn at(&self, address: u32) -> Option<&Symbol> {
        self.index_at(address).and_then(|index| self.sorted.get(index))
    }

    fn index_at(&self, address: u32) -> Option<usize> {
        let index = self.sorted.partition_point(|symbol| symbol.address <= address).checked_sub(1)?;
        let symbol = self.sorted.get(index)?;
        // A size of zero reaches to the next symbol: assembly often has none.
        (symbol.size == 0 || address - symbol.address < symbol.size).then_some(index)
    }

    /// Names `address`.
    #[must_use]
    pub fn place(&self, address: u32) -> Place<'_> {
        let symbol = self.at(address);
        Place {
            address,
            name: symbol.map(|symbol| symbol.name.as_str()),
            offset: symbol.map_or(0, |symbol| address - symbol.address),
        }
    }

    /// Goes through the functions by address.
    pub fn iter(&self) -> impl Iterator<Item = &Symbol> {
        self.sorted.iter()
    }

    /// Counts the functions.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.sorted.len()
    }

    /// Tells whether there are none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.sorted.is_empty()
    }
}

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name {
            Some(name) => write!(f, "0x{:08X} {name}+0x{:x}", self.address, self.offset),
            None => write!(f, "0x{:08X}", self.address),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_named_by_the_function_they_are_in() {
        let symbol = |address, size, name: &str| Symbol { address, size, name: name.to_owned() };
        let symbols = Symbols::new(vec![symbol(0x20, 8, "b"), symbol(0x10, 4, "a"), symbol(0x30, 0, "c")]);
        assert_eq!(symbols.place(0x12).to_string(), "0x00000012 a+0x2");
        assert_eq!(symbols.place(0x14).to_string(), "0x00000014");
        assert_eq!(symbols.place(0x27).name, Some("b"));
        assert_eq!(symbols.place(0x1000).name, Some("c"), "a size of zero reaches to the next");
        assert_eq!(symbols.place(0).name, None);
        assert_eq!(symbols.len(), 3);
    }
}
