//! Asks a time server over UDP (the sketch `GPRSUdpNtpClient`).
#![cfg_attr(target_os = "none", no_std, no_main)]

firmware::only_on_the_board!();

#[cfg(target_os = "none")]
mod board {
    use core::fmt::Write;

    use firmware::{Gsm, with_modem};
    use mkr_gsm_1400::entry;
    use monoclock::Millis;
    use sara_u201::{NetworkTime, Validity};

    const SERVER: &str = "pool.ntp.org";

    #[entry]
    fn main() -> ! {
        with_modem(|Gsm { modem, config, monitor }| {
            if !modem.is_ready() {
                modem.start(&config)?;
            }
            let time = modem.sntp_time(SERVER, Millis::from_secs(10), Validity::DEFAULT)?;
            let _ = match time {
                NetworkTime::Utc { unix_seconds, .. } => {
                    writeln!(monitor, "{SERVER}: {unix_seconds} s since 1970, UTC")
                }
                _ => writeln!(monitor, "{SERVER}: no answer that can be believed"),
            };
            Ok(())
        })
    }
}
