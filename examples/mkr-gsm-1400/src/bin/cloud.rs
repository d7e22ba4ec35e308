//! The sketch `GCP_IoT_Core_GSM`: connects to the cloud, reports a state, takes configurations and commands.
#![cfg_attr(target_os = "none", no_std, no_main)]

firmware::only_on_the_board!();

#[cfg(target_os = "none")]
mod board {
    use core::fmt::Write;

    use eccx08::Slot;
    use firmware::{Monitor, element, modem};
    use gcp_iot_core::{DevicePath, Endpoint};
    use mkr_gsm_1400::{Board, entry, reset};
    use monoclock::Millis;
    use sara_u201::{Apn, Certificate};
    use tutorial::{Explain, Settings};

    #[entry]
    fn main() -> ! {
        let Some(mut board) = Board::take() else { reset::restart() };
        let Some(console) = board.usb.start(&mut board.clocks, board.timer) else { reset::restart() };
        let Some(mut element) = element(board.bus, &mut board.clocks, board.timer) else { reset::restart() };
        let Some(mut modem) = modem(board.gsm, board.gsm_lines, &mut board.clocks, board.timer) else {
            reset::restart()
        };
        board.watchdog.start(&mut board.clocks);
        let mut monitor = Monitor(console);
        monitor.0.wait_attached(Millis::from_secs(5));
        const ROOT: Certificate<'static> = Certificate::root("root", &[0x30; 64]);
        let Ok(device) =
            DevicePath::new("mkr-gcp-tutorial", "us-central1", "MKR_GCP_Tutorial", "MyMKRGSM1400")
        else {
            reset::restart()
        };
        let settings = Settings {
            pin: None,
            apn: Apn::new("internet"),
            device,
            endpoint: Endpoint::GOOGLE,
            root: ROOT,
            slot: Slot::S0,
            state_interval: Settings::STATE_INTERVAL,
            attempts: None,
        };
        loop {
            let ended =
                tutorial::cloud::run(&mut element, &mut modem, &board.timer, &settings, &mut monitor, || {
                    true
                });
            if let Err(error) = ended {
                let _ = error.explain(&mut monitor).and_then(|()| writeln!(monitor));
            }
        }
    }
}
