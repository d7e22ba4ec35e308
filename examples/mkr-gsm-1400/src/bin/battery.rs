//! Sets the charger up and tells the cell's voltage and charge.
#![cfg_attr(target_os = "none", no_std, no_main)]

firmware::only_on_the_board!();

#[cfg(target_os = "none")]
mod board {
    use core::fmt::Write;

    use mkr_gsm_1400::hal::ehal::delay::DelayNs;
    use mkr_gsm_1400::{Board, Charge, ChargerStatus, Millivolts, entry, reset, set_up_charger};

    #[entry]
    fn main() -> ! {
        let Some(mut board) = Board::take() else { reset::restart() };
        let Some(mut console) = board.usb.start(&mut board.clocks, board.timer) else { reset::restart() };
        let Some(mut bus) = board.bus.start(&mut board.clocks, board.timer) else { reset::restart() };
        let mut battery = board.battery.start(&mut board.clocks, &mut board.timer);
        let has_cell = battery.measure().is_some_and(Millivolts::is_cell);
        let set_up = set_up_charger(&mut bus, has_cell);
        loop {
            if let Err(error) = set_up {
                let _ = writeln!(console, "The charger is not set up: {error}");
            }
            match battery.measure() {
                Some(voltage) if !voltage.is_cell() => {
                    let _ = writeln!(console, "{voltage}: no cell");
                }
                Some(voltage) if voltage.is_low() => {
                    let _ = writeln!(console, "{voltage}: too low for the modem");
                }
                Some(voltage) => {
                    let _ = writeln!(console, "{voltage}");
                }
                None => {
                    let _ = writeln!(console, "The converter does not answer");
                }
            }
            if let Ok(status) = ChargerStatus::read(&mut bus) {
                let charge = match status.charge() {
                    Charge::Off => "not charging",
                    Charge::PreCharge => "charging an empty cell",
                    Charge::Fast => "charging",
                    Charge::Done => "full",
                };
                let _ = writeln!(console, "{charge}");
            }
            board.timer.delay_ms(2_000);
        }
    }
}
