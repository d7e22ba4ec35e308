//! SERCOM: one of six serial interfaces, as USART or as I2C controller.
//!
//! The modes that nothing on the board uses (SPI, I2C target) keep their registers and do nothing; a warning
//! says so when one is enabled.

use crate::fabric::Fabric;
use crate::peripheral::Peripheral;
use crate::peripherals::registers::{Entry, Registers, by_registers, merge};
use crate::time::Time;

pub mod i2c;
pub mod pads;
pub mod usart;
mod waveform;

use i2c::I2cController;
use usart::Usart;

/// Registers that all modes have.
mod register {
    pub(super) const CTRLA: u32 = 0x00;
    pub(super) const CTRLB: u32 = 0x04;
    pub(super) const BAUD: u32 = 0x0C;
    pub(super) const INTENCLR: u32 = 0x14;
    pub(super) const INTENSET: u32 = 0x16;
    pub(super) const INTFLAG: u32 = 0x18;
    pub(super) const STATUS: u32 = 0x1A;
    pub(super) const SYNCBUSY: u32 = 0x1C;
    pub(super) const ADDR: u32 = 0x24;
    pub(super) const DATA: u32 = 0x28;
    pub(super) const DBGCTRL: u32 = 0x30;
}

/// CTRLA.SWRST.
const SWRST: u32 = 1;
/// CTRLA.ENABLE.
const ENABLE: u32 = 1 << 1;
/// GCLK channel of SERCOM0.
const CHANNEL: usize = 20;
/// Interrupt line of SERCOM0.
const LINE: u32 = 9;
/// DMA trigger of SERCOM0's receiver; the sender's is the next one.
const TRIGGER: u32 = 1;

/// What a mode needs to know of the block that it is the mode of.
#[derive(Clone, Copy, Debug, Default)]
struct Setup {
    number: u8,
    ctrla: u32,
    ctrlb: u32,
    baud: u32,
}

impl Setup {
    const fn enabled(&self) -> bool {
        self.ctrla & ENABLE != 0
    }

    fn hz(&self, fabric: &Fabric) -> u32 {
        fabric.clocks.channels[CHANNEL + usize::from(self.number)]
    }
}

#[derive(Debug)]
enum Mode {
    Usart(Usart),
    I2c(I2cController),
    Other,
}

/// A serial interface.
#[derive(Debug)]
pub struct Sercom {
    setup: Setup,
    mode: Mode,
    /// RXPL, DBGCTRL: kept.
    kept: [u32; 2],
}

impl Sercom {
    /// Makes the block.
    #[must_use]
    pub fn new(number: u8) -> Self {
        Self { setup: Setup { number: number % 6, ..Setup::default() }, mode: Mode::Other, kept: [0; 2] }
    }

    /// CTRLA.MODE chooses what the block is.
    fn choose(&mut self, fabric: &mut Fabric) {
        match (self.setup.ctrla >> 2 & 7, &self.mode) {
            (0 | 1, Mode::Usart(_)) | (5, Mode::I2c(_)) => {}
            (0 | 1, _) => self.mode = Mode::Usart(Usart::default()),
            (5, _) => self.mode = Mode::I2c(I2cController::default()),
            (mode, _) => {
                self.mode = Mode::Other;
                if self.setup.enabled() {
                    fabric.warn_once(format_args!("{}: mode {mode} is not modelled", self.name()));
                }
            }
        }
    }

    fn control(&mut self, value: u32, mask: u32, fabric: &mut Fabric) {
        if value & SWRST != 0 {
            self.reset(fabric);
            return;
        }
        let was = self.setup.enabled();
        if was && (value ^ self.setup.ctrla) & mask & !(ENABLE | SWRST) != 0 {
            fabric.warn_once(format_args!("{}: CTRLA is changed while enabled, ignored", self.name()));
            merge(&mut self.setup.ctrla, value, mask & ENABLE);
        } else {
            merge(&mut self.setup.ctrla, value, mask & !SWRST);
        }
        self.choose(fabric);
        if was != self.setup.enabled() {
            match &mut self.mode {
                Mode::Usart(usart) => usart.enabled(&self.setup, fabric),
                Mode::I2c(i2c) => i2c.enabled(&self.setup, fabric),
                Mode::Other => {}
            }
        }
    }
}

