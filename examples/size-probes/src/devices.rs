//! Devices made of volatile registers: every byte read is unknown to the compiler, every byte written counts.

use core::convert::Infallible;
use core::fmt;

use embedded_hal::delay::DelayNs;
use embedded_hal::i2c::{self, I2c, NoAcknowledgeSource, Operation};
use embedded_io::{ErrorKind, ErrorType, Read, ReadReady, Write};
use embedded_storage::nor_flash;
use jwt_signer::Es256Signer;
use monoclock::{Clock, Instant};

/// An address that no memory of the part answers at.
const REGISTER: *mut u32 = 0x4300_0000 as *mut u32;

/// Reads a word that the compiler knows nothing of.
pub fn unknown_word() -> u32 {
    // SAFETY: the probes are linked and measured, and never run.
    unsafe { REGISTER.read_volatile() }
}

/// Fills `bytes` with bytes that the compiler knows nothing of.
pub fn unknown_bytes(bytes: &mut [u8]) {
    for byte in bytes {
        *byte = unknown_word() as u8;
    }
}

/// Uses `bytes`, so that none of them can be left out.
pub fn keep(bytes: &[u8]) {
    for byte in bytes {
        store(u32::from(*byte));
    }
}

/// Keeps where a panic came from.
#[cfg(feature = "locate-panics")]
pub(crate) fn keep_location(location: &core::panic::Location<'_>) {
    store(core::ptr::from_ref(location) as u32);
}

fn store(word: u32) {
    // SAFETY: the probes are linked and measured, and never run.
    unsafe { REGISTER.write_volatile(word) }
}

/// The only failure of these devices.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Failed;

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("failed")
    }
}

impl core::error::Error for Failed {}

fn outcome() -> Result<(), Failed> {
    if unknown_word() & 1 == 0 { Ok(()) } else { Err(Failed) }
}

/// An I2C bus.
#[derive(Debug, Default)]
pub struct Bus;

impl i2c::Error for Failed {
    fn kind(&self) -> i2c::ErrorKind {
        i2c::ErrorKind::NoAcknowledge(NoAcknowledgeSource::Unknown)
    }
}

impl i2c::ErrorType for Bus {
    type Error = Failed;
}

impl I2c for Bus {
    #[inline(never)]
    fn transaction(&mut self, address: u8, operations: &mut [Operation<'_>]) -> Result<(), Failed> {
        store(u32::from(address));
        for operation in operations {
            match operation {
                Operation::Read(buffer) => unknown_bytes(buffer),
                Operation::Write(bytes) => keep(bytes),
            }
        }
        outcome()
    }
}

/// A serial line, or an open byte stream.
#[derive(Debug, Default)]
pub struct Serial;

impl embedded_io::Error for Failed {
    fn kind(&self) -> ErrorKind {
        ErrorKind::Other
    }
}

impl ErrorType for Serial {
    type Error = Failed;
}

impl Read for Serial {
    #[inline(never)]
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Failed> {
        outcome()?;
        let count = (unknown_word() as usize).min(buffer.len());
        buffer.iter_mut().take(count).for_each(|byte| *byte = unknown_word() as u8);
        Ok(count)
    }
}

impl ReadReady for Serial {
    #[inline(never)]
    fn read_ready(&mut self) -> Result<bool, Failed> {
        outcome()?;
        Ok(unknown_word() & 1 == 1)
    }
}

impl Write for Serial {
    #[inline(never)]
    fn write(&mut self, bytes: &[u8]) -> Result<usize, Failed> {
        outcome()?;
        keep(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> Result<(), Failed> {
        outcome()
    }
}

impl embedded_io_async::Read for Serial {
    async fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Failed> {
        Read::read(self, buffer)
    }
}

impl embedded_io_async::Write for Serial {
    async fn write(&mut self, bytes: &[u8]) -> Result<usize, Failed> {
        Write::write(self, bytes)
    }

    async fn flush(&mut self) -> Result<(), Failed> {
        Write::flush(self)
    }
}

/// A timer: delays and monotonic time.
#[derive(Debug, Default, Clone, Copy)]
pub struct Ticks;

impl DelayNs for Ticks {
    #[inline(never)]
    fn delay_ns(&mut self, ns: u32) {
        store(ns);
    }

    #[inline(never)]
    fn delay_us(&mut self, us: u32) {
        store(us);
    }

    #[inline(never)]
    fn delay_ms(&mut self, ms: u32) {
        store(ms);
    }
}

impl Clock for Ticks {
    #[inline(never)]
    fn now(&self) -> Instant {
        Instant::from_millis(unknown_word())
    }

    #[inline(never)]
    fn wait(&self, until: Instant) {
        store(until.as_millis());
    }
}

/// A signer that costs nothing.
#[derive(Debug, Default)]
pub struct Signer;

impl Es256Signer for Signer {
    type Error = Infallible;

    #[inline(never)]
    fn sign_digest(&mut self, digest: &[u8; 32]) -> Result<[u8; 64], Infallible> {
        keep(digest);
        let mut signature = [0; 64];
        unknown_bytes(&mut signature);
        Ok(signature)
    }
}

/// A flash with the rows of the board's.
#[derive(Debug, Default)]
pub struct Flash;

impl nor_flash::NorFlashError for Failed {
    fn kind(&self) -> nor_flash::NorFlashErrorKind {
        nor_flash::NorFlashErrorKind::Other
    }
}

impl nor_flash::ErrorType for Flash {
    type Error = Failed;
}

impl nor_flash::ReadNorFlash for Flash {
    const READ_SIZE: usize = 1;

    #[inline(never)]
    fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), Failed> {
        store(offset);
        unknown_bytes(bytes);
        outcome()
    }

    fn capacity(&self) -> usize {
        256 * 1024
    }
}

impl nor_flash::NorFlash for Flash {
    const WRITE_SIZE: usize = 4;
    const ERASE_SIZE: usize = 256;

    #[inline(never)]
    fn erase(&mut self, from: u32, to: u32) -> Result<(), Failed> {
        store(from);
        store(to);
        outcome()
    }

    #[inline(never)]
    fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), Failed> {
        store(offset);
        keep(bytes);
        outcome()
    }
}
