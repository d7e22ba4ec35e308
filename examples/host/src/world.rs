//! Element, modem, network and cloud, put together on one virtual clock.

use core::cell::RefCell;
use core::net::SocketAddr;
use core::time::Duration;
use std::rc::Rc;

use eccx08::Eccx08;
use eccx08_sim::{NvImage, Profile as ElementProfile, Sim, SimBus, SimDelay};
use gcp_iot_core::{DevicePath, Endpoint};
use iot_core_emulator::{Emulator, Settings as CloudSettings, SetupError, Timestamp};
use monoclock::ManualClock;
use sara_u201::{Apn, Certificate, Modem};
use sara_u201_sim::{HostNetwork, MemoryNetwork, Profile as ModemProfile, Serial, Simulation};
use tutorial::Settings;

use crate::clock::Hook;
use crate::{Wires, WorldClock, serve_cloud};

/// 2026-11-23 06:00:00 UTC: the models' day begins.
const START: u64 = 1_795_413_600;

/// What the world is made of; every part has a default.
#[derive(Clone, Debug)]
pub struct WorldSettings {
    /// Seed of everything that is drawn at random.
    pub seed: u64,
    /// The kind of element.
    pub element: ElementProfile,
    /// What the element holds; blank if nothing is given.
    pub element_memory: Option<NvImage>,
    /// No element is on the bus.
    pub element_absent: bool,
    /// Module, SIM and mobile network.
    pub modem: ModemProfile,
    /// Which service the cloud is.
    pub cloud: CloudSettings,
    /// What lies between modem and cloud.
    pub backend: Backend,
}

/// What lies between modem and cloud.
#[derive(Clone, Copy, Debug, Default)]
pub enum Backend {
    /// A network in memory, on virtual time.
    #[default]
    Memory,
    /// Sockets on loopback, in real time: the cloud listens there.
    Loopback(SocketAddr),
}

impl WorldSettings {
    /// The usual world from `seed`.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self {
            seed,
            element: ElementProfile::Atecc508a,
            element_memory: None,
            element_absent: false,
            modem: ModemProfile { seed, unix_time_at_start: START, ..ModemProfile::default() },
            cloud: CloudSettings::google(Timestamp::from_unix(START)),
            backend: Backend::Memory,
        }
    }
}

/// The models, ready to be used by the drivers.
pub struct World {
    /// The clock that all live on.
    pub clock: Rc<ManualClock>,
    /// The secure element.
    pub element: Sim,
    /// The network in memory; unused with [`Backend::Loopback`].
    pub network: MemoryNetwork,
    /// The modem.
    pub modem: Simulation,
    /// The cloud.
    pub emulator: Emulator,
    hook: Rc<RefCell<Hook>>,
    paced: bool,
}

impl World {
    /// The tutorial's host.
    pub const ENDPOINT: Endpoint<'static> = Endpoint::GOOGLE;

    /// The tutorial's device.
    ///
    /// # Panics
    /// Does not: the names are checked when this is compiled.
    pub const DEVICE: DevicePath<'static> =
        match DevicePath::new("mkr-gcp-tutorial", "us-central1", "MKR_GCP_Tutorial", "MyMKRGSM1400") {
            Ok(path) => path,
            Err(_) => panic!("a name breaks the rules"),
        };

    /// Makes the models.
    ///
    /// # Errors
    /// When the cloud cannot make its certificates.
    pub fn new(settings: WorldSettings) -> Result<Self, SetupError> {
        let clock = Rc::new(ManualClock::new());
        let mut element = Sim::builder(settings.element).seed(settings.seed);
        if let Some(memory) = settings.element_memory {
            element = element.nv(memory);
        }
        if settings.element_absent {
            element = element.absent();
        }
        let emulator = Emulator::new(settings.cloud)?;
        let Endpoint { host, port, .. } = Self::ENDPOINT;
        let network = MemoryNetwork::new(settings.seed);
        serve_cloud(&network, &emulator, host, port);
        let modem = match settings.backend {
            Backend::Memory => Simulation::new(settings.modem, network.clone(), Rc::clone(&clock)),
            Backend::Loopback(address) => {
                let mut sockets = HostNetwork::new();
                sockets.route(host, port, address);
                Simulation::new(settings.modem, sockets, Rc::clone(&clock))
            }
        };
        let paced = matches!(settings.backend, Backend::Loopback(_));
        let element = element.build(Rc::clone(&clock));
        let hook: Rc<RefCell<Hook>> = Rc::new(RefCell::new(Box::new(|_| {})));
        Ok(Self { clock, element, network, modem, emulator, hook, paced })
    }

    /// The driver of the element, on the element's bus.
    #[must_use]
    pub fn element_driver(&self) -> Eccx08<SimBus, SimDelay> {
        Eccx08::new(self.element.bus(), self.element.delay())
    }

    /// The driver of the modem, on the modem's serial line.
    #[must_use]
    pub fn modem_driver(&self) -> Modem<Serial, Wires, WorldClock> {
        Modem::new(self.modem.serial(), Wires::new(&self.modem), self.driver_clock())
    }

    /// The clock as the drivers see it: waiting moves it to the next event.
    #[must_use]
    pub fn driver_clock(&self) -> WorldClock {
        let models = if self.paced { self.modem.clock().paced(1.0) } else { self.modem.clock() };
        WorldClock::new(models, Rc::clone(&self.clock), Rc::clone(&self.hook))
    }

    /// Lets `act` be called as time passes, with the time since the virtual start.
    pub fn as_time_passes(&self, act: impl FnMut(Duration) + 'static) {
        *self.hook.borrow_mut() = Box::new(act);
    }

    /// The cloud's root certificate under the name that the tutorial gives it.
    #[must_use]
    pub fn root(&self) -> Certificate<'_> {
        Certificate::root("iot-core-root", self.emulator.root_certificate().der())
    }

    /// The tutorial's settings in this world.
    #[must_use]
    pub fn settings(&self) -> Settings<'_> {
        Settings {
            pin: None,
            apn: Apn::new("internet"),
            device: Self::DEVICE,
            endpoint: Self::ENDPOINT,
            root: self.root(),
            slot: eccx08::Slot::S0,
            state_interval: Settings::STATE_INTERVAL,
            attempts: None,
        }
    }
}

impl core::fmt::Debug for World {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("World").field("element", &self.element).field("modem", &self.modem).finish_non_exhaustive()
    }
}
