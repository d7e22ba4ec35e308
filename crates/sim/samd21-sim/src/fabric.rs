//! What the blocks of the chip share: the present, clocks, pins, memories, and what is plugged in.

use core::fmt;

use crate::memory::Memory;
use crate::plug::{I2cTarget, PinWatcher, SerialPeer, UsbHost};
use crate::time::Time;

pub mod clocks;
pub mod nvm;
pub mod pins;
pub mod warnings;

use clocks::Clocks;
use nvm::Nvm;
use pins::{Pin, Pins};
use warnings::Warnings;

/// Size of the RAM in words: 32 KiB.
pub const RAM_WORDS: usize = 8 * 1024;
/// Size of the RAM in bytes.
pub const RAM_BYTES: u32 = 32 * 1024;
/// First address of the RAM.
pub const RAM_BASE: u32 = 0x2000_0000;

/// Why the chip was reset: the bits of PM.RCAUSE.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResetCause {
    /// Power has come.
    PowerOn,
    /// The supply sank below BOD33's level.
    BrownOut33,
    /// The reset button, or a debugger.
    External,
    /// The watchdog.
    Watchdog,
    /// AIRCR.SYSRESETREQ, or a lockup of the core.
    System,
}

impl ResetCause {
    /// Tells the bit of PM.RCAUSE.
    #[must_use]
    pub const fn bit(self) -> u32 {
        match self {
            Self::PowerOn => 1 << 0,
            Self::BrownOut33 => 1 << 2,
            Self::External => 1 << 4,
            Self::Watchdog => 1 << 5,
            Self::System => 1 << 6,
        }
    }
}

/// How deep the chip sleeps (PM.SLEEP and SCR.SLEEPDEEP).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sleep {
    /// It does not.
    #[default]
    Awake,
    /// IDLE 0, 1 or 2: the clocks of the core, of the AHB, of the APB stand still.
    Idle(u8),
    /// STANDBY: every clock stands still that nobody asks for.
    Standby,
}

/// A serial line between four pins of the chip and a peer. It is the chip's names: `tx` is an output.
pub struct SerialLine {
    /// Output of characters.
    pub tx: Pin,
    /// Input of characters.
    pub rx: Pin,
    /// Output that lets the peer send, active low, when it is wired.
    pub rts: Option<Pin>,
    /// Input by which the peer lets the chip send, active low, when it is wired.
    pub cts: Option<Pin>,
    /// The other end.
    pub peer: Box<dyn SerialPeer>,
}

/// An I2C bus on two pins.
pub struct I2cLine {
    /// The data wire.
    pub sda: Pin,
    /// The clock wire.
    pub scl: Pin,
    /// Who is on it.
    pub targets: Vec<Box<dyn I2cTarget>>,
}

/// What is plugged into the pins.
#[derive(Default)]
pub struct Plugs {
    /// Serial lines, found by their pins.
    pub serial: Vec<SerialLine>,
    /// I2C buses, found by their pins.
    pub i2c: Vec<I2cLine>,
    /// The host at the other end of the USB cable.
    pub usb: Option<Box<dyn UsbHost>>,
    /// Watchers of single pins.
    pub watchers: Vec<Box<dyn PinWatcher>>,
    /// Voltages at the inputs of the ADC in microvolts, by AIN number.
    pub analog: [u32; 20],
}

/// The state that all blocks share.
pub struct Fabric {
    /// The present.
    pub now: Time,
    /// Frequencies of everything.
    pub clocks: Clocks,
    /// Pins and their levels.
    pub pins: Pins,
    /// The non-volatile memory.
    pub nvm: Nvm,
    /// The RAM.
    pub ram: Memory<RAM_WORDS>,
    /// What is plugged in.
    pub plugs: Plugs,
    /// What firmware has touched that is not modelled, or used in a way that hardware does not like.
    pub warnings: Warnings,
    /// A block asks for a reset.
    pub reset: Option<ResetCause>,
    /// The cause of the last reset.
    pub reset_cause: ResetCause,
    /// Level of the non-maskable interrupt.
    pub nmi: bool,
    /// DMA triggers that blocks assert, bit n for trigger source n; kept by the chip.
    pub dma_requests: u64,
    /// How deep the chip sleeps; kept by the chip.
    pub sleep: Sleep,
    /// PM.SLEEP.IDLE: how deep an IDLE sleep is.
    pub idle_mode: u8,
}

impl Fabric {
    /// Makes the state at power-on of a chip with erased flash.
    #[must_use]
    pub fn new() -> Self {
        Self {
            now: Time::ZERO,
            clocks: Clocks::new(),
            pins: Pins::new(),
            nvm: Nvm::new(),
            ram: Memory::filled(0),
            plugs: Plugs::default(),
            warnings: Warnings::default(),
            reset: None,
            reset_cause: ResetCause::PowerOn,
            nmi: false,
            dma_requests: 0,
            sleep: Sleep::Awake,
            idle_mode: 0,
        }
    }

    /// Reports an access to a register that is not modelled.
    pub fn unmodelled(&mut self, block: &str, offset: u32, write: bool) {
        let what = if write { "written" } else { "read" };
        self.warn_once(format_args!("{block}+0x{offset:02X}: not modelled, {what}"));
    }

    /// Reports something once.
    pub fn warn_once(&mut self, message: fmt::Arguments<'_>) {
        self.warnings.add(self.now, message);
    }
}

impl Default for Fabric {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Fabric {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fabric").field("now", &self.now).field("clocks", &self.clocks).finish_non_exhaustive()
    }
}

impl fmt::Debug for Plugs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Plugs").field("analog", &self.analog).finish_non_exhaustive()
    }
}

impl fmt::Debug for SerialLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SerialLine").field("tx", &self.tx).field("rx", &self.rx).finish_non_exhaustive()
    }
}

impl fmt::Debug for I2cLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("I2cLine").field("sda", &self.sda).field("scl", &self.scl).finish_non_exhaustive()
    }
}
