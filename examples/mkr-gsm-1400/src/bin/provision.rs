//! The sketch `ECCX08JWSPublicKey`: locks the secure element for ever, makes a key in it, prints the public key.
#![cfg_attr(target_os = "none", no_std, no_main)]

firmware::only_on_the_board!();

#[cfg(target_os = "none")]
mod board {
    use core::convert::Infallible;
    use core::fmt::Write;

    use firmware::{Monitor, element};
    use mkr_gsm_1400::{Board, entry, reset};
    use monoclock::Millis;
    use tutorial::{Console, Explain};

    #[entry]
    fn main() -> ! {
        let _ = run();
        reset::restart()
    }

    fn run() -> Option<Infallible> {
        let mut board = Board::take()?;
        let mut monitor = Monitor(board.usb.start(&mut board.clocks, board.timer)?);
        let mut element = element(board.bus.start(&mut board.clocks, board.timer)?, board.timer);
        loop {
            while !monitor.0.wait_attached(Millis::from_secs(60)) {}
            if let Err(error) = tutorial::provision::run(&mut element, &mut monitor) {
                let _ = error.explain(&mut monitor).and_then(|()| writeln!(monitor));
            }
            let _ = writeln!(monitor, "Press Enter to begin again.");
            monitor.read_line(&mut [0; 1]);
        }
    }
}
