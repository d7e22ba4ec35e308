//! Faults: scripted for one command, or drawn from the seed.

use rand_chacha::ChaCha8Rng;
use rand_core::Rng;

use crate::Status;

/// How much of a non-volatile write is done when the power goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Torn {
    /// Nothing was written yet.
    Before,
    /// The first half of the bytes that change is written.
    Half,
    /// Everything is written, only the answer is lost.
    After,
}

/// Something that goes wrong with one command.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Fault {
    /// One bit of the command flips on its way: the chip answers 0xFF and does nothing.
    FlipInCommand,
    /// One bit of the response flips on its way, once: reading again after a rewind is clean.
    FlipInResponse,
    /// One bit of the output buffer flips: every reading shows it.
    FlipInOutputBuffer,
    /// The chip acknowledges the command and does not take it; its output buffer stays as it was.
    DropCommand,
    /// The command runs, the output buffer stays empty: reads answer 0xFF.
    DropResponse,
    /// The command takes half as long again as the table's longest time.
    Slow,
    /// The chip falls asleep when the command arrives.
    WatchdogNow,
    /// The chip answers this status at once and does nothing.
    Answer(Status),
    /// The power goes during the command, and stays off until `Sim::power_on`.
    PowerCut(Torn),
    /// The supply of the chip dips during the command: it is asleep afterwards.
    BrownOut(Torn),
}

/// Which command a scripted fault strikes, counted from the moment of scripting.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Trigger {
    /// The command after this many others; 0 is the next one.
    Command(u32),
    /// The next command with this opcode.
    Opcode(u8),
    /// The command that changes non-volatile memory after this many others did.
    NonVolatileWrite(u32),
}

/// How often faults strike by themselves: so many commands in a thousand, each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FaultRates {
    /// [`Fault::FlipInCommand`].
    pub flip_in_command: u16,
    /// [`Fault::FlipInResponse`].
    pub flip_in_response: u16,
    /// [`Fault::DropCommand`].
    pub drop_command: u16,
    /// [`Fault::DropResponse`].
    pub drop_response: u16,
    /// [`Fault::Slow`].
    pub slow: u16,
    /// [`Fault::WatchdogNow`].
    pub watchdog: u16,
    /// [`Fault::BrownOut`], with nothing, half or all of the bytes written.
    pub brown_out: u16,
}

/// Faults yet to come.
pub(crate) struct Faults {
    rng: ChaCha8Rng,
    rates: FaultRates,
    scripted: Vec<(Trigger, Fault)>,
}

impl Faults {
    pub(crate) fn new(rng: ChaCha8Rng) -> Self {
        Self { rng, rates: FaultRates::default(), scripted: Vec::new() }
    }

    pub(crate) fn set_rates(&mut self, rates: FaultRates) {
        self.rates = rates;
    }

    pub(crate) fn script(&mut self, trigger: Trigger, fault: Fault) {
        self.scripted.push((trigger, fault));
    }

    pub(crate) fn clear(&mut self) {
        self.scripted.clear();
        self.rates = FaultRates::default();
    }

    /// Picks the fault that strikes the arriving command, if any.
    pub(crate) fn at_command(&mut self, opcode: u8) -> Option<Fault> {
        let mut struck = None;
        self.scripted.retain_mut(|(trigger, fault)| {
            let now = match trigger {
                Trigger::Command(0) => struck.is_none(),
                Trigger::Command(left) => {
                    *left -= 1;
                    false
                }
                Trigger::Opcode(wanted) => struck.is_none() && *wanted == opcode,
                Trigger::NonVolatileWrite(_) => false,
            };
            if now {
                struck = Some(*fault);
            }
            !now
        });
        struck.or_else(|| self.drawn())
    }

    /// Picks the fault that strikes a command which turns out to change non-volatile memory.
    pub(crate) fn at_write(&mut self) -> Option<Fault> {
        let mut struck = None;
        self.scripted.retain_mut(|(trigger, fault)| {
            let Trigger::NonVolatileWrite(left) = trigger else { return true };
            if *left > 0 {
                *left -= 1;
                return true;
            }
            if struck.is_some() {
                return true;
            }
            struck = Some(*fault);
            false
        });
        struck
    }

    fn drawn(&mut self) -> Option<Fault> {
        if self.rates == FaultRates::default() {
            return None;
        }
        let rates = self.rates;
        let torn = [Torn::Before, Torn::Half, Torn::After][self.below(3)];
        let table = [
            (rates.flip_in_command, Fault::FlipInCommand),
            (rates.flip_in_response, Fault::FlipInResponse),
            (rates.drop_command, Fault::DropCommand),
            (rates.drop_response, Fault::DropResponse),
            (rates.slow, Fault::Slow),
            (rates.watchdog, Fault::WatchdogNow),
            (rates.brown_out, Fault::BrownOut(torn)),
        ];
        let mut drawn = self.below(1000);
        for (rate, fault) in table {
            let rate = usize::from(rate);
            if drawn < rate {
                return Some(fault);
            }
            drawn -= rate;
        }
        None
    }

    /// Draws a number below `limit`.
    pub(crate) fn below(&mut self, limit: usize) -> usize {
        let limit = u64::try_from(limit.max(1)).unwrap_or(1);
        usize::try_from(self.rng.next_u64() % limit).unwrap_or(0)
    }
}
