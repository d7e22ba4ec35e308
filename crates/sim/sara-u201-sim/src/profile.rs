//! What kind of modem, card, network and board is modelled; every field has a default.

use core::time::Duration;

use serde::{Deserialize, Serialize};

use crate::latency::Latencies;
use crate::quirks::Quirks;

/// Everything about a run that is decided before it starts.
///
/// ```
/// use sara_u201_sim::{Nitz, Profile, SimCard};
///
/// let profile = Profile { sim: SimCard { pin: Some("1234".into()), ..SimCard::default() }, ..Profile::default() };
/// assert_eq!(profile.sim.pin_tries, 3);
/// assert!(matches!(profile.network.nitz, Nitz::After { .. }));
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Profile {
    /// Seed of everything that is drawn at random: the same seed and input give the same run.
    pub seed: u64,
    /// Seconds since 1970-01-01 UTC at virtual time zero; 2026-11-23 06:00:00 by default.
    pub unix_time_at_start: u64,
    /// The module's state at virtual time zero.
    pub power_at_start: PowerAtStart,
    /// From switch-on to the first answer to `AT`.
    #[serde(with = "millis")]
    pub boot: Duration,
    /// How long RESET_N must be held.
    #[serde(with = "millis")]
    pub reset_hold: Duration,
    /// Whether a HIGH level of the board's reset line holds the module in reset (MKR GSM 1400: yes).
    pub reset_active_high: bool,
    /// The module's identity.
    pub identity: Identity,
    /// The card.
    pub sim: SimCard,
    /// The mobile network.
    pub network: CellularNetwork,
    /// The serial line between host and module.
    pub uart: UartProfile,
    /// AT+UPSV as it was left: 0 to 3.
    pub power_saving: u8,
    /// How long commands take.
    pub latencies: Latencies,
    /// Behaviour that the references leave open.
    pub quirks: Quirks,
}

impl Default for Profile {
    fn default() -> Self {
        Self {
            seed: 0,
            unix_time_at_start: 1_795_413_600,
            power_at_start: PowerAtStart::Booting,
            boot: Duration::from_millis(2500),
            reset_hold: Duration::from_millis(50),
            reset_active_high: true,
            identity: Identity::default(),
            sim: SimCard::default(),
            network: CellularNetwork::default(),
            uart: UartProfile::default(),
            power_saving: 0,
            latencies: Latencies::default(),
            quirks: Quirks::default(),
        }
    }
}

/// Why a profile file could not be read.
#[derive(Clone, Debug, PartialEq)]
pub struct ProfileError(toml::de::Error);

impl core::fmt::Display for ProfileError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "the profile cannot be read: {}", self.0)
    }
}

impl core::error::Error for ProfileError {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        Some(&self.0)
    }
}

impl Profile {
    /// Reads a profile in TOML; what is not mentioned has its default.
    ///
    /// ```
    /// use sara_u201_sim::{Profile, RegistrationOutcome};
    ///
    /// let profile = Profile::from_toml("seed = 7\n[network]\nregistration = 'denied'\nsearch = 1500")?;
    /// assert_eq!(profile.network.registration, RegistrationOutcome::Denied);
    /// assert_eq!(profile.network.search.as_millis(), 1500);
    /// # Ok::<(), sara_u201_sim::ProfileError>(())
    /// ```
    ///
    /// # Errors
    /// When the text is not TOML, or names something that a profile does not have.
    pub fn from_toml(text: &str) -> Result<Self, ProfileError> {
        toml::from_str(text).map_err(ProfileError)
    }

    /// Writes the whole profile in TOML: a file to start from.
    ///
    /// # Errors
    /// When a value has no form in TOML (a number beyond 63 bits).
    pub fn to_toml(&self) -> Result<String, toml::ser::Error> {
        toml::to_string(self)
    }
}

/// Whether the module runs when time begins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PowerAtStart {
    /// Powered down; RESET_N wakes it.
    Off,
    /// The supply rises at virtual time zero.
    #[default]
    Booting,
    /// It has been running for a while: the card is ready and the baud rate has been found.
    On,
}

/// What the module says about itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Identity {
    /// `AT+CGMI`.
    pub manufacturer: String,
    /// `AT+CGMM`.
    pub model: String,
    /// `AT+CGMR`, and the first field of `ATI9`.
    pub firmware: String,
    /// The second field of `ATI9`.
    pub application: String,
    /// `AT+CGSN`.
    pub imei: String,
}

impl Default for Identity {
    fn default() -> Self {
        Self {
            manufacturer: "u-blox".into(),
            model: "SARA-U201".into(),
            firmware: "23.60".into(),
            application: "A01.01".into(),
            imei: "356726109314829".into(),
        }
    }
}

/// The SIM card.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SimCard {
    /// Whether a card is inserted.
    pub present: bool,
    /// The PIN, when its use is switched on.
    pub pin: Option<String>,
    /// Tries left before the PUK is asked for.
    pub pin_tries: u8,
    /// The unblocking key.
    pub puk: String,
    /// Tries left of the unblocking key.
    pub puk_tries: u8,
    /// `AT+CCID`.
    pub iccid: String,
    /// `AT+CIMI`.
    pub imsi: String,
    /// How long after boot the card answers "busy".
    #[serde(with = "millis")]
    pub busy: Duration,
}

impl Default for SimCard {
    fn default() -> Self {
        Self {
            present: true,
            pin: None,
            pin_tries: 3,
            puk: "12345678".into(),
            puk_tries: 10,
            iccid: "8931440300001234567".into(),
            imsi: "204046612345678".into(),
            busy: Duration::from_secs(3),
        }
    }
}

