//! Counts up in the secure element, on request: what was counted stays counted (the sketch `ECCX08Counter`).
#![cfg_attr(target_os = "none", no_std, no_main)]

firmware::only_on_the_board!();

#[cfg(target_os = "none")]
mod board {
    use core::fmt::Write;

    use eccx08::command::{Counter, CounterId};
    use firmware::{ElementError, with_element};
    use mkr_gsm_1400::entry;
    use tutorial::Console;

    #[entry]
    fn main() -> ! {
        with_element(|element, monitor| {
            let value = element.execute(&Counter::read(CounterId::One))?;
            let _ = writeln!(monitor, "Counter 1 stands at {value} of {}.", Counter::MAX);
            let _ = writeln!(monitor, "Add one? It cannot be undone. (y/N)");
            if monitor.read_line(&mut [0; 4]).starts_with(['y', 'Y']) {
                let value = element.execute(&Counter::increment(CounterId::One))?;
                let _ = writeln!(monitor, "Now it stands at {value}.");
            }
            Ok::<_, ElementError>(())
        })
    }
}
