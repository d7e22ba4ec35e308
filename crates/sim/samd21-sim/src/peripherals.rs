//! The blocks of the chip, one file each, written from the data sheet's register descriptions.

use crate::chip::Chip;
use crate::fabric::clocks::Bridge;

pub mod adc;
pub mod counter;
pub mod dsu;
pub mod eic;
pub mod gclk;
pub mod kept;
pub mod nvmctrl;
pub mod pac;
pub mod pm;
pub mod port;
pub mod registers;
pub mod rtc;
pub mod sercom;
pub mod sysctrl;
pub mod tc;
pub mod usb;
pub mod wdt;

/// Attaches the blocks of a SAMD21G18A that are modelled (data sheet, "Product Mapping" and "Peripherals
/// Configuration Summary").
pub fn attach(chip: &mut Chip) {
    chip.attach(Bridge::A, 0, 1, 0, Box::new(pac::Pac::new("PAC0")));
    chip.attach(Bridge::A, 1, 1, 1, Box::new(pm::Pm::new()));
    chip.attach(Bridge::A, 2, 1, 2, Box::new(sysctrl::Sysctrl::new()));
    chip.attach(Bridge::A, 3, 1, 3, Box::new(gclk::Gclk::new()));
    chip.attach(Bridge::A, 4, 1, 4, Box::new(wdt::Wdt::new()));
    chip.attach(Bridge::A, 5, 1, 5, Box::new(rtc::Rtc::new()));
    chip.attach(Bridge::A, 6, 1, 6, Box::new(eic::Eic::new()));
    chip.attach(Bridge::B, 0, 1, 0, Box::new(pac::Pac::new("PAC1")));
    chip.attach(Bridge::B, 8, 8, 1, Box::new(dsu::Dsu::new()));
    chip.attach(Bridge::B, 16, 1, 2, Box::new(nvmctrl::Nvmctrl::new()));
    chip.attach(Bridge::B, 17, 1, 3, Box::new(port::Port::new()));
    chip.attach(Bridge::B, 20, 1, 5, Box::new(usb::Usb::new()));
    chip.attach(Bridge::C, 0, 1, 0, Box::new(pac::Pac::new("PAC2")));
    for number in 0..6 {
        chip.attach(Bridge::C, 2 + number, 1, 2 + number, Box::new(sercom::Sercom::new(number)));
    }
    for number in 3..6 {
        chip.attach(Bridge::C, 11 + number - 3, 1, 11 + number - 3, Box::new(tc::Tc::new(number)));
    }
    chip.attach(Bridge::C, 16, 1, 16, Box::new(adc::Adc::new()));
    let not_modelled = [
        (Bridge::B, 18, 4, "DMAC"),
        (Bridge::B, 24, 0, "MTB"),
        (Bridge::B, 28, 6, "HMATRIX"),
        (Bridge::C, 1, 1, "EVSYS"),
        (Bridge::C, 8, 8, "TCC0"),
        (Bridge::C, 9, 9, "TCC1"),
        (Bridge::C, 10, 10, "TCC2"),
        (Bridge::C, 17, 17, "AC"),
        (Bridge::C, 18, 18, "DAC"),
        (Bridge::C, 19, 19, "PTC"),
        (Bridge::C, 20, 20, "I2S"),
    ];
    for (bridge, page, clock, name) in not_modelled {
        chip.attach(bridge, page, 1, clock, Box::new(kept::Kept::new(name)));
    }
}
