//! Signs a text with the key in slot 0 and has the signature verified (the sketch `ECCX08Signing`).
#![cfg_attr(target_os = "none", no_std, no_main)]

firmware::only_on_the_board!();

#[cfg(target_os = "none")]
mod board {
    use core::fmt::Write;

    use eccx08::Slot;
    use firmware::{ElementError, with_element};
    use jwt_signer::{Sha256Engine, SoftwareSha256};
    use mkr_gsm_1400::entry;
    use tutorial::Console;

    #[entry]
    fn main() -> ! {
        with_element(|element, monitor| {
            let _ = writeln!(monitor, "What is to be signed?");
            let mut line = [0; 128];
            let text = monitor.read_line(&mut line);
            let mut sha = SoftwareSha256::default();
            sha.update(text.as_bytes());
            let Ok(digest) = sha.finish();
            let public_key = element.key(Slot::S0).public_key()?;
            let signature = element.key(Slot::S0).sign(&digest)?;
            for byte in signature {
                let _ = write!(monitor, "{byte:02X}");
            }
            let good = element.verify(&public_key, &digest, &signature)?.is_match();
            let _ = writeln!(monitor, "\n{}", if good { "It verifies." } else { "It does NOT verify." });
            Ok::<_, ElementError>(())
        })
    }
}
