//! ADC: single conversions and free running, with references, gain and averaging; no correction, no scan.

use crate::fabric::Fabric;
use crate::peripheral::Peripheral;
use crate::peripherals::registers::{Entry, Interrupts, Registers, by_registers, merge};
use crate::time::Time;

const CTRLA: u32 = 0x00;
const REFCTRL: u32 = 0x01;
const AVGCTRL: u32 = 0x02;
const SAMPCTRL: u32 = 0x03;
const CTRLB: u32 = 0x04;
const WINCTRL: u32 = 0x08;
const SWTRIG: u32 = 0x0C;
const INPUTCTRL: u32 = 0x10;
const EVCTRL: u32 = 0x14;
const INTENCLR: u32 = 0x16;
const INTENSET: u32 = 0x17;
const INTFLAG: u32 = 0x18;
const STATUS: u32 = 0x19;
const RESULT: u32 = 0x1A;
const WINLT: u32 = 0x1C;
const WINUT: u32 = 0x20;
const GAINCORR: u32 = 0x24;
const OFFSETCORR: u32 = 0x26;
const CALIB: u32 = 0x28;

/// CTRLA.SWRST.
const SWRST: u32 = 1;
/// CTRLA.ENABLE.
const ENABLE: u32 = 1 << 1;
/// CTRLB.DIFFMODE.
const DIFFERENTIAL: u32 = 1 << 0;
/// CTRLB.LEFTADJ.
const LEFT_ADJUSTED: u32 = 1 << 1;
/// CTRLB.FREERUN.
const FREE_RUNNING: u32 = 1 << 2;
/// CTRLB.CORREN.
const CORRECTION: u32 = 1 << 3;
/// SWTRIG.START.
const START: u32 = 1 << 1;
/// INTFLAG.RESRDY.
const READY: u32 = 1 << 0;
/// INTFLAG.OVERRUN.
const OVERRUN: u32 = 1 << 1;
/// GCLK channel.
const CHANNEL: usize = 30;
/// ADC's interrupt line.
const LINE: u32 = 23;
/// Trigger of the DMA.
const TRIGGER: u32 = 39;
/// The supply in microvolts.
const SUPPLY: i64 = 3_300_000;
/// Ground and half a volt are where no input is (MUXNEG 0x18 and above).
const GROUND: i64 = 0;

/// The analog-to-digital converter.
#[derive(Debug, Default)]
pub struct Adc {
    ctrla: u32,
    refctrl: u32,
    avgctrl: u32,
    sampctrl: u32,
    ctrlb: u32,
    winctrl: u32,
    inputctrl: u32,
    evctrl: u32,
    window: [u32; 2],
    corrections: [u32; 3],
    interrupts: Interrupts,
    result: u32,
    converting: Option<Time>,
}

