//! The driver's port on the model's line.

use core::time::Duration;
use std::io::{self, Read, Write};

use sam_ba::{Image, Loader, Port};
use sam_ba_sim::{Profile, Status, Usb};

/// The line in memory, where time is virtual.
pub(crate) struct Line(pub(crate) Usb);

impl Read for Line {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer)
    }
}

impl Write for Line {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        self.0.write(buffer)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

impl Port for Line {
    fn set_timeout(&mut self, timeout: Duration) -> io::Result<()> {
        self.0.set_timeout(timeout);
        Ok(())
    }

    fn pause(&mut self, pause: Duration) {
        self.0.pause(pause);
    }
}

/// A board in its loader, with settings in its last rows.
pub(crate) fn board(profile: Profile) -> Line {
    let mut loader = sam_ba_sim::Loader::new(profile);
    loader.load_flash(0x2000, &[0xA5; 0x1234]);
    loader.load_flash(SETTINGS, &settings());
    Line(Usb::new(loader))
}

/// Where the settings begin.
pub(crate) const SETTINGS: u32 = 0x3_F800;

/// What the settings hold: invented, of an odd length, with every byte value.
pub(crate) fn settings() -> Vec<u8> {
    (0..1234_u32).map(|index| (index * 7 + index / 256).to_le_bytes()[0]).collect()
}

/// Checks that the settings are in the flash, and nothing else behind them.
pub(crate) fn settings_are_there(line: &Line) -> bool {
    let rows = &line.0.loader().flash()[SETTINGS as usize..];
    let (stored, rest) = rows.split_at(settings().len());
    stored == settings() && rest.iter().all(|byte| *byte == 0xFF)
}

/// A program of `length` bytes.
pub(crate) fn image(length: usize) -> Image {
    let mut bytes: Vec<u8> = (0..length).map(|index| (index * 31 + index / 251).to_le_bytes()[0]).collect();
    bytes[..4].copy_from_slice(&0x2000_7FF8_u32.to_le_bytes());
    bytes[4..8].copy_from_slice(&0x20C1_u32.to_le_bytes());
    Image::from_bytes(&bytes).unwrap()
}

/// Checks that the flash holds `image` and that the rest of the program's flash is erased.
pub(crate) fn holds(line: &Line, image: &Image) -> bool {
    let flash = &line.0.loader().flash()[0x2000..SETTINGS as usize];
    let (program, rest) = flash.split_at(image.bytes().len());
    program == image.bytes() && rest.iter().all(|byte| *byte == 0xFF)
}

/// Connects to the board's loader.
pub(crate) fn connect(line: &mut Line) -> Loader<&mut Line> {
    assert_eq!(line.0.loader().status(), Status::Listening);
    Loader::connect(line).unwrap()
}
