//! The emulator: accepts connections, and is administered.

use core::fmt;
use core::time::Duration;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rustls::ServerConnection;
use rustls::server::ServerConfig;

use crate::authority::{self, RootCertificate, SetupError, VirtualTime};
use crate::bridge::Bridge;
use crate::cloud::Cloud;
use crate::connection::Connection;
use crate::journal::{CommandId, Record, Summary};
use crate::session::Command;
use crate::{
    ConfigVersion, Device, DevicePath, DeviceSettings, Faults, MemoryRegistry, Registry, RegistryError,
    RegistryPath, RegistrySettings, Settings, State, Telemetry, topic,
};

/// Regions of the service ("Requirements").
const REGIONS: [&str; 3] = ["us-central1", "europe-west1", "asia-east1"];

/// Cloud IoT Core: an MQTT bridge and a device registry.
///
/// A clone is another handle to the same emulator; handles and connections may live on several threads.
#[derive(Clone, Debug)]
pub struct Emulator {
    bridge: Arc<Mutex<Bridge>>,
    tls: Arc<ServerConfig>,
    time: Arc<VirtualTime>,
    root: Arc<RootCertificate>,
}

/// Says why a command was not sent.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CommandError {
    /// `FAILED_PRECONDITION`: the device is not connected, or does not subscribe to its commands.
    FailedPrecondition,
    /// `INVALID_ARGUMENT`: the subfolder has more than 256 characters, or `+`, `#` or NUL.
    Subfolder,
    /// `INVALID_ARGUMENT`: more than 256 KB.
    TooLarge,
    /// There is no such device, or the registry failed.
    Registry(RegistryError),
}

impl Emulator {
    /// Starts an emulator with a registry in memory.
    ///
    /// # Errors
    /// Says why the certificate authority could not be made.
    pub fn new(settings: Settings) -> Result<Self, SetupError> {
        let registry = MemoryRegistry::new(settings.limits.clone());
        Self::with_registry(settings, Box::new(registry))
    }

    /// Starts an emulator with a registry of the caller's.
    ///
    /// # Errors
    /// Says why the certificate authority could not be made.
    pub fn with_registry(settings: Settings, registry: Box<dyn Registry>) -> Result<Self, SetupError> {
        let time = Arc::new(VirtualTime::new(settings.start));
        let (root, tls) = authority::set_up(&settings, Arc::clone(&time))?;
        let bridge = Arc::new(Mutex::new(Bridge::new(Cloud::new(settings, registry))));
        Ok(Self { bridge, tls, time, root: Arc::new(root) })
    }

    /// The root certificate that clients must trust.
    #[must_use]
    pub fn root_certificate(&self) -> &RootCertificate {
        &self.root
    }

    /// Accepts a connection with TLS, as on port 8883.
    ///
    /// # Panics
    /// Does not: the configuration was taken by rustls when the emulator started.
    #[must_use]
    pub fn accept_tls(&self, now: Duration) -> Connection {
        self.time.advance(now);
        let session = ServerConnection::new(Arc::clone(&self.tls)).expect("the configuration is complete");
        Connection::tls(Arc::clone(&self.bridge), Box::new(session), Arc::clone(&self.time), now)
    }

    /// Accepts a connection without TLS. The service has none; tests and foreign clients on loopback do.
    #[must_use]
    pub fn accept_plain(&self, now: Duration) -> Connection {
        Connection::plain(Arc::clone(&self.bridge), now)
    }

    /// Creates a registry.
    ///
    /// # Errors
    /// `UnknownRegion`, or what the registry says.
    pub fn create_registry(
        &self,
        path: &RegistryPath,
        settings: RegistrySettings,
    ) -> Result<(), RegistryError> {
        let mut bridge = lock(&self.bridge);
        if bridge.cloud.settings.rules.known_regions_only && !REGIONS.contains(&path.region()) {
            return Err(RegistryError::UnknownRegion);
        }
        bridge.cloud.registry.create_registry(path, settings)
    }

    /// Creates a device; answers the number that the service gives it.
    ///
    /// # Errors
    /// What the registry says.
    pub fn create_device(
        &self,
        path: &DevicePath,
        settings: DeviceSettings,
        now: Duration,
    ) -> Result<u64, RegistryError> {
        let mut bridge = lock(&self.bridge);
        let at = bridge.cloud.settings.timestamp(now);
        bridge.cloud.registry.create_device(path, settings, at)
    }

