//! The chip without its core: memories, the table of blocks, and when each of them wants to live.

use core::fmt;

use crate::fabric::clocks::Bridge;
use crate::fabric::{Fabric, ResetCause, Sleep};
use crate::peripheral::Peripheral;
use crate::time::Time;

mod access;
mod clockwork;

use access::FlashCache;
use clockwork::Clockwork;

/// Pages of 1 KiB that a bridge has.
const PAGES: usize = 64;
/// No block is at this page.
const NOBODY: u8 = u8::MAX;

/// A block and what it wanted when it was asked last.
struct Slot {
    block: Box<dyn Peripheral>,
    /// Its first address on the bridge.
    base: u32,
    /// Whose clock it has.
    bridge: Bridge,
    /// Bit of its clock in the bridge's mask.
    clock: u8,
    next: Time,
    lines: u32,
    requests: u64,
}

/// Memories and blocks.
pub struct Chip {
    /// What the blocks share.
    pub fabric: Fabric,
    slots: Vec<Slot>,
    pages: [[u8; PAGES]; 3],
    port: u8,
    nvmctrl: u8,
    clockwork: Clockwork,
    cache: FlashCache,
    /// One byte for each 32 bytes of RAM, set once they have been written.
    touched: Box<[u8; 1024]>,
    lines: u32,
    /// When the first of the blocks wants to live.
    next: Time,
    /// The present as a cycle.
    cycle: u64,
    /// The cycle at which the core stops.
    deadline: u64,
    /// The cycle at which the run wants the core to stop.
    limit: u64,
}

impl Chip {
    /// Makes a chip with no blocks at all.
    #[must_use]
    pub fn bare() -> Self {
        let fabric = Fabric::new();
        let clockwork = Clockwork::new(fabric.clocks.cpu_hz());
        Self {
            fabric,
            slots: Vec::new(),
            pages: [[NOBODY; PAGES]; 3],
            port: NOBODY,
            nvmctrl: NOBODY,
            clockwork,
            cache: FlashCache::default(),
            touched: Box::new([0; 1024]),
            lines: 0,
            next: Time::NEVER,
            cycle: 0,
            deadline: 0,
            limit: 0,
        }
    }

    /// Puts a block on a bridge, at `pages` pages of 1 KiB from page `page`; bit `clock` of the bridge's mask
    /// gates it.
    ///
    /// # Panics
    ///
    /// When there are 255 blocks already.
    pub fn attach(&mut self, bridge: Bridge, page: u8, pages: u8, clock: u8, block: Box<dyn Peripheral>) {
        let index = u8::try_from(self.slots.len()).ok().filter(|index| *index != NOBODY);
        let index = index.expect("a chip has a few dozen blocks");
        match block.name() {
            "PORT" => self.port = index,
            "NVMCTRL" => self.nvmctrl = index,
            _ => {}
        }
        for place in self.pages[bridge as usize].iter_mut().skip(page.into()).take(pages.into()) {
            *place = index;
        }
        self.slots.push(Slot {
            block,
            base: u32::from(page) << 10,
            bridge,
            clock,
            next: Time::NEVER,
            lines: 0,
            requests: 0,
        });
        self.settle(index);
    }

    /// Resets every block.
    pub fn reset(&mut self, cause: ResetCause) {
        self.fabric.reset = None;
        self.fabric.reset_cause = cause;
        self.fabric.sleep = Sleep::Awake;
        self.fabric.nmi = false;
        self.fabric.clocks = crate::fabric::clocks::Clocks::new();
        self.fabric.clocks.changed = true;
        self.fabric.pins.reset();
        self.cache = FlashCache::default();
        for slot in &mut self.slots {
            slot.block.reset(&mut self.fabric);
        }
        self.settle_all();
    }

    /// Tells the interrupt lines.
    #[must_use]
    pub const fn interrupt_lines(&self) -> u32 {
        self.lines
    }

    /// Tells the time at `cycles`.
    #[must_use]
    pub const fn time_at(&self, cycles: u64) -> Time {
        self.clockwork.time_at(cycles)
    }

    /// Tells the first cycle that is not before `time`.
    #[must_use]
    pub fn cycle_of(&self, time: Time) -> u64 {
        self.clockwork.cycle_of(time)
    }

    /// Tells when the first of the blocks wants to live.
    #[must_use]
    pub const fn next_event(&self) -> Time {
        self.next
    }

    /// Lets every block live that is due at `cycles`.
    pub fn advance(&mut self, cycles: u64) {
        self.cycle = cycles;
        self.fabric.now = self.time_at(cycles);
        // A block that is due again at once, again and again, must not hold the world up.
        for _ in 0..1000 {
            if self.next > self.fabric.now {
                return;
            }
            for index in (0..).take(self.slots.len()) {
                let slot = &mut self.slots[usize::from(index)];
                if slot.next <= self.fabric.now {
                    slot.block.advance(&mut self.fabric);
                    self.settle(index);
                }
            }
        }
    }

