//! What is around the chip on the MKR GSM 1400.

use eccx08_sim::Sim;
use sara_u201_sim::Simulation;

use crate::chip::Chip;
use crate::fabric::I2cLine;
use crate::fabric::pins::Pin;

pub mod bridge;
pub mod charger;
pub mod element;
pub mod led;
pub mod modem;
pub mod usb_host;

use charger::Charger;
use element::Element;
use led::Led;
use modem::Modem;
use usb_host::{CdcHost, Console};

/// AIN number of the battery's divider (PB09).
const BATTERY_INPUT: usize = 3;
/// The divider in kOhm: 1200 to ground of 1530 (remembered; the Arduino core takes 1.94 V and more for a cell).
const DIVIDER: (u32, u32) = (1_200, 1_530);

/// What is put on the board, beside element and modem.
#[derive(Clone, Copy, Debug)]
pub struct BoardSettings {
    /// Voltage of the cell in millivolts; 0 without one.
    pub battery_millivolts: u32,
    /// Whether a USB host is plugged in.
    pub usb: bool,
}

impl Default for BoardSettings {
    fn default() -> Self {
        Self { battery_millivolts: 3_900, usb: true }
    }
}

/// Handles to what is on the board.
#[derive(Clone, Debug)]
pub struct Board {
    /// The charger.
    pub charger: Charger,
    /// The LED.
    pub led: Led,
    /// The serial port that the USB host has of the board.
    pub console: Console,
}

impl Board {
    /// Wires `chip` as the board does: element and charger on PA08 and PA09, the modem on SERCOM4's pins, LED,
    /// battery, USB. The clock of element and modem follows the chip's.
    #[must_use]
    pub fn wire(chip: &mut Chip, element: &Sim, modem: &Simulation, settings: BoardSettings) -> Self {
        let (charger, led) = (Charger::new(), Led::default());
        let (host, console) = CdcHost::new();
        let plugs = &mut chip.fabric.plugs;
        plugs.i2c.push(I2cLine {
            sda: Pin::a(8),
            scl: Pin::a(9),
            targets: vec![Box::new(Element::new(element)), Box::new(charger.clone())],
        });
        Modem::new(modem).plug(plugs);
        plugs.watchers.push(Box::new(led.clone()));
        plugs.analog[BATTERY_INPUT] = settings.battery_millivolts * 1_000 / DIVIDER.1 * DIVIDER.0;
        if settings.usb {
            plugs.usb = Some(Box::new(host));
        }
        Self { charger, led, console }
    }
}
