//! Blinks the LED once a second. Without USB: to flash another program, tap the reset button twice.
#![cfg_attr(target_os = "none", no_std, no_main)]

firmware::only_on_the_board!();

#[cfg(target_os = "none")]
mod board {
    use mkr_gsm_1400::hal::ehal::delay::DelayNs;
    use mkr_gsm_1400::{Board, entry, reset};

    #[entry]
    fn main() -> ! {
        let Some(mut board) = Board::take() else { reset::restart() };
        loop {
            board.led.toggle();
            board.timer.delay_ms(500);
        }
    }
}
