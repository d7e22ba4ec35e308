//! What the program wants of the modem.

use monoclock::Millis;

/// How the network is to be reached.
///
/// ```
/// use sara_u201::{Apn, Config};
///
/// let config = Config { pin: Some("1234"), ..Config::new(Apn::new("internet").with_login("me", "secret")) };
/// assert_eq!(config.apn.name, "internet");
/// assert!(!format!("{config:?}").contains("1234"));
/// ```
#[derive(Clone, Copy)]
pub struct Config<'c> {
    /// The SIM's PIN, if it may want one.
    pub pin: Option<&'c str>,
    /// The access point of the packet data network.
    pub apn: Apn<'c>,
    /// How the modem is brought up.
    pub power_up: PowerUp,
    /// The baud rate that is aimed at: 115200, 230400, 460800 or 921600. The bring-up begins at 115200 and
    /// stays there if the board cannot follow (see [`crate::Wiring::set_baud_rate`]) or the modem does not.
    pub baud_rate: u32,
    /// Whether RTS and CTS are wired.
    pub flow_control: bool,
    /// Longest wait for the SIM after power-up.
    pub sim_timeout: Millis,
    /// Longest wait for the registration.
    pub registration_timeout: Millis,
    /// How socket data is written on the serial line.
    pub data_mode: DataMode,
    /// The pause between the modem's `@` and the data. The manual wants 50 ms; less breaks its rule, though
    /// firmware in the field is known to bear it.
    pub prompt_pause: Millis,
    /// How lost URCs are made up for.
    pub probe: Probe,
}

impl<'c> Config<'c> {
    /// The usual settings: no PIN, a reset at first, 115200 baud, three minutes to register.
    #[must_use]
    pub const fn new(apn: Apn<'c>) -> Self {
        Self {
            pin: None,
            apn,
            power_up: PowerUp::Reset,
            baud_rate: 115_200,
            flow_control: true,
            sim_timeout: Millis::from_secs(20),
            registration_timeout: Millis::from_secs(180),
            data_mode: DataMode::Auto,
            prompt_pause: Millis(50),
            probe: Probe::DEFAULT,
        }
    }
}

impl core::fmt::Debug for Config<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Config")
            .field("apn", &self.apn)
            .field("power_up", &self.power_up)
            .field("baud_rate", &self.baud_rate)
            .field("flow_control", &self.flow_control)
            .field("sim_timeout", &self.sim_timeout)
            .field("registration_timeout", &self.registration_timeout)
            .field("data_mode", &self.data_mode)
            .field("prompt_pause", &self.prompt_pause)
            .field("probe", &self.probe)
            .finish_non_exhaustive()
    }
}

/// An access point, with the login that its operator gives.
#[derive(Clone, Copy)]
pub struct Apn<'c> {
    /// Its name.
    pub name: &'c str,
    /// User name and password, if there are any.
    pub login: Option<(&'c str, &'c str)>,
    /// How the login is presented.
    pub authentication: Authentication,
}

impl<'c> Apn<'c> {
    /// An access point without a login.
    #[must_use]
    pub const fn new(name: &'c str) -> Self {
        Self { name, login: None, authentication: Authentication::None }
    }

    /// The same with a login; the modem chooses how to present it.
    #[must_use]
    pub const fn with_login(self, user: &'c str, password: &'c str) -> Self {
        Self { login: Some((user, password)), authentication: Authentication::Automatic, ..self }
    }
}

impl core::fmt::Debug for Apn<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "Apn {{ name: {:?}, authentication: {:?}, .. }}", self.name, self.authentication)
    }
}

/// How a login is presented to the access point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Authentication {
    /// Not at all.
    None,
    /// PAP.
    Pap,
    /// CHAP.
    Chap,
    /// As the modem chooses.
    Automatic,
}

impl Authentication {
    /// Its number in `AT+UPSD`.
    #[must_use]
    pub const fn number(self) -> u8 {
        match self {
            Self::None => 0,
            Self::Pap => 1,
            Self::Chap => 2,
            Self::Automatic => 3,
        }
    }
}

/// How the modem is brought up at the first start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PowerUp {
    /// From a reset: RESET_N if it is wired, else `AT+CFUN=16`.
    Reset,
    /// As it is, if it answers: registration and packet data may still stand. Old sockets are closed.
    Keep,
}

/// How socket data is written on the serial line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DataMode {
    /// Whichever is faster for the data at hand.
    Auto,
    /// As it is, on a prompt.
    Binary,
    /// In hexadecimal digits.
    Hex,
}

/// How lost URCs are made up for: a socket from which nothing was heard is asked how much waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Probe {
    /// First question while an answer of the peer is awaited; each next one after twice the time.
    pub first: Millis,
    /// Longest time between two questions while an answer is awaited.
    pub longest: Millis,
    /// Time between two questions while nothing is awaited.
    pub idle: Millis,
}

impl Probe {
    /// 250 ms to 2 s while an answer is awaited, else 30 s.
    pub const DEFAULT: Self = Self { first: Millis(250), longest: Millis(2000), idle: Millis::from_secs(30) };
}

impl Default for Probe {
    fn default() -> Self {
        Self::DEFAULT
    }
}
