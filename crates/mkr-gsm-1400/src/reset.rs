//! Starting again, in the program or in the boot loader.
#![expect(unsafe_code, reason = "one word of RAM belongs to the boot loader")]

use core::cell::Cell;
use core::{fmt, ptr};

use atsamd_hal::pac;
use cortex_m::peripheral::SCB;
use critical_section::Mutex;

/// Where the loader looks for the request to stay: the last word of RAM.
const LOADER_CELL: *mut u32 = ptr::without_provenance_mut(0x2000_7FFC);
/// The request.
const LOADER_MAGIC: u32 = 0x0773_8135;

/// How a console says a text, when nothing else works any more.
static LAST_WORDS: Mutex<Cell<Option<fn(&str)>>> = Mutex::new(Cell::new(None));

/// Ends a program that has a bug: says `words` if somebody listens, then starts it again.
pub fn give_up(words: &str) -> ! {
    cortex_m::interrupt::disable();
    if let Some(say) = critical_section::with(|section| LAST_WORDS.borrow(section).get()) {
        say(words);
    }
    restart()
}

pub(crate) fn set_last_words(say: fn(&str)) {
    critical_section::with(|section| LAST_WORDS.borrow(section).set(Some(say)));
}

/// Starts the program again.
pub fn restart() -> ! {
    SCB::sys_reset()
}

/// Starts the boot loader, and leaves the program in flash as it is.
///
/// The loader takes the request for the second of two taps on the reset button, and waits for a new program.
pub fn enter_loader() -> ! {
    cortex_m::interrupt::disable();
    // SAFETY: the word lies above the memory that the linker gives out (memory.x), so nothing else is there; it is
    // aligned, and only the loader reads it.
    unsafe { LOADER_CELL.write_volatile(LOADER_MAGIC) };
    SCB::sys_reset()
}

/// Why the chip was reset (RCAUSE, 16.8.14).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ResetCause {
    /// Power came.
    PowerOn,
    /// The supply fell too low.
    BrownOut,
    /// The button.
    Button,
    /// The program did not feed the watchdog.
    Watchdog,
    /// The program, or the boot loader, asked for it.
    Requested,
    /// None that is known.
    Unknown,
}

impl ResetCause {
    pub(crate) fn read(pm: &pac::Pm) -> Self {
        let cause = pm.rcause().read();
        if cause.por().bit_is_set() {
            Self::PowerOn
        } else if cause.bod12().bit_is_set() || cause.bod33().bit_is_set() {
            Self::BrownOut
        } else if cause.ext().bit_is_set() {
            Self::Button
        } else if cause.wdt().bit_is_set() {
            Self::Watchdog
        } else if cause.syst().bit_is_set() {
            Self::Requested
        } else {
            Self::Unknown
        }
    }
}

impl fmt::Display for ResetCause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::PowerOn => "power came",
            Self::BrownOut => "the supply was too low",
            Self::Button => "the reset button",
            Self::Watchdog => "the watchdog: the program hung",
            Self::Requested => "a restart was asked for",
            Self::Unknown => "unknown",
        })
    }
}
