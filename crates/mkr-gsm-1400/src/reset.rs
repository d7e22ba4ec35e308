//! Starting again, in the program or in the boot loader.
#![expect(unsafe_code, reason = "one word of RAM belongs to the boot loader")]

use core::ptr;

use cortex_m::peripheral::SCB;

/// Where the loader looks for the request to stay: the last word of RAM.
const LOADER_CELL: *mut u32 = ptr::without_provenance_mut(0x2000_7FFC);
/// The request.
const LOADER_MAGIC: u32 = 0x0773_8135;

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
