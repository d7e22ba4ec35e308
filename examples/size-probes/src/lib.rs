//! What every probe needs: devices that the optimiser must take for real, and a panic handler.

#![no_std]

mod devices;
mod room;
mod token;

pub use devices::{Bus, Failed, Flash, Serial, Signer, Ticks, keep, unknown_bytes, unknown_word};
pub use room::Room;
pub use token::sign_token;

#[panic_handler]
fn panic(info: &core::panic::PanicInfo<'_>) -> ! {
    #[cfg(feature = "locate-panics")]
    if let Some(location) = info.location() {
        devices::keep_location(location);
    }
    let _ = info;
    loop {}
}
