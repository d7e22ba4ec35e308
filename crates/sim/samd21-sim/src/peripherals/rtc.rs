//! RTC: a 32-bit counter, a 16-bit one with a period, or a clock with an alarm.
//!
//! COUNT and CLOCK are read through a synchroniser: without a request (READREQ) they show what was synchronised
//! last. Writes take effect at once; SYNCBUSY is told for as long as they would take.

use crate::fabric::Fabric;
use crate::peripheral::Peripheral;
use crate::peripherals::counter::Ticks;
use crate::peripherals::registers::{Entry, Interrupts, Registers, by_registers, merge};
use crate::time::Time;

const CTRL: u32 = 0x00;
const READREQ: u32 = 0x02;
const EVCTRL: u32 = 0x04;
const INTENCLR: u32 = 0x06;
const INTENSET: u32 = 0x07;
const INTFLAG: u32 = 0x08;
const STATUS: u32 = 0x0A;
const DBGCTRL: u32 = 0x0B;
const FREQCORR: u32 = 0x0C;
const COUNT: u32 = 0x10;
const PER: u32 = 0x14;
const COMP: u32 = 0x18;
const COMP1: u32 = 0x1A;
const MASK: u32 = 0x1C;

/// CTRL.SWRST.
const SWRST: u32 = 1;
/// CTRL.ENABLE.
const ENABLE: u32 = 1 << 1;
/// CTRL.MATCHCLR.
const MATCHCLR: u32 = 1 << 7;
/// READREQ.RCONT.
const RCONT: u32 = 1 << 14;
/// READREQ.RREQ.
const RREQ: u32 = 1 << 15;
/// INTFLAG.CMP0 and ALARM0.
const MATCH0: u32 = 1 << 0;
/// INTFLAG.CMP1.
const MATCH1: u32 = 1 << 1;
/// INTFLAG.SYNCRDY.
const SYNCRDY: u32 = 1 << 6;
/// INTFLAG.OVF.
const OVERFLOW: u32 = 1 << 7;
/// STATUS.SYNCBUSY.
const SYNCBUSY: u32 = 1 << 7;
/// Cycles of GCLK_RTC that a synchronisation takes at most.
const SYNC_CYCLES: u64 = 6;
/// GCLK channel.
const CHANNEL: usize = 4;
/// RTC's interrupt line.
const LINE: u32 = 3;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    Count32,
    Count16,
    Clock,
}

/// The real-time counter.
#[derive(Debug, Default)]
pub struct Rtc {
    ctrl: u32,
    readreq: u32,
    evctrl: u32,
    freqcorr: u32,
    period: u32,
    compare: [u32; 2],
    mask: u32,
    interrupts: Interrupts,
    count: u32,
    shown: u32,
    ticks: Ticks,
    sync_until: Option<Time>,
    /// The synchronisation under way is one that READREQ has asked for.
    requested: bool,
}

