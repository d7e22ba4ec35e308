//! What an emulator can be told to be: profile, limits, and the rules that are not known for certain.

use core::time::Duration;

use crate::Timestamp;

/// Whose service is emulated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Profile {
    /// Cloud IoT Core as Google ran it until 2023-08-16: CONNACK 5, lenient base64.
    #[default]
    Google,
    /// ClearBlade IoT Core: CONNACK 4, strict base64url, 24 h plus skew.
    ClearBlade,
}

/// What happens when a device exceeds a rate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RateRule {
    /// The rate is not watched.
    Ignore,
    /// The message is taken; the device's last error and the journal say so.
    Record,
    /// As `Record`, and the connection is closed without acknowledging the message; an order of the admin
    /// face is refused with `RESOURCE_EXHAUSTED`.
    Close,
}

/// Which of two connections with one client id is dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Takeover {
    /// The first, as MQTT 3.1.1 asks (section 3.1.4).
    DropFirst,
    /// The second, with CONNACK 2 (identifier rejected).
    RefuseSecond,
}

/// Sizes, rates and times of the service ("Quotas and limits", "Requirements").
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Payload of an event or a command, in bytes: 256 KB.
    pub telemetry: usize,
    /// Payload of a state or a configuration, in bytes: 64 KB.
    pub state: usize,
    /// Any packet before CONNACK, in bytes. Inferred.
    pub connect: usize,
    /// Keys of one device: 3.
    pub keys: usize,
    /// Configurations kept: 10.
    pub configs_kept: usize,
    /// States kept: 10.
    pub states_kept: usize,
    /// Devices bound to one gateway: 10 000.
    pub bound_devices: usize,
    /// Devices attached to one gateway: 1000.
    pub attached_devices: usize,
    /// Longest `exp - iat` of a token: 24 h.
    pub token_lifetime: Duration,
    /// Clock skew allowed both ways, and the time from a token's expiry to the cut: 10 min.
    pub clock_skew: Duration,
    /// A connection that sends nothing is closed after this: 20 min.
    pub idle: Duration,
    /// No connection lives longer than this: 24 h in the older quotas, `None` in the newest.
    pub connection: Option<Duration>,
    /// Time from the accepted transport to a complete CONNECT. Inferred.
    pub connect_timeout: Duration,
    /// Shortest time between two states of one device: 1 s.
    pub state_interval: Duration,
    /// Shortest time between two configurations of one device: 1 s.
    pub config_interval: Duration,
    /// Commands to one device per second: 100. From memory.
    pub commands_per_second: u32,
    /// Messages of one connection per second: 100 (older quotas).
    pub messages_per_second: u32,
    /// Payload bytes of one device per second: 512 KB.
    pub bytes_per_second: usize,
    /// Time after which an unacknowledged QoS 1 message is sent again. Inferred.
    pub redelivery: Duration,
    /// Time after which an unacknowledged command is given up. Inferred.
    pub command_timeout: Duration,
}

/// Rules that the documentation leaves open, or that changed. Each default is explained in the README.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Rules {
    /// States faster than 1/s.
    pub state_rate: RateRule,
    /// Configurations faster than 1/s.
    pub config_rate: RateRule,
    /// More than 100 commands per second.
    pub command_rate: RateRule,
    /// More than 100 messages per second.
    pub message_rate: RateRule,
    /// More than 512 KB per second.
    pub byte_rate: RateRule,
    /// Which of two connections is dropped.
    pub takeover: Takeover,
    /// A CONNECT with a will is refused by closing (`true`) or taken and the will never published.
    pub refuse_will: bool,
    /// A password without a user name is taken, against MQTT 3.1.1: the Arduino client sends it so.
    pub password_alone: bool,
    /// Header fields of a token beside `alg` and `typ` are refused.
    pub strict_token_header: bool,
    /// The empty configuration, version 1 of every device, is pushed too.
    pub push_empty_config: bool,
    /// A configuration that an earlier connection was sent and did not acknowledge carries DUP.
    pub dup_after_reconnect: bool,
    /// A PUBACK that answers nothing closes the connection. The Arduino client acknowledges twice, and lived.
    pub strict_puback: bool,
    /// Registries exist in `us-central1`, `europe-west1` and `asia-east1` only.
    pub known_regions_only: bool,
    /// Lab switch: MQTT 5 is spoken too, and a device id alone is a client id.
    pub mqtt5: bool,
}

