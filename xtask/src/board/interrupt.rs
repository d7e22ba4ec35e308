//! Ctrl-C: asked for once, a task ends where it can; asked for again, at once.

use core::sync::atomic::{AtomicU32, Ordering};
use std::process;
use std::sync::Mutex;

use super::stop::Kind;

static ASKED: AtomicU32 = AtomicU32::new(0);
static SAID: Mutex<[&str; 2]> = Mutex::new([""; 2]);

/// From now on Ctrl-C is counted; `first` and `second` are what the person is told then.
pub(crate) fn watch(first: &'static str, second: &'static str) {
    ASKED.store(0, Ordering::Relaxed);
    if let Ok(mut said) = SAID.lock() {
        *said = [first, second];
    }
    // The second time it is already set. Where none can be set, Ctrl-C ends the process at once.
    let _ = ctrlc::set_handler(|| {
        let again = ASKED.fetch_add(1, Ordering::Relaxed) > 0;
        let said = SAID.lock().map_or("", |said| said[usize::from(again)]);
        if !said.is_empty() {
            eprintln!("\n{said}");
        }
        if again {
            process::exit(Kind::Interrupted as i32);
        }
    });
}

/// Tells whether the person wants to stop.
pub(crate) fn asked() -> bool {
    ASKED.load(Ordering::Relaxed) > 0
}
