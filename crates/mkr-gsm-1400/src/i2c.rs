//! The I2C bus of secure element, charger and header.
#![expect(unsafe_code, reason = "the registers of the bus controller and of the two pins")]

use core::fmt;

use atsamd_hal::pac;
use atsamd_hal::sercom::Sercom2;
use atsamd_hal::sercom::i2c::{self, Config};
use atsamd_hal::time::Hertz;
use embedded_hal::delay::DelayNs;
use embedded_hal::i2c::{self as hal, ErrorType, I2c, NoAcknowledgeSource, Operation};
use monoclock::{Clock, Instant, Millis};

use crate::pins::{Scl, Sda};
use crate::{Clocks, Timer};

/// Standard mode. The element is woken by a zero address at this rate, which a faster one would be too short for.
const BAUD: Hertz = Hertz::Hz(100_000);
/// A target may hold the clock no longer than this for one byte (SMBus 2.0: 25 ms).
const TIMEOUT: Millis = Millis(30);
/// CTRLB.CMD: acknowledge and read the next byte (datasheet, table 28-13).
const READ_NEXT: u8 = 2;
/// CTRLB.CMD: acknowledge, then stop.
const STOP: u8 = 3;
/// STATUS.BUSSTATE: the bus is free.
const IDLE: u8 = 1;
/// STATUS.BUSSTATE: the bus is this host's.
const OWNER: u8 = 2;
/// PA08 and PA09.
const LINES: u32 = SDA_LINE | SCL_LINE;
const SDA_LINE: u32 = 1 << 8;
const SCL_LINE: u32 = 1 << 9;

/// Why a transfer failed; the bus is free again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum BusError {
    /// No target answers to the address.
    NoAddress,
    /// The target refused a byte.
    NoData,
    /// Another host was faster.
    ArbitrationLost,
    /// A START or STOP where none belongs.
    Bus,
    /// A target, or a short circuit, held a line for too long.
    TimedOut,
}

impl fmt::Display for BusError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoAddress => "nothing answers on the I2C bus",
            Self::NoData => "the I2C target refused a byte",
            Self::ArbitrationLost => "the I2C bus was lost to another host",
            Self::Bus => "a misplaced START or STOP on the I2C bus",
            Self::TimedOut => "an I2C line is held",
        })
    }
}

impl core::error::Error for BusError {}

impl hal::Error for BusError {
    fn kind(&self) -> hal::ErrorKind {
        match self {
            Self::NoAddress => hal::ErrorKind::NoAcknowledge(NoAcknowledgeSource::Address),
            Self::NoData => hal::ErrorKind::NoAcknowledge(NoAcknowledgeSource::Data),
            Self::ArbitrationLost => hal::ErrorKind::ArbitrationLoss,
            Self::Bus => hal::ErrorKind::Bus,
            Self::TimedOut => hal::ErrorKind::Other,
        }
    }
}

/// What the bus is made of; [`BusParts::start`] makes it.
pub struct BusParts {
    pub(crate) sercom: pac::Sercom2,
    pub(crate) pads: i2c::Pads<Sercom2, Sda, Scl>,
}

impl BusParts {
    /// Starts the bus at 100 kHz, and frees it first where a reset has struck in the middle of a transfer.
    #[must_use]
    pub fn start(self, clocks: &mut Clocks, timer: Timer) -> Option<Bus> {
        // The boot loader leaves its own controller on.
        clocks.pm.apbcmask().modify(|_, w| w.sercom0_().clear_bit());
        let main = clocks.main();
        let core = clocks.controller.sercom2_core(&main)?;
        let port = Config::new(&clocks.pm, self.sercom, self.pads, core.freq()).baud(BAUD).enable();
        let mut bus = Bus { _port: port, timer };
        bus.free_lines();
        Some(bus)
    }
}

/// The bus.
///
/// Every transfer ends with STOP, after an error too; a missing acknowledgement is told apart from lost arbitration;
/// no wait is without end.
pub struct Bus {
    /// The HAL set the controller up; transfers are made here, since the HAL's own keep the bus after an error and
    /// wait without end.
    _port: i2c::I2c<Config<i2c::Pads<Sercom2, Sda, Scl>>>,
    timer: Timer,
}

