//! GCLK: nine generators from the sources, thirty-seven channels from the generators.

use crate::fabric::Fabric;
use crate::fabric::clocks::{CHANNELS, Clocks, GENERATORS};
use crate::peripheral::Peripheral;
use crate::peripherals::registers::{Entry, Registers, by_registers, merge};

const CTRL: u32 = 0x00;
const STATUS: u32 = 0x01;
const CLKCTRL: u32 = 0x02;
const GENCTRL: u32 = 0x04;
const GENDIV: u32 = 0x08;

/// CTRL.SWRST.
const SWRST: u32 = 1;
/// CLKCTRL.CLKEN.
const CLKEN: u32 = 1 << 14;
/// CLKCTRL.WRTLOCK.
const WRTLOCK: u32 = 1 << 15;
/// GENCTRL.GENEN.
const GENEN: u32 = 1 << 16;
/// GENCTRL.DIVSEL.
const DIVSEL: u32 = 1 << 20;
/// GENCTRL.SRC of generator 1's output.
const SOURCE_GENERATOR_1: u32 = 2;
/// GENCTRL.SRC of the input pins.
const SOURCE_PIN: u32 = 1;

/// The generic clock controller.
#[derive(Debug)]
pub struct Gclk {
    /// CLKCTRL without ID.
    channels: [u32; CHANNELS],
    /// GENCTRL without ID.
    generators: [u32; GENERATORS],
    /// GENDIV.DIV.
    divisions: [u32; GENERATORS],
    channel: usize,
    generator: usize,
    division: usize,
}

impl Gclk {
    /// Makes the block.
    #[must_use]
    pub const fn new() -> Self {
        let mut generators = [0; GENERATORS];
        generators[0] = GENEN | 6 << 8;
        generators[2] = GENEN | 3 << 8;
        Self {
            channels: [0; CHANNELS],
            generators,
            divisions: [0; GENERATORS],
            channel: 0,
            generator: 0,
            division: 0,
        }
    }

    /// Computes all frequencies. Generator 1 comes first, since it may be the source of the others.
    fn refresh(&self, clocks: &mut Clocks) {
        let before = (clocks.generators, clocks.channels);
        for number in [1, 0, 2, 3, 4, 5, 6, 7, 8] {
            let control = self.generators[number];
            let source = match control >> 8 & 0x1F {
                SOURCE_GENERATOR_1 if number != 1 => clocks.generators[1],
                SOURCE_GENERATOR_1 | SOURCE_PIN => 0,
                other => clocks.sources.get(other as usize).copied().unwrap_or(0),
            };
            let division = self.divisions[number];
            let divider = if control & DIVSEL != 0 { 2 << (division & 0xF) } else { division.max(1) };
            clocks.generators[number] = if control & GENEN == 0 { 0 } else { source / divider };
        }
        for (channel, control) in self.channels.iter().enumerate() {
            let generator = clocks.generators.get((control >> 8 & 0xF) as usize).copied().unwrap_or(0);
            clocks.channels[channel] = if control & CLKEN == 0 { 0 } else { generator };
        }
        clocks.changed |= before != (clocks.generators, clocks.channels);
    }

    fn locked(&self, generator: usize) -> bool {
        self.channels
            .iter()
            .any(|control| control & WRTLOCK != 0 && (control >> 8 & 0xF) as usize == generator)
    }
}

impl Default for Gclk {
    fn default() -> Self {
        Self::new()
    }
}

impl Peripheral for Gclk {
    fn name(&self) -> &'static str {
        "GCLK"
    }

    by_registers!();

    fn reset(&mut self, fabric: &mut Fabric) {
        *self = Self::new();
        self.refresh(&mut fabric.clocks);
    }

    fn clocks_changed(&mut self, fabric: &mut Fabric) {
        self.refresh(&mut fabric.clocks);
    }
}

