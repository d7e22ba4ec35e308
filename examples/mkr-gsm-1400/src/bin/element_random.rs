//! Random numbers from the secure element: some dice, and 32 bytes (the sketch `ECCX08RandomNumber`).
#![cfg_attr(target_os = "none", no_std, no_main)]

firmware::only_on_the_board!();

#[cfg(target_os = "none")]
mod board {
    use core::fmt::Write;

    use firmware::{ElementError, with_element};
    use mkr_gsm_1400::entry;

    #[entry]
    fn main() -> ! {
        with_element(|element, monitor| {
            let random = element.random()?;
            // 252 is the largest multiple of 6 in a byte: what lies above would favour the low numbers.
            for byte in random.iter().filter(|byte| **byte < 252).take(8) {
                let _ = write!(monitor, "{} ", byte % 6 + 1);
            }
            let _ = writeln!(monitor);
            for byte in element.random()? {
                let _ = write!(monitor, "{byte:02X}");
            }
            let _ = writeln!(monitor);
            Ok::<_, ElementError>(())
        })
    }
}
