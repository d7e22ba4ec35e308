//! Pings a host over the mobile network (the sketch `GPRSPing`).
#![cfg_attr(target_os = "none", no_std, no_main)]

firmware::only_on_the_board!();

#[cfg(target_os = "none")]
mod board {
    use core::fmt::Write;

    use firmware::{Gsm, with_modem};
    use mkr_gsm_1400::entry;
    use monoclock::Millis;
    use sara_u201::Pong;
    use tutorial::Console;

    #[entry]
    fn main() -> ! {
        with_modem(|Gsm { modem, config, monitor }| {
            if !modem.is_ready() {
                modem.start(&config)?;
            }
            let _ = writeln!(monitor, "Host? (example.com if empty)");
            let mut line = [0; 64];
            let host = match monitor.read_line(&mut line) {
                "" => "example.com",
                host => host,
            };
            for _ in 0..4 {
                let _ = match modem.ping(host, Millis::from_secs(5))? {
                    Pong::Echo { round_trip, time_to_live } => {
                        writeln!(monitor, "{host}: {round_trip} ms, time to live {time_to_live}")
                    }
                    Pong::Lost => writeln!(monitor, "{host}: no answer"),
                    Pong::Failed { reason } => {
                        writeln!(monitor, "{host}: failed with {reason} (8: unknown host)")
                    }
                };
            }
            Ok(())
        })
    }
}
