//! The driver on the model: virtual time, a network in memory.

pub(crate) mod executor;
pub(crate) mod original;
pub(crate) mod peers;
pub(crate) mod quirks;
pub(crate) mod sweep;
pub(crate) mod tls;

use std::rc::Rc;

use embedded_hal::digital::OutputPin;
use monoclock::ManualClock;
use sara_u201::{Apn, Config, Modem, Wiring};
use sara_u201_sim::{DtrLine, MemoryNetwork, Profile, ResetLine, Serial, SimClock, Simulation};

pub(crate) type TestModem = Modem<Serial, Wires, SimClock>;

/// The wires of the MKR GSM 1400.
#[derive(Debug)]
pub(crate) struct Wires {
    reset: ResetLine,
    dtr: DtrLine,
}

impl Wires {
    pub(crate) fn new(simulation: &Simulation) -> Self {
        Self { reset: simulation.reset_line(), dtr: simulation.dtr_line() }
    }
}

impl Wiring<Serial> for Wires {
    fn reset(&mut self, asserted: bool) -> bool {
        let _ = if asserted { self.reset.set_high() } else { self.reset.set_low() };
        true
    }

    fn dtr(&mut self, asserted: bool) -> bool {
        let _ = if asserted { self.dtr.set_low() } else { self.dtr.set_high() };
        true
    }

    fn set_baud_rate(&mut self, serial: &mut Serial, rate: u32) -> bool {
        serial.set_baud_rate(rate);
        true
    }
}

/// A modem on a board in a network.
pub(crate) struct Bench {
    pub(crate) clock: Rc<ManualClock>,
    pub(crate) network: MemoryNetwork,
    pub(crate) simulation: Simulation,
    waiting: executor::Waiting,
}

impl Bench {
    pub(crate) fn new(profile: Profile) -> Self {
        Self::with_faults(profile, &[])
    }

    /// A bench on which these go wrong.
    pub(crate) fn with_faults(profile: Profile, faults: &[&str]) -> Self {
        let clock = Rc::new(ManualClock::new());
        let network = MemoryNetwork::new(profile.seed);
        let faults = faults.iter().map(|fault| fault.parse().unwrap()).collect();
        let simulation = Simulation::with_faults(profile, faults, network.clone(), clock.clone());
        Self { clock, network, simulation, waiting: executor::Waiting::default() }
    }

    pub(crate) fn modem(&self) -> TestModem {
        Modem::new(self.simulation.serial(), Wires::new(&self.simulation), self.simulation.clock())
    }

    /// A modem that has been brought up.
    pub(crate) fn ready(&self) -> TestModem {
        let mut modem = self.modem();
        modem.start(&config()).unwrap();
        modem
    }

    /// The command lines that the model has taken.
    pub(crate) fn sent(&self) -> Vec<String> {
        self.simulation.commands().iter().map(|record| record.line.clone()).collect()
    }

    /// How many command lines began so.
    pub(crate) fn count(&self, start: &str) -> usize {
        self.sent().iter().filter(|line| line.starts_with(start)).count()
    }
}

pub(crate) fn config() -> Config<'static> {
    Config::new(Apn::new("internet"))
}
