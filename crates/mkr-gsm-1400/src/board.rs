//! The whole board.

use atsamd_hal::pac;

use crate::{Clocks, Led, Pins, Timer};

/// The board: its clock runs, and everything else waits to be started.
#[derive(Debug)]
pub struct Board {
    /// What every other part is started with.
    pub clocks: Clocks,
    /// The clock.
    pub timer: Timer,
    /// The LED.
    pub led: Led,
}

impl Board {
    /// Takes the board; none if it was taken before.
    #[must_use]
    pub fn take() -> Option<Self> {
        let mut peripherals = pac::Peripherals::take()?;
        let pins = Pins::new(peripherals.port);
        let mut clocks =
            Clocks::new(peripherals.gclk, peripherals.pm, peripherals.sysctrl, &mut peripherals.nvmctrl);
        let timer = Timer::start(&mut clocks, peripherals.tc4);
        Some(Self { timer, led: Led::new(pins.d6), clocks })
    }
}
