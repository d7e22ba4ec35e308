//! The settings of this board: in flash, or else in the image.

use core::fmt;

use mkr_gsm_1400::Region;
use mkr_gsm_1400::settings::Settings;
use tutorial::{Key, Store};

include!(concat!(env!("OUT_DIR"), "/built_in.rs"));

/// Bytes of the flash for whatever a program keeps.
pub const STORE_BYTES: u32 = 16 * 1024;

/// The settings that were made over the console, and behind them those of `settings.toml`.
pub struct Stored(Settings<Region>);

impl Stored {
    /// Finds them in their flash.
    #[must_use]
    pub fn new(flash: Region) -> Self {
        Self(Settings::new(flash))
    }
}

impl Store for Stored {
    fn value(&self, key: Key) -> Option<&str> {
        let number = number(key);
        match self.0.value(number) {
            Some(value) => core::str::from_utf8(value).ok(),
            None => VALUES.get(usize::from(number)).copied().flatten(),
        }
    }

    fn set(&mut self, key: Key, value: Option<&str>) -> bool {
        let number = number(key);
        match value {
            Some(value) => self.0.set(number, value.as_bytes()),
            None => self.0.remove(number),
        }
        .is_ok()
    }
}

impl fmt::Debug for Stored {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Some are secret.
        f.write_str("Stored")
    }
}

/// The number that a setting is stored under: its place in the list, which only grows.
fn number(key: Key) -> u8 {
    (0..).zip(Key::ALL).find(|&(_, other)| other == key).map_or(0, |(number, _)| number)
}