    /// Creates a device with one key in PEM, as the console does with key format `ES256`.
    ///
    /// # Errors
    /// `Key`, or what the registry says.
    pub fn create_device_with_pem(
        &self,
        path: &DevicePath,
        pem: &str,
        now: Duration,
    ) -> Result<u64, RegistryError> {
        self.create_device(path, DeviceSettings::with_pem(pem)?, now)
    }

    /// Replaces keys, block and gateway of a device. A device that is blocked loses its connection.
    ///
    /// # Errors
    /// What the registry says.
    pub fn update_device(
        &self,
        path: &DevicePath,
        settings: DeviceSettings,
        now: Duration,
    ) -> Result<(), RegistryError> {
        let mut bridge = lock(&self.bridge);
        let (canonical, blocked) = (bridge.cloud.registry.device(path)?.path, settings.blocked);
        bridge.cloud.registry.update_device(&canonical, settings)?;
        if blocked {
            bridge.expel(&canonical, now);
        }
        Ok(())
    }

    /// Blocks or unblocks a device.
    ///
    /// # Errors
    /// What the registry says.
    pub fn set_blocked(&self, path: &DevicePath, blocked: bool, now: Duration) -> Result<(), RegistryError> {
        let settings = self.device(path)?.settings;
        self.update_device(path, DeviceSettings { blocked, ..settings }, now)
    }

    /// Deletes a device; it loses its connection.
    ///
    /// # Errors
    /// What the registry says.
    pub fn delete_device(&self, path: &DevicePath, now: Duration) -> Result<(), RegistryError> {
        let mut bridge = lock(&self.bridge);
        let path = bridge.cloud.registry.device(path)?.path;
        bridge.cloud.registry.delete_device(&path)?;
        bridge.cloud.unacknowledged.remove(&path);
        bridge.expel(&path, now);
        Ok(())
    }

    /// Reads a device.
    ///
    /// # Errors
    /// What the registry says.
    pub fn device(&self, path: &DevicePath) -> Result<Device, RegistryError> {
        lock(&self.bridge).cloud.registry.device(path)
    }

    /// Finds the one device with this id in all registries; `None` if there is none, or several.
    ///
    /// # Errors
    /// What the registry says.
    pub fn find_device(&self, id: &str) -> Result<Option<DevicePath>, RegistryError> {
        lock(&self.bridge).cloud.registry.find_device(id)
    }

    /// Lists the devices of a registry.
    ///
    /// # Errors
    /// What the registry says.
    pub fn devices(&self, path: &RegistryPath) -> Result<Vec<Device>, RegistryError> {
        lock(&self.bridge).cloud.registry.devices(path)
    }

    /// Binds a device to a gateway.
    ///
    /// # Errors
    /// What the registry says.
    pub fn bind_device(&self, gateway: &DevicePath, device: &DevicePath) -> Result<(), RegistryError> {
        lock(&self.bridge).cloud.registry.bind(gateway, device)
    }

    /// Unbinds a device from a gateway.
    ///
    /// # Errors
    /// What the registry says.
    pub fn unbind_device(&self, gateway: &DevicePath, device: &DevicePath) -> Result<(), RegistryError> {
        lock(&self.bridge).cloud.registry.unbind(gateway, device)
    }

    /// Gives a device a new configuration; answers its version. A device that subscribes gets it at once.
    ///
    /// # Errors
    /// `TooLarge`, or what the registry says.
    pub fn set_config(&self, path: &DevicePath, payload: &[u8], now: Duration) -> Result<u64, RegistryError> {
        let mut bridge = lock(&self.bridge);
        if payload.len() > bridge.cloud.settings.limits.state {
            return Err(RegistryError::TooLarge);
        }
        let path = bridge.cloud.registry.device(path)?.path;
        let at = bridge.cloud.settings.timestamp(now);
        let version = bridge.cloud.registry.add_config(&path, payload, at)?;
        bridge.advance(now);
        bridge.push_config(&path, now);
        Ok(version)
    }

