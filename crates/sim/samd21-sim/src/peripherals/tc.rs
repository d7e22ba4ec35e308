//! TC: a timer of 8, 16 or (TC4 with TC5) 32 bits that counts, compares and overflows.
//!
//! Waveforms are not put on pins and nothing is captured: a warning says so when events are enabled.

use crate::fabric::Fabric;
use crate::peripheral::Peripheral;
use crate::peripherals::counter::Ticks;
use crate::peripherals::registers::{Entry, Interrupts, Registers, by_registers, merge};
use crate::time::Time;

const CTRLA: u32 = 0x00;
const READREQ: u32 = 0x02;
const CTRLBCLR: u32 = 0x04;
const CTRLBSET: u32 = 0x05;
const CTRLC: u32 = 0x06;
const DBGCTRL: u32 = 0x08;
const EVCTRL: u32 = 0x0A;
const INTENCLR: u32 = 0x0C;
const INTENSET: u32 = 0x0D;
const INTFLAG: u32 = 0x0E;
const STATUS: u32 = 0x0F;
const COUNT: u32 = 0x10;
const PER: u32 = 0x14;
/// CC0 in every mode; CC1 is as far behind it as the counter is wide.
const CC0: u32 = 0x18;

/// CTRLA.SWRST.
const SWRST: u32 = 1;
/// CTRLA.ENABLE.
const ENABLE: u32 = 1 << 1;
/// CTRLB.DIR: down.
const DOWN: u32 = 1 << 0;
/// CTRLB.ONESHOT.
const ONESHOT: u32 = 1 << 2;
/// INTFLAG.OVF.
const OVERFLOW: u32 = 1 << 0;
/// INTFLAG.SYNCRDY.
const SYNCRDY: u32 = 1 << 3;
/// INTFLAG.MC0; MC1 is the next one.
const MATCH: u32 = 1 << 4;
/// STATUS.STOP.
const STOP: u32 = 1 << 3;
/// READREQ.RCONT.
const RCONT: u32 = 1 << 14;
/// READREQ.RREQ.
const RREQ: u32 = 1 << 15;
/// CTRLA.PRESCALER.
const PRESCALERS: [u32; 8] = [1, 2, 4, 8, 16, 64, 256, 1_024];
/// Interrupt line of TC3.
const LINE: u32 = 18;

/// A timer.
#[derive(Debug)]
pub struct Tc {
    number: u8,
    ctrla: u32,
    ctrlb: u32,
    ctrlc: u32,
    evctrl: u32,
    readreq: u32,
    interrupts: Interrupts,
    stopped: bool,
    count: u32,
    shown: u32,
    period: u32,
    compare: [u32; 2],
    ticks: Ticks,
}

impl Tc {
    /// Makes timer 3, 4 or 5.
    #[must_use]
    pub fn new(number: u8) -> Self {
        Self {
            number: number.clamp(3, 5),
            ctrla: 0,
            ctrlb: 0,
            ctrlc: 0,
            evctrl: 0,
            readreq: 0,
            interrupts: Interrupts::default(),
            stopped: true,
            count: 0,
            shown: 0,
            period: 0xFF,
            compare: [0; 2],
            ticks: Ticks::default(),
        }
    }

    /// CTRLA.MODE: 0 is 16 bits, 1 is 8, 2 is 32.
    const fn bits(&self) -> u32 {
        match self.ctrla >> 2 & 3 {
            1 => 8,
            2 => 32,
            _ => 16,
        }
    }

    const fn widest(&self) -> u32 {
        u32::MAX >> (32 - self.bits())
    }

    /// CTRLA.WAVEGEN: MFRQ and MPWM count to CC0, the others to PER or as far as they can.
    const fn top(&self) -> u32 {
        match (self.ctrla >> 5 & 3, self.bits()) {
            (1 | 3, _) => self.compare[0],
            (_, 8) => self.period,
            _ => self.widest(),
        }
    }

    const fn channel(&self) -> usize {
        if self.number == 3 { 27 } else { 28 }
    }

    fn rate(&self, fabric: &Fabric) -> u32 {
        let prescaler = PRESCALERS[(self.ctrla >> 8 & 7) as usize];
        let running = self.ctrla & ENABLE != 0 && !self.stopped;
        if running { fabric.clocks.channels[self.channel()] / prescaler } else { 0 }
    }

    fn begin(&mut self, fabric: &Fabric) {
        self.ticks = Ticks::begin(fabric.now, self.rate(fabric));
    }

    const fn down(&self) -> bool {
        self.ctrlb & DOWN != 0
    }

