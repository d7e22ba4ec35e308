//! Power for the modem's bursts.

use core::fmt::Write;

use mkr_gsm_1400::{Battery, BatteryParts, Bus, Clocks, Millivolts, Timer, set_up_charger};

/// Looks for the cell, sets the charger up for it, and warns if the modem is going to lack power.
/// Returns what measures the cell.
///
/// Its bursts on 2G take some 2 A, more than USB gives: a modem without a good cell resets as if it were broken.
pub fn set_up_power(
    battery: BatteryParts,
    bus: &mut Bus,
    clocks: &mut Clocks,
    mut timer: Timer,
    console: &mut impl Write,
) -> Battery {
    let mut battery = battery.start(clocks, &mut timer);
    let voltage = battery.measure().unwrap_or(Millivolts(0));
    if set_up_charger(bus, voltage.is_cell()).is_err() {
        let _ = writeln!(console, "The charger does not answer");
    }
    if !voltage.is_cell() {
        let _ = writeln!(console, "No battery: the modem may reset when it sends");
    } else if voltage.is_low() {
        let _ = writeln!(console, "The battery is low, {voltage}: the modem may reset when it sends");
    }
    battery
}