/// How the mobile network treats the module.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CellularNetwork {
    /// What registration ends in.
    pub registration: RegistrationOutcome,
    /// From the start of the search to that outcome.
    #[serde(with = "millis")]
    pub search: Duration,
    /// From circuit-switched registration to the packet-switched one.
    #[serde(with = "millis")]
    pub packet_delay: Duration,
    /// Whether the module attaches to packet service by itself (otherwise `AT+CGATT=1` does it).
    pub attach_automatically: bool,
    /// Long operator name.
    pub operator: String,
    /// Short operator name.
    pub operator_short: String,
    /// MCC and MNC.
    pub plmn: String,
    /// Location area code.
    pub location_area: u16,
    /// Cell identity.
    pub cell: u32,
    /// Access technology: 0 GSM, 2 UTRAN, 3 EDGE, 4 HSDPA, 6 HSDPA + HSUPA.
    pub access_technology: u8,
    /// `AT+CSQ`, 0 to 31, 99 unknown.
    pub signal: u8,
    /// Bit error rate or quality of `AT+CSQ`.
    pub quality: u8,
    /// Whether and when the network tells the time.
    pub nitz: Nitz,
    /// The local time zone in quarters of an hour.
    pub time_zone: i8,
    /// Access points and what they ask; an empty list accepts every name.
    pub access_points: Vec<AccessPoint>,
    /// Numbers that are engaged when called.
    pub busy_numbers: Vec<String>,
    /// What a location request finds; without one it stays silent.
    pub position: Option<Position>,
    /// The address given to the module.
    pub address: core::net::Ipv4Addr,
    /// How long an access point that is refused takes to be refused.
    #[serde(with = "millis")]
    pub refusal: Duration,
    /// The +CME error of a refused access point name.
    pub refusal_code: u16,
}

impl Default for CellularNetwork {
    fn default() -> Self {
        Self {
            registration: RegistrationOutcome::Home,
            search: Duration::from_secs(3),
            packet_delay: Duration::from_millis(700),
            attach_automatically: true,
            operator: "Simulated Mobile".into(),
            operator_short: "SimMob".into(),
            plmn: "20404".into(),
            location_area: 0x1A2B,
            cell: 0x0012_3456,
            access_technology: 2,
            signal: 21,
            quality: 3,
            nitz: Nitz::After { delay: 800 },
            time_zone: 4,
            access_points: Vec::new(),
            busy_numbers: Vec::new(),
            position: Some(Position::default()),
            address: core::net::Ipv4Addr::new(10, 64, 7, 21),
            refusal: Duration::from_secs(20),
            refusal_code: 133,
        }
    }
}

/// What a search for a network ends in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RegistrationOutcome {
    /// Registered with the home network.
    #[default]
    Home,
    /// Registered with a foreign network.
    Roaming,
    /// Refused.
    Denied,
    /// No network is found; the search goes on.
    Searching,
    /// The module gives up looking.
    NoNetwork,
}

/// When the network tells the time (network identity and time zone).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum Nitz {
    /// So many milliseconds after each registration.
    After {
        /// Milliseconds.
        delay: u64,
    },
    /// Not at all: the clock stays at the factory's date.
    Never,
}

/// A place on Earth.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Position {
    /// Degrees north.
    pub latitude: String,
    /// Degrees east.
    pub longitude: String,
    /// Metres.
    pub altitude: i32,
    /// Metres.
    pub uncertainty: u32,
}

impl Default for Position {
    fn default() -> Self {
        Self { latitude: "52.520007".into(), longitude: "13.404954".into(), altitude: 34, uncertainty: 850 }
    }
}

/// One access point of the packet network.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AccessPoint {
    /// The name, compared without regard to case.
    pub name: String,
    /// The user name asked for; empty accepts any.
    pub user: String,
    /// The password asked for; empty accepts any.
    pub password: String,
}

/// The serial line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct UartProfile {
    /// Bytes that the host's receiver holds before it loses any.
    pub host_receive_capacity: usize,
    /// Bytes that the host's transmitter holds before a write blocks.
    pub host_transmit_capacity: usize,
    /// Whether RTS and CTS are wired.
    pub flow_control_wired: bool,
    /// Free bytes in the host's receiver below which it takes RTS away.
    pub rts_threshold: usize,
    /// Bytes that the module holds while it cannot take them.
    pub module_receive_capacity: usize,
    /// The rates that automatic detection knows end here.
    pub autobaud_limit: u32,
    /// A fixed rate stored in the module (0: automatic).
    pub stored_rate: u32,
    /// Whether the host's rate follows the module's, as over TCP or a pseudo-terminal.
    pub any_rate: bool,
    /// How long a blocked write waits before it fails.
    #[serde(with = "millis")]
    pub write_timeout: Duration,
}

impl Default for UartProfile {
    fn default() -> Self {
        Self {
            host_receive_capacity: 256,
            host_transmit_capacity: 256,
            flow_control_wired: true,
            rts_threshold: 10,
            module_receive_capacity: 2048,
            autobaud_limit: 115_200,
            stored_rate: 0,
            any_rate: false,
            write_timeout: Duration::from_secs(10),
        }
    }
}

/// Durations as milliseconds in profile files.
mod millis {
    use super::{Deserialize, Duration};
    use serde::{Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(span: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(u64::try_from(span.as_millis()).unwrap_or(u64::MAX))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
        u64::deserialize(deserializer).map(Duration::from_millis)
    }
}
