//! The system timer (chapter B3.3), computed from the cycle count.

/// CSR.ENABLE.
const ENABLE: u32 = 1 << 0;
/// CSR.TICKINT.
const TICKINT: u32 = 1 << 1;
/// CSR.CLKSOURCE.
const CLKSOURCE: u32 = 1 << 2;
/// CSR.COUNTFLAG.
const COUNTFLAG: u32 = 1 << 16;
/// The counter has 24 bits.
const MASK: u32 = 0x00FF_FFFF;

/// A 24-bit counter that counts down at the core's clock, whatever CLKSOURCE says.
#[derive(Clone, Debug)]
pub(super) struct SysTick {
    control: u32,
    reload: u32,
    count_flag: bool,
    /// The counter while it stands still.
    held: u32,
    /// The cycle at which a running counter is zero next.
    zero_at: u64,
    /// The cycle at which a running counter has been reloaded: until then it shows zero.
    reloaded_at: u64,
}

impl Default for SysTick {
    fn default() -> Self {
        Self { control: CLKSOURCE, reload: 0, count_flag: false, held: 0, zero_at: u64::MAX, reloaded_at: 0 }
    }
}

impl SysTick {
    const fn runs(&self) -> bool {
        self.control & ENABLE != 0
    }

    /// Tells the cycle of the next zero.
    pub(super) const fn next(&self) -> u64 {
        if self.runs() { self.zero_at } else { u64::MAX }
    }

    /// Counts up to `cycles`; true when the counter has become zero and wants its exception.
    pub(super) fn advance(&mut self, cycles: u64) -> bool {
        if !self.runs() || cycles < self.zero_at {
            return false;
        }
        self.count_flag = true;
        let period = u64::from(self.reload) + 1;
        if self.reload == 0 {
            (self.zero_at, self.reloaded_at) = (u64::MAX, u64::MAX);
        } else {
            self.zero_at += ((cycles - self.zero_at) / period + 1) * period;
            self.reloaded_at = self.zero_at - period + 1;
        }
        self.control & TICKINT != 0
    }

    /// Lets `cycles` pass without counting: the clock stood still.
    pub(super) const fn pause(&mut self, cycles: u64) {
        if self.zero_at != u64::MAX {
            self.zero_at += cycles;
            self.reloaded_at += cycles;
        }
    }

    fn current(&self, cycles: u64) -> u32 {
        if !self.runs() {
            return self.held;
        }
        if cycles < self.reloaded_at {
            return 0;
        }
        u32::try_from(self.zero_at.saturating_sub(cycles)).unwrap_or(0) & MASK
    }

    /// Reads CSR, RVR, CVR or CALIB at `offset` from CSR.
    pub(super) fn read(&mut self, offset: u32, cycles: u64) -> u32 {
        match offset {
            0x0 => {
                let flag = if core::mem::take(&mut self.count_flag) { COUNTFLAG } else { 0 };
                self.control | flag
            }
            0x4 => self.reload,
            0x8 => self.current(cycles),
            // No reference clock for the calibration is known; 10 ms are not exact.
            _ => 1 << 30,
        }
    }

    /// Writes CSR, RVR or CVR.
    pub(super) fn write(&mut self, offset: u32, value: u32, cycles: u64) {
        match offset {
            0x0 => {
                let held = self.current(cycles);
                let ran = self.runs();
                self.control = value & (ENABLE | TICKINT | CLKSOURCE);
                match (ran, self.runs()) {
                    (true, false) => self.held = held,
                    (false, true) => self.start(self.held, cycles),
                    _ => {}
                }
            }
            0x4 => self.reload = value & MASK,
            0x8 => {
                self.count_flag = false;
                self.held = 0;
                if self.runs() {
                    self.start(0, cycles);
                }
            }
            _ => {}
        }
    }

    /// Runs from `value`; zero is reloaded at the next cycle, and with a reload value of zero stays.
    fn start(&mut self, value: u32, cycles: u64) {
        (self.zero_at, self.reloaded_at) = match (value, self.reload) {
            (0, 0) => (u64::MAX, u64::MAX),
            (0, reload) => (cycles + 1 + u64::from(reload), cycles + 1),
            (value, _) => (cycles + u64::from(value), cycles),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_period_is_the_reload_value_and_one() {
        let mut timer = SysTick::default();
        timer.write(0x4, 999, 0);
        timer.write(0x8, 7, 0);
        timer.write(0x0, 7, 0);
        assert_eq!((timer.read(0x8, 0), timer.read(0x8, 1), timer.read(0x8, 2)), (0, 999, 998));
        assert_eq!(timer.next(), 1000);
        assert!(!timer.advance(999));
        assert!(timer.advance(1000));
        assert_eq!((timer.read(0x8, 1000), timer.read(0x8, 1001)), (0, 999));
        assert_eq!(timer.read(0x0, 1000), 7 | COUNTFLAG);
        assert_eq!(timer.read(0x0, 1000), 7, "reading clears the flag");
        assert_eq!(timer.next(), 2000);
        assert!(timer.advance(5500));
        assert_eq!(timer.next(), 6000);
    }

    #[test]
    fn a_stopped_counter_keeps_its_value() {
        let mut timer = SysTick::default();
        timer.write(0x4, 99, 0);
        timer.write(0x0, 5, 0);
        timer.write(0x0, 4, 41);
        assert_eq!(timer.read(0x8, 1000), 59);
        assert_eq!(timer.next(), u64::MAX);
        timer.write(0x0, 5, 1000);
        assert_eq!(timer.next(), 1059);
        timer.write(0x8, 1, 1010);
        assert_eq!(timer.read(0x8, 1010), 0);
        assert_eq!(timer.next(), 1110);
    }

    #[test]
    fn a_reload_of_zero_stops_after_the_wrap() {
        let mut timer = SysTick::default();
        timer.write(0x4, 10, 0);
        timer.write(0x0, 5, 0);
        timer.write(0x4, 0, 3);
        assert!(!timer.advance(11), "without TICKINT there is no exception");
        assert_eq!(timer.next(), u64::MAX);
        assert_eq!(timer.read(0x0, 12) & COUNTFLAG, COUNTFLAG);
    }
}