    /// Ticks until the count begins again.
    const fn to_wrap(&self) -> u64 {
        let left = if self.down() { self.count } else { self.top().saturating_sub(self.count) };
        left as u64 + 1
    }

    /// Ticks until the count is `value` without beginning again, if it will be.
    const fn to(&self, value: u32) -> Option<u64> {
        let ahead = if self.down() { self.count.checked_sub(value) } else { value.checked_sub(self.count) };
        match ahead {
            Some(ticks) if ticks != 0 && value <= self.top() => Some(ticks as u64),
            _ => None,
        }
    }

    fn to_event(&self) -> u64 {
        self.compare.iter().filter_map(|value| self.to(*value)).fold(self.to_wrap(), u64::min)
    }

    /// Flags the channels whose value the count has now.
    fn compare_now(&mut self) {
        for (channel, value) in self.compare.into_iter().enumerate() {
            if value == self.count {
                self.interrupts.flags |= MATCH << channel;
            }
        }
    }

    fn run(&mut self, mut due: u64, fabric: &Fabric) {
        self.ticks.deal(due);
        while due > 0 && !self.stopped {
            let step = self.to_event().min(due);
            if step == self.to_wrap() {
                self.interrupts.flags |= OVERFLOW;
                self.count = if self.down() { self.top() } else { 0 };
                if self.ctrlb & ONESHOT != 0 {
                    self.stopped = true;
                    self.begin(fabric);
                }
            } else {
                let step = u32::try_from(step).unwrap_or(u32::MAX);
                self.count = if self.down() { self.count - step } else { self.count + step };
            }
            self.compare_now();
            due -= step;
        }
    }

    /// CTRLB.CMD: start again, stop.
    fn command(&mut self, command: u32, fabric: &Fabric) {
        match command {
            1 => {
                self.count = if self.down() { self.top() } else { 0 };
                self.stopped = self.ctrla & ENABLE == 0;
            }
            2 => self.stopped = true,
            _ => return,
        }
        self.begin(fabric);
    }
}

impl Peripheral for Tc {
    fn name(&self) -> &'static str {
        ["TC3", "TC4", "TC5"][usize::from(self.number - 3)]
    }

    by_registers!();

    fn reset(&mut self, _fabric: &mut Fabric) {
        *self = Self::new(self.number);
    }

    fn next_event(&self, _fabric: &Fabric) -> Time {
        if self.stopped { Time::NEVER } else { self.ticks.at(self.to_event()) }
    }

    fn advance(&mut self, fabric: &mut Fabric) {
        let due = self.ticks.due(fabric.now);
        self.run(due, fabric);
    }

    fn interrupts(&self) -> u32 {
        u32::from(self.interrupts.pending()) << (LINE + u32::from(self.number) - 3)
    }

    fn clocks_changed(&mut self, fabric: &mut Fabric) {
        if self.rate(fabric) != self.ticks.hz() {
            self.advance(fabric);
            self.begin(fabric);
        }
    }
}

/// The registers of a mode, with the counter's width in bytes.
macro_rules! map {
    ($bytes:literal) => {
        &[
            (CTRLA, 2),
            (READREQ, 2),
            (CTRLBCLR, 1),
            (CTRLBSET, 1),
            (CTRLC, 1),
            (DBGCTRL, 1),
            (EVCTRL, 2),
            (INTENCLR, 1),
            (INTENSET, 1),
            (INTFLAG, 1),
            (STATUS, 1),
            (COUNT, $bytes),
            (PER, 1),
            (CC0, $bytes),
            (CC0 + $bytes, $bytes),
        ]
    };
}

