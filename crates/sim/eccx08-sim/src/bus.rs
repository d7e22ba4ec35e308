//! The bus: bits, bytes and their time; what the controller is told.

use core::cell::RefCell;
use core::fmt;
use core::time::Duration;
use std::rc::Rc;

use embedded_hal::i2c::{self, ErrorKind, ErrorType, I2c, NoAcknowledgeSource, Operation, SevenBitAddress};

use crate::machine::Machine;

/// How the controller reports a missing acknowledge.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum NackKind {
    /// As it was: address or data.
    #[default]
    Exact,
    /// Without saying where.
    Unknown,
    /// As atsamd-hal does: writes without saying where, a refused read as a lost arbitration.
    Atsamd,
}

/// What a transfer ended with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum BusError {
    /// Nobody acknowledged.
    NoAcknowledge(NoAcknowledgeSource),
    /// The controller says that it lost the arbitration.
    ArbitrationLost,
    /// A read of no bytes: no controller can do it, some panic.
    EmptyRead,
}

impl fmt::Display for BusError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoAcknowledge(NoAcknowledgeSource::Address) => f.write_str("address not acknowledged"),
            Self::NoAcknowledge(NoAcknowledgeSource::Data) => f.write_str("data not acknowledged"),
            Self::NoAcknowledge(NoAcknowledgeSource::Unknown) => f.write_str("not acknowledged"),
            Self::ArbitrationLost => f.write_str("arbitration lost"),
            Self::EmptyRead => f.write_str("a read of no bytes"),
        }
    }
}

impl core::error::Error for BusError {}

impl i2c::Error for BusError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::NoAcknowledge(source) => ErrorKind::NoAcknowledge(*source),
            Self::ArbitrationLost => ErrorKind::ArbitrationLoss,
            Self::EmptyRead => ErrorKind::Other,
        }
    }
}

/// Chip and wires, shared by all handles.
pub(crate) struct Shared {
    pub(crate) machine: Option<Machine>,
    pub(crate) wire: Wire,
}

/// The two wires: clock rate and the low time of SDA.
pub(crate) struct Wire {
    pub(crate) clock: Rc<monoclock::ManualClock>,
    pub(crate) hz: u32,
    pub(crate) nack: NackKind,
    low_bits: u32,
    longest_low: u32,
}

impl Wire {
    pub(crate) const fn new(clock: Rc<monoclock::ManualClock>, hz: u32, nack: NackKind) -> Self {
        Self { clock, hz: if hz == 0 { 1 } else { hz }, nack, low_bits: 0, longest_low: 0 }
    }

    fn bits(&self, bits: u32) {
        let nanos = u64::from(bits) * 1_000_000_000 / u64::from(self.hz);
        self.clock.advance(Duration::from_nanos(nanos));
    }

    fn level(&mut self, high: bool) {
        if high {
            self.low_bits = 0;
        } else {
            self.low_bits += 1;
            self.longest_low = self.longest_low.max(self.low_bits);
        }
    }

    /// Clocks eight bits and the acknowledge.
    fn byte(&mut self, byte: u8, acknowledged: bool) {
        for bit in (0..8).rev() {
            self.level(byte >> bit & 1 == 1);
        }
        self.level(!acknowledged);
        self.bits(9);
    }

    /// START or STOP: one bit time, SDA is high on one side of it.
    fn edge(&mut self) {
        self.low_bits = 0;
        self.bits(1);
    }

    /// Hands out the longest low time since the last call, in bit times.
    const fn take_low(&mut self) -> u32 {
        let longest = self.longest_low;
        self.longest_low = 0;
        longest
    }
}