impl Adc {
    /// Makes the block.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    fn start(&mut self, fabric: &mut Fabric) {
        if self.ctrla & ENABLE == 0 {
            return;
        }
        if self.ctrlb & CORRECTION != 0 || self.inputctrl >> 16 & 0xF != 0 {
            fabric.warn_once(format_args!("ADC: correction and scan are not modelled"));
        }
        // A conversion: sampling, then a clock and a half for the gain stage, and one for each bit and half.
        let clocks = u64::from(1 + (self.sampctrl & 0x3F) / 2) + 6;
        let samples = 1_u64 << (self.avgctrl & 0xF).min(10);
        let hz = fabric.clocks.channels[CHANNEL] >> (2 + (self.ctrlb >> 8 & 7));
        self.converting = Some(fabric.now + Time::of_ticks(clocks * samples, hz));
    }

    /// Microvolts at a position of the multiplexer.
    fn input(position: u32, fabric: &Fabric) -> i64 {
        match position {
            0x18 => 667_000, // the temperature sensor at 25 degrees
            0x19 => 1_100_000,
            0x1A => 1_230_000 / 4,
            0x1B => SUPPLY / 4,
            other => fabric.plugs.analog.get(other as usize).map_or(GROUND, |volts| i64::from(*volts)),
        }
    }

    /// REFCTRL.REFSEL in microvolts.
    fn reference(&self, fabric: &Fabric) -> i64 {
        match self.refctrl & 0xF {
            0 => 1_000_000,
            1 => SUPPLY * 100 / 148,
            2 => SUPPLY / 2,
            3 => Self::input(1, fabric).max(1),
            _ => Self::input(4, fabric).max(1),
        }
    }

    fn convert(&mut self, fabric: &Fabric) {
        let positive = Self::input(self.inputctrl & 0x1F, fabric);
        let negative = match self.inputctrl >> 8 & 0x1F {
            _ if self.ctrlb & DIFFERENTIAL == 0 => GROUND,
            pin @ 0..=7 => Self::input(pin, fabric),
            _ => GROUND,
        };
        // Twice the gain: 1 to 16, or a half.
        let gain = match self.inputctrl >> 24 & 0xF {
            0xF => 1,
            code => 2 << code.min(4),
        };
        let span = self.reference(fabric) * 2;
        let code = (positive - negative) * gain;
        let twelve = if self.ctrlb & DIFFERENTIAL == 0 {
            (code * 4_096 / span).clamp(0, 4_095)
        } else {
            (code * 2_048 / span).clamp(-2_048, 2_047)
        };
        self.result = self.shape(twelve) & 0xFFFF;
        if self.interrupts.flags & READY != 0 {
            self.interrupts.flags |= OVERRUN;
        }
        self.interrupts.flags |= READY;
    }

    /// CTRLB.RESSEL, averaging and adjustment.
    fn shape(&self, twelve: i64) -> u32 {
        let bytes = |value: i64| {
            let all = value.to_le_bytes();
            u32::from_le_bytes([all[0], all[1], all[2], all[3]])
        };
        let bits = match self.ctrlb >> 4 & 3 {
            1 => {
                // Sums of more than sixteen samples are shifted to sixteen bits by themselves.
                let samples = (self.avgctrl & 0xF).min(10);
                let sum = (twelve << samples) >> samples.saturating_sub(4);
                return bytes(sum >> (self.avgctrl >> 4 & 7));
            }
            2 => 10,
            3 => 8,
            _ => 12,
        };
        let value = bytes(twelve >> (12 - bits));
        if self.ctrlb & LEFT_ADJUSTED != 0 { value << (16 - bits) } else { value }
    }
}

impl Peripheral for Adc {
    fn name(&self) -> &'static str {
        "ADC"
    }

    by_registers!();

    fn reset(&mut self, _fabric: &mut Fabric) {
        *self = Self::default();
    }

    fn next_event(&self, _fabric: &Fabric) -> Time {
        self.converting.unwrap_or(Time::NEVER)
    }

    fn advance(&mut self, fabric: &mut Fabric) {
        if self.converting.is_some_and(|end| end <= fabric.now) {
            self.converting = None;
            self.convert(fabric);
            if self.ctrlb & FREE_RUNNING != 0 {
                self.start(fabric);
            }
        }
    }

    fn interrupts(&self) -> u32 {
        u32::from(self.interrupts.pending()) << LINE
    }

    fn dma_requests(&self) -> u64 {
        u64::from(self.interrupts.flags & READY != 0) << TRIGGER
    }
}

