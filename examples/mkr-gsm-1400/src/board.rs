//! The drivers on this board's parts.

use eccx08::Eccx08;
use mkr_gsm_1400::{Bus, BusError, Clocks, GsmLines, GsmParts, GsmUart, Timer};
use sara_u201::Modem;

use crate::Wires;

/// The secure element on the board's bus.
pub type Element = Eccx08<Bus, Timer>;
/// What can go wrong with it.
pub type ElementError = eccx08::Error<BusError>;
/// The modem on its port.
pub type GsmModem = Modem<GsmUart, Wires, Timer>;

/// The rate at which the driver begins to speak with the modem.
const BAUD: u32 = 115_200;

/// Puts the element's driver on the bus.
#[must_use]
pub const fn element(bus: Bus, timer: Timer) -> Element {
    Eccx08::new(bus, timer)
}

/// Starts the modem's port, and the driver on it; none if the port was started before.
#[must_use]
pub fn modem(port: GsmParts, lines: GsmLines, clocks: &mut Clocks, timer: Timer) -> Option<GsmModem> {
    Some(Modem::new(port.start(clocks, timer, BAUD)?, Wires(lines), timer))
}