impl Shared {
    /// Carries out one transaction.
    pub(crate) fn transaction(
        &mut self,
        address: u8,
        operations: &mut [Operation<'_>],
    ) -> Result<(), BusError> {
        if operations.is_empty() {
            return Ok(());
        }
        let result = self.transfer(address, operations);
        self.wire.edge();
        self.pulse();
        result
    }

    fn transfer(&mut self, address: u8, operations: &mut [Operation<'_>]) -> Result<(), BusError> {
        if operations
            .iter()
            .any(|operation| matches!(operation, Operation::Read(buffer) if buffer.is_empty()))
        {
            if let Some(machine) = &mut self.machine {
                machine.report.misuses += 1;
            }
            return Err(BusError::EmptyRead);
        }
        let mut written: Option<Vec<u8>> = None;
        let mut reading = None;
        for operation in operations {
            let read = matches!(operation, Operation::Read(_));
            if reading != Some(read) {
                self.pulse();
                self.end_write(written.take());
                self.start(address, read)?;
                reading = Some(read);
            }
            match operation {
                Operation::Read(buffer) => {
                    let last = buffer.len() - 1;
                    for (at, byte) in buffer.iter_mut().enumerate() {
                        *byte = self.machine.as_mut().map_or(0xFF, Machine::read_byte);
                        self.wire.byte(*byte, at != last);
                    }
                }
                Operation::Write(bytes) => {
                    let written = written.get_or_insert_default();
                    for byte in bytes.iter() {
                        self.data(written, *byte)?;
                    }
                }
            }
        }
        self.pulse();
        self.end_write(written);
        Ok(())
    }

    /// START, address and direction.
    fn start(&mut self, address: u8, read: bool) -> Result<(), BusError> {
        self.wire.edge();
        let machine = self.machine.as_mut();
        let acknowledged =
            machine.is_some_and(|machine| machine.addressed(address) && (!read || machine.readable()));
        self.wire.byte(address << 1 | u8::from(read), acknowledged);
        self.pulse();
        if acknowledged {
            return Ok(());
        }
        Err(match self.wire.nack {
            NackKind::Exact => BusError::NoAcknowledge(NoAcknowledgeSource::Address),
            NackKind::Atsamd if read => BusError::ArbitrationLost,
            NackKind::Unknown | NackKind::Atsamd => BusError::NoAcknowledge(NoAcknowledgeSource::Unknown),
        })
    }

    /// One byte to the chip. Word addresses above 0x03 are not acknowledged (a decision).
    fn data(&mut self, written: &mut Vec<u8>, byte: u8) -> Result<(), BusError> {
        let acknowledged = !written.is_empty() || byte <= 0x03;
        self.wire.byte(byte, acknowledged);
        if !acknowledged {
            return Err(match self.wire.nack {
                NackKind::Exact => BusError::NoAcknowledge(NoAcknowledgeSource::Data),
                NackKind::Unknown | NackKind::Atsamd => BusError::NoAcknowledge(NoAcknowledgeSource::Unknown),
            });
        }
        if let Some(machine) = &mut self.machine {
            machine.report.bytes_written += 1;
        }
        written.push(byte);
        Ok(())
    }

    /// Hands a finished write to the chip. Low bits within it came before what it does.
    pub(crate) fn end_write(&mut self, written: Option<Vec<u8>>) {
        let (Some(machine), Some(bytes)) = (&mut self.machine, written) else { return };
        machine.settle();
        match bytes.split_first() {
            Some((0x00, _)) => machine.rewind(),
            Some((0x01, _)) => machine.sleep(),
            Some((0x02, _)) => machine.idle(),
            Some((_, command)) => machine.take_command(command),
            None => {}
        }
    }

    /// Shows the chip how long SDA was low.
    pub(crate) fn pulse(&mut self) {
        let bits = self.wire.take_low();
        let hz = self.wire.hz;
        if let Some(machine) = &mut self.machine {
            machine.low_pulse(bits, hz);
        }
    }

    /// Traffic between the controller and another device that acknowledges every byte.
    pub(crate) fn other_traffic(&mut self, bytes: &[u8]) {
        self.wire.edge();
        for byte in bytes {
            self.wire.byte(*byte, true);
        }
        self.wire.edge();
        self.pulse();
    }
}

/// The bus as a driver sees it.
///
/// Clones are handles to the same bus, so that a test may talk to the chip beside the driver.
#[derive(Clone)]
pub struct SimBus {
    pub(crate) shared: Rc<RefCell<Shared>>,
}

impl ErrorType for SimBus {
    type Error = BusError;
}

impl I2c<SevenBitAddress> for SimBus {
    fn transaction(&mut self, address: u8, operations: &mut [Operation<'_>]) -> Result<(), BusError> {
        self.shared.borrow_mut().transaction(address, operations)
    }
}

#[cfg(feature = "async")]
impl embedded_hal_async::i2c::I2c<SevenBitAddress> for SimBus {
    async fn transaction(&mut self, address: u8, operations: &mut [Operation<'_>]) -> Result<(), BusError> {
        self.shared.borrow_mut().transaction(address, operations)
    }
}

impl fmt::Debug for SimBus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SimBus").finish_non_exhaustive()
    }
}