/// Everything that is fixed when an emulator starts.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Settings {
    /// Whose service is emulated.
    pub profile: Profile,
    /// Unix time at virtual time zero.
    pub start: Timestamp,
    /// Names and addresses in the server's certificate.
    pub host_names: Vec<String>,
    /// Private key of the authority (PKCS #8, PEM), for devices that know its root already; a new one if there
    /// is none.
    pub authority_key: Option<String>,
    /// Sizes, rates and times.
    pub limits: Limits,
    /// Open rules.
    pub rules: Rules,
    /// Records that the journal keeps, and messages that the Pub/Sub list keeps; the oldest go first.
    pub kept: usize,
}

impl Settings {
    /// Google's service, with virtual time zero at `start`.
    #[must_use]
    pub fn google(start: Timestamp) -> Self {
        Self {
            profile: Profile::Google,
            start,
            host_names: ["mqtt.googleapis.com", "mqtt.2030.ltsapis.goog", "localhost", "127.0.0.1"]
                .map(String::from)
                .into(),
            authority_key: None,
            limits: Limits::default(),
            rules: Rules::default(),
            kept: 100_000,
        }
    }

    /// ClearBlade's service, with virtual time zero at `start`.
    #[must_use]
    pub fn clearblade(start: Timestamp) -> Self {
        let mut settings = Self::google(start);
        settings.profile = Profile::ClearBlade;
        settings.host_names.extend(
            ["us-central1", "europe-west1", "asia-east1"]
                .map(|region| format!("{region}-mqtt.clearblade.com")),
        );
        settings
    }

    /// The longest `exp - iat` that a token may have under this profile.
    #[must_use]
    pub fn token_lifetime(&self) -> Duration {
        match self.profile {
            Profile::Google => self.limits.token_lifetime,
            Profile::ClearBlade => self.limits.token_lifetime + self.limits.clock_skew,
        }
    }

    /// The Unix time at virtual time `now`.
    #[must_use]
    pub fn timestamp(&self, now: Duration) -> Timestamp {
        self.start + now
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            telemetry: 256 * 1024,
            state: 64 * 1024,
            connect: 16 * 1024,
            keys: 3,
            configs_kept: 10,
            states_kept: 10,
            bound_devices: 10_000,
            attached_devices: 1000,
            token_lifetime: Duration::from_secs(24 * 3600),
            clock_skew: Duration::from_secs(600),
            idle: Duration::from_secs(20 * 60),
            connection: Some(Duration::from_secs(24 * 3600)),
            connect_timeout: Duration::from_secs(60),
            state_interval: Duration::from_secs(1),
            config_interval: Duration::from_secs(1),
            commands_per_second: 100,
            messages_per_second: 100,
            bytes_per_second: 512 * 1024,
            redelivery: Duration::from_secs(20),
            command_timeout: Duration::from_secs(60),
        }
    }
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            state_rate: RateRule::Record,
            config_rate: RateRule::Record,
            command_rate: RateRule::Record,
            message_rate: RateRule::Record,
            byte_rate: RateRule::Record,
            takeover: Takeover::DropFirst,
            refuse_will: true,
            password_alone: true,
            strict_token_header: true,
            push_empty_config: true,
            dup_after_reconnect: false,
            strict_puback: false,
            known_regions_only: true,
            mqtt5: false,
        }
    }
}