impl Peripheral for Sercom {
    fn name(&self) -> &'static str {
        ["SERCOM0", "SERCOM1", "SERCOM2", "SERCOM3", "SERCOM4", "SERCOM5"][usize::from(self.setup.number % 6)]
    }

    by_registers!();

    fn reset(&mut self, fabric: &mut Fabric) {
        self.setup.ctrla = 0;
        match &mut self.mode {
            Mode::Usart(usart) => usart.enabled(&self.setup, fabric),
            Mode::I2c(i2c) => i2c.enabled(&self.setup, fabric),
            Mode::Other => {}
        }
        *self = Self::new(self.setup.number);
    }

    fn next_event(&self, fabric: &Fabric) -> Time {
        match &self.mode {
            Mode::Usart(usart) => usart.next_event(fabric),
            Mode::I2c(i2c) => i2c.next_event(),
            Mode::Other => Time::NEVER,
        }
    }

    fn advance(&mut self, fabric: &mut Fabric) {
        match &mut self.mode {
            Mode::Usart(usart) => usart.advance(&self.setup, fabric),
            Mode::I2c(i2c) => i2c.advance(&self.setup, fabric),
            Mode::Other => {}
        }
    }

    fn interrupts(&self) -> u32 {
        let pending = match &self.mode {
            Mode::Usart(usart) => usart.interrupts(&self.setup).pending(),
            Mode::I2c(i2c) => i2c.interrupts().pending(),
            Mode::Other => false,
        };
        u32::from(pending) << (LINE + u32::from(self.setup.number))
    }

    fn dma_requests(&self) -> u64 {
        let (receive, transmit) = match &self.mode {
            Mode::Usart(usart) => usart.dma_requests(&self.setup),
            Mode::I2c(i2c) => i2c.dma_requests(),
            Mode::Other => (false, false),
        };
        (u64::from(receive) | u64::from(transmit) << 1) << (TRIGGER + 2 * u32::from(self.setup.number))
    }

    fn pins_changed(&mut self, fabric: &mut Fabric) {
        if let Mode::Usart(usart) = &mut self.mode {
            usart.pins_changed(&self.setup, fabric);
        }
    }
}

impl Registers for Sercom {
    fn map(&self) -> &'static [Entry] {
        match &self.mode {
            Mode::I2c(_) => &[
                (register::CTRLA, 4),
                (register::CTRLB, 4),
                (register::BAUD, 4),
                (register::INTENCLR, 1),
                (register::INTENSET, 1),
                (register::INTFLAG, 1),
                (register::STATUS, 2),
                (register::SYNCBUSY, 4),
                (register::ADDR, 4),
                (register::DATA, 1),
                (register::DBGCTRL, 1),
            ],
            _ => &[
                (register::CTRLA, 4),
                (register::CTRLB, 4),
                (register::BAUD, 2),
                (register::BAUD + 2, 1),
                (register::INTENCLR, 1),
                (register::INTENSET, 1),
                (register::INTFLAG, 1),
                (register::STATUS, 2),
                (register::SYNCBUSY, 4),
                (register::ADDR, 4),
                (register::DATA, 2),
                (register::DBGCTRL, 1),
            ],
        }
    }

    fn get(&mut self, register: u32, fabric: &mut Fabric) -> u32 {
        match register {
            register::CTRLA => return self.setup.ctrla,
            register::CTRLB => return self.setup.ctrlb,
            register::BAUD => return self.setup.baud,
            // Synchronisation takes some cycles of two clocks; nothing here depends on them.
            register::SYNCBUSY => return 0,
            register::DBGCTRL => return self.kept[1],
            _ => {}
        }
        match &mut self.mode {
            Mode::Usart(usart) => usart.get(register, &self.setup, fabric),
            Mode::I2c(i2c) => i2c.get(register, &self.setup, fabric),
            Mode::Other => 0,
        }
    }

    fn put(&mut self, register: u32, value: u32, mask: u32, fabric: &mut Fabric) {
        match register {
            register::CTRLA => return self.control(value, mask, fabric),
            register::CTRLB => {
                // CMD and FIFOCLR are strobes.
                let lasting = mask & (!(3 << 16) | self.lasting());
                merge(&mut self.setup.ctrlb, value, lasting);
            }
            register::BAUD if self.setup.enabled() => {
                fabric.warn_once(format_args!("{}: BAUD is written while enabled, ignored", self.name()));
                return;
            }
            register::BAUD => merge(&mut self.setup.baud, value, mask),
            register::DBGCTRL => self.kept[1] = value,
            _ if register == register::BAUD + 2 => self.kept[0] = value,
            _ => {}
        }
        match &mut self.mode {
            Mode::Usart(usart) => usart.put(register, value, &self.setup, fabric),
            Mode::I2c(i2c) => i2c.put(register, value, mask, &self.setup, fabric),
            Mode::Other => {}
        }
    }
}

impl Sercom {
    /// Bits 17:16 of CTRLB last in a USART (TXEN, RXEN) and are a command in an I2C controller.
    const fn lasting(&self) -> u32 {
        match self.mode {
            Mode::I2c(_) => 0,
            _ => 3 << 16,
        }
    }
}