impl Rtc {
    /// Makes the block.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    const fn mode(&self) -> Mode {
        match self.ctrl >> 2 & 3 {
            0 => Mode::Count32,
            1 => Mode::Count16,
            _ => Mode::Clock,
        }
    }

    const fn enabled(&self) -> bool {
        self.ctrl & ENABLE != 0
    }

    /// The counter's clock: GCLK_RTC divided by CTRL.PRESCALER.
    fn rate(&self, fabric: &Fabric) -> u32 {
        if self.enabled() { fabric.clocks.channels[CHANNEL] >> (self.ctrl >> 8 & 0xF).min(10) } else { 0 }
    }

    fn synchronise(&mut self, fabric: &Fabric) {
        let hz = fabric.clocks.channels[CHANNEL];
        if hz != 0 {
            self.sync_until = Some(fabric.now + Time::of_ticks(SYNC_CYCLES, hz));
            self.interrupts.flags &= !SYNCRDY;
        }
    }

    const fn top(&self) -> u64 {
        match self.mode() {
            Mode::Count32 => u32::MAX as u64,
            _ => self.period as u64 & 0xFFFF,
        }
    }

    /// Ticks until the tick after `count` is `value`, when the flag of a match rises.
    const fn until(&self, value: u32) -> u64 {
        let period = self.top() + 1;
        (value as u64 + period - self.count as u64 % period) % period + 1
    }

    /// The count after which it begins again.
    const fn last(&self) -> u64 {
        let clear = matches!(self.mode(), Mode::Count32) && self.ctrl & MATCHCLR != 0;
        if clear && self.compare[0] >= self.count { self.compare[0] as u64 } else { self.top() }
    }

    /// Lets `due` ticks go by, from one event to the next.
    fn run(&mut self, mut due: u64) {
        self.ticks.deal(due);
        if self.mode() == Mode::Clock {
            for _ in 0..due {
                self.second();
            }
            return;
        }
        while due > 0 {
            let step = self.to_event().min(due);
            let flags = [(self.compare[0], MATCH0), (self.compare[1], MATCH1)];
            let matches = if self.mode() == Mode::Count32 { 1 } else { 2 };
            for (value, flag) in flags.into_iter().take(matches) {
                if self.until(value) == step {
                    self.interrupts.flags |= flag;
                }
            }
            let next = u64::from(self.count) + step;
            if next > self.last() {
                // A clear by match is no overflow.
                if self.last() == self.top() {
                    self.interrupts.flags |= OVERFLOW;
                }
                self.count = 0;
            } else {
                self.count = u32::try_from(next).unwrap_or(0);
            }
            due -= step;
        }
    }

    /// Ticks to the next match or wrap, at least one.
    fn to_event(&self) -> u64 {
        let wrap = self.last().saturating_sub(self.count.into()) + 1;
        let first = self.until(self.compare[0]);
        let second = if self.mode() == Mode::Count16 { self.until(self.compare[1]) } else { u64::MAX };
        wrap.min(first).min(second)
    }

    /// A second of the clock: CLOCK is year 31:26, month 25:22, day 21:17, hour 16:12, minute 11:6, second 5:0,
    /// in 24-hour mode.
    fn second(&mut self) {
        if self.matches_alarm() {
            self.interrupts.flags |= MATCH0;
            if self.ctrl & MATCHCLR != 0 {
                self.count = 0;
                return;
            }
        }
        let clock = self.count;
        let field = |at: u32, bits: u32| clock >> at & ((1 << bits) - 1);
        let (mut year, mut month, mut day) = (field(26, 6), field(22, 4), field(17, 5));
        let (mut hour, mut minute, mut second) = (field(12, 5), field(6, 6), field(0, 6) + 1);
        if second > 59 {
            (second, minute) = (0, minute + 1);
        }
        if minute > 59 {
            (minute, hour) = (0, hour + 1);
        }
        if hour > 23 {
            (hour, day) = (0, day + 1);
        }
        if day > days(month, year) {
            (day, month) = (1, month + 1);
        }
        if month > 12 {
            (month, year) = (1, year + 1);
        }
        if year > 63 {
            year = 0;
            self.interrupts.flags |= OVERFLOW;
        }
        self.count = year << 26 | month << 22 | day << 17 | hour << 12 | minute << 6 | second;
    }

    /// MASK.SEL: how many fields of ALARM count, from the seconds up.
    const fn matches_alarm(&self) -> bool {
        let bits = match self.mask & 7 {
            0 | 7 => return false,
            1 => 6,
            2 => 12,
            3 => 17,
            4 => 22,
            5 => 26,
            _ => 32,
        };
        let mask = if bits == 32 { u32::MAX } else { (1 << bits) - 1 };
        (self.count ^ self.compare[0]) & mask == 0
    }

    fn begin(&mut self, fabric: &Fabric) {
        self.ticks = Ticks::begin(fabric.now, self.rate(fabric));
    }
}