impl Registers for Tc {
    fn map(&self) -> &'static [Entry] {
        match self.bits() {
            8 => map!(1),
            16 => map!(2),
            _ => map!(4),
        }
    }

    fn get(&mut self, register: u32, fabric: &mut Fabric) -> u32 {
        self.advance(fabric);
        match register {
            CTRLA => self.ctrla,
            READREQ => self.readreq,
            CTRLBCLR | CTRLBSET => self.ctrlb,
            CTRLC => self.ctrlc,
            EVCTRL => self.evctrl,
            INTENCLR | INTENSET => self.interrupts.enabled,
            INTFLAG => self.interrupts.flags,
            STATUS => u32::from(self.stopped) * STOP,
            COUNT => {
                if self.readreq & RCONT != 0 {
                    self.shown = self.count;
                }
                self.shown
            }
            PER => self.period,
            CC0 => self.compare[0],
            _ if register > CC0 => self.compare[1],
            _ => 0,
        }
    }

    fn put(&mut self, register: u32, value: u32, mask: u32, fabric: &mut Fabric) {
        self.advance(fabric);
        match register {
            CTRLA if value & SWRST != 0 => self.reset(fabric),
            CTRLA => {
                let was = self.ctrla & ENABLE != 0;
                merge(&mut self.ctrla, value, mask & if was { ENABLE } else { 0x3F6E });
                let is = self.ctrla & ENABLE != 0;
                if is && self.bits() == 32 && self.number != 4 {
                    fabric.warn_once(format_args!("{}: 32 bits are TC4's, with TC5", self.name()));
                }
                if was != is {
                    self.stopped = !is;
                    self.interrupts.flags |= SYNCRDY;
                    self.begin(fabric);
                }
            }
            READREQ => {
                merge(&mut self.readreq, value, mask & (RCONT | 0x1F));
                if value & RREQ != 0 {
                    self.shown = self.count;
                    self.interrupts.flags |= SYNCRDY;
                }
            }
            CTRLBCLR => self.ctrlb &= !(value & (DOWN | ONESHOT)),
            CTRLBSET => {
                self.ctrlb |= value & (DOWN | ONESHOT);
                self.command(value >> 6 & 3, fabric);
            }
            CTRLC => self.ctrlc = value,
            EVCTRL => {
                merge(&mut self.evctrl, value, mask);
                if self.evctrl & 0x27 != 0 || self.ctrlc & 0x30 != 0 {
                    fabric.warn_once(format_args!("{}: events and captures are not modelled", self.name()));
                }
            }
            INTENCLR => self.interrupts.enabled &= !value,
            INTENSET => self.interrupts.enabled |= value & 0x3B,
            INTFLAG => self.interrupts.flags &= !value,
            COUNT => {
                merge(&mut self.count, value, mask);
                self.shown = self.count;
                self.begin(fabric);
            }
            PER => self.period = value,
            CC0 => merge(&mut self.compare[0], value, mask),
            _ if register > CC0 => merge(&mut self.compare[1], value, mask),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bus::Width;

    fn running(ctrla: u32) -> (Tc, Fabric) {
        let (mut tc, mut fabric) = (Tc::new(4), Fabric::new());
        fabric.clocks.channels[28] = 48_000_000;
        tc.write(CTRLA, Width::Half, ctrla, &mut fabric);
        (tc, fabric)
    }

    #[test]
    fn match_frequency_counts_to_cc0() {
        // 16 bits, MFRQ, prescaler 64: 750 kHz.
        let (mut tc, mut fabric) = running(1 << 5 | 5 << 8);
        tc.write(CC0, Width::Half, 749, &mut fabric);
        tc.write(INTENSET, Width::Byte, OVERFLOW, &mut fabric);
        tc.write(CTRLA, Width::Half, 1 << 5 | 5 << 8 | ENABLE, &mut fabric);
        let mut times = Vec::new();
        while times.len() < 3 {
            fabric.now = tc.next_event(&fabric);
            tc.advance(&mut fabric);
            if tc.interrupts() != 0 {
                times.push(fabric.now);
                tc.write(INTFLAG, Width::Byte, OVERFLOW, &mut fabric);
            }
        }
        assert_eq!(times, [Time::from_millis(1), Time::from_millis(2), Time::from_millis(3)]);
    }

    #[test]
    fn a_read_shows_the_count_that_was_asked_for() {
        let (mut tc, mut fabric) = running(2 << 2);
        tc.write(CTRLA, Width::Half, 2 << 2 | ENABLE, &mut fabric);
        fabric.now = Time::from_micros(10);
        assert_eq!(tc.read(COUNT, Width::Word, &mut fabric), 0);
        tc.write(READREQ, Width::Half, RREQ | COUNT, &mut fabric);
        assert_eq!(tc.read(COUNT, Width::Word, &mut fabric), 480);
    }

    #[test]
    fn one_shot_stops_at_its_end_and_a_command_starts_it_again() {
        let (mut tc, mut fabric) = running(1 << 2);
        tc.write(PER, Width::Byte, 9, &mut fabric);
        tc.write(CTRLBSET, Width::Byte, ONESHOT, &mut fabric);
        tc.write(CTRLA, Width::Half, 1 << 2 | ENABLE, &mut fabric);
        fabric.now = Time::from_micros(1);
        assert_eq!(tc.read(STATUS, Width::Byte, &mut fabric), STOP);
        assert_eq!(tc.next_event(&fabric), Time::NEVER);
        tc.write(CTRLBSET, Width::Byte, 1 << 6, &mut fabric);
        assert_eq!(tc.read(STATUS, Width::Byte, &mut fabric), 0);
        assert!(tc.next_event(&fabric) < Time::from_micros(2));
    }
}