    /// Lists the configurations of a device, newest first, with their acknowledge times.
    ///
    /// # Errors
    /// What the registry says.
    pub fn configs(&self, path: &DevicePath) -> Result<Vec<ConfigVersion>, RegistryError> {
        lock(&self.bridge).cloud.registry.configs(path)
    }

    /// Lists the states of a device, newest first.
    ///
    /// # Errors
    /// What the registry says.
    pub fn states(&self, path: &DevicePath) -> Result<Vec<State>, RegistryError> {
        lock(&self.bridge).cloud.registry.states(path)
    }

    /// Sends a command to a device that is connected and subscribes. An empty `subfolder` means none.
    ///
    /// With QoS 1 the journal says later whether the device acknowledged it.
    ///
    /// # Errors
    /// Says why it was not sent; nothing is kept for later.
    pub fn send_command(
        &self,
        path: &DevicePath,
        subfolder: &str,
        payload: &[u8],
        now: Duration,
    ) -> Result<CommandId, CommandError> {
        let mut bridge = lock(&self.bridge);
        if !topic::is_subfolder(subfolder) {
            return Err(CommandError::Subfolder);
        }
        if payload.len() > bridge.cloud.settings.limits.telemetry {
            return Err(CommandError::TooLarge);
        }
        let path = bridge.cloud.registry.device(path).map_err(CommandError::Registry)?.path;
        bridge.advance(now);
        let id = bridge.cloud.next_command();
        if bridge.push_command(&path, &Command { id, subfolder, payload }, now) {
            Ok(id)
        } else {
            Err(CommandError::FailedPrecondition)
        }
    }

    /// Whether a connection speaks for the device: its own, or its gateway's.
    #[must_use]
    pub fn is_connected(&self, path: &DevicePath) -> bool {
        let bridge = lock(&self.bridge);
        bridge.cloud.registry.device(path).is_ok_and(|device| bridge.cloud.routes.contains_key(&device.path))
    }

    /// What happened so far, as far as it is kept.
    #[must_use]
    pub fn journal(&self) -> Vec<Record> {
        lock(&self.bridge).cloud.journal.records().iter().cloned().collect()
    }

    /// Takes what happened since the last time out of the journal.
    #[must_use]
    pub fn drain_journal(&self) -> Vec<Record> {
        lock(&self.bridge).cloud.journal.drain()
    }

    /// Counts of what happened.
    #[must_use]
    pub fn summary(&self) -> Summary {
        lock(&self.bridge).cloud.journal.summary()
    }

    /// Messages in Pub/Sub, oldest first, as far as they are kept.
    #[must_use]
    pub fn telemetry(&self) -> Vec<Telemetry> {
        lock(&self.bridge).cloud.telemetry.iter().cloned().collect()
    }

    /// Takes the messages out of Pub/Sub.
    #[must_use]
    pub fn drain_telemetry(&self) -> Vec<Telemetry> {
        lock(&self.bridge).cloud.telemetry.drain(..).collect()
    }

    /// Changes what is wrong with the service.
    pub fn with_faults<T>(&self, change: impl FnOnce(&mut Faults) -> T) -> T {
        change(&mut lock(&self.bridge).cloud.faults)
    }

    /// Restarts the service: every connection is dropped without a word, and for `outage` none is accepted.
    ///
    /// The registry survives, and so do devices, configurations and states.
    pub fn restart(&self, now: Duration, outage: Duration) {
        let mut bridge = lock(&self.bridge);
        bridge.advance(now);
        bridge.drop_all(now);
        bridge.cloud.faults.down_until = Some(now + outage);
    }
}

/// A panic in another thread leaves nothing half done that a later call could not live with.
pub(crate) fn lock(bridge: &Mutex<Bridge>) -> MutexGuard<'_, Bridge> {
    bridge.lock().unwrap_or_else(PoisonError::into_inner)
}

impl fmt::Display for CommandError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::FailedPrecondition => f.write_str(
                "FAILED_PRECONDITION: the device is not connected or does not subscribe to its commands",
            ),
            Self::Subfolder => f.write_str("INVALID_ARGUMENT: not a subfolder"),
            Self::TooLarge => f.write_str("INVALID_ARGUMENT: a command has at most 256 KB"),
            Self::Registry(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for CommandError {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::Registry(error) => Some(error),
            _ => None,
        }
    }
}
