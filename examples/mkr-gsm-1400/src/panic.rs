//! The end of a program that has a bug.

use core::panic::PanicInfo;

use mkr_gsm_1400::reset;

/// Says that there was a panic, and starts again. Where and why would cost kilobytes of text.
#[panic_handler]
fn panic(info: &PanicInfo<'_>) -> ! {
    match info.location() {
        Some(location) if cfg!(feature = "locate-panics") => reset::give_up(location.file()),
        _ => reset::give_up("\r\npanic\r\n"),
    }
}
