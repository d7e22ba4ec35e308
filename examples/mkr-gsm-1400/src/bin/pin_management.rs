//! Tries left, the PIN request on or off, and a new PIN (the sketch `PinManagement`).
#![cfg_attr(target_os = "none", no_std, no_main)]

firmware::only_on_the_board!();

#[cfg(target_os = "none")]
mod board {
    use core::fmt::Write;

    use firmware::{Gsm, with_modem};
    use mkr_gsm_1400::entry;
    use tutorial::Console;

    #[entry]
    fn main() -> ! {
        with_modem(|Gsm { modem, config, monitor }| {
            if !modem.is_ready() {
                modem.start(&config)?;
            }
            let tries = modem.tries_left()?;
            let _ = writeln!(monitor, "Tries left: PIN {}, PUK {}", tries.pin, tries.puk);
            let asks = modem.pin_request()?;
            let _ = writeln!(monitor, "The SIM {} for its PIN.", if asks { "asks" } else { "does not ask" });
            let mut line = [0; 4];
            let _ = writeln!(monitor, "on, off or new? (nothing if empty)");
            let wish = monitor.read_line(&mut line);
            if !matches!(wish, "on" | "off" | "new") {
                return Ok(());
            }
            let (mut old, mut new) = ([0; 8], [0; 8]);
            let _ = writeln!(monitor, "PIN? A wrong one costs a try.");
            let pin = monitor.read_command(&mut old, |_| true);
            if wish == "new" {
                let _ = writeln!(monitor, "New PIN?");
                modem.change_pin(pin, monitor.read_command(&mut new, |_| true))
            } else {
                modem.set_pin_request(wish == "on", pin)
            }
        })
    }
}
