//! Settings on a flash that knows the chip's rules, and loses power at every possible moment.

use embedded_storage::nor_flash::{ErrorType, NorFlash, NorFlashError, NorFlashErrorKind, ReadNorFlash};
use mkr_gsm_1400::settings::{CAPACITY, Mapped, Settings, SettingsError};

const ROW: usize = 256;
const PAGE: usize = 64;

/// Rows of 256 bytes, pages of 64, each word programmed once after an erase. Power may fail in the middle of a
/// step; what was under way is garbage then, and nothing is done any more.
#[derive(Clone, Debug)]
struct Flash {
    bytes: Vec<u8>,
    /// Steps until power fails.
    left: Option<u32>,
    /// Decides what garbage looks like.
    seed: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct NoPower;

impl NorFlashError for NoPower {
    fn kind(&self) -> NorFlashErrorKind {
        NorFlashErrorKind::Other
    }
}

impl Flash {
    fn erased() -> Self {
        Self { bytes: vec![0xFF; 2048], left: None, seed: 1 }
    }

    /// Does the step, or half of it.
    fn step(&mut self, at: usize, new: &[u8]) -> Result<(), NoPower> {
        match &mut self.left {
            Some(0) => return Err(NoPower),
            Some(left) => *left -= 1,
            None => {}
        }
        let fails = self.left == Some(0);
        for (byte, &new) in self.bytes[at..].iter_mut().zip(new) {
            self.seed = self.seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let reached = if fails { self.seed.to_le_bytes()[3] } else { 0xFF };
            // Each bit has arrived at its new value or not.
            *byte = *byte & !reached | new & reached;
        }
        if fails { Err(NoPower) } else { Ok(()) }
    }
}

impl ErrorType for Flash {
    type Error = NoPower;
}

impl ReadNorFlash for Flash {
    const READ_SIZE: usize = 1;

    fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), NoPower> {
        bytes.copy_from_slice(&self.bytes[offset as usize..][..bytes.len()]);
        Ok(())
    }

    fn capacity(&self) -> usize {
        self.bytes.len()
    }
}

impl NorFlash for Flash {
    const WRITE_SIZE: usize = 4;
    const ERASE_SIZE: usize = ROW;

    fn erase(&mut self, from: u32, to: u32) -> Result<(), NoPower> {
        assert!(from.is_multiple_of(256) && to.is_multiple_of(256) && to as usize <= self.bytes.len());
        (from as usize..to as usize).step_by(ROW).try_for_each(|row| self.step(row, &[0xFF; ROW]))
    }

    fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), NoPower> {
        let offset = offset as usize;
        assert!(offset.is_multiple_of(4) && bytes.len().is_multiple_of(4), "whole words only");
        assert!(self.bytes[offset..][..bytes.len()].iter().all(|&byte| byte == 0xFF), "erased words only");
        let mut at = offset;
        for page in bytes.chunks(PAGE - offset % PAGE) {
            self.step(at, page)?;
            at += page.len();
        }
        Ok(())
    }
}

