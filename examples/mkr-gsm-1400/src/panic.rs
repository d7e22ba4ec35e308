//! The end of a program that has a bug.

use core::panic::PanicInfo;

use mkr_gsm_1400::reset;

#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    reset::restart()
}
