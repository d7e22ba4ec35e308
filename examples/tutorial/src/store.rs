//! Settings by name, wherever they are kept.

use core::fmt;
use core::ops::RangeInclusive;

use eccx08::Slot;
use gcp_iot_core::{DevicePath, Endpoint, InvalidDevicePath, is_device_id, is_registry_id};
use sara_u201::{Apn, Certificate, Config};

use crate::Settings;

/// One setting, as it is called in `settings.toml` and on the console.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Key {
    /// PIN of the SIM; only if it asks for one.
    Pin,
    /// Access point of the mobile operator.
    Apn,
    /// User name for the access point; only if it asks for one.
    Login,
    /// Password for the access point.
    Password,
    /// Project id of the cloud.
    Project,
    /// Region of the registry.
    Region,
    /// Registry id.
    Registry,
    /// Device id.
    Device,
    /// Host and port of the cloud; Google's if it is not set.
    Endpoint,
    /// Name of the root certificate, among those of the program; the first one if it is not set.
    Root,
    /// Slot of the element with the private key; 0 if it is not set.
    Slot,
}

impl Key {
    /// All of them; their places are the numbers that they are stored under.
    pub const ALL: [Self; 11] = [
        Self::Pin,
        Self::Apn,
        Self::Login,
        Self::Password,
        Self::Project,
        Self::Region,
        Self::Registry,
        Self::Device,
        Self::Endpoint,
        Self::Root,
        Self::Slot,
    ];

    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pin => "pin",
            Self::Apn => "apn",
            Self::Login => "login",
            Self::Password => "password",
            Self::Project => "project",
            Self::Region => "region",
            Self::Registry => "registry",
            Self::Device => "device",
            Self::Endpoint => "endpoint",
            Self::Root => "root",
            Self::Slot => "slot",
        }
    }

    /// Finds the setting of that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|key| key.name() == name)
    }

    /// Tells whether its value is never shown.
    #[must_use]
    pub const fn is_secret(self) -> bool {
        matches!(self, Self::Pin | Self::Login | Self::Password)
    }

    /// Tells whether `value` keeps the rules for this setting.
    #[must_use]
    pub fn accepts(self, value: &str) -> bool {
        match self {
            Self::Pin => is_pin(value),
            Self::Apn | Self::Login | Self::Password | Self::Root => is_plain(value),
            Self::Project => is_part_of_path(value, InvalidDevicePath::Project),
            Self::Region => is_part_of_path(value, InvalidDevicePath::Region),
            Self::Registry => is_registry_id(value),
            Self::Device => is_device_id(value),
            Self::Endpoint => endpoint(value).is_some(),
            Self::Slot => slot(value).is_some(),
        }
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Where settings are kept.
pub trait Store {
    /// The value of `key`, if there is one.
    fn value(&self, key: Key) -> Option<&str>;

    /// Keeps `value`, or forgets the one there was; tells whether that went well.
    fn set(&mut self, key: Key, value: Option<&str>) -> bool;
}

impl<'s> Settings<'s> {
    /// What the modem needs of a store: PIN and access point; a setting that breaks its rules counts as missing.
    pub fn modem(store: &'s impl Store) -> Config<'s> {
        let value = |key: Key| store.value(key).filter(|value| key.accepts(value));
        let apn = Apn::new(value(Key::Apn).unwrap_or_default());
        let apn = match (value(Key::Login), value(Key::Password)) {
            (None, None) => apn,
            (login, password) => apn.with_login(login.unwrap_or_default(), password.unwrap_or_default()),
        };
        Config { pin: value(Key::Pin), ..Config::new(apn) }
    }

    /// Puts the settings of a store together; `roots` are the certificates to choose from.
    ///
    /// # Errors
    /// The first setting that is missing, or breaks its rules.
    pub fn read(store: &'s impl Store, roots: &[Certificate<'s>]) -> Result<Self, Key> {
        let value = |key: Key| match store.value(key) {
            Some(value) if !key.accepts(value) => Err(key),
            value => Ok(value),
        };
        let required = |key: Key| value(key)?.ok_or(key);
        for key in [Key::Login, Key::Password] {
            value(key)?;
        }
        required(Key::Apn)?;
        let Config { pin, apn, .. } = Self::modem(store);
        let device = DevicePath::new(
            required(Key::Project)?,
            required(Key::Region)?,
            required(Key::Registry)?,
            required(Key::Device)?,
        );
        let root = match value(Key::Root)? {
            Some(name) => roots.iter().find(|root| root.name == name),
            None => roots.first(),
        };
        Ok(Self {
            pin: value(Key::Pin)?.and(pin),
            apn,
            device: device.map_err(|_| Key::Device)?,
            endpoint: value(Key::Endpoint)?.and_then(endpoint).unwrap_or(Endpoint::GOOGLE),
            root: *root.ok_or(Key::Root)?,
            slot: value(Key::Slot)?.and_then(slot).unwrap_or(Slot::S0),
            state_interval: Self::STATE_INTERVAL,
            attempts: None,
        })
    }
}

/// Digits of a PIN (3GPP TS 31.101, 9.5.1).
const PIN_LENGTH: RangeInclusive<usize> = 4..=8;

fn is_pin(value: &str) -> bool {
    PIN_LENGTH.contains(&value.len()) && value.bytes().all(|byte| byte.is_ascii_digit())
}

/// Printable ASCII without the quotation mark, which no AT command can hold; at least one character.
fn is_plain(value: &str) -> bool {
    !value.is_empty() && value.bytes().all(|byte| matches!(byte, 0x20..0x7F) && byte != b'"')
}

/// Tells whether one part of a device's path keeps its rules, the others being good.
fn is_part_of_path(value: &str, part: InvalidDevicePath) -> bool {
    let (project, region) = match part {
        InvalidDevicePath::Project => (value, "region"),
        _ => ("project", value),
    };
    DevicePath::new(project, region, "registry", "device").is_ok()
}

/// Takes `host` or `host:port` apart.
fn endpoint(value: &str) -> Option<Endpoint<'_>> {
    let (host, port) = match value.split_once(':') {
        Some((host, port)) => (host, port.parse().ok().filter(|port| *port != 0)?),
        None => (value, Endpoint::GOOGLE.port),
    };
    (is_plain(host) && !host.contains(' ')).then_some(Endpoint { host, port, ..Endpoint::GOOGLE })
}

