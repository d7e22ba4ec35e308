//! What the registry holds of registries and devices.

use serde::Serialize;

use crate::{DevicePath, KeyError, PublicKey, Timestamp};

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
