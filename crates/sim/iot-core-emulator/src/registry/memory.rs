//! A registry in memory.

use core::ops::Range;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::{
    Activity, ConfigVersion, Device, DeviceError, DeviceSettings, Registry, RegistryError, RegistrySettings,
    State,
};
use crate::{DevicePath, Limits, RegistryPath, Timestamp};

/// Event topics of one registry (`eventNotificationConfigs`).
const EVENT_TOPICS: usize = 10;
/// Numbers as the service gives them have 16 digits; these count up, so that runs are alike.
const NUMBERS: Range<u64> = 2_500_000_000_000_001..u64::MAX;

/// A registry that lives as long as the process.
#[derive(Debug)]
pub struct MemoryRegistry {
    limits: Limits,
    registries: BTreeMap<RegistryPath, RegistrySettings>,
    devices: BTreeMap<DevicePath, Entry>,
    numbers: Range<u64>,
}

#[derive(Debug)]
struct Entry {
    device: Device,
    configs: VecDeque<ConfigVersion>,
    states: VecDeque<State>,
    /// Devices bound to this gateway.
    bound: BTreeSet<DevicePath>,
}

impl MemoryRegistry {
    /// Makes an empty registry that keeps as much history as `limits` says.
    #[must_use]
    pub const fn new(limits: Limits) -> Self {
        Self { limits, registries: BTreeMap::new(), devices: BTreeMap::new(), numbers: NUMBERS }
    }

    fn entry(&self, path: &DevicePath) -> Result<&Entry, RegistryError> {
        let entry = match self.devices.get(path) {
            Some(entry) => Some(entry),
            None => self.canonical(path).and_then(|path| self.devices.get(&path)),
        };
        entry.ok_or_else(|| self.absent(path))
    }

    fn entry_mut(&mut self, path: &DevicePath) -> Result<&mut Entry, RegistryError> {
        let absent = self.absent(path);
        let path = if self.devices.contains_key(path) { Some(path.clone()) } else { self.canonical(path) };
        path.and_then(|path| self.devices.get_mut(&path)).ok_or(absent)
    }

    /// Turns a name written with the device's number into the one with its id.
    fn canonical(&self, path: &DevicePath) -> Option<DevicePath> {
        let number: u64 = path.device().parse().ok()?;
        self.devices
            .values()
            .find(|entry| entry.device.number == number && entry.device.path.registry() == path.registry())
            .map(|entry| entry.device.path.clone())
    }

    fn absent(&self, path: &DevicePath) -> RegistryError {
        if self.registries.contains_key(path.registry()) {
            RegistryError::NoDevice
        } else {
            RegistryError::NoRegistry
        }
    }

    const fn check_keys(&self, settings: &DeviceSettings) -> Result<(), RegistryError> {
        if settings.credentials.len() > self.limits.keys { Err(RegistryError::TooManyKeys) } else { Ok(()) }
    }
}

impl Registry for MemoryRegistry {
    fn create_registry(
        &mut self,
        path: &RegistryPath,
        settings: RegistrySettings,
    ) -> Result<(), RegistryError> {
        if self.registries.contains_key(path) {
            return Err(RegistryError::AlreadyExists);
        }
        if settings.event_topics.len() > EVENT_TOPICS {
            return Err(RegistryError::TooManyTopics);
        }
        self.registries.insert(path.clone(), settings);
        Ok(())
    }

    fn registry(&self, path: &RegistryPath) -> Result<RegistrySettings, RegistryError> {
        self.registries.get(path).cloned().ok_or(RegistryError::NoRegistry)
    }

    fn create_device(
        &mut self,
        path: &DevicePath,
        settings: DeviceSettings,
        at: Timestamp,
    ) -> Result<u64, RegistryError> {
        self.registry(path.registry())?;
        self.check_keys(&settings)?;
        // A name that is a number would be one of the service's own.
        if !crate::device_path::is_id(path.device()) {
            return Err(RegistryError::Path(crate::PathError::Device));
        }
        if self.devices.contains_key(path) {
            return Err(RegistryError::AlreadyExists);
        }
        let number = self.numbers.next().ok_or_else(|| RegistryError::Storage("no number is left".into()))?;
        let device = Device {
            path: path.clone(),
            number,
            settings,
            created: at,
            last_error: None,
            last_heartbeat: None,
            last_event: None,
            last_state: None,
        };
        let empty = ConfigVersion { version: 1, updated: at, acknowledged: None, payload: Vec::new() };
        let entry = Entry {
            device,
            configs: VecDeque::from([empty]),
            states: VecDeque::new(),
            bound: BTreeSet::new(),
        };
        self.devices.insert(path.clone(), entry);
        Ok(number)
    }

