//! Where to connect, as data.

/// The MQTT server: what the modem needs to open the stream, and what the session needs to log in.
///
/// The name is also what the server's certificate must bear. Another server is another value:
///
/// ```
/// use gcp_iot_core::Endpoint;
///
/// let broker = Endpoint { host: "broker.example.com", root: "Example Root", ..Endpoint::GOOGLE };
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
    /// User name: ignored by the bridge, but MQTT 3.1.1 has no password without one.
    pub user_name: &'a str,
}

impl Endpoint<'static> {
    /// Google's bridge, closed on 16 August 2023.
    pub const GOOGLE: Self =
        Self { host: "mqtt.googleapis.com", port: 8883, root: "GTS Root R1", user_name: "unused" };

    /// Google's long-term support domain, closed as well.
    pub const GOOGLE_LTS: Self =
        Self { host: "mqtt.2030.ltsapis.goog", port: 8883, root: "GTS LTSR", user_name: "unused" };

    /// ClearBlade IoT Core at `host`, such as `us-central1-mqtt.clearblade.com`.
    #[must_use]
    pub const fn clearblade(host: &'static str) -> Self {
        Self { host, root: "DigiCert Global Root CA", ..Self::GOOGLE }
    }
}
