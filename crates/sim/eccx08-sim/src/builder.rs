//! How a chip is set up.

use core::cell::RefCell;
use core::fmt;
use core::time::Duration;
use std::rc::Rc;

use monoclock::ManualClock;
use rand_chacha::ChaCha8Rng;
use rand_core::{CryptoRng, SeedableRng};

use crate::bus::{NackKind, Shared, Wire};
use crate::chip::Chip;
use crate::crypto::SignatureNonce;
use crate::decisions::Decisions;
use crate::faults::{FaultRates, Faults};
use crate::machine::Machine;
use crate::ram::Ram;
use crate::timing::Execution;
use crate::{NvImage, Profile, Sim};

/// Describes a chip and its bus; every setting has a default.
///
/// By default the chip is blank, alone on a bus of 100 kHz, its watchdog is 1.3 s, commands take
/// random times between typical and maximum, and everything random follows from seed 0.
#[must_use = "build() makes the chip"]
pub struct Builder {
    profile: Profile,
    revision: [u8; 4],
    nv: NvImage,
    absent: bool,
    seed: u64,
    rng: Option<Box<dyn CryptoRng>>,
    hz: u32,
    nack: NackKind,
    execution: Execution,
    watchdog: Duration,
    signature_nonce: SignatureNonce,
    decisions: Decisions,
    rates: FaultRates,
}

impl Builder {
    pub(crate) fn new(profile: Profile) -> Self {
        Self {
            profile,
            revision: profile.revision(),
            nv: NvImage::blank(profile),
            absent: false,
            seed: 0,
            rng: None,
            hz: 100_000,
            nack: NackKind::default(),
            execution: Execution::default(),
            watchdog: Duration::from_millis(1300),
            signature_nonce: SignatureNonce::default(),
            decisions: Decisions::default(),
            rates: FaultRates::default(),
        }
    }

    /// Sets the non-volatile memory: another configuration, locks, keys.
    pub fn nv(mut self, nv: NvImage) -> Self {
        self.nv = nv;
        self
    }

    /// Leaves the chip out: the bus works, nobody acknowledges.
    pub const fn absent(mut self) -> Self {
        self.absent = true;
        self
    }

    /// Sets what Info answers as revision.
    pub const fn revision(mut self, revision: [u8; 4]) -> Self {
        self.revision = revision;
        self
    }

    /// Sets the seed of everything random: keys, nonces, execution times, faults.
    pub const fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Replaces the chip's random generator; execution times and faults still follow the seed.
    pub fn rng(mut self, rng: impl CryptoRng + 'static) -> Self {
        self.rng = Some(Box::new(rng));
        self
    }

    /// Sets the bus clock in hertz, at least 1.
    pub const fn bus_hz(mut self, hz: u32) -> Self {
        self.hz = hz;
        self
    }

    /// Sets how missing acknowledges are reported.
    pub const fn nack(mut self, kind: NackKind) -> Self {
        self.nack = kind;
        self
    }

    /// Sets how long commands take.
    pub const fn execution(mut self, execution: Execution) -> Self {
        self.execution = execution;
        self
    }

    /// Sets the watchdog period: the data sheet has 0.7 s at least, 1.7 s at most.
    pub const fn watchdog(mut self, period: Duration) -> Self {
        self.watchdog = period;
        self
    }

    /// Sets where ECDSA takes its k from.
    pub const fn signature_nonce(mut self, nonce: SignatureNonce) -> Self {
        self.signature_nonce = nonce;
        self
    }

    /// Changes what the model does where the sources are silent.
    pub fn decide(mut self, change: impl FnOnce(&mut Decisions)) -> Self {
        change(&mut self.decisions);
        self
    }

    /// Lets faults strike by themselves.
    pub const fn fault_rates(mut self, rates: FaultRates) -> Self {
        self.rates = rates;
        self
    }

    /// Makes the chip; it sleeps.
    #[must_use]
    pub fn build(self, clock: Rc<ManualClock>) -> Sim {
        let mut faults = Faults::new(ChaCha8Rng::seed_from_u64(!self.seed));
        faults.set_rates(self.rates);
        let rng = self.rng.unwrap_or_else(|| Box::new(ChaCha8Rng::seed_from_u64(self.seed)));
        let chip = Chip {
            profile: self.profile,
            revision: self.revision,
            decisions: self.decisions,
            signature_nonce: self.signature_nonce,
            nv: self.nv,
            ram: Ram::default(),
            rng,
            self_test_failed: false,
            persistent_latch: false,
            paused: false,
        };
        let mut machine = Machine::new(chip, Rc::clone(&clock), faults, self.watchdog);
        machine.execution = self.execution;
        let shared = Shared {
            machine: (!self.absent).then_some(machine),
            wire: Wire::new(Rc::clone(&clock), self.hz, self.nack),
        };
        Sim { shared: Rc::new(RefCell::new(shared)), clock }
    }
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder")
            .field("profile", &self.profile)
            .field("nv", &self.nv)
            .finish_non_exhaustive()
    }
}
