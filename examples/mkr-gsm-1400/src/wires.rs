//! The modem's control lines, as its driver wants them.

use mkr_gsm_1400::{GsmLines, GsmUart};
use sara_u201::Wiring;

/// RESET_N, DTR and the baud rate. PWR_ON is not wired.
#[derive(Debug)]
pub struct Wires(pub GsmLines);

impl Wiring<GsmUart> for Wires {
    fn reset(&mut self, asserted: bool) -> bool {
        self.0.set_reset(asserted);
        true
    }

    fn dtr(&mut self, asserted: bool) -> bool {
        self.0.set_dtr(asserted);
        true
    }

    fn set_baud_rate(&mut self, serial: &mut GsmUart, rate: u32) -> bool {
        serial.set_baud_rate(rate);
        true
    }
}
