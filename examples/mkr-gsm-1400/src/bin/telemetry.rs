//! Reports the cell's voltage once a minute; what the cloud has not acknowledged waits on flash, over power cuts.
#![cfg_attr(target_os = "none", no_std, no_main)]

firmware::only_on_the_board!();

#[cfg(target_os = "none")]
mod board {
    use core::convert::Infallible;
    use core::fmt::Write;

    use firmware::{Monitor, ROOTS, STORE_BYTES, Stored, element, modem, set_up_power};
    use gcp_iot_core::{DropPolicy, FlashOutbox};
    use heapless::String;
    use mkr_gsm_1400::{Board, entry, reset};
    use monoclock::{Clock, Millis};
    use tutorial::telemetry::{self, LONGEST, Telemetry};
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
        let mut battery = set_up_power(board.battery, &mut bus, clocks, timer, &mut monitor);
        let mut element = element(bus, timer);
        let mut stored = Stored::new(board.settings);

        let mut largest = [0; LONGEST + 16];
        let outbox =
            FlashOutbox::mount(board.store, 0..STORE_BYTES, &mut largest, DropPolicy::Oldest).ok()?;
        let _ = writeln!(monitor, "{} measurements wait", outbox.len());
        let measure = || {
            let mut text = String::new();
            let millivolts = battery.measure().map_or(0, |voltage| voltage.0);
            // Two numbers fit.
            let _ = write!(text, "{},{millivolts}", timer.now().as_millis() / 1000);
            text
        };
        let interval = Millis::from_secs(60);
        let mut telemetry = Telemetry { outbox, subfolder: "battery", interval, measure };
        loop {
            let Ok(settings) = Settings::read(&stored, ROOTS) else {
                menu::run(&mut stored, &mut monitor);
                continue;
            };
            let (parts, always) = ((&mut element, &mut modem), || true);
            let ended =
                telemetry::run(parts.0, parts.1, &timer, &settings, &mut monitor, &mut telemetry, always);
            if let Err(error) = ended {
                let _ = error.explain(&mut monitor).and_then(|()| writeln!(monitor));
            }
            menu::run(&mut stored, &mut monitor);
        }
    }
}
