//! Shows the messages that were received, and sends one (the sketches `ReceiveSMS` and `SendSMS`).
#![cfg_attr(target_os = "none", no_std, no_main)]

firmware::only_on_the_board!();

#[cfg(target_os = "none")]
mod board {
    use core::fmt::Write;

    use firmware::{Gsm, with_modem};
    use mkr_gsm_1400::entry;
    use tutorial::Console;

    #[entry]
    fn main() -> ! {
        with_modem(|Gsm { modem, config, monitor }| {
            if !modem.is_ready() {
                modem.start(&config)?;
            }
            modem.enable_messages()?;
            for place in modem.list_messages::<16>()? {
                let message = modem.read_message(place)?;
                let _ = writeln!(monitor, "{place}: from {}: {}", message.sender, message.text);
            }
            let (mut number, mut text) = ([0; 24], [0; 160]);
            let _ = writeln!(monitor, "Send a message to which number? (none if empty)");
            let number = monitor.read_line(&mut number);
            if !number.is_empty() {
                let _ = writeln!(monitor, "What shall it say?");
                let reference = modem.send_message(number, monitor.read_line(&mut text))?;
                let _ = writeln!(monitor, "Sent, reference {reference}");
            }
            Ok(())
        })
    }
}
