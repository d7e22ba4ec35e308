//! The whole board.

use atsamd_hal::pac;
use atsamd_hal::sercom::uart;

use crate::battery::BatteryParts;
use crate::console::UsbParts;
use crate::gsm::{GsmLines, GsmParts};
use crate::i2c::BusParts;
use crate::nvm::{self, Region};
use crate::reset::ResetCause;
use crate::{Clocks, Header, Led, Pins, Timer, Watchdog};

/// The board: its clock runs, and everything else waits to be started.
///
/// The modem is held in reset until a driver lets it go, to save power.
#[derive(Debug)]
pub struct Board {
    /// What every other part is started with.
    pub clocks: Clocks,
    /// The clock.
    pub timer: Timer,
    /// The LED.
    pub led: Led,
    /// The I2C bus: secure element, charger, header.
    pub bus: BusParts,
    /// The modem's serial port.
    pub gsm: GsmParts,
    /// The modem's control lines.
    pub gsm_lines: GsmLines,
    /// The USB console.
    pub usb: UsbParts,
    /// What measures the cell.
    pub battery: BatteryParts,
    /// The watchdog.
    pub watchdog: Watchdog,
    /// The flash of the settings.
    pub settings: Region,
    /// The flash for whatever a program keeps.
    pub store: Region,
    /// Why the chip was reset.
    pub reset_cause: ResetCause,
    /// The header's pins that have no other use on the board.
    pub header: Header,
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
        Some(Self {
            timer,
            led: Led::new(pins.d6),
            bus: BusParts {
                sercom: peripherals.sercom2,
                pads: atsamd_hal::sercom::i2c::Pads::new(pins.sda, pins.scl),
            },
            gsm: GsmParts {
                sercom: peripherals.sercom4,
                pads: uart::Pads::default()
                    .rx(pins.gsm_rx)
                    .tx(pins.gsm_tx)
                    .rts(pins.gsm_rts)
                    .cts(pins.gsm_cts),
            },
            gsm_lines: GsmLines::new(pins.gsm_reset.into(), pins.gsm_dtr.into()),
            usb: UsbParts { usb: peripherals.usb, dm: pins.usb_dm, dp: pins.usb_dp },
            battery: BatteryParts { adc: peripherals.adc, pin: pins.battery },
            watchdog: Watchdog { registers: peripherals.wdt },
            settings: Region::new(nvm::SETTINGS),
            store: Region::new(nvm::STORE),
            reset_cause: ResetCause::read(&clocks.pm),
            header: Header {
                d0: pins.d0,
                d1: pins.d1,
                d2: pins.d2,
                d3: pins.d3,
                d4: pins.d4,
                d5: pins.d5,
                d7: pins.d7,
                d8: pins.d8,
                d9: pins.d9,
                d10: pins.d10,
                tx: pins.tx,
                rx: pins.rx,
                a0: pins.a0,
                a1: pins.a1,
                a2: pins.a2,
                a3: pins.a3,
                a4: pins.a4,
                a5: pins.a5,
                a6: pins.a6,
                aref: pins.aref,
            },
            clocks,
        })
    }
}
