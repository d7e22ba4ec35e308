//! The host's side of the board's wires: serial line, reset and DTR.

use core::convert::Infallible;
use core::fmt;

use embedded_hal::digital::{ErrorType as PinErrorType, OutputPin};
use embedded_io::{ErrorKind, ErrorType, Read, ReadReady, Write, WriteReady};

use crate::simulation::Simulation;

/// Why the serial line failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SerialError {
    /// A write waited for room longer than the profile's time-out: CTS is held off.
    WriteTimeout,
    /// A read or a write would wait for something that never happens.
    WouldHang,
}

impl fmt::Display for SerialError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::WriteTimeout => "the line took no byte for too long",
            Self::WouldHang => "nothing will happen any more",
        })
    }
}

impl core::error::Error for SerialError {}

impl embedded_io::Error for SerialError {
    fn kind(&self) -> ErrorKind {
        ErrorKind::TimedOut
    }
}

/// The host's UART, with the buffers that the profile gives it.
///
/// `write` takes what fits the transmitter's buffer and waits (on the virtual clock) only when nothing
/// fits; `flush` waits until the last bit has left; `read` waits for the first byte.
#[derive(Clone, Debug)]
pub struct Serial {
    simulation: Simulation,
}

impl Serial {
    pub(crate) const fn new(simulation: Simulation) -> Self {
        Self { simulation }
    }

    /// Sets the host's baud rate. Bytes in flight are finished first; the module's rate is its own.
    pub fn set_baud_rate(&mut self, rate: u32) {
        let _unsent = self.flush();
        self.simulation.with_line(|uart, _| uart.set_host_rate(rate));
    }

    /// Counts the bytes that have been written and have not left yet.
    #[must_use]
    pub fn unsent(&self) -> usize {
        self.simulation.with_line(|uart, _| uart.unsent())
    }

    /// Tells the host's baud rate.
    #[must_use]
    pub fn baud_rate(&self) -> u32 {
        self.simulation.with_line(|uart, _| uart.host_rate())
    }

    /// Switches the host's RTS/CTS handling on or off (on when the profile wires it).
    pub fn set_flow_control(&mut self, on: bool) {
        self.simulation.with_line(|uart, _| uart.set_host_flow_control(on));
    }

    /// Sets RTS by hand, which under `AT+UPSV=2` wakes the module or lets it sleep. It is asserted from the
    /// start; RTS/CTS handling does not touch it, since the module has either the one or the other.
    pub fn set_request_to_send(&mut self, on: bool) {
        self.simulation.with(|core, _, now| core.set_rts(on, now));
    }

    /// Moves the clock to the next event, at most for the profile's write time-out.
    fn step(&self, waited: &mut core::time::Duration) -> Result<(), SerialError> {
        let clock = self.simulation.shared_clock();
        let now = clock.elapsed();
        let limit = self.simulation.with(|core, _, _| core.profile().uart.write_timeout);
        let next = self.simulation.next_event().ok_or(SerialError::WouldHang)?;
        *waited += next.saturating_sub(now);
        if *waited > limit {
            return Err(SerialError::WriteTimeout);
        }
        clock.advance_to(next);
        self.simulation.catch_up();
        Ok(())
    }
}

impl ErrorType for Serial {
    type Error = SerialError;
}

impl Read for Serial {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, SerialError> {
        if buffer.is_empty() {
            return Ok(0);
        }
        loop {
            let count = self.simulation.with_line(|uart, now| uart.receive(buffer, now));
            if count > 0 {
                return Ok(count);
            }
            let next = self.simulation.next_event().ok_or(SerialError::WouldHang)?;
            self.simulation.shared_clock().advance_to(next);
        }
    }
}

impl ReadReady for Serial {
    fn read_ready(&mut self) -> Result<bool, SerialError> {
        Ok(self.simulation.with_line(|uart, _| uart.is_readable()))
    }
}

impl Write for Serial {
    fn write(&mut self, bytes: &[u8]) -> Result<usize, SerialError> {
        let mut waited = core::time::Duration::ZERO;
        loop {
            let count = self.simulation.with_line(|uart, now| uart.transmit(bytes, now));
            if count > 0 || bytes.is_empty() {
                return Ok(count);
            }
            self.step(&mut waited)?;
        }
    }

    fn flush(&mut self) -> Result<(), SerialError> {
        let mut waited = core::time::Duration::ZERO;
        let mut left = usize::MAX;
        loop {
            let unsent = self.simulation.with_line(|uart, _| uart.unsent());
            if unsent == 0 {
                return Ok(());
            }
            if unsent < left {
                (left, waited) = (unsent, core::time::Duration::ZERO);
            }
            self.step(&mut waited)?;
        }
    }
}

impl WriteReady for Serial {
    fn write_ready(&mut self) -> Result<bool, SerialError> {
        Ok(self.simulation.with_line(|uart, _| uart.room() > 0))
    }
}

/// The board's reset line; which level holds the module in reset is the profile's choice.
#[derive(Clone, Debug)]
pub struct ResetLine {
    simulation: Simulation,
}

impl ResetLine {
    pub(crate) const fn new(simulation: Simulation) -> Self {
        Self { simulation }
    }
}

impl PinErrorType for ResetLine {
    type Error = Infallible;
}

impl OutputPin for ResetLine {
    fn set_low(&mut self) -> Result<(), Infallible> {
        self.simulation.with(|core, _, now| core.set_reset_line(false, now));
        Ok(())
    }

    fn set_high(&mut self) -> Result<(), Infallible> {
        self.simulation.with(|core, _, now| core.set_reset_line(true, now));
        Ok(())
    }
}

/// The DTR line: LOW is asserted and keeps the module awake under `AT+UPSV=3`.
#[derive(Clone, Debug)]
pub struct DtrLine {
    simulation: Simulation,
}

impl DtrLine {
    pub(crate) const fn new(simulation: Simulation) -> Self {
        Self { simulation }
    }
}

impl PinErrorType for DtrLine {
    type Error = Infallible;
}

impl OutputPin for DtrLine {
    fn set_low(&mut self) -> Result<(), Infallible> {
        self.simulation.with(|core, _, now| core.set_dtr(true, now));
        Ok(())
    }

    fn set_high(&mut self) -> Result<(), Infallible> {
        self.simulation.with(|core, _, now| core.set_dtr(false, now));
        Ok(())
    }
}
