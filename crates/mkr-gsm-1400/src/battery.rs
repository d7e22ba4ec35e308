//! The cell's voltage.
#![expect(unsafe_code, reason = "the values of register fields")]

use atsamd_hal::calibration;
use atsamd_hal::gpio::{Disabled, Floating, PB09, Pin};
use atsamd_hal::pac;
use embedded_hal::delay::DelayNs;

use crate::cell::Millivolts;
use crate::{Clocks, Timer};

/// INPUTCTRL.MUXPOS of PB09.
const AIN3: u8 = 3;
/// A conversion takes 40 us; this many looks at the flag take a millisecond or more.
const LOOKS: u32 = 10_000;

/// What measures the cell; [`BatteryParts::start`] makes it.
pub struct BatteryParts {
    pub(crate) adc: pac::Adc,
    pub(crate) pin: Pin<PB09, Disabled<Floating>>,
}

impl BatteryParts {
    /// Starts the converter, and looks whether a cell is there at all.
    ///
    /// The pin is discharged for that, and given time to rise again: takes 110 ms.
    #[must_use]
    pub fn start(self, clocks: &mut Clocks, timer: &mut Timer) -> Battery {
        let main = clocks.main();
        // The token is not needed: the divider below is fixed for 48 MHz.
        let _ = clocks.controller.adc(&main);
        clocks.pm.apbcmask().modify(|_, w| w.adc_().set_bit());
        let low = self.pin.into_push_pull_output();
        timer.delay_ms(10);
        // Function B is the analogue one.
        let pin = low.into_alternate::<atsamd_hal::gpio::B>();
        timer.delay_ms(100);
        let adc = self.adc;
        // SAFETY: the calibration comes from the chip's own row, as the data sheet asks for (33.6.2.1).
        adc.calib().write(|w| unsafe {
            w.bias_cal().bits(calibration::adc_bias_cal());
            w.linearity_cal().bits(calibration::adc_linearity_cal())
        });
        // Half the supply as reference and half the input: full scale is the supply of 3.3 V.
        adc.refctrl().write(|w| w.refsel().intvcc1());
        // SAFETY: 0..=63 half cycles; the divider of the cell is high-ohmic, so sampling takes its time.
        adc.sampctrl().write(|w| unsafe { w.samplen().bits(63) });
        // 33.8.5: at most 2.1 MHz.
        adc.ctrlb().write(|w| w.prescaler().div64().ressel()._12bit());
        settle(&adc);
        // SAFETY: an input of this chip.
        adc.inputctrl().write(|w| unsafe { w.muxpos().bits(AIN3).muxneg().gnd().gain().div2() });
        settle(&adc);
        adc.ctrla().write(|w| w.enable().set_bit());
        settle(&adc);
        let mut battery = Battery { adc, _pin: pin };
        // The first conversion after a change of reference is not to be used (33.6.8.1).
        let _ = battery.measure();
        battery
    }
}

/// Measures the cell.
pub struct Battery {
    adc: pac::Adc,
    _pin: Pin<PB09, atsamd_hal::gpio::AlternateB>,
}

impl Battery {
    /// Measures the voltage; none if the converter does not answer.
    pub fn measure(&mut self) -> Option<Millivolts> {
        settle(&self.adc);
        self.adc.intflag().write(|w| w.resrdy().set_bit());
        self.adc.swtrig().write(|w| w.start().set_bit());
        let is_ready = (0..LOOKS).any(|_| self.adc.intflag().read().resrdy().bit_is_set());
        is_ready.then(|| Millivolts::from_conversion(self.adc.result().read().result().bits()))
    }
}

/// Waits for the converter to take what was written: some of its clock cycles, which do not stop.
fn settle(adc: &pac::Adc) {
    while adc.status().read().syncbusy().bit_is_set() {}
}

crate::opaque!(BatteryParts, Battery);
