//! Secrets from `settings.toml` in an image, so that nobody hands one on unawares.

use std::ffi::OsStr;
use std::path::PathBuf;

use anyhow::{Context, Result};
use toml::{Table, Value};

use super::firmware::DIRECTORY;
use crate::workspace;

/// The settings that nobody else is to know.
const SECRETS: [&str; 3] = ["pin", "login", "password"];
/// Names another file than `settings.toml`, for the package's build script too.
pub(super) const FILE_VARIABLE: &str = "FIRMWARE_SETTINGS";

/// Lists the names of the secrets that `image` holds.
pub(super) fn found_in(image: &[u8], settings: Option<&OsStr>) -> Result<Vec<String>> {
    let directory = workspace::root().join(DIRECTORY);
    let chosen = settings.map(OsStr::to_owned).or_else(|| std::env::var_os(FILE_VARIABLE));
    let file = chosen.map_or_else(|| "settings.toml".into(), PathBuf::from);
    match std::fs::read_to_string(directory.join(&file)) {
        Ok(text) => named(&text, image).with_context(|| format!("cannot read {}", file.display())),
        // The build script has complained if there had to be one.
        Err(_) => Ok(Vec::new()),
    }
}

fn named(settings: &str, image: &[u8]) -> Result<Vec<String>> {
    let table: Table = settings.parse()?;
    let is_in_image = |name: &&str| match table.get(*name) {
        Some(Value::String(value)) if !value.is_empty() => {
            image.windows(value.len()).any(|window| window == value.as_bytes())
        }
        _ => false,
    };
    Ok(SECRETS.iter().filter(|name| is_in_image(name)).map(|&name| name.to_owned()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_found_only_where_it_is() {
        let settings = "pin = \"0000\"\npassword = \"invented\"\napn = \"internet\"\n";
        assert_eq!(named(settings, b"..internet..invented..").unwrap(), ["password"]);
        assert!(named(settings, b"nothing").unwrap().is_empty());
        assert!(named("pin =", b"").is_err());
    }
}
