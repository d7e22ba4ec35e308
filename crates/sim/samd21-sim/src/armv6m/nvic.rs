//! Pending, enabled and active exceptions and their priorities (chapter B3.4 and section B1.5.4).

use super::exception::Exception;

/// Priority of Thread mode: below every exception.
pub(super) const THREAD: i16 = 256;

/// State of all exceptions; bit n of a mask is exception number n, so interrupt line n is bit 16 + n.
#[derive(Clone, Debug)]
pub(super) struct Nvic {
    enabled: u64,
    pending: u64,
    active: u64,
    lines: u64,
    priorities: [u8; 48],
}

/// The exceptions that cannot be disabled.
const ALWAYS: u64 = Exception::NMI.bit()
    | Exception::HARD_FAULT.bit()
    | Exception::SV_CALL.bit()
    | Exception::PEND_SV.bit()
    | Exception::SYS_TICK.bit();

impl Default for Nvic {
    fn default() -> Self {
        Self { enabled: ALWAYS, pending: 0, active: 0, lines: 0, priorities: [0; 48] }
    }
}

impl Nvic {
    /// Takes over the levels of the interrupt lines: a high line is pending unless it is being handled.
    pub(super) const fn set_lines(&mut self, lines: u32, nmi: bool) {
        let before = self.lines;
        self.lines = (lines as u64) << 16 | (nmi as u64) << Exception::NMI.0;
        self.pending |= self.lines & !before | self.lines & !self.active;
    }

    pub(super) const fn pend(&mut self, exception: Exception) {
        self.pending |= exception.bit();
    }

    pub(super) const fn unpend(&mut self, exception: Exception) {
        self.pending &= !exception.bit();
    }

    pub(super) const fn is_pending(&self, exception: Exception) -> bool {
        self.pending & exception.bit() != 0
    }

    /// Tells the enabled exceptions that are pending.
    #[inline(always)]
    pub(super) const fn ready(&self) -> u64 {
        self.pending & self.enabled
    }

    pub(super) const fn activate(&mut self, exception: Exception) {
        self.pending &= !exception.bit();
        self.active |= exception.bit();
    }

    /// Ends an exception; a line that is still high makes it pending again.
    pub(super) const fn deactivate(&mut self, exception: Exception) {
        self.active &= !exception.bit();
        self.pending |= self.lines & exception.bit();
    }

    pub(super) const fn active(&self) -> u64 {
        self.active
    }

    /// Tells an exception's priority.
    pub(super) fn priority(&self, exception: Exception) -> i16 {
        match exception {
            Exception::NMI => -2,
            Exception::HARD_FAULT => -1,
            Exception(number) => {
                self.priorities.get(usize::from(number)).map_or(THREAD, |value| i16::from(*value))
            }
        }
    }

    /// Sets an exception's priority: its two top bits.
    pub(super) fn set_priority(&mut self, exception: Exception, value: u8) {
        if let Some(priority) = self.priorities.get_mut(usize::from(exception.0)) {
            *priority = value & 0xC0;
        }
    }

    /// Finds the highest of a set of exceptions; of several of one priority, that of the lowest number.
    pub(super) fn highest(&self, mut set: u64) -> Option<(i16, Exception)> {
        let mut best: Option<(i16, Exception)> = None;
        while set != 0 {
            let exception = Exception((set.trailing_zeros() & 0x3F) as u8);
            let priority = self.priority(exception);
            if best.is_none_or(|(highest, _)| priority < highest) {
                best = Some((priority, exception));
            }
            set &= set - 1;
        }
        best
    }

    /// Tells the priority of what is being handled.
    pub(super) fn active_priority(&self) -> i16 {
        self.highest(self.active).map_or(THREAD, |(priority, _)| priority)
    }

    pub(super) const fn enabled_lines(&self) -> u32 {
        (self.enabled >> 16 & 0xFFFF_FFFF) as u32
    }

    pub(super) const fn enable_lines(&mut self, lines: u32) {
        self.enabled |= (lines as u64) << 16;
    }

    pub(super) const fn disable_lines(&mut self, lines: u32) {
        self.enabled &= !((lines as u64) << 16);
    }

    pub(super) const fn pending_lines(&self) -> u32 {
        (self.pending >> 16 & 0xFFFF_FFFF) as u32
    }

    pub(super) const fn pend_lines(&mut self, lines: u32) {
        self.pending |= (lines as u64) << 16;
    }

    /// Clears pending lines; those that are high and not being handled are pending again at once.
    pub(super) const fn unpend_lines(&mut self, lines: u32) {
        self.pending &= !((lines as u64) << 16);
        self.pending |= self.lines & !self.active;
    }
}