    fn device(&self, path: &DevicePath) -> Result<Device, RegistryError> {
        Ok(self.entry(path)?.device.clone())
    }

    fn find_device(&self, id: &str) -> Result<Option<DevicePath>, RegistryError> {
        let mut paths = self.devices.keys().filter(|path| path.device() == id);
        match (paths.next(), paths.next()) {
            (Some(path), None) => Ok(Some(path.clone())),
            _ => Ok(None),
        }
    }

    fn devices(&self, path: &RegistryPath) -> Result<Vec<Device>, RegistryError> {
        self.registry(path)?;
        let of_registry = |entry: &&Entry| entry.device.path.registry() == path;
        Ok(self.devices.values().filter(of_registry).map(|entry| entry.device.clone()).collect())
    }

    fn update_device(&mut self, path: &DevicePath, settings: DeviceSettings) -> Result<(), RegistryError> {
        self.check_keys(&settings)?;
        self.entry_mut(path)?.device.settings = settings;
        Ok(())
    }

    fn delete_device(&mut self, path: &DevicePath) -> Result<(), RegistryError> {
        let path = self.entry(path)?.device.path.clone();
        self.devices.remove(&path);
        for entry in self.devices.values_mut() {
            entry.bound.remove(&path);
        }
        Ok(())
    }

    fn add_config(&mut self, path: &DevicePath, payload: &[u8], at: Timestamp) -> Result<u64, RegistryError> {
        let kept = self.limits.configs_kept;
        let entry = self.entry_mut(path)?;
        let version = entry.configs.front().map_or(1, |newest| newest.version + 1);
        entry.configs.push_front(ConfigVersion {
            version,
            updated: at,
            acknowledged: None,
            payload: payload.to_vec(),
        });
        entry.configs.truncate(kept);
        Ok(version)
    }

    fn configs(&self, path: &DevicePath) -> Result<Vec<ConfigVersion>, RegistryError> {
        Ok(self.entry(path)?.configs.iter().cloned().collect())
    }

    fn acknowledge_config(
        &mut self,
        path: &DevicePath,
        version: u64,
        at: Timestamp,
    ) -> Result<(), RegistryError> {
        // A version that history has dropped already has nowhere to be noted.
        if let Some(config) =
            self.entry_mut(path)?.configs.iter_mut().find(|config| config.version == version)
        {
            config.acknowledged.get_or_insert(at);
        }
        Ok(())
    }

    fn add_state(&mut self, path: &DevicePath, payload: &[u8], at: Timestamp) -> Result<(), RegistryError> {
        let kept = self.limits.states_kept;
        let entry = self.entry_mut(path)?;
        entry.device.last_state = Some(at);
        entry.states.push_front(State { at, payload: payload.to_vec() });
        entry.states.truncate(kept);
        Ok(())
    }

    fn states(&self, path: &DevicePath) -> Result<Vec<State>, RegistryError> {
        Ok(self.entry(path)?.states.iter().cloned().collect())
    }

    fn record_error(&mut self, path: &DevicePath, error: DeviceError) -> Result<(), RegistryError> {
        self.entry_mut(path)?.device.last_error = Some(error);
        Ok(())
    }

    fn record_activity(
        &mut self,
        path: &DevicePath,
        what: Activity,
        at: Timestamp,
    ) -> Result<(), RegistryError> {
        let device = &mut self.entry_mut(path)?.device;
        match what {
            Activity::Heartbeat => device.last_heartbeat = Some(at),
            Activity::Event => device.last_event = Some(at),
        }
        Ok(())
    }

    fn bind(&mut self, gateway: &DevicePath, device: &DevicePath) -> Result<(), RegistryError> {
        let limit = self.limits.bound_devices;
        let device = self.entry(device)?.device.clone();
        let gateway = self.entry_mut(gateway)?;
        let one_registry = gateway.device.path.registry() == device.path.registry();
        if gateway.device.settings.gateway.is_none() || device.settings.gateway.is_some() || !one_registry {
            return Err(RegistryError::GatewayKind);
        }
        if gateway.bound.len() >= limit && !gateway.bound.contains(&device.path) {
            return Err(RegistryError::TooManyBound);
        }
        gateway.bound.insert(device.path);
        Ok(())
    }

    fn unbind(&mut self, gateway: &DevicePath, device: &DevicePath) -> Result<(), RegistryError> {
        let device = self.entry(device)?.device.path.clone();
        self.entry_mut(gateway)?.bound.remove(&device);
        Ok(())
    }

    fn is_bound(&self, gateway: &DevicePath, device: &DevicePath) -> Result<bool, RegistryError> {
        let device = &self.entry(device)?.device.path;
        Ok(self.entry(gateway)?.bound.contains(device))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Credential, EventTopic, GatewayAuth};

