//! The board's wires to the modem.

use embedded_hal::digital::OutputPin;
use sara_u201::Wiring;
use sara_u201_sim::{DtrLine, ResetLine, Serial, Simulation};

/// RESET_N behind its transistor, DTR, and the serial port's baud rate, as on the MKR GSM 1400.
#[derive(Debug)]
pub struct Wires {
    reset: ResetLine,
    dtr: DtrLine,
}

impl Wires {
    /// Takes the wires of a modelled modem.
    #[must_use]
    pub fn new(modem: &Simulation) -> Self {
        Self { reset: modem.reset_line(), dtr: modem.dtr_line() }
    }
}

impl Wiring<Serial> for Wires {
    fn reset(&mut self, asserted: bool) -> bool {
        self.reset.set_state(asserted.into()).is_ok()
    }

    fn dtr(&mut self, asserted: bool) -> bool {
        self.dtr.set_state((!asserted).into()).is_ok()
    }

    fn set_baud_rate(&mut self, serial: &mut Serial, rate: u32) -> bool {
        serial.set_baud_rate(rate);
        true
    }
}
