#![doc = include_str!("../README.md")]
#![no_std]

#[cfg(target_os = "none")]
mod board;
#[cfg(target_os = "none")]
mod monitor;
#[cfg(target_os = "none")]
mod panic;
#[cfg(target_os = "none")]
mod power;
#[cfg(target_os = "none")]
mod programs;
#[cfg(target_os = "none")]
mod stored;
#[cfg(target_os = "none")]
mod wires;

#[cfg(target_os = "none")]
pub use {
    board::{Element, ElementError, GsmModem, element, modem},
    monitor::Monitor,
    power::set_up_power,
    programs::{Gsm, with_element, with_modem},
    stored::{ROOTS, STORE_BYTES, Stored},
    wires::Wires,
};

/// What a program for the board is on any other machine: one that does nothing.
///
/// A program of this package has its `main` for the board in a module of its own, and names this beside it.
#[macro_export]
macro_rules! only_on_the_board {
    () => {
        #[cfg(not(target_os = "none"))]
        fn main() {
            eprintln!("This program is for the board: cargo xtask build, cargo xtask flash");
        }
    };
}
