//! Lists the operators in reach, the signal, and who the modem is (`GsmScanNetworks`, `TestModem`).
#![cfg_attr(target_os = "none", no_std, no_main)]

firmware::only_on_the_board!();

#[cfg(target_os = "none")]
mod board {
    use core::fmt::Write;

    use firmware::{Gsm, with_modem};
    use mkr_gsm_1400::entry;
    use sara_u201::Availability;

    #[entry]
    fn main() -> ! {
        with_modem(|Gsm { modem, config, monitor }| {
            if !modem.is_ready() {
                modem.start(&config)?;
            }
            let _ = writeln!(monitor, "IMEI {}, firmware {}", modem.imei()?, modem.firmware()?);
            if let Some(operator) = modem.operator()? {
                let _ = writeln!(monitor, "Registered with {operator}");
            }
            if let Some(strength) = modem.signal()?.strength_dbm {
                let _ = writeln!(monitor, "Signal: {strength} dBm");
            }
            let _ = writeln!(monitor, "Searching, for up to three minutes");
            for operator in modem.scan::<8>()? {
                let how = match operator.availability {
                    Availability::Available => "available",
                    Availability::Current => "in use",
                    Availability::Forbidden => "forbidden",
                    _ => "unknown",
                };
                let _ = writeln!(monitor, "{} {}: {how}", operator.identity, operator.name);
            }
            Ok(())
        })
    }
}
