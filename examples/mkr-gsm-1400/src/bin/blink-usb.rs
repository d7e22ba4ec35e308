//! Blinks the LED once a second, with the console, and so with the way into the boot loader.
#![cfg_attr(target_os = "none", no_std, no_main)]

firmware::only_on_the_board!();

#[cfg(target_os = "none")]
mod board {
    use mkr_gsm_1400::hal::ehal::delay::DelayNs;
    use mkr_gsm_1400::{Board, entry, reset};

    #[entry]
    fn main() -> ! {
        let Some(mut board) = Board::take() else { reset::restart() };
        let mut console = board.usb.start(&mut board.clocks, board.timer);
        loop {
            board.led.toggle();
            board.timer.delay_ms(500);
            if let Some(console) = &mut console {
                console.write(b"blink\r\n");
            }
        }
    }
}
