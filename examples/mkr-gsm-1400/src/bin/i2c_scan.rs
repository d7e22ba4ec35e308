//! Lists who answers on the I2C bus: the secure element (woken first) and the charger, at least.
#![cfg_attr(target_os = "none", no_std, no_main)]

firmware::only_on_the_board!();

#[cfg(target_os = "none")]
mod board {
    use core::fmt::Write;

    use mkr_gsm_1400::hal::ehal::delay::DelayNs;
    use mkr_gsm_1400::hal::ehal::i2c::{Error, ErrorKind, I2c};
    use mkr_gsm_1400::{Board, BusError, entry, reset};
    use monoclock::Millis;

    #[entry]
    fn main() -> ! {
        let Some(mut board) = Board::take() else { reset::restart() };
        let Some(mut console) = board.usb.start(&mut board.clocks, board.timer) else { reset::restart() };
        let Some(mut bus) = board.bus.start(&mut board.clocks, board.timer) else { reset::restart() };
        loop {
            let _ = console.wait_attached(Millis::from_secs(30));
            let _ = writeln!(console, "Scanning");
            // Nobody answers to this address, but the element wakes from the low data line.
            let _ = bus.write(0x00, &[]);
            board.timer.delay_ms(2);
            for address in 0x08..0x78 {
                match bus.write(address, &[]) {
                    Ok(()) => {
                        let name = match address {
                            0x60 => "the secure element",
                            0x6B => "the charger",
                            _ => "somebody",
                        };
                        let _ = writeln!(console, "0x{address:02X}: {name}");
                    }
                    Err(error) if matches!(error.kind(), ErrorKind::NoAcknowledge(_)) => {}
                    Err(error @ BusError::TimedOut) => {
                        let _ = writeln!(console, "{error}: check the wires at pins 11 and 12");
                        break;
                    }
                    Err(error) => {
                        let _ = writeln!(console, "0x{address:02X}: {error}");
                    }
                }
            }
            board.led.toggle();
            board.timer.delay_ms(5_000);
        }
    }
}
