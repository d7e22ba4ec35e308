//! The sketch `GCP_IoT_Core_GSM`: connects to the cloud, reports a state, takes configurations and commands.
#![cfg_attr(target_os = "none", no_std, no_main)]

firmware::only_on_the_board!();

#[cfg(target_os = "none")]
mod board {
    use core::convert::Infallible;
    use core::fmt::Write;

    use firmware::{Monitor, ROOTS, Stored, element, modem, set_up_power};
    use mkr_gsm_1400::{Board, entry, reset};
    use monoclock::Millis;
    use tutorial::{Explain, Settings, menu};

    #[entry]
    fn main() -> ! {
        let _ = run();
        reset::restart()
    }

    fn run() -> Option<Infallible> {
        let mut board = Board::take()?;
        let (clocks, timer) = (&mut board.clocks, board.timer);
        let mut monitor = Monitor(board.usb.start(clocks, timer)?);
        let mut bus = board.bus.start(clocks, timer)?;
        let mut modem = modem(board.gsm, board.gsm_lines, clocks, timer)?;
        board.watchdog.start(clocks);
        let _ = monitor.0.wait_attached(Millis::from_secs(5));
        let _ = writeln!(monitor, "Reset: {}", board.reset_cause);
        let _ = set_up_power(board.battery, &mut bus, clocks, timer, &mut monitor);
        let mut element = element(bus, timer);
        let mut stored = Stored::new(board.settings);
        let _ = writeln!(monitor, "Press Enter to change the settings");
        let mut asked = monitor.0.wait_typed(Millis::from_secs(3));
        loop {
            if asked {
                menu::run(&mut stored, &mut monitor);
            }
            let ended = match Settings::read(&stored, ROOTS) {
                Ok(settings) => {
                    tutorial::cloud::run(&mut element, &mut modem, &timer, &settings, &mut monitor, || true)
                }
                Err(key) => {
                    let _ = writeln!(monitor, "No valid {key} is set");
                    Ok(())
                }
            };
            if let Err(error) = ended {
                let _ = error.explain(&mut monitor).and_then(|()| writeln!(monitor));
            }
            asked = true;
        }
    }
}