/// The slots that hold a private key in the configuration of this stack.
fn slot(value: &str) -> Option<Slot> {
    value.parse().ok().filter(|number| *number <= 4).and_then(Slot::new)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROOTS: [Certificate<'static>; 2] =
        [Certificate::root("first", b"1"), Certificate::root("second", b"2")];

    #[derive(Default)]
    struct Values([Option<&'static str>; Key::ALL.len()]);

    impl Store for Values {
        fn value(&self, key: Key) -> Option<&str> {
            Key::ALL.iter().position(|other| *other == key).and_then(|place| self.0[place])
        }

        fn set(&mut self, _: Key, _: Option<&str>) -> bool {
            false
        }
    }

    fn values(set: &[(Key, &'static str)]) -> Values {
        let required = [
            (Key::Apn, "internet"),
            (Key::Project, "mkr-gcp-tutorial"),
            (Key::Region, "us-central1"),
            (Key::Registry, "MKR_GCP_Tutorial"),
            (Key::Device, "MyMKRGSM1400"),
        ];
        let mut values = Values::default();
        for (key, value) in required.iter().chain(set) {
            let place = Key::ALL.iter().position(|other| other == key).unwrap();
            values.0[place] = Some(value).filter(|value| !value.is_empty()).copied();
        }
        values
    }

    #[test]
    fn what_is_not_set_is_as_in_the_sketch() {
        let values = values(&[]);
        let settings = Settings::read(&values, &ROOTS).unwrap();
        assert_eq!(settings.endpoint, Endpoint::GOOGLE);
        assert_eq!((settings.pin, settings.root.name, settings.slot), (None, "first", Slot::S0));
        assert!(settings.apn.login.is_none());
    }

    #[test]
    fn everything_can_be_set() {
        let values = values(&[
            (Key::Pin, "0000"),
            (Key::Login, "me"),
            (Key::Endpoint, "broker.example.com:443"),
            (Key::Root, "second"),
            (Key::Slot, "4"),
        ]);
        let settings = Settings::read(&values, &ROOTS).unwrap();
        assert_eq!((settings.endpoint.host, settings.endpoint.port), ("broker.example.com", 443));
        assert_eq!(settings.apn.login, Some(("me", "")));
        assert_eq!((settings.pin, settings.root.name, settings.slot), (Some("0000"), "second", Slot::S4));
    }

    #[test]
    fn the_first_setting_that_is_missing_or_wrong_is_named() {
        let fails = |set: &[(Key, &'static str)]| Settings::read(&values(set), &ROOTS).err();
        assert_eq!(fails(&[(Key::Apn, "")]), Some(Key::Apn));
        assert_eq!(fails(&[(Key::Device, "goog-1")]), Some(Key::Device));
        assert_eq!(fails(&[(Key::Pin, "12x4")]), Some(Key::Pin));
        assert_eq!(fails(&[(Key::Root, "third")]), Some(Key::Root));
    }

    #[test]
    fn values_are_held_to_their_rules() {
        for (key, good, bad) in [
            (Key::Pin, "12345678", "123"),
            (Key::Apn, "iot.example", "a\"b"),
            (Key::Password, "p4ss w0rd", ""),
            (Key::Project, "my-project", "My Project"),
            (Key::Region, "europe-west1", "Europe"),
            (Key::Registry, "MKR_GCP_Tutorial", "1st"),
            (Key::Device, "My~device%", "ab"),
            (Key::Endpoint, "localhost:1", "localhost:0"),
            (Key::Endpoint, "localhost", "local host"),
            (Key::Slot, "0", "5"),
        ] {
            assert!(key.accepts(good), "{key}: {good}");
            assert!(!key.accepts(bad), "{key}: {bad}");
        }
    }

    #[test]
    fn names_lead_back_to_their_settings() {
        for key in Key::ALL {
            assert_eq!(Key::from_name(key.name()), Some(key));
        }
        assert_eq!(Key::from_name("unknown"), None);
    }
}
