//! Element, modem, network and cloud, put together on one virtual clock.

use core::cell::RefCell;
use core::fmt;
use core::net::{Ipv4Addr, SocketAddr};
use core::sync::atomic::{AtomicU64, Ordering};
use core::time::Duration;
use std::io;
use std::rc::Rc;
use std::sync::Arc;

use eccx08::Eccx08;
use eccx08_sim::{NvImage, Profile as ElementProfile, Sim, SimBus, SimDelay};
use gcp_iot_core::{DevicePath, Endpoint};
use iot_core_emulator::{Emulator, Server, Settings as CloudSettings, SetupError, Timestamp};
use monoclock::ManualClock;
use sara_u201::{Apn, Certificate, Modem};
use sara_u201_sim::{HostNetwork, MemoryNetwork, Profile as ModemProfile, Serial, Simulation};
use tutorial::Settings;

use crate::clock::Hook;
use crate::{Wires, WorldClock, serve_cloud};

/// 2026-11-23 06:00:00 UTC: the models' day begins.
const START: u64 = 1_795_413_600;

/// Key of the emulated cloud's authority: no secret, so that an image built once knows the root of every run.
const AUTHORITY_KEY: &str = include_str!("../authority/key.pem");

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
    /// Sockets on loopback, in real time.
    Loopback,
}

impl WorldSettings {
    /// The usual world from `seed`.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        let mut cloud = CloudSettings::google(Timestamp::from_unix(START));
        cloud.authority_key = Some(AUTHORITY_KEY.to_owned());
        Self {
            seed,
            element: ElementProfile::Atecc508a,
            element_memory: None,
            element_absent: false,
            modem: ModemProfile { seed, unix_time_at_start: START, ..ModemProfile::default() },
            cloud,
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
    loopback: Option<Loopback>,
}

/// The cloud behind a socket, and the virtual time that its threads see, in nanoseconds.
struct Loopback {
    server: Server,
    time: Arc<AtomicU64>,
}

/// Why a world could not be made.
#[derive(Debug)]
#[non_exhaustive]
pub enum WorldError {
    /// The cloud could not make its certificates.
    Cloud(SetupError),
    /// The cloud could not listen on loopback.
    Socket(io::Error),
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
    /// When the cloud cannot make its certificates, or cannot listen.
    pub fn new(settings: WorldSettings) -> Result<Self, WorldError> {
        let clock = Rc::new(ManualClock::new());
        let mut element = Sim::builder(settings.element).seed(settings.seed);
        if let Some(memory) = settings.element_memory {
            element = element.nv(memory);
        }
        if settings.element_absent {
            element = element.absent();
        }
        let emulator = Emulator::new(settings.cloud).map_err(WorldError::Cloud)?;
        let Endpoint { host, port, .. } = Self::ENDPOINT;
        let network = MemoryNetwork::new(settings.seed);
        serve_cloud(&network, &emulator, host, port);
        let (modem, loopback) = match settings.backend {
            Backend::Memory => (Simulation::new(settings.modem, network.clone(), Rc::clone(&clock)), None),
            Backend::Loopback => {
                let loopback = Loopback::start(&emulator).map_err(WorldError::Socket)?;
                let mut sockets = HostNetwork::new();
                if let Some(address) = loopback.server.tls_address() {
                    sockets.route(host, port, address);
                }
                (Simulation::new(settings.modem, sockets, Rc::clone(&clock)), Some(loopback))
            }
        };
        let element = element.build(Rc::clone(&clock));
        let hook: Rc<RefCell<Hook>> = Rc::new(RefCell::new(Box::new(|_| {})));
        Ok(Self { clock, element, network, modem, emulator, hook, loopback })
    }

    /// Where the cloud listens, with [`Backend::Loopback`].
    #[must_use]
    pub fn cloud_address(&self) -> Option<SocketAddr> {
        self.loopback.as_ref().and_then(|loopback| loopback.server.tls_address())
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
        let clock = WorldClock::new(self.modem.clock(), Rc::clone(&self.clock), Rc::clone(&self.hook));
        match &self.loopback {
            None => clock,
            Some(loopback) => clock.in_real_time(Arc::clone(&loopback.time)),
        }
    }

    /// Lets `act` be called as time passes, with the time since the virtual start.
    pub fn as_time_passes(&self, act: impl FnMut(Duration) + 'static) {
        *self.hook.borrow_mut() = Box::new(act);
    }

    /// Calls what [`World::as_time_passes`] was given, for who moves the clock without [`WorldClock`].
    pub fn pass_time(&self) {
        (self.hook.borrow_mut())(self.clock.elapsed());
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

impl Loopback {
    fn start(emulator: &Emulator) -> io::Result<Self> {
        let time = Arc::new(AtomicU64::new(0));
        let seen = Arc::clone(&time);
        let any_port = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let now = move || Duration::from_nanos(seen.load(Ordering::Relaxed));
        Ok(Self { server: Server::start(emulator, Some(any_port), None, now)?, time })
    }
}

impl fmt::Debug for World {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("World")
            .field("element", &self.element)
            .field("modem", &self.modem)
            .finish_non_exhaustive()
    }
}

impl fmt::Display for WorldError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Cloud(_) => "the cloud could not make its certificates",
            Self::Socket(_) => "the cloud could not listen on loopback",
        })
    }
}

impl core::error::Error for WorldError {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::Cloud(error) => Some(error),
            Self::Socket(error) => Some(error),
        }
    }
}
