//! The handle: what tests and reports see while the driver owns the bus.

use core::cell::RefCell;
use core::fmt;
use std::rc::Rc;

use monoclock::ManualClock;

use crate::bus::{NackKind, Shared, SimBus};
use crate::faults::{Fault, FaultRates, Torn, Trigger};
use crate::machine::{Machine, Power};
use crate::report::{CommandRecord, Report};
use crate::target::Target;
use crate::timing::Execution;
use crate::{Builder, NvImage, Profile, SimDelay, crypto};

/// A model of the chip on a bus of its own; clones are handles to the same chip.
///
/// It stays usable while a driver owns the [`SimBus`]. No method tells a private key.
#[derive(Clone)]
pub struct Sim {
    pub(crate) shared: Rc<RefCell<Shared>>,
    pub(crate) clock: Rc<ManualClock>,
}

impl Sim {
    /// Starts to describe a chip.
    pub fn builder(profile: Profile) -> Builder {
        Builder::new(profile)
    }

    /// Makes a handle to the bus, for a driver.
    #[must_use]
    pub fn bus(&self) -> SimBus {
        SimBus { shared: Rc::clone(&self.shared) }
    }

    /// Gives the chip on a wire whose controller is modelled elsewhere, byte by byte.
    #[must_use]
    pub fn target(&self) -> Target {
        Target::new(self.clone())
    }

    /// Makes a delay on the shared clock, for a driver.
    #[must_use]
    pub fn delay(&self) -> SimDelay {
        SimDelay::new(Rc::clone(&self.clock))
    }

    /// Shows the shared clock.
    #[must_use]
    pub const fn clock(&self) -> &Rc<ManualClock> {
        &self.clock
    }

    /// Counts what happened so far.
    #[must_use]
    pub fn report(&self) -> Report {
        self.with(Report::default(), |machine| machine.report)
    }

    /// Lists the commands so far.
    #[must_use]
    pub fn log(&self) -> Vec<CommandRecord> {
        self.with(Vec::new(), |machine| machine.log.clone())
    }

    /// Starts counts and log again.
    pub fn clear_report(&self) {
        self.with((), |machine| {
            machine.report = Report::default();
            machine.log.clear();
        });
    }

    /// Copies the non-volatile memory, private keys included; nothing when no chip is there.
    ///
    /// During a write it is what the finished write will leave.
    #[must_use]
    pub fn nv(&self) -> Option<NvImage> {
        self.with(None, |machine| Some(machine.chip.nv.clone()))
    }

    /// Computes the public key X, Y of the private key in a slot, if there is one.
    #[must_use]
    pub fn public_key(&self, slot: u8) -> Option<[u8; 64]> {
        let private = self.with(None, |machine| Some(machine.chip.nv.private_key(slot)))?;
        crypto::public_key(&private)
    }

    /// Sets the bus clock, at least 1 Hz.
    pub fn set_bus_hz(&self, hz: u32) {
        self.shared.borrow_mut().wire.hz = hz.max(1);
    }

    /// Sets how missing acknowledges are reported.
    pub fn set_nack(&self, kind: NackKind) {
        self.shared.borrow_mut().wire.nack = kind;
    }

    /// Sets how long commands take.
    pub fn set_execution(&self, execution: Execution) {
        self.with((), |machine| machine.execution = execution);
    }

    /// Lets faults strike by themselves, drawn from the seed.
    pub fn set_fault_rates(&self, rates: FaultRates) {
        self.with((), |machine| machine.faults.set_rates(rates));
    }

    /// Scripts one fault for one command.
    pub fn script(&self, trigger: Trigger, fault: Fault) {
        self.with((), |machine| machine.faults.script(trigger, fault));
    }

    /// Forgets scripted faults and rates.
    pub fn clear_faults(&self) {
        self.with((), |machine| machine.faults.clear());
    }

    /// Takes the supply away; a write in execution is done as far as `torn` says.
    pub fn power_off(&self, torn: Torn) {
        self.with((), |machine| machine.power_off(torn));
    }

    /// Gives the supply back after `power_off` or [`Fault::PowerCut`].
    pub fn power_on(&self) {
        self.with((), Machine::power_on);
    }

    /// Puts the chip into failure mode, as a failed self-test does, or takes it out; a 508A has none.
    pub fn set_self_test_failed(&self, failed: bool) {
        self.with((), |machine| machine.chip.self_test_failed = failed && machine.chip.profile.is_608());
    }

    /// Lets the controller talk to another device, which acknowledges every one of `bytes` (address
    /// byte first). Zeros in a row may wake the chip.
    pub fn other_traffic(&self, bytes: &[u8]) {
        self.shared.borrow_mut().other_traffic(bytes);
    }

    /// Tells whether the chip is awake, busy or not.
    #[must_use]
    pub fn is_awake(&self) -> bool {
        self.with(false, |machine| {
            machine.settle();
            machine.power == Power::Awake
        })
    }

    fn with<T>(&self, absent: T, act: impl FnOnce(&mut Machine) -> T) -> T {
        self.shared.borrow_mut().machine.as_mut().map_or(absent, act)
    }
}

impl fmt::Debug for Sim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sim").field("report", &self.report()).finish_non_exhaustive()
    }
}