    const AT: Timestamp = Timestamp::from_unix(1_552_600_000);

    fn registry() -> (MemoryRegistry, DevicePath) {
        let mut registry = MemoryRegistry::new(Limits::default());
        let path = DevicePath::new("p", "us-central1", "reg", "dev").unwrap();
        registry.create_registry(path.registry(), RegistrySettings::default()).unwrap();
        registry.create_device(&path, DeviceSettings::default(), AT).unwrap();
        (registry, path)
    }

    #[test]
    fn ten_states_and_ten_configs_are_kept_newest_first() {
        let (mut registry, path) = registry();
        for count in 0..12u8 {
            registry.add_state(&path, &[count], AT).unwrap();
            registry.add_config(&path, &[count], AT).unwrap();
        }
        let states: Vec<u8> = registry.states(&path).unwrap().iter().map(|state| state.payload[0]).collect();
        assert_eq!(states, [11, 10, 9, 8, 7, 6, 5, 4, 3, 2]);
        let versions: Vec<u64> =
            registry.configs(&path).unwrap().iter().map(|config| config.version).collect();
        assert_eq!(versions, [13, 12, 11, 10, 9, 8, 7, 6, 5, 4]);
    }

    #[test]
    fn a_config_is_acknowledged_once() {
        let (mut registry, path) = registry();
        let later = Timestamp::from_unix(1_552_600_100);
        registry.acknowledge_config(&path, 1, AT).unwrap();
        registry.acknowledge_config(&path, 1, later).unwrap();
        registry.acknowledge_config(&path, 7, later).unwrap();
        assert_eq!(registry.configs(&path).unwrap()[0].acknowledged, Some(AT));
    }

    #[test]
    fn what_is_absent_is_named() {
        let (mut registry, path) = registry();
        let device = path.registry().device("other").unwrap();
        assert_eq!(registry.states(&device), Err(RegistryError::NoDevice));
        let elsewhere = DevicePath::new("p", "us-central1", "nowhere", "dev").unwrap();
        assert_eq!(registry.device(&elsewhere), Err(RegistryError::NoRegistry));
        assert_eq!(
            registry.create_device(&elsewhere, DeviceSettings::default(), AT),
            Err(RegistryError::NoRegistry)
        );
        assert_eq!(
            registry.create_device(&path, DeviceSettings::default(), AT),
            Err(RegistryError::AlreadyExists)
        );
        assert_eq!(
            registry.create_registry(path.registry(), RegistrySettings::default()),
            Err(RegistryError::AlreadyExists)
        );
        registry.delete_device(&path).unwrap();
        assert_eq!(registry.delete_device(&path), Err(RegistryError::NoDevice));
    }

    #[test]
    fn the_number_names_the_device_too() {
        let (registry, path) = registry();
        let number = registry.device(&path).unwrap().number;
        let by_number = path.registry().device(&number.to_string()).unwrap();
        assert_eq!(registry.device(&by_number).unwrap().path, path);
        assert_eq!(registry.find_device("dev"), Ok(Some(path)));
        assert_eq!(registry.find_device("none"), Ok(None));
    }

    #[test]
    fn a_device_named_by_its_number_binds_to_a_gateway_only() {
        let (mut registry, path) = registry();
        let gateway = path.registry().device("gateway").unwrap();
        let settings =
            DeviceSettings { gateway: Some(GatewayAuth::AssociationOnly), ..DeviceSettings::default() };
        registry.create_device(&gateway, settings, AT).unwrap();
        assert_eq!(registry.bind(&path, &path), Err(RegistryError::GatewayKind));
        assert_eq!(registry.bind(&gateway, &gateway), Err(RegistryError::GatewayKind));
        assert_eq!(registry.is_bound(&gateway, &path), Ok(false));
        registry.bind(&gateway, &path).unwrap();
        assert_eq!(registry.is_bound(&gateway, &path), Ok(true));
        registry.unbind(&gateway, &path).unwrap();
        assert_eq!(registry.is_bound(&gateway, &path), Ok(false));
    }

    #[test]
    fn at_most_three_keys_and_ten_topics() {
        let (mut registry, path) = registry();
        let key = Credential::from_pem(crate::public_key::RFC_6979_PEM).unwrap();
        let settings = DeviceSettings { credentials: vec![key; 4], ..DeviceSettings::default() };
        assert_eq!(registry.update_device(&path, settings), Err(RegistryError::TooManyKeys));
        let topic = EventTopic { subfolder: None, topic: "t".into() };
        let settings = RegistrySettings { event_topics: vec![topic; 11] };
        let other = RegistryPath::new("p", "us-central1", "other").unwrap();
        assert_eq!(registry.create_registry(&other, settings), Err(RegistryError::TooManyTopics));
    }
}
