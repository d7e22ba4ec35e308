//! What cannot be undone is linked only by the program that exists to do it: locking the secure element, writing its
//! configuration, making a key in it.

use anyhow::{Context, Result};

use super::image::Image;
use crate::workspace;

/// The one program that may.
const ALLOWED: &str = "provision";
/// Files whose code locks, or writes the configuration.
const FILES: [&str; 3] =
    ["eccx08/src/command/lock.rs", "eccx08/src/provision.rs", "eccx08/src/provision/data_zone.rs"];
/// The file, and the function in it, that makes a key.
const KEY_FILE: &str = "crates/eccx08/src/key.rs";
const KEY_FUNCTION: &str = "    pub fn generate(";
const END_OF_FUNCTION: &str = "    }";

/// Lists what the program `name` holds of it.
pub(super) fn findings(name: &str, image: &Image) -> Result<Vec<String>> {
    if name == ALLOWED {
        return Ok(Vec::new());
    }
    let generate = lines_of_function(&source(KEY_FILE)?).context("eccx08 makes no key any more")?;
    let found = image.lines.iter().filter(|(path, lines)| {
        FILES.iter().any(|file| path.ends_with(file))
            || path.ends_with(KEY_FILE) && lines.iter().any(|line| generate.contains(line))
    });
    Ok(found.map(|(path, _)| format!("{name} holds code of {path} that only {ALLOWED} may")).collect())
}

fn source(file: &str) -> Result<String> {
    std::fs::read_to_string(workspace::root().join(file)).with_context(|| format!("cannot read {file}"))
}

/// The lines of the function that makes a key, counted from 1.
fn lines_of_function(source: &str) -> Option<core::ops::RangeInclusive<u64>> {
    let lines = || (1_u64..).zip(source.lines());
    let (first, _) = lines().find(|(_, line)| line.starts_with(KEY_FUNCTION))?;
    let (last, _) = lines().find(|(number, line)| *number > first && *line == END_OF_FUNCTION)?;
    Some(first..=last)
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::*;

    fn image(path: &str, line: u64) -> Image {
        Image {
            flash: 0,
            ram: 0,
            bytes_by_crate: Vec::new(),
            functions: Vec::new(),
            lines: BTreeMap::from([(path.to_owned(), BTreeSet::from([line]))]),
            panics: Vec::new(),
        }
    }

    #[test]
    fn locking_is_found_in_any_program_but_one() {
        let image = image("/somewhere/crates/eccx08/src/command/lock.rs", 7);
        assert_eq!(findings("cloud", &image).unwrap().len(), 1);
        assert!(findings("provision", &image).unwrap().is_empty());
    }

    #[test]
    fn making_a_key_is_told_from_reading_one() {
        let generate = lines_of_function(&source(KEY_FILE).unwrap()).unwrap();
        assert_eq!(findings("cloud", &image(KEY_FILE, *generate.start())).unwrap().len(), 1);
        assert!(findings("cloud", &image(KEY_FILE, generate.end() + 5)).unwrap().is_empty());
    }

    #[test]
    fn the_files_are_there() {
        assert!(FILES.iter().all(|file| source(&format!("crates/{file}")).is_ok()));
    }
}
