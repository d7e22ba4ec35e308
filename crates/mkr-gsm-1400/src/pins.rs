//! The pins by their names on the board.

use atsamd_hal::bsp_pins;
use atsamd_hal::gpio::{self, Pin, Reset};

bsp_pins! {
    PA22 {
        /// Header pin 0.
        name: d0
    }
    PA23 {
        /// Header pin 1.
        name: d1
    }
    PA10 {
        /// Header pin 2.
        name: d2
    }
    PA11 {
        /// Header pin 3.
        name: d3
    }
    PB10 {
        /// Header pin 4.
        name: d4
    }
    PB11 {
        /// Header pin 5.
        name: d5
    }
    PA20 {
        /// Header pin 6, with the yellow LED.
        name: d6
        aliases: { PushPullOutput: LedPin }
    }
    PA21 {
        /// Header pin 7.
        name: d7
    }
    PA16 {
        /// Header pin 8: SPI, to the peripheral.
        name: d8
    }
    PA17 {
        /// Header pin 9: SPI clock.
        name: d9
    }
    PA19 {
        /// Header pin 10: SPI, from the peripheral.
        name: d10
    }
    PA08 {
        /// Header pin 11: I2C data, shared with the secure element and the charger.
        name: sda
        aliases: { AlternateD: Sda }
    }
    PA09 {
        /// Header pin 12: I2C clock.
        name: scl
        aliases: { AlternateD: Scl }
    }
    PB23 {
        /// Header pin 13: serial port, in.
        name: rx
    }
    PB22 {
        /// Header pin 14: serial port, out.
        name: tx
    }
    PA02 {
        /// Analogue pin A0.
        name: a0
    }
    PB02 {
        /// Analogue pin A1.
        name: a1
    }
    PB03 {
        /// Analogue pin A2.
        name: a2
    }
    PA04 {
        /// Analogue pin A3.
        name: a3
    }
    PA05 {
        /// Analogue pin A4.
        name: a4
    }
    PA06 {
        /// Analogue pin A5.
        name: a5
    }
    PA07 {
        /// Analogue pin A6.
        name: a6
    }
    PA03 {
        /// Analogue reference.
        name: aref
    }
    PA24 {
        /// USB, negative line.
        name: usb_dm
        aliases: { AlternateG: UsbDm }
    }
    PA25 {
        /// USB, positive line.
        name: usb_dp
        aliases: { AlternateG: UsbDp }
    }
    PA18 {
        /// USB identification.
        name: usb_id
    }
    PA12 {
        /// To the modem: data.
        name: gsm_tx
        aliases: { AlternateD: GsmTx }
    }
    PA13 {
        /// From the modem: data.
        name: gsm_rx
        aliases: { AlternateD: GsmRx }
    }
    PA14 {
        /// To the modem: low when this side takes data.
        name: gsm_rts
        aliases: { AlternateD: GsmRts }
    }
    PA15 {
        /// From the modem: low when it takes data.
        name: gsm_cts
        aliases: { AlternateD: GsmCts }
    }
    PB08 {
        /// To the modem's RESET_N through an inverter: high holds the modem in reset.
        name: gsm_reset
        aliases: { PushPullOutput: GsmReset }
    }
    PA28 {
        /// To the modem's DTR: low wakes it.
        name: gsm_dtr
        aliases: { PushPullOutput: GsmDtr }
    }
    PA27 {
        /// From the charger: interrupt.
        name: charger_irq
    }
    PB09 {
        /// The cell's voltage behind a divider.
        name: battery
        aliases: { AlternateB: BatteryPin }
    }
}

/// The pins of the header that the board itself does not use.
pub struct Header {
    /// Pin 0.
    pub d0: Pin<gpio::PA22, Reset>,
    /// Pin 1.
    pub d1: Pin<gpio::PA23, Reset>,
    /// Pin 2.
    pub d2: Pin<gpio::PA10, Reset>,
    /// Pin 3.
    pub d3: Pin<gpio::PA11, Reset>,
    /// Pin 4.
    pub d4: Pin<gpio::PB10, Reset>,
    /// Pin 5.
    pub d5: Pin<gpio::PB11, Reset>,
    /// Pin 7.
    pub d7: Pin<gpio::PA21, Reset>,
    /// Pin 8: SPI, to the peripheral.
    pub d8: Pin<gpio::PA16, Reset>,
    /// Pin 9: SPI clock.
    pub d9: Pin<gpio::PA17, Reset>,
    /// Pin 10: SPI, from the peripheral.
    pub d10: Pin<gpio::PA19, Reset>,
    /// Pin 13: serial port, in.
    pub rx: Pin<gpio::PB23, Reset>,
    /// Pin 14: serial port, out.
    pub tx: Pin<gpio::PB22, Reset>,
    /// Analogue pin A0.
    pub a0: Pin<gpio::PA02, Reset>,
    /// Analogue pin A1.
    pub a1: Pin<gpio::PB02, Reset>,
    /// Analogue pin A2.
    pub a2: Pin<gpio::PB03, Reset>,
    /// Analogue pin A3.
    pub a3: Pin<gpio::PA04, Reset>,
    /// Analogue pin A4.
    pub a4: Pin<gpio::PA05, Reset>,
    /// Analogue pin A5.
    pub a5: Pin<gpio::PA06, Reset>,
    /// Analogue pin A6.
    pub a6: Pin<gpio::PA07, Reset>,
    /// The analogue reference.
    pub aref: Pin<gpio::PA03, Reset>,
}

crate::opaque!(Header);
