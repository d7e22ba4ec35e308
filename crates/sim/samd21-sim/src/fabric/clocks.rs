//! The clock tree as frequencies: sources, generators, channels, buses.

/// Number of clock sources (GENCTRL.SRC).
pub const SOURCES: usize = 9;
/// Number of generic clock generators.
pub const GENERATORS: usize = 9;
/// Number of generic clock channels (CLKCTRL.ID).
pub const CHANNELS: usize = 37;

/// Index of OSCULP32K among the sources.
pub const OSCULP32K: usize = 3;
/// Index of OSC32K among the sources.
pub const OSC32K: usize = 4;
/// Index of XOSC32K among the sources.
pub const XOSC32K: usize = 5;
/// Index of OSC8M among the sources.
pub const OSC8M: usize = 6;
/// Index of DFLL48M among the sources.
pub const DFLL48M: usize = 7;
/// Index of FDPLL96M among the sources.
pub const DPLL96M: usize = 8;

/// Bridge of the peripheral buses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bridge {
    /// 0x4000_0000.
    A,
    /// 0x4100_0000.
    B,
    /// 0x4200_0000.
    C,
}

/// Frequencies in Hz; 0 stands still. SYSCTRL sets the sources, GCLK the generators and channels, PM the rest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Clocks {
    /// Sources, by GENCTRL.SRC.
    pub sources: [u32; SOURCES],
    /// Generators.
    pub generators: [u32; GENERATORS],
    /// Channels, by CLKCTRL.ID.
    pub channels: [u32; CHANNELS],
    /// Divider of the core's clock (PM.CPUSEL), as a shift.
    pub cpu_shift: u8,
    /// Dividers of the bridges' clocks (PM.APBxSEL), as shifts.
    pub apb_shifts: [u8; 3],
    /// Masks of the bridges' clocks (PM.APBxMASK).
    pub apb_masks: [u32; 3],
    /// Masks of the AHB clocks (PM.AHBMASK).
    pub ahb_mask: u32,
    /// Set by whoever changes a frequency or a mask; the chip tells the blocks, and clears it.
    pub changed: bool,
}

impl Clocks {
    /// The state after a reset: OSC8M at 1 MHz through generator 0, OSCULP32K through generator 2.
    #[must_use]
    pub const fn new() -> Self {
        let mut clocks = Self {
            sources: [0; SOURCES],
            generators: [0; GENERATORS],
            channels: [0; CHANNELS],
            cpu_shift: 0,
            apb_shifts: [0; 3],
            apb_masks: [0x7F, 0x7F, 0x0001_0000],
            ahb_mask: 0x7F,
            changed: false,
        };
        clocks.sources[OSCULP32K] = 32_768;
        clocks.sources[OSC8M] = 1_000_000;
        clocks.generators[0] = 1_000_000;
        clocks.generators[2] = 32_768;
        clocks
    }

    /// Tells the frequency of the core and the AHB, never 0: what hardware does without a main clock is not
    /// modelled, so the core crawls on.
    #[must_use]
    pub const fn cpu_hz(&self) -> u32 {
        let hz = self.generators[0] >> self.cpu_shift;
        if hz == 0 { 1 } else { hz }
    }

    /// Tells the frequency of a bridge.
    #[must_use]
    pub const fn apb_hz(&self, bridge: Bridge) -> u32 {
        self.generators[0] >> self.apb_shifts[bridge as usize]
    }
}

impl Default for Clocks {
    fn default() -> Self {
        Self::new()
    }
}
