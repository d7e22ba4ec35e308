//! The device registry: what the cloud knows of its devices, behind a trait.

use core::fmt;

use crate::{DevicePath, KeyError, PathError, RegistryPath, Timestamp};

mod device;
mod memory;

pub use device::{
    Activity, ConfigVersion, Credential, Device, DeviceError, DeviceSettings, EventTopic, GatewayAuth,
    RegistrySettings, State,
};
pub use memory::MemoryRegistry;

/// Says why the registry did not do it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RegistryError {
    /// A name breaks its rule.
    Path(PathError),
    /// A key cannot be read.
    Key(KeyError),
    /// There is no such region.
    UnknownRegion,
    /// There is one of that name.
    AlreadyExists,
    /// There is no such registry.
    NoRegistry,
    /// There is no such device.
    NoDevice,
    /// More than 3 keys.
    TooManyKeys,
    /// More than 10 event topics.
    TooManyTopics,
    /// More devices than a gateway may bind.
    TooManyBound,
    /// The payload is larger than 64 KB.
    TooLarge,
    /// `RESOURCE_EXHAUSTED`: configurations come faster than 1/s, and the rule refuses them.
    ResourceExhausted,
    /// The device named as a gateway is none, or the device to be bound is one.
    GatewayKind,
    /// Where the registry keeps its data failed.
    Storage(String),
}

/// Keeps registries and devices, their configurations and their states.
///
/// Names of devices come as the client wrote them: with the string id or with the number.
/// History is kept as [`Limits`](crate::Limits) says; the newest comes first.
pub trait Registry: fmt::Debug + Send {
    /// Creates a registry.
    ///
    /// # Errors
    /// `AlreadyExists`, or `Storage`.
    fn create_registry(
        &mut self,
        path: &RegistryPath,
        settings: RegistrySettings,
    ) -> Result<(), RegistryError>;

    /// Reads a registry.
    ///
    /// # Errors
    /// `NoRegistry`, or `Storage`.
    fn registry(&self, path: &RegistryPath) -> Result<RegistrySettings, RegistryError>;

    /// Creates a device with configuration version 1, which is empty; answers its number.
    ///
    /// # Errors
    /// `NoRegistry`, `AlreadyExists`, `TooManyKeys`, or `Storage`.
    fn create_device(
        &mut self,
        path: &DevicePath,
        settings: DeviceSettings,
        at: Timestamp,
    ) -> Result<u64, RegistryError>;

    /// Reads a device, named by its id or its number.
    ///
    /// # Errors
    /// `NoRegistry`, `NoDevice`, or `Storage`.
    fn device(&self, path: &DevicePath) -> Result<Device, RegistryError>;

    /// Finds the one device with this id in all registries. `None` if there are several.
    ///
    /// # Errors
    /// `Storage`.
    fn find_device(&self, id: &str) -> Result<Option<DevicePath>, RegistryError>;

    /// Lists the devices of a registry, by id.
    ///
    /// # Errors
    /// `NoRegistry`, or `Storage`.
    fn devices(&self, path: &RegistryPath) -> Result<Vec<Device>, RegistryError>;

    /// Replaces keys, block and gateway.
    ///
    /// # Errors
    /// `NoDevice`, `TooManyKeys`, or `Storage`.
    fn update_device(&mut self, path: &DevicePath, settings: DeviceSettings) -> Result<(), RegistryError>;

    /// Deletes a device with its history and its bindings.
    ///
    /// # Errors
    /// `NoDevice`, or `Storage`.
    fn delete_device(&mut self, path: &DevicePath) -> Result<(), RegistryError>;

    /// Adds a configuration; answers its version.
    ///
    /// # Errors
    /// `NoDevice`, or `Storage`.
    fn add_config(&mut self, path: &DevicePath, payload: &[u8], at: Timestamp) -> Result<u64, RegistryError>;

    /// Lists the configurations, newest first; there is at least one.
    ///
    /// # Errors
    /// `NoDevice`, or `Storage`.
    fn configs(&self, path: &DevicePath) -> Result<Vec<ConfigVersion>, RegistryError>;

    /// Notes that the device has a configuration. The first time stays.
    ///
    /// # Errors
    /// `NoDevice`, or `Storage`.
    fn acknowledge_config(
        &mut self,
        path: &DevicePath,
        version: u64,
        at: Timestamp,
    ) -> Result<(), RegistryError>;

    /// Adds a state.
    ///
    /// # Errors
    /// `NoDevice`, or `Storage`.
    fn add_state(&mut self, path: &DevicePath, payload: &[u8], at: Timestamp) -> Result<(), RegistryError>;

    /// Lists the states, newest first.
    ///
    /// # Errors
    /// `NoDevice`, or `Storage`.
    fn states(&self, path: &DevicePath) -> Result<Vec<State>, RegistryError>;

    /// Notes the device's last error.
    ///
    /// # Errors
    /// `NoDevice`, or `Storage`.
    fn record_error(&mut self, path: &DevicePath, error: DeviceError) -> Result<(), RegistryError>;

    /// Notes when the device last did something.
    ///
    /// # Errors
    /// `NoDevice`, or `Storage`.
    fn record_activity(
        &mut self,
        path: &DevicePath,
        what: Activity,
        at: Timestamp,
    ) -> Result<(), RegistryError>;

    /// Binds a device to a gateway of the same registry.
    ///
    /// # Errors
    /// `NoDevice`, `GatewayKind`, `TooManyBound`, or `Storage`.
    fn bind(&mut self, gateway: &DevicePath, device: &DevicePath) -> Result<(), RegistryError>;

    /// Unbinds a device from a gateway.
    ///
    /// # Errors
    /// `NoDevice`, or `Storage`.
    fn unbind(&mut self, gateway: &DevicePath, device: &DevicePath) -> Result<(), RegistryError>;

    /// Tells whether a device is bound to a gateway.
    ///
    /// # Errors
    /// `NoDevice`, or `Storage`.
    fn is_bound(&self, gateway: &DevicePath, device: &DevicePath) -> Result<bool, RegistryError>;
}

impl From<PathError> for RegistryError {
    fn from(error: PathError) -> Self {
        Self::Path(error)
    }
}

impl From<KeyError> for RegistryError {
    fn from(error: KeyError) -> Self {
        Self::Key(error)
    }
}

impl fmt::Display for RegistryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Path(error) => write!(f, "bad name: {error}"),
            Self::Key(error) => write!(f, "bad key: {error}"),
            Self::UnknownRegion => {
                f.write_str("registries exist in us-central1, europe-west1 and asia-east1 only")
            }
            Self::AlreadyExists => f.write_str("there is one of that name already"),
            Self::NoRegistry => f.write_str("there is no such registry"),
            Self::NoDevice => f.write_str("there is no such device"),
            Self::TooManyKeys => f.write_str("a device has at most 3 keys"),
            Self::TooManyTopics => f.write_str("a registry has at most 10 event topics"),
            Self::TooManyBound => f.write_str("the gateway has no room for another device"),
            Self::TooLarge => f.write_str("the payload is larger than 64 KB"),
            Self::ResourceExhausted => {
                f.write_str("RESOURCE_EXHAUSTED: at most one configuration per second")
            }
            Self::GatewayKind => {
                f.write_str("only a device that is no gateway can be bound, and only to a gateway")
            }
            Self::Storage(cause) => write!(f, "storage: {cause}"),
        }
    }
}

impl core::error::Error for RegistryError {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::Path(error) => Some(error),
            Self::Key(error) => Some(error),
            _ => None,
        }
    }
}