    /// Lets the chip fall asleep or wake up: clocks may stop or start.
    pub fn set_sleep(&mut self, sleep: Sleep) {
        let deep = (self.fabric.sleep == Sleep::Standby) != (sleep == Sleep::Standby);
        self.fabric.sleep = sleep;
        if deep {
            self.fabric.clocks.changed = true;
            self.spread();
        }
    }

    /// Sets the cycle at which the run wants the core to stop, and lets it run until there or the next event.
    pub fn set_limit(&mut self, limit: u64) {
        self.limit = limit;
        self.deadline = limit.min(self.cycle_of(self.next)).max(self.cycle + 1);
    }

    /// Tells which granules of 32 bytes of RAM have been written.
    #[must_use]
    pub fn touched_bytes(&self) -> usize {
        self.touched.iter().filter(|granule| **granule != 0).count() * 32
    }

    /// Lists the blocks by name.
    pub fn blocks(&self) -> impl Iterator<Item = &'static str> {
        self.slots.iter().map(|slot| slot.block.name())
    }

    /// Asks a block what it wants after it has been used, and tells the others what they have to know.
    fn settle(&mut self, index: u8) {
        let slot = &mut self.slots[usize::from(index)];
        let (lines, requests) = (slot.block.interrupts(), slot.block.dma_requests());
        let next = slot.block.next_event(&self.fabric);
        let earlier = next != slot.next;
        let (changed, requested) = (lines != slot.lines, requests != slot.requests);
        (slot.lines, slot.requests, slot.next) = (lines, requests, next);
        if changed {
            self.lines = self.slots.iter().fold(0, |all, slot| all | slot.lines);
            self.deadline = 0;
        }
        if requested {
            self.fabric.dma_requests = self.slots.iter().fold(0, |all, slot| all | slot.requests);
            self.settle_all();
        } else if earlier {
            self.plan();
        }
        if self.fabric.clocks.changed || self.fabric.pins.changed {
            self.spread();
        }
        if self.fabric.reset.is_some() || self.fabric.nmi {
            self.deadline = 0;
        }
    }

    /// Tells every block of changed clocks and pins until nothing changes any more.
    fn spread(&mut self) {
        for _ in 0..16 {
            let clocks = core::mem::take(&mut self.fabric.clocks.changed);
            let pins = core::mem::take(&mut self.fabric.pins.changed);
            if !(clocks || pins) {
                break;
            }
            if clocks {
                self.clockwork.set_hz(self.cycle, self.fabric.clocks.cpu_hz());
                self.deadline = 0;
            }
            for slot in &mut self.slots {
                if clocks {
                    slot.block.clocks_changed(&mut self.fabric);
                }
                if pins {
                    slot.block.pins_changed(&mut self.fabric);
                }
            }
            if pins {
                let now = self.fabric.now;
                for watcher in &mut self.fabric.plugs.watchers {
                    watcher.pins_changed(&mut self.fabric.pins, now);
                }
            }
        }
        self.settle_all();
    }

    pub(crate) fn settle_all(&mut self) {
        let fabric = &mut self.fabric;
        let mut lines = 0;
        fabric.dma_requests = self.slots.iter().fold(0, |all, slot| all | slot.block.dma_requests());
        for slot in &mut self.slots {
            (slot.lines, slot.requests) = (slot.block.interrupts(), slot.block.dma_requests());
            slot.next = slot.block.next_event(fabric);
            lines |= slot.lines;
        }
        if lines != self.lines {
            self.lines = lines;
            self.deadline = 0;
        }
        self.plan();
    }

    /// Finds out when the first of the blocks wants to live.
    fn plan(&mut self) {
        let next = self.slots.iter().map(|slot| slot.next).min().unwrap_or(Time::NEVER);
        if next == self.next {
            return;
        }
        self.next = next;
        if self.deadline != 0 {
            self.deadline = self.limit.min(self.cycle_of(next));
        }
    }

    /// Finds the block at `address`, and the offset in it.
    fn slot_at(&self, address: u32) -> Option<(u8, u32)> {
        let bridge = match address >> 24 {
            0x40 => Bridge::A,
            0x41 => Bridge::B,
            0x42 => Bridge::C,
            _ => return None,
        };
        let offset = address & 0x00FF_FFFF;
        let index = *self.pages[bridge as usize].get((offset >> 10) as usize)?;
        let slot = self.slots.get(usize::from(index))?;
        Some((index, offset - slot.base))
    }

    /// Tells whether the bus clock of a block runs; firmware that forgot to switch it on is warned.
    fn is_clocked(&mut self, index: u8) -> bool {
        let slot = &self.slots[usize::from(index)];
        let mask = self.fabric.clocks.apb_masks[slot.bridge as usize];
        let clocked = mask >> slot.clock & 1 != 0;
        if !clocked {
            let name = slot.block.name();
            self.fabric.warn_once(format_args!("{name}: used without its bus clock"));
        }
        clocked
    }
}

impl fmt::Debug for Chip {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Chip").field("fabric", &self.fabric).field("next", &self.next).finish_non_exhaustive()
    }
}
