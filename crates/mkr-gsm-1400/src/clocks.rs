//! The clock tree: 48 MHz from the crystal.

use atsamd_hal::clock::{GClock, GenericClockController};
use atsamd_hal::pac;

/// The clock generators and the power manager, which every part of the board is started with.
///
/// The 32.768 kHz crystal drives the frequency-locked loop; its 48 MHz drive processor and peripherals.
pub struct Clocks {
    pub(crate) controller: GenericClockController,
    pub(crate) pm: pac::Pm,
}

impl Clocks {
    pub(crate) fn new(
        gclk: pac::Gclk,
        mut pm: pac::Pm,
        mut sysctrl: pac::Sysctrl,
        nvmctrl: &mut pac::Nvmctrl,
    ) -> Self {
        let controller = GenericClockController::with_external_32kosc(gclk, &mut pm, &mut sysctrl, nvmctrl);
        Self { controller, pm }
    }

    /// The generator of 48 MHz.
    pub(crate) fn main(&mut self) -> GClock {
        self.controller.gclk0()
    }
}

crate::opaque!(Clocks);
