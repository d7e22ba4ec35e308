//! The device registry: what the cloud knows of its devices, behind a trait.

use core::fmt;

use serde::Serialize;

use crate::{DevicePath, KeyError, PathError, PublicKey, RegistryPath, Timestamp};

mod memory;

pub use memory::MemoryRegistry;

/// What a registry is created with.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RegistrySettings {
    /// Where events go (`eventNotificationConfigs`, at most 10). The first match wins.
    pub event_topics: Vec<EventTopic>,
}

/// A Pub/Sub topic for events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventTopic {
    /// Takes events whose subfolder begins with this folder; `None` takes all.
    pub subfolder: Option<String>,
    /// The Pub/Sub topic's name.
    pub topic: String,
}

impl RegistrySettings {
    /// A registry whose events all go to one Pub/Sub topic.
    #[must_use]
    pub fn with_event_topic(topic: &str) -> Self {
        Self { event_topics: vec![EventTopic { subfolder: None, topic: topic.into() }] }
    }

    /// The Pub/Sub topic for an event in `subfolder`.
    #[must_use]
    pub fn event_topic(&self, subfolder: &str) -> Option<&str> {
        let matches = |folder: &str| {
            subfolder.strip_prefix(folder).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        self.event_topics
            .iter()
            .find(|entry| entry.subfolder.as_deref().is_none_or(matches))
            .map(|entry| entry.topic.as_str())
    }
}

/// One of a device's keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credential {
    /// The key.
    pub key: PublicKey,
    /// The moment from which the key is not used any more.
    pub expires: Option<Timestamp>,
}

impl Credential {
    /// Reads a key in PEM, without expiry.
    ///
    /// # Errors
    /// Says why the text is not a key.
    pub fn from_pem(pem: &str) -> Result<Self, KeyError> {
        Ok(Self { key: PublicKey::from_pem(pem)?, expires: None })
    }
}

/// How the bridge knows that a gateway may speak for a device (`gatewayAuthMethod`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[non_exhaustive]
pub enum GatewayAuth {
    /// The device is bound to the gateway.
    AssociationOnly,
    /// The gateway shows a token of the device.
    DeviceAuthTokenOnly,
    /// Both.
    AssociationAndDeviceAuthToken,
}

/// What a device is created with.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeviceSettings {
    /// At most 3 keys.
    pub credentials: Vec<Credential>,
    /// A blocked device cannot connect.
    pub blocked: bool,
    /// Makes the device a gateway.
    pub gateway: Option<GatewayAuth>,
}

impl DeviceSettings {
    /// A device with one key.
    ///
    /// # Errors
    /// Says why the text is not a key.
    pub fn with_pem(pem: &str) -> Result<Self, KeyError> {
        Ok(Self { credentials: vec![Credential::from_pem(pem)?], ..Self::default() })
    }
}

/// A device as the registry holds it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Device {
    /// The device's name, with its string id.
    pub path: DevicePath,
    /// The number that the service gave it.
    pub number: u64,
    /// Keys, block, gateway.
    pub settings: DeviceSettings,
    /// When it was created.
    pub created: Timestamp,
    /// `lastErrorStatus` and `lastErrorTime`.
    pub last_error: Option<DeviceError>,
    /// `lastHeartbeatTime`: the last PINGREQ.
    pub last_heartbeat: Option<Timestamp>,
    /// `lastEventTime`.
    pub last_event: Option<Timestamp>,
    /// `lastStateTime`.
    pub last_state: Option<Timestamp>,
}

/// Why the service last refused something of a device, as the console shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DeviceError {
    /// When.
    pub at: Timestamp,
    /// A canonical code, as in `google.rpc.Code`.
    pub code: u32,
    /// In words.
    pub message: String,
}

/// A version of a device's configuration.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ConfigVersion {
    /// Counted from 1, which is the empty configuration of a new device.
    pub version: u64,
    /// `cloudUpdateTime`.
    pub updated: Timestamp,
    /// `deviceAckTime`: when the device acknowledged it. With QoS 0 it never does.
    pub acknowledged: Option<Timestamp>,
    /// `binaryData`.
    #[serde(serialize_with = "as_base64")]
    pub payload: Vec<u8>,
}

/// A state that a device reported.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct State {
    /// `updateTime`.
    pub at: Timestamp,
    /// `binaryData`.
    #[serde(serialize_with = "as_base64")]
    pub payload: Vec<u8>,
}

impl ConfigVersion {
    /// The payload as the console shows it first.
    #[must_use]
    pub fn base64(&self) -> String {
        base64(&self.payload)
    }
}

impl State {
    /// The payload as the console shows it first.
    #[must_use]
    pub fn base64(&self) -> String {
        base64(&self.payload)
    }

    /// The payload as the console's "Text" view shows it; `None` where it is not UTF-8.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        core::str::from_utf8(&self.payload).ok()
    }
}

/// What a device did last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Activity {
    /// It sent PINGREQ.
    Heartbeat,
    /// It published an event.
    Event,
}

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

fn base64(bytes: &[u8]) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

fn as_base64<S: serde::Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&base64(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_goes_to_the_first_topic_whose_folder_matches() {
        let topic = |subfolder: Option<&str>, topic: &str| EventTopic {
            subfolder: subfolder.map(String::from),
            topic: topic.into(),
        };
        let mut settings =
            RegistrySettings { event_topics: vec![topic(Some("alerts"), "a"), topic(None, "rest")] };
        assert_eq!(settings.event_topic("alerts"), Some("a"));
        assert_eq!(settings.event_topic("alerts/fire"), Some("a"));
        assert_eq!(settings.event_topic("alertsx"), Some("rest"));
        assert_eq!(settings.event_topic(""), Some("rest"));
        settings.event_topics.pop();
        assert_eq!(settings.event_topic(""), None);
    }
}
