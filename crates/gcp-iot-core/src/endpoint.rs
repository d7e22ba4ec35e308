//! Where to connect and how to log in there, as data.

use jwt_signer::{Header, KeyId, Token};

use crate::device_path::DevicePath;

/// The MQTT server: what the modem needs to open the stream, and what the session needs to log in.
///
/// The host is also the name that the server's certificate must bear. Another server is another value; the
/// device's code stays the same:
///
/// ```
/// use gcp_iot_core::{ClientId, Endpoint};
///
/// let broker = Endpoint {
///     client_id: ClientId::Text("bridge-17"),
///     claims: &[("scope", "telemetry")],
///     ..Endpoint::mosquitto("broker.example.com", "Example Root")
/// };
/// assert_eq!(broker.port, 8883);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Endpoint<'a> {
    /// Host name.
    pub host: &'a str,
    /// Port, with TLS.
    pub port: u16,
    /// Which root certificate signs for the host, by its common name.
    pub root: &'a str,
    /// What the device calls itself.
    pub client_id: ClientId<'a>,
    /// User name: ignored by the bridge, but MQTT 3.1.1 has no password without one.
    pub user_name: &'a str,
    /// Claims of the token beside `aud`, `iat` and `exp`: names and values.
    pub claims: &'a [(&'a str, &'a str)],
    /// Which key signs, `kid` in the token's header, for brokers with a set of keys. The bridge wants none.
    pub key_id: Option<KeyId<'a>>,
}

/// The MQTT Client Identifier of a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientId<'a> {
    /// The whole device path, as the bridge wants it.
    DevicePath,
    /// The device's id alone.
    DeviceId,
    /// This text.
    Text(&'a str),
}

impl Endpoint<'static> {
    /// Google's bridge, closed on 16 August 2023.
    pub const GOOGLE: Self = Self {
        host: "mqtt.googleapis.com",
        port: 8883,
        root: "GTS Root R1",
        client_id: ClientId::DevicePath,
        user_name: "unused",
        claims: &[],
        key_id: None,
    };

    /// Google's long-term support domain, closed as well.
    pub const GOOGLE_LTS: Self = Self { host: "mqtt.2030.ltsapis.goog", root: "GTS LTSR", ..Self::GOOGLE };
}

impl<'a> Endpoint<'a> {
    /// ClearBlade IoT Core at `host`, such as `us-central1-mqtt.clearblade.com`.
    #[must_use]
    pub const fn clearblade(host: &'a str) -> Self {
        Self { host, root: "DigiCert Global Root CA", ..Endpoint::GOOGLE }
    }

    /// A RabbitMQ broker with the plugins for MQTT and OAuth 2, which verifies the token.
    ///
    /// Several devices are told apart by [`key_id`](Self::key_id).
    #[must_use]
    pub const fn rabbitmq(host: &'a str, root: &'a str) -> Self {
        Self { host, root, ..Endpoint::GOOGLE }
    }

    /// An EMQX broker whose JWT authentication takes the token from the password.
    ///
    /// Its placeholder `${clientid}` is the device's id, so that it can allow `/devices/${clientid}/#`.
    #[must_use]
    pub const fn emqx(host: &'a str, root: &'a str) -> Self {
        Self { host, root, client_id: ClientId::DeviceId, ..Endpoint::GOOGLE }
    }

    /// A Mosquitto broker, which needs a plugin to look at the token.
    #[must_use]
    pub const fn mosquitto(host: &'a str, root: &'a str) -> Self {
        Self { host, root, client_id: ClientId::DeviceId, ..Endpoint::GOOGLE }
    }

    /// A token with these claims, for this server.
    pub(crate) const fn token<'t>(&'t self, claims: &'t [u8]) -> Token<'t> {
        match self.key_id {
            None => Token::new(claims),
            Some(key_id) => Token::new(claims).with_header(Header::JWT.with_key_id(key_id)),
        }
    }

    /// The Client Identifier of `device`, in parts.
    pub(crate) const fn client_id_of(&self, device: &DevicePath<'a>) -> [&'a str; 8] {
        match self.client_id {
            ClientId::DevicePath => device.client_id(),
            ClientId::DeviceId => [device.device(), "", "", "", "", "", "", ""],
            ClientId::Text(text) => [text, "", "", "", "", "", "", ""],
        }
    }
}