impl Registers for Gclk {
    fn map(&self) -> &'static [Entry] {
        &[(CTRL, 1), (STATUS, 1), (CLKCTRL, 2), (GENCTRL, 4), (GENDIV, 4)]
    }

    fn get(&mut self, register: u32, _fabric: &mut Fabric) -> u32 {
        let (fields, id) = match register {
            CLKCTRL => (self.channels[self.channel], self.channel),
            GENCTRL => (self.generators[self.generator], self.generator),
            GENDIV => (self.divisions[self.division] << 8, self.division),
            _ => (0, 0),
        };
        fields | u32::from(id.to_le_bytes()[0])
    }

    /// A write of the byte with ID alone selects what a read shows; a wider one also sets it.
    fn put(&mut self, register: u32, value: u32, mask: u32, fabric: &mut Fabric) {
        let id = (value & 0x3F) as usize;
        match register {
            CTRL if value & SWRST != 0 => *self = Self::new(),
            CLKCTRL => {
                if mask & 0xFF != 0 {
                    self.channel = id.min(CHANNELS - 1);
                }
                let control = &mut self.channels[self.channel];
                if *control & WRTLOCK == 0 {
                    merge(control, value, mask & !0x3F);
                }
            }
            GENCTRL => {
                if mask & 0xFF != 0 {
                    self.generator = (id & 0xF).min(GENERATORS - 1);
                }
                if !self.locked(self.generator) {
                    merge(&mut self.generators[self.generator], value, mask & !0xFF);
                }
            }
            GENDIV => {
                if mask & 0xFF != 0 {
                    self.division = (id & 0xF).min(GENERATORS - 1);
                }
                let bits = match self.division {
                    1 => 0xFFFF,
                    2 => 0x1F,
                    _ => 0xFF,
                };
                if !self.locked(self.division) {
                    merge(&mut self.divisions[self.division], value >> 8 & bits, mask >> 8);
                }
            }
            _ => {}
        }
        self.refresh(&mut fabric.clocks);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bus::Width;
    use crate::fabric::clocks;

    #[test]
    fn a_reset_leaves_one_megahertz_and_the_slow_oscillator() {
        let (mut gclk, mut fabric) = (Gclk::new(), Fabric::new());
        gclk.reset(&mut fabric);
        assert_eq!(fabric.clocks.generators[0], 1_000_000);
        assert_eq!(fabric.clocks.generators[2], 32_768);
    }

    #[test]
    fn generators_divide_and_channels_choose() {
        let (mut gclk, mut fabric) = (Gclk::new(), Fabric::new());
        fabric.clocks.sources[clocks::DFLL48M] = 48_000_000;
        gclk.write(GENDIV, Width::Word, 3 | 6 << 8, &mut fabric);
        gclk.write(GENCTRL, Width::Word, 3 | 7 << 8 | GENEN, &mut fabric);
        gclk.write(CLKCTRL, Width::Half, 20 | 3 << 8 | CLKEN, &mut fabric);
        assert_eq!(fabric.clocks.channels[20], 8_000_000);
        gclk.write(GENCTRL, Width::Word, 3 | 7 << 8 | GENEN | DIVSEL, &mut fabric);
        assert_eq!(fabric.clocks.channels[20], 48_000_000 / 128);
    }

    #[test]
    fn the_identifier_alone_selects_what_is_read() {
        let (mut gclk, mut fabric) = (Gclk::new(), Fabric::new());
        gclk.write(CLKCTRL, Width::Half, 20 | 2 << 8 | CLKEN, &mut fabric);
        gclk.write(CLKCTRL, Width::Half, 21 | 1 << 8, &mut fabric);
        gclk.write(CLKCTRL, Width::Byte, 20, &mut fabric);
        assert_eq!(gclk.read(CLKCTRL, Width::Half, &mut fabric), 20 | 2 << 8 | CLKEN);
    }

    #[test]
    fn a_locked_channel_and_its_generator_stay() {
        let (mut gclk, mut fabric) = (Gclk::new(), Fabric::new());
        gclk.write(CLKCTRL, Width::Half, 3 | 2 << 8 | CLKEN | WRTLOCK, &mut fabric);
        gclk.write(CLKCTRL, Width::Half, 3, &mut fabric);
        gclk.write(GENCTRL, Width::Word, 2, &mut fabric);
        assert_eq!(fabric.clocks.channels[3], 32_768);
    }
}