/// Days of a month; year 0 of the clock is a leap year.
const fn days(month: u32, year: u32) -> u32 {
    match month {
        2 if year.is_multiple_of(4) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

impl Peripheral for Rtc {
    fn name(&self) -> &'static str {
        "RTC"
    }

    by_registers!();

    fn reset(&mut self, _fabric: &mut Fabric) {
        *self = Self { readreq: 0x10, ..Self::default() };
    }

    fn next_event(&self, _fabric: &Fabric) -> Time {
        let sync = self.sync_until.unwrap_or(Time::NEVER);
        let event = match self.mode() {
            _ if !self.enabled() => Time::NEVER,
            Mode::Clock => self.ticks.at(1),
            _ => self.ticks.at(self.to_event()),
        };
        sync.min(event)
    }

    fn advance(&mut self, fabric: &mut Fabric) {
        let due = self.ticks.due(fabric.now);
        self.run(due);
        if self.sync_until.is_some_and(|end| end <= fabric.now) {
            self.sync_until = None;
            self.interrupts.flags |= SYNCRDY;
            if core::mem::take(&mut self.requested) {
                self.shown = self.count;
            }
        }
    }

    fn interrupts(&self) -> u32 {
        u32::from(self.interrupts.pending()) << LINE
    }

    fn clocks_changed(&mut self, fabric: &mut Fabric) {
        if self.rate(fabric) != self.ticks.hz() {
            self.advance(fabric);
            self.begin(fabric);
        }
    }
}

impl Registers for Rtc {
    fn map(&self) -> &'static [Entry] {
        match self.mode() {
            Mode::Count16 => &[
                (CTRL, 2),
                (READREQ, 2),
                (EVCTRL, 2),
                (INTENCLR, 1),
                (INTENSET, 1),
                (INTFLAG, 1),
                (STATUS, 1),
                (DBGCTRL, 1),
                (FREQCORR, 1),
                (COUNT, 2),
                (PER, 2),
                (COMP, 2),
                (COMP1, 2),
            ],
            _ => &[
                (CTRL, 2),
                (READREQ, 2),
                (EVCTRL, 2),
                (INTENCLR, 1),
                (INTENSET, 1),
                (INTFLAG, 1),
                (STATUS, 1),
                (DBGCTRL, 1),
                (FREQCORR, 1),
                (COUNT, 4),
                (COMP, 4),
                (MASK, 1),
            ],
        }
    }

    fn get(&mut self, register: u32, fabric: &mut Fabric) -> u32 {
        self.advance(fabric);
        match register {
            CTRL => self.ctrl,
            READREQ => self.readreq & !RREQ,
            EVCTRL => self.evctrl,
            INTENCLR | INTENSET => self.interrupts.enabled,
            INTFLAG => self.interrupts.flags,
            STATUS => u32::from(self.sync_until.is_some()) * SYNCBUSY,
            FREQCORR => self.freqcorr,
            COUNT => {
                if self.readreq & RCONT != 0 || !self.enabled() {
                    self.shown = self.count;
                }
                self.shown
            }
            PER => self.period,
            COMP => self.compare[0],
            COMP1 => self.compare[1],
            MASK => self.mask,
            _ => 0,
        }
    }

    fn put(&mut self, register: u32, value: u32, mask: u32, fabric: &mut Fabric) {
        self.advance(fabric);
        match register {
            CTRL if value & SWRST != 0 => self.reset(fabric),
            CTRL => {
                let was = self.enabled();
                if was {
                    merge(&mut self.ctrl, value, mask & ENABLE);
                } else {
                    merge(&mut self.ctrl, value, mask & 0x0FCE);
                }
                if was != self.enabled() {
                    self.synchronise(fabric);
                    self.begin(fabric);
                }
            }
            READREQ => {
                merge(&mut self.readreq, value, mask & (RCONT | 0x3F));
                if value & RREQ != 0 {
                    self.requested = true;
                    self.synchronise(fabric);
                }
            }
            EVCTRL => merge(&mut self.evctrl, value, mask),
            INTENCLR => self.interrupts.enabled &= !value,
            INTENSET => self.interrupts.enabled |= value & 0xFF,
            INTFLAG => self.interrupts.flags &= !value,
            FREQCORR => self.freqcorr = value,
            COUNT => {
                merge(&mut self.count, value, mask);
                self.shown = self.count;
                self.begin(fabric);
                self.synchronise(fabric);
            }
            PER => merge(&mut self.period, value, mask),
            COMP => merge(&mut self.compare[0], value, mask),
            COMP1 => merge(&mut self.compare[1], value, mask),
            MASK => self.mask = value,
            _ => {}
        }
        if matches!(register, PER | COMP | COMP1 | MASK | FREQCORR) {
            self.synchronise(fabric);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bus::Width;

    fn running(ctrl: u32) -> (Rtc, Fabric) {
        let (mut rtc, mut fabric) = (Rtc::new(), Fabric::new());
        rtc.reset(&mut fabric);
        fabric.clocks.channels[CHANNEL] = 32_768;
        rtc.write(CTRL, Width::Half, ctrl | ENABLE, &mut fabric);
        (rtc, fabric)
    }

    #[test]
    fn a_match_comes_one_tick_after_its_count() {
        let (mut rtc, mut fabric) = running(0);
        rtc.write(COMP, Width::Word, 100, &mut fabric);
        rtc.write(INTENSET, Width::Byte, MATCH0, &mut fabric);
        fabric.now = Time::of_ticks(100, 32_768);
        rtc.advance(&mut fabric);
        assert_eq!(rtc.interrupts(), 0);
        assert_eq!(rtc.next_event(&fabric), Time::of_ticks(101, 32_768));
        fabric.now = rtc.next_event(&fabric);
        rtc.advance(&mut fabric);
        assert_eq!(rtc.interrupts(), 1 << LINE);
    }

    #[test]
    fn count_shows_what_was_asked_for() {
        let (mut rtc, mut fabric) = running(0);
        fabric.now = Time::from_millis(1_000);
        assert_eq!(rtc.read(COUNT, Width::Word, &mut fabric), 0);
        rtc.write(READREQ, Width::Half, RREQ | COUNT, &mut fabric);
        assert_eq!(rtc.read(STATUS, Width::Byte, &mut fabric), SYNCBUSY);
        fabric.now = rtc.next_event(&fabric);
        rtc.advance(&mut fabric);
        assert_eq!(rtc.read(STATUS, Width::Byte, &mut fabric), 0);
        let shown = rtc.read(COUNT, Width::Word, &mut fabric);
        assert!((32_768..32_780).contains(&shown), "{shown}");
        rtc.write(READREQ, Width::Half, RCONT | COUNT, &mut fabric);
        fabric.now = Time::from_millis(2_000);
        assert_eq!(rtc.read(COUNT, Width::Word, &mut fabric), 65_536);
    }

    #[test]
    fn a_match_can_clear_and_a_prescaler_slows() {
        // MATCHCLR, prescaler 1024: 32 ticks a second.
        let (mut rtc, mut fabric) = running(MATCHCLR | 10 << 8);
        rtc.write(COMP, Width::Word, 31, &mut fabric);
        rtc.write(READREQ, Width::Half, RCONT | COUNT, &mut fabric);
        fabric.now = Time::from_millis(10_500);
        assert_eq!(rtc.read(COUNT, Width::Word, &mut fabric), 16);
        assert_eq!(rtc.read(INTFLAG, Width::Byte, &mut fabric) & (OVERFLOW | MATCH0), MATCH0);
    }

    #[test]
    fn the_clock_knows_its_months() {
        let (mut rtc, mut fabric) = running(2 << 2);
        fabric.clocks.channels[CHANNEL] = 1;
        rtc.clocks_changed(&mut fabric);
        // Year 4 (a leap year), 28 February, 23:59:59.
        rtc.write(COUNT, Width::Word, 4 << 26 | 2 << 22 | 28 << 17 | 23 << 12 | 59 << 6 | 59, &mut fabric);
        rtc.write(READREQ, Width::Half, RCONT | COUNT, &mut fabric);
        fabric.now = fabric.now + Time::from_millis(1_000);
        assert_eq!(rtc.read(COUNT, Width::Word, &mut fabric), 4 << 26 | 2 << 22 | 29 << 17);
    }
}
