//! Connects the USB serial port with the modem's: for AT commands by hand, and for u-blox's own tools.
#![cfg_attr(target_os = "none", no_std, no_main)]

firmware::only_on_the_board!();

#[cfg(target_os = "none")]
mod board {
    use embedded_io::{Read, ReadReady, Write};
    use mkr_gsm_1400::hal::ehal::delay::DelayNs;
    use mkr_gsm_1400::{Board, entry, reset};
    use monoclock::{Clock, Millis};

    /// As the modem starts; it follows other rates by itself until it has seen the first command.
    const BAUD: u32 = 115_200;

    #[entry]
    fn main() -> ! {
        let Some(mut board) = Board::take() else { reset::restart() };
        let Some(mut console) = board.usb.start(&mut board.clocks, board.timer) else { reset::restart() };
        let Some(mut gsm) = board.gsm.start(&mut board.clocks, board.timer, BAUD) else { reset::restart() };
        // The modem starts when RESET_N is let go after 50 ms or more.
        board.timer.delay_ms(100);
        board.gsm_lines.set_reset(false);
        let mut buffer = [0; 64];
        loop {
            while let Ok(byte) = console.read() {
                // A modem that takes nothing for seconds is off: the byte is lost, as on any cable.
                let _ = gsm.write(&[byte]);
            }
            while let Ok(true) = gsm.read_ready() {
                let count = gsm.read(&mut buffer).unwrap_or(0);
                console.write(buffer.get(..count).unwrap_or_default());
            }
            board.led.set(console.is_attached());
            board.timer.wait(board.timer.now() + Millis::from_secs(1));
        }
    }
}