impl Mapped for Flash {
    fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

#[test]
fn erased_flash_holds_no_settings() {
    assert_eq!(Settings::new(Flash::erased()).value(1), None);
}

#[test]
fn what_was_set_is_there_after_a_restart() {
    let mut settings = Settings::new(Flash::erased());
    settings.set(1, b"internet").unwrap();
    settings.set(2, b"").unwrap();
    settings.set(1, b"iot.example").unwrap();
    settings.set(3, &[7; 255]).unwrap();
    settings.remove(2).unwrap();
    let settings = Settings::new(settings.into_flash());
    assert_eq!(settings.value(1), Some(&b"iot.example"[..]));
    assert_eq!(settings.value(2), None);
    assert_eq!(settings.value(3), Some(&[7; 255][..]));
}

#[test]
fn a_power_cut_leaves_the_old_settings_or_the_new_ones() {
    let mut settings = Settings::new(Flash::erased());
    for (key, value) in [(1, &b"internet"[..]), (2, b"secret"), (3, &[7; 200])] {
        settings.set(key, value).unwrap();
    }
    let before = settings.into_flash();
    let mut steps = 0;
    // Each cut is one more step later, until the change goes through.
    for cut in 1.. {
        let mut outcomes = [0; 2];
        for seed in 0..50 {
            let flash = Flash { left: Some(cut), seed, ..before.clone() };
            let mut settings = Settings::new(flash);
            let result = settings.set(2, b"changed");
            let mut flash = settings.into_flash();
            flash.left = None;
            let mut settings = Settings::new(flash);
            let value = settings.value(2).unwrap();
            assert!(value == b"secret" || value == b"changed", "cut {cut}, seed {seed}: {value:?}");
            outcomes[usize::from(value == b"changed")] += 1;
            assert!(result.is_err() || value == b"changed");
            assert_eq!(settings.value(1), Some(&b"internet"[..]));
            assert_eq!(settings.value(3), Some(&[7; 200][..]));
            // And the next change works.
            settings.set(2, b"again").unwrap();
            assert_eq!(Settings::new(settings.into_flash()).value(2), Some(&b"again"[..]));
        }
        if outcomes[0] == 0 {
            steps = cut;
            break;
        }
    }
    // Four rows, four pages of records, one of the header, and the last step is not cut.
    assert_eq!(steps, 10);
}

#[test]
fn what_does_not_fit_is_refused_and_changes_nothing() {
    let mut settings = Settings::new(Flash::erased());
    for key in 0..3 {
        settings.set(key, &[key; 255]).unwrap();
    }
    let left = usize::from(CAPACITY) - 3 * 257;
    assert_eq!(settings.set(3, &vec![3; left - 1]), Err(SettingsError::Full));
    settings.set(3, &vec![3; left - 2]).unwrap();
    assert_eq!(settings.set(4, b""), Err(SettingsError::Full));
    assert_eq!(settings.set(0, &[0; 256]), Err(SettingsError::TooLong));
    assert_eq!(settings.value(0), Some(&[0; 255][..]));
    assert_eq!(settings.value(3), Some(&vec![3; left - 2][..]));
}

#[test]
fn setting_the_same_value_writes_nothing() {
    let mut settings = Settings::new(Flash::erased());
    settings.set(1, b"internet").unwrap();
    let flash = Flash { left: Some(0), ..settings.into_flash() };
    assert_eq!(Settings::new(flash).set(1, b"internet"), Ok(()));
}

#[test]
fn erased_settings_do_not_come_back_from_the_other_bank() {
    let mut settings = Settings::new(Flash::erased());
    settings.set(1, b"a").unwrap();
    settings.set(1, b"b").unwrap();
    settings.erase().unwrap();
    assert_eq!(Settings::new(settings.into_flash()).value(1), None);
}

#[test]
fn flash_that_keeps_nothing_is_noticed() {
    /// Accepts everything, and stays erased.
    struct Worn(Flash);

    impl ErrorType for Worn {
        type Error = NoPower;
    }

    impl ReadNorFlash for Worn {
        const READ_SIZE: usize = 1;

        fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), NoPower> {
            self.0.read(offset, bytes)
        }

        fn capacity(&self) -> usize {
            self.0.capacity()
        }
    }

    impl NorFlash for Worn {
        const WRITE_SIZE: usize = 4;
        const ERASE_SIZE: usize = ROW;

        fn erase(&mut self, _: u32, _: u32) -> Result<(), NoPower> {
            Ok(())
        }

        fn write(&mut self, _: u32, _: &[u8]) -> Result<(), NoPower> {
            Ok(())
        }
    }

    impl Mapped for Worn {
        fn bytes(&self) -> &[u8] {
            self.0.bytes()
        }
    }

    assert_eq!(Settings::new(Worn(Flash::erased())).set(1, b"a"), Err(SettingsError::NotKept));
}
