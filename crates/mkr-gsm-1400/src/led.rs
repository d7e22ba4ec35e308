//! The yellow LED.

use atsamd_hal::gpio::{PA20, Pin, PushPullOutput};
use embedded_hal::digital::{OutputPin, StatefulOutputPin};

/// The yellow LED beside pin 6.
pub struct Led(Pin<PA20, PushPullOutput>);

impl Led {
    pub(crate) fn new(pin: Pin<PA20, impl atsamd_hal::gpio::PinMode>) -> Self {
        Self(pin.into_push_pull_output())
    }

    /// Lights it, or not.
    pub fn set(&mut self, lit: bool) {
        // The port cannot fail.
        let _ = self.0.set_state(lit.into());
    }

    /// Changes it.
    pub fn toggle(&mut self) {
        let _ = StatefulOutputPin::toggle(&mut self.0);
    }
}

crate::opaque!(Led);