impl Bus {
    /// Runs the operations of one transaction, without the STOP at the end.
    fn run(&mut self, address: u8, operations: &mut [Operation<'_>]) -> Result<(), BusError> {
        // Operations in one direction that follow each other are one transfer (embedded-hal, `I2c::transaction`).
        let mut operations = operations.iter_mut().peekable();
        let mut reads = None;
        while let Some(operation) = operations.next() {
            match operation {
                Operation::Write(bytes) => {
                    if reads != Some(false) {
                        self.address(address << 1)?;
                        reads = Some(false);
                    }
                    bytes.iter().try_for_each(|&byte| self.put(byte))?;
                }
                // A target that is addressed for reading sends a byte at once: none cannot be read.
                Operation::Read([]) => {}
                Operation::Read(buffer) => {
                    if reads == Some(true) {
                        command(READ_NEXT);
                        self.received()?;
                    } else {
                        self.address(address << 1 | 1)?;
                        reads = Some(true);
                    }
                    let ends = !matches!(operations.peek(), Some(Operation::Read([_, ..])));
                    self.take(buffer, ends)?;
                }
            }
        }
        Ok(())
    }

    /// Sends START, or repeated START, and the address with the direction.
    fn address(&mut self, address: u8) -> Result<(), BusError> {
        // SAFETY: 0..=255 is a 7-bit address with a direction.
        registers().addr().write(|w| unsafe { w.addr().bits(address.into()) });
        if address & 1 == 0 {
            self.acknowledged().map_err(|error| match error {
                BusError::NoData => BusError::NoAddress,
                error => error,
            })
        } else {
            self.received()
        }
    }

    /// Sends a byte.
    fn put(&mut self, byte: u8) -> Result<(), BusError> {
        // SAFETY: any byte may be sent.
        registers().data().write(|w| unsafe { w.data().bits(byte) });
        self.acknowledged()
    }

    /// Takes bytes, the first of which has arrived. After the last one no more are asked for if the transfer `ends`.
    fn take(&mut self, buffer: &mut [u8], ends: bool) -> Result<(), BusError> {
        let mut left = buffer.len();
        for place in buffer {
            left -= 1;
            // What is answered to this byte when it is read further, or when the transfer ends.
            registers().ctrlb().modify(|_, w| w.ackact().bit(left == 0 && ends));
            *place = registers().data().read().data().bits();
            if left > 0 {
                command(READ_NEXT);
                self.received()?;
            }
        }
        Ok(())
    }

    /// Waits until a byte has been sent, and tells whether it was acknowledged.
    fn acknowledged(&mut self) -> Result<(), BusError> {
        self.wait(|| registers().intflag().read().mb().bit_is_set())?;
        check()?;
        if registers().status().read().rxnack().bit_is_set() { Err(BusError::NoData) } else { Ok(()) }
    }

    /// Waits until a byte has been received; after an address that nobody acknowledges none comes.
    fn received(&mut self) -> Result<(), BusError> {
        self.wait(|| {
            let flags = registers().intflag().read();
            flags.sb().bit_is_set() || flags.mb().bit_is_set()
        })?;
        if registers().intflag().read().sb().bit_is_set() {
            return Ok(());
        }
        check()?;
        Err(BusError::NoAddress)
    }

    fn wait(&self, mut ready: impl FnMut() -> bool) -> Result<(), BusError> {
        let mut deadline: Option<Instant> = None;
        while !ready() {
            let now = self.timer.now();
            if now.has_reached(*deadline.get_or_insert(now + TIMEOUT)) {
                return Err(BusError::TimedOut);
            }
        }
        Ok(())
    }

    /// Gives the bus free, whatever happened.
    fn stop(&mut self) -> Result<(), BusError> {
        let registers = registers();
        // In any other state another host, or nobody, owns the bus.
        if registers.status().read().busstate().bits() == OWNER {
            command(STOP);
        }
        self.wait(|| registers.status().read().busstate().bits() != OWNER)
    }

    /// Clocks a target out of a byte that it was sending when the host was reset, then sends STOP.
    fn free_lines(&mut self) {
        // SAFETY: the registers are always there, and the two pins belong to this bus. PORT has registers that set
        // and clear single pins, so the others are not touched.
        let port = unsafe { &*pac::Port::ptr() };
        registers().ctrla().modify(|_, w| w.enable().clear_bit());
        // SAFETY: any pins may be low when they are outputs.
        port.outclr(0).write(|w| unsafe { w.bits(LINES) });
        for pin in [8, 9] {
            port.pincfg0_(pin).modify(|_, w| w.pmuxen().clear_bit().inen().set_bit());
        }
        let half_clock = |lines: u32| {
            // SAFETY: these two pins; as outputs they pull low, as inputs the resistors of the board pull them high.
            unsafe {
                port.dirset(0).write(|w| w.bits(lines));
                port.dirclr(0).write(|w| w.bits(lines ^ LINES));
            }
            {
                let mut timer = self.timer;
                timer.delay_us(5);
            };
        };
        half_clock(0);
        for _ in 0..9 {
            if port.in_(0).read().bits() & SDA_LINE != 0 {
                break;
            }
            half_clock(SCL_LINE);
            half_clock(0);
        }
        for lines in [SCL_LINE, LINES, SDA_LINE, 0] {
            half_clock(lines);
        }
        for pin in [8, 9] {
            port.pincfg0_(pin).modify(|_, w| w.pmuxen().set_bit());
        }
        registers().ctrla().modify(|_, w| w.enable().set_bit());
        synchronise();
        // SAFETY: a documented value.
        registers().status().write(|w| unsafe { w.busstate().bits(IDLE) });
        synchronise();
    }
}

impl ErrorType for Bus {
    type Error = BusError;
}

impl I2c for Bus {
    fn transaction(&mut self, address: u8, operations: &mut [Operation<'_>]) -> Result<(), BusError> {
        let result = self.run(address, operations);
        let stopped = if result == Err(BusError::TimedOut) { result } else { self.stop() };
        if stopped == Err(BusError::TimedOut) {
            self.free_lines();
        }
        result.and(stopped)
    }
}

/// Gives the controller a command, after the acknowledgement that was set.
fn command(command: u8) {
    // SAFETY: CMD has two bits, and the callers give one of its values.
    registers().ctrlb().modify(|_, w| unsafe { w.cmd().bits(command) });
    synchronise();
}

/// Tells what went wrong on the bus, if anything did.
fn check() -> Result<(), BusError> {
    let status = registers().status().read();
    if status.arblost().bit_is_set() {
        Err(BusError::ArbitrationLost)
    } else if status.buserr().bit_is_set() {
        Err(BusError::Bus)
    } else {
        Ok(())
    }
}

/// Waits for the controller to take what was written: some of its clock cycles, which do not stop.
fn synchronise() {
    while registers().syncbusy().read().bits() != 0 {}
}

fn registers() -> &'static pac::sercom0::I2cm {
    // SAFETY: the registers are always there, and `Bus` took the peripheral; no interrupt handler uses them.
    unsafe { &*pac::Sercom2::ptr() }.i2cm()
}

crate::opaque!(BusParts, Bus);
