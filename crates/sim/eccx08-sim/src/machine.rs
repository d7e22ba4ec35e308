//! Power and input/output states of the chip (simulator specification, section 2).

use core::time::Duration;
use std::rc::Rc;

use monoclock::ManualClock;

use crate::Torn;
use crate::chip::Chip;
use crate::faults::Faults;
use crate::frame::{self, Status};
use crate::nv::NvImage;
use crate::report::{CommandRecord, Outcome, Report};
use crate::timing::Execution;
use crate::zones::config;

/// Shortest low time of SDA that wakes the chip: tWLO.
const WAKE_LOW_NANOS: u64 = 60_000;
/// From the wake pulse until the chip answers: tWHI.
const WAKE_TIME: Duration = Duration::from_micros(1500);
/// The same with a self-test on wake (ChipOptions.POST, 608): tWHIST.
const WAKE_TIME_SELF_TEST: Duration = Duration::from_millis(20);
/// The long watchdog (ChipMode bit 2) is so many times the short one.
const LONG_WATCHDOG: u32 = 10;
/// What a read beyond the response gives.
const PAST_END: u8 = 0xFF;

/// Power states.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Power {
    Off,
    Asleep,
    Idle { since: Duration },
    Waking { ready_at: Duration },
    Awake,
}

/// A command in execution.
pub(crate) struct Busy {
    pub(crate) until: Duration,
    pub(crate) response: Vec<u8>,
    /// The memory before the command, if it changes any.
    pub(crate) before: Option<NvImage>,
    /// Bit of the response that flips on the way out.
    pub(crate) flip: Option<usize>,
}

/// A bit that flips in transit: index into the output buffer, mask.
type Flip = Option<(usize, u8)>;

/// The chip with its power, its input and output, and its place in time.
pub(crate) struct Machine {
    pub(crate) chip: Chip,
    pub(crate) clock: Rc<ManualClock>,
    pub(crate) faults: Faults,
    pub(crate) report: Report,
    pub(crate) log: Vec<CommandRecord>,
    pub(crate) execution: Execution,
    pub(crate) watchdog: Duration,
    pub(crate) power: Power,
    woke_at: Duration,
    pub(crate) busy: Option<Busy>,
    /// Bytes of a command that spans several writes, after word address 0x03.
    pub(crate) partial: Option<Vec<u8>>,
    output: Vec<u8>,
    pointer: usize,
    flip: Flip,
    /// The last command's answer was not looked for yet.
    pub(crate) unread: bool,
    address: u8,
    pub(crate) chip_mode: u8,
}

impl Machine {
    pub(crate) fn new(chip: Chip, clock: Rc<ManualClock>, faults: Faults, watchdog: Duration) -> Self {
        let mut machine = Self {
            chip,
            clock,
            faults,
            report: Report::default(),
            log: Vec::new(),
            execution: Execution::default(),
            watchdog,
            power: Power::Asleep,
            woke_at: Duration::ZERO,
            busy: None,
            partial: None,
            output: Vec::new(),
            pointer: 0,
            flip: None,
            unread: false,
            address: 0,
            chip_mode: 0,
        };
        machine.latch();
        machine
    }

    pub(crate) fn now(&self) -> Duration {
        self.clock.elapsed()
    }

    /// Brings the state up to the present: wake-up, end of execution, watchdog, in their order.
    pub(crate) fn settle(&mut self) {
        let now = self.now();
        let expiry = self.watchdog_expiry();
        if let Power::Idle { since } = self.power
            && self.chip.decisions.idle_watchdog
            && now >= since.saturating_add(self.watchdog_period())
        {
            self.fall_asleep();
        }
        if let Power::Waking { ready_at } = self.power
            && now >= ready_at
            && ready_at < expiry
        {
            self.power = Power::Awake;
            self.present_wake_status();
        }
        if self.busy.as_ref().is_some_and(|busy| now >= busy.until && busy.until < expiry) {
            self.finish_command();
        }
        if matches!(self.power, Power::Waking { .. } | Power::Awake) && now >= expiry {
            self.report.watchdogs += 1;
            self.lose_command(Torn::Half);
            self.fall_asleep();
        }
    }

    /// Tells when the watchdog will put the chip to sleep.
    pub(crate) fn watchdog_expiry(&self) -> Duration {
        self.woke_at.saturating_add(self.watchdog_period())
    }

    fn watchdog_period(&self) -> Duration {
        if self.chip_mode & 4 == 0 { self.watchdog } else { self.watchdog.saturating_mul(LONG_WATCHDOG) }
    }

