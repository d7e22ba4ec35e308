//! The admin face: what the console and the REST API do.

use core::fmt;
use core::time::Duration;

use super::{Emulator, lock};
use crate::journal::{CommandId, Rate};
use crate::session::Command;
use crate::{
    ConfigVersion, Device, DevicePath, DeviceSettings, RegistryError, RegistryPath, RegistrySettings, State,
    topic,
};

/// Regions of the service ("Requirements").
const REGIONS: [&str; 3] = ["us-central1", "europe-west1", "asia-east1"];

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
    /// `RESOURCE_EXHAUSTED`: more than 100/s, where the rule refuses them.
    ResourceExhausted,
    /// There is no such device, or the registry failed.
    Registry(RegistryError),
}

impl Emulator {
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
    /// `TooLarge`, `ResourceExhausted`, or what the registry says.
    pub fn set_config(&self, path: &DevicePath, payload: &[u8], now: Duration) -> Result<u64, RegistryError> {
        let mut bridge = lock(&self.bridge);
        if payload.len() > bridge.cloud.settings.limits.state {
            return Err(RegistryError::TooLarge);
        }
        let path = bridge.cloud.registry.device(path)?.path;
        if !bridge.cloud.admits(&path, Rate::Configs, now) {
            return Err(RegistryError::ResourceExhausted);
        }
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
        if !bridge.cloud.admits(&path, Rate::Commands, now) {
            return Err(CommandError::ResourceExhausted);
        }
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
}

impl fmt::Display for CommandError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::FailedPrecondition => f.write_str(
                "FAILED_PRECONDITION: the device is not connected or does not subscribe to its commands",
            ),
            Self::Subfolder => f.write_str("INVALID_ARGUMENT: not a subfolder"),
            Self::TooLarge => f.write_str("INVALID_ARGUMENT: a command has at most 256 KB"),
            Self::ResourceExhausted => f.write_str("RESOURCE_EXHAUSTED: at most 100 commands per second"),
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
