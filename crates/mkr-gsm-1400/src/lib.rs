#![doc = include_str!("../README.md")]
#![no_std]
#![warn(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::as_conversions
)]

#[cfg(test)]
extern crate std;

// Plain code, tested on the host.
mod cell;
mod charger;
mod line;
pub mod settings;

/// Debug for what holds registers: its name.
#[cfg(target_os = "none")]
macro_rules! opaque {
    ($($Type:ident),+) => {$(
        impl core::fmt::Debug for $Type {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                f.write_str(stringify!($Type))
            }
        }
    )+};
}
#[cfg(target_os = "none")]
pub(crate) use opaque;

// The registers of the board.
#[cfg(target_os = "none")]
mod battery;
#[cfg(target_os = "none")]
mod board;
#[cfg(target_os = "none")]
mod clocks;
#[cfg(target_os = "none")]
mod console;
#[cfg(target_os = "none")]
mod gsm;
#[cfg(all(target_os = "none", feature = "async"))]
mod gsm_async;
#[cfg(target_os = "none")]
mod handler;
#[cfg(target_os = "none")]
mod handoff;
#[cfg(target_os = "none")]
mod i2c;
#[cfg(target_os = "none")]
mod led;
#[cfg(target_os = "none")]
mod nvm;
#[cfg(target_os = "none")]
mod pins;
#[cfg(target_os = "none")]
pub mod reset;
#[cfg(target_os = "none")]
mod timer;
#[cfg(all(target_os = "none", feature = "async"))]
mod wakers;
#[cfg(target_os = "none")]
mod watchdog;

pub use cell::Millivolts;
pub use charger::{Charge, ChargerStatus, set_up as set_up_charger};
pub use line::{Echo, Line, Shown};

#[cfg(target_os = "none")]
pub use atsamd_hal as hal;
#[cfg(target_os = "none")]
pub use {
    battery::{Battery, BatteryParts},
    board::Board,
    clocks::Clocks,
    console::{Console, UsbParts},
    cortex_m_rt::entry,
    gsm::{GsmLines, GsmParts, GsmUart, TimedOut},
    i2c::{Bus, BusError, BusParts},
    led::Led,
    nvm::{FlashError, Region},
    pins::{Header, Pins},
    timer::Timer,
    watchdog::Watchdog,
};