impl Registers for Adc {
    fn map(&self) -> &'static [Entry] {
        &[
            (CTRLA, 1),
            (REFCTRL, 1),
            (AVGCTRL, 1),
            (SAMPCTRL, 1),
            (CTRLB, 2),
            (WINCTRL, 1),
            (SWTRIG, 1),
            (INPUTCTRL, 4),
            (EVCTRL, 1),
            (INTENCLR, 1),
            (INTENSET, 1),
            (INTFLAG, 1),
            (STATUS, 1),
            (RESULT, 2),
            (WINLT, 2),
            (WINUT, 2),
            (GAINCORR, 2),
            (OFFSETCORR, 2),
            (CALIB, 2),
        ]
    }

    fn get(&mut self, register: u32, _fabric: &mut Fabric) -> u32 {
        match register {
            CTRLA => self.ctrla,
            REFCTRL => self.refctrl,
            AVGCTRL => self.avgctrl,
            SAMPCTRL => self.sampctrl,
            CTRLB => self.ctrlb,
            WINCTRL => self.winctrl,
            INPUTCTRL => self.inputctrl,
            EVCTRL => self.evctrl,
            INTENCLR | INTENSET => self.interrupts.enabled,
            INTFLAG => self.interrupts.flags,
            RESULT => {
                self.interrupts.flags &= !READY;
                self.result
            }
            WINLT => self.window[0],
            WINUT => self.window[1],
            GAINCORR => self.corrections[0],
            OFFSETCORR => self.corrections[1],
            CALIB => self.corrections[2],
            _ => 0,
        }
    }

    fn put(&mut self, register: u32, value: u32, mask: u32, fabric: &mut Fabric) {
        match register {
            CTRLA if value & SWRST != 0 => *self = Self::default(),
            CTRLA => {
                self.ctrla = value & 6;
                if value & ENABLE == 0 {
                    self.converting = None;
                } else if self.ctrlb & FREE_RUNNING != 0 {
                    self.start(fabric);
                }
            }
            REFCTRL => self.refctrl = value,
            AVGCTRL => self.avgctrl = value,
            SAMPCTRL => self.sampctrl = value,
            CTRLB => merge(&mut self.ctrlb, value, mask),
            WINCTRL => {
                self.winctrl = value;
                if value & 7 != 0 {
                    fabric.warn_once(format_args!("ADC: the window monitor is not modelled"));
                }
            }
            SWTRIG if value & START != 0 => self.start(fabric),
            INPUTCTRL => merge(&mut self.inputctrl, value, mask),
            EVCTRL => self.evctrl = value,
            INTENCLR => self.interrupts.enabled &= !value,
            INTENSET => self.interrupts.enabled |= value & 0xF,
            INTFLAG => self.interrupts.flags &= !value,
            WINLT => merge(&mut self.window[0], value, mask),
            WINUT => merge(&mut self.window[1], value, mask),
            GAINCORR => merge(&mut self.corrections[0], value, mask),
            OFFSETCORR => merge(&mut self.corrections[1], value, mask),
            CALIB => merge(&mut self.corrections[2], value, mask),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bus::Width;

    fn converted(inputctrl: u32, refctrl: u32, ctrlb: u32, avgctrl: u32) -> u32 {
        let (mut adc, mut fabric) = (Adc::new(), Fabric::new());
        fabric.clocks.channels[CHANNEL] = 48_000_000;
        fabric.plugs.analog[3] = 825_000;
        adc.write(INPUTCTRL, Width::Word, inputctrl, &mut fabric);
        adc.write(REFCTRL, Width::Byte, refctrl, &mut fabric);
        adc.write(CTRLB, Width::Half, ctrlb, &mut fabric);
        adc.write(AVGCTRL, Width::Byte, avgctrl, &mut fabric);
        adc.write(CTRLA, Width::Byte, ENABLE, &mut fabric);
        adc.write(SWTRIG, Width::Byte, START, &mut fabric);
        assert_eq!(adc.read(INTFLAG, Width::Byte, &mut fabric), 0);
        fabric.now = adc.next_event(&fabric);
        adc.advance(&mut fabric);
        assert_eq!(adc.read(INTFLAG, Width::Byte, &mut fabric), READY);
        adc.read(RESULT, Width::Half, &mut fabric)
    }

    #[test]
    fn a_quarter_of_the_supply_is_a_quarter_of_the_scale() {
        // Gain a half and VCC/2 as reference: the scale is the supply.
        assert_eq!(converted(3 | 0x18 << 8 | 0xF << 24, 2, 0, 0), 1_024);
        // Ten bits.
        assert_eq!(converted(3 | 0x18 << 8 | 0xF << 24, 2, 2 << 4, 0), 256);
        // Against one volt.
        assert_eq!(converted(3 | 0x18 << 8, 0, 0, 0), 825_000 * 4_096 / 1_000_000);
    }

    #[test]
    fn sixteen_samples_are_summed_and_adjusted() {
        assert_eq!(converted(3 | 0x18 << 8 | 0xF << 24, 2, 1 << 4, 4), 1_024 * 16);
        assert_eq!(converted(3 | 0x18 << 8 | 0xF << 24, 2, 1 << 4, 4 | 4 << 4), 1_024);
    }
}