    /// The bus saw SDA low for `bits` bit times at `hz`.
    pub(crate) fn low_pulse(&mut self, bits: u32, hz: u32) {
        if u64::from(bits) * 1_000_000_000 < WAKE_LOW_NANOS * u64::from(hz) {
            return;
        }
        self.settle();
        match self.power {
            Power::Asleep => self.latch(),
            Power::Idle { .. } => {}
            Power::Off | Power::Waking { .. } | Power::Awake => return,
        }
        let self_test = self.chip.profile.is_608() && self.chip.nv.config()[config::CHIP_OPTIONS] & 1 == 1;
        let delay = if self_test { WAKE_TIME_SELF_TEST } else { WAKE_TIME };
        self.woke_at = self.now();
        self.power = Power::Waking { ready_at: self.woke_at + delay };
        self.report.wakes += 1;
    }

    /// The chip sees its address, or another one; tells whether it acknowledges.
    pub(crate) fn addressed(&mut self, address: u8) -> bool {
        if address != self.address {
            return false;
        }
        self.settle();
        self.report.addressed += 1;
        if self.busy.is_some() || self.unread {
            self.report.polls += 1;
            if let Some(record) = self.log.last_mut() {
                record.polls += 1;
            }
        }
        let ready = self.power == Power::Awake && self.busy.is_none();
        if ready {
            self.unread = false;
        }
        ready
    }

    /// Tells whether a read is answered: not while a command is incomplete.
    pub(crate) const fn readable(&self) -> bool {
        self.partial.is_none()
    }

    /// Takes the next byte of the output buffer.
    pub(crate) fn read_byte(&mut self) -> u8 {
        self.report.bytes_read += 1;
        let mut byte = self.output.get(self.pointer).copied().unwrap_or(PAST_END);
        if let Some((at, mask)) = self.flip
            && at == self.pointer
        {
            byte ^= mask;
            self.flip = None;
        }
        self.pointer += 1;
        byte
    }

    /// Word address 0x00: reads start again, an incomplete command is forgotten.
    pub(crate) fn rewind(&mut self) {
        self.pointer = 0;
        self.partial = None;
    }

    /// Word address 0x01.
    pub(crate) fn sleep(&mut self) {
        self.report.sleeps += 1;
        self.fall_asleep();
    }

    /// Word address 0x02.
    pub(crate) fn idle(&mut self) {
        self.report.idles += 1;
        self.go_idle();
    }

    fn go_idle(&mut self) {
        self.partial = None;
        self.unread = false;
        self.power = Power::Idle { since: self.now() };
    }

    /// Puts a response into the output buffer; reads start at its first byte.
    pub(crate) fn present(&mut self, response: Vec<u8>, flip: Option<usize>) {
        self.output = response;
        self.pointer = 0;
        self.flip = flip.map(|bit| (bit / 8, 1 << (bit % 8)));
    }

    fn present_wake_status(&mut self) {
        let status = if self.chip.self_test_failed { Status::SelfTest } else { Status::AfterWake };
        self.present(frame::response(&[status.byte()]), None);
    }

    fn finish_command(&mut self) {
        if let Some(busy) = self.busy.take() {
            self.present(busy.response, busy.flip);
            if self.chip.paused {
                self.chip.paused = false;
                self.go_idle();
            }
        }
    }

    /// Stops a command in execution; what it writes is written as far as `torn` says.
    pub(crate) fn lose_command(&mut self, torn: Torn) {
        let Some(busy) = self.busy.take() else { return };
        if let Some(before) = busy.before {
            match torn {
                Torn::Before => self.chip.nv = before,
                Torn::Half => self.chip.nv = self.chip.nv.torn_from(&before),
                Torn::After => {}
            }
        }
        if let Some(record) = self.log.last_mut() {
            record.outcome = Outcome::Lost;
        }
    }

    pub(crate) fn fall_asleep(&mut self) {
        self.busy = None;
        self.partial = None;
        self.unread = false;
        self.chip.paused = false;
        self.output.clear();
        self.pointer = 0;
        self.flip = None;
        self.chip.sleep();
        self.power = Power::Asleep;
    }

    /// Takes the supply away.
    pub(crate) fn power_off(&mut self, torn: Torn) {
        self.settle();
        self.lose_command(torn);
        self.fall_asleep();
        self.chip.power_off();
        self.power = Power::Off;
    }

    /// Gives the supply back: the chip is asleep.
    pub(crate) fn power_on(&mut self) {
        if self.power == Power::Off {
            self.power = Power::Asleep;
            self.latch();
        }
    }

    /// Takes address and ChipMode from the configuration, as waking from sleep does.
    fn latch(&mut self) {
        let zone = self.chip.nv.config();
        self.chip_mode = zone[config::CHIP_MODE];
        let extra = zone[config::SELECTOR];
        let other = self.chip.profile.is_608() && self.chip_mode & 1 == 1 && extra != 0;
        self.address = if other { extra } else { zone[config::I2C_ADDRESS] } >> 1;
    }
}
