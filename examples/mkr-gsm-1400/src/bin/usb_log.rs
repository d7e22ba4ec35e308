//! Tells over USB why the board was reset, counts the seconds, and sends back what is typed.
#![cfg_attr(target_os = "none", no_std, no_main)]

firmware::only_on_the_board!();

#[cfg(target_os = "none")]
mod board {
    use core::fmt::Write;

    use mkr_gsm_1400::{Board, entry, reset};
    use monoclock::{Clock, Millis};

    #[entry]
    fn main() -> ! {
        let Some(mut board) = Board::take() else { reset::restart() };
        let Some(mut console) = board.usb.start(&mut board.clocks, board.timer) else { reset::restart() };
        let _ = console.wait_attached(Millis::from_secs(30));
        let _ = writeln!(console, "Reset: {}", board.reset_cause);
        let mut next = board.timer.now();
        loop {
            if board.timer.now().has_reached(next) {
                let _ = writeln!(console, "{} s", next.as_millis() / 1000);
                board.led.toggle();
                next += Millis::from_secs(1);
            }
            while let Ok(byte) = console.read() {
                console.write(&[byte]);
            }
            board.timer.wait(next);
        }
    }
}
