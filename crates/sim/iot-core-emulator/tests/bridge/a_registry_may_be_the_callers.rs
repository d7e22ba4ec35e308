//! A registry of the caller's own: what it stores is used, and its failures are told.

use core::sync::atomic::{AtomicBool, Ordering};
use core::time::Duration;
use std::sync::Arc;

use iot_core_emulator::{
    Activity, CloseReason, ConfigVersion, Device, DeviceError, DevicePath, DeviceSettings, Emulator, Event,
    Limits, MemoryRegistry, Refusal, Registry, RegistryError, RegistryPath, RegistrySettings, Settings,
    State, Timestamp,
};

use crate::support::{Client, Key, START, World};

/// A registry in memory whose storage fails when it is told to.
#[derive(Debug)]
struct Fragile {
    memory: MemoryRegistry,
    broken: Arc<AtomicBool>,
}

impl Fragile {
    fn check(&self) -> Result<(), RegistryError> {
        match self.broken.load(Ordering::Relaxed) {
            true => Err(RegistryError::Storage("disk full".into())),
            false => Ok(()),
        }
    }
}

/// Hands each method on to the registry in memory, if storage works.
macro_rules! hand_on {
    ($($name:ident(&$($how:ident)? $(, $argument:ident: $type:ty)*) -> $answer:ty;)*) => {
        $(fn $name(& $($how)? self $(, $argument: $type)*) -> Result<$answer, RegistryError> {
            self.check()?;
            self.memory.$name($($argument),*)
        })*
    };
}

impl Registry for Fragile {
    hand_on! {
        create_registry(&mut, path: &RegistryPath, settings: RegistrySettings) -> ();
        registry(&, path: &RegistryPath) -> RegistrySettings;
        create_device(&mut, path: &DevicePath, settings: DeviceSettings, at: Timestamp) -> u64;
        device(&, path: &DevicePath) -> Device;
        find_device(&, id: &str) -> Option<DevicePath>;
        devices(&, path: &RegistryPath) -> Vec<Device>;
        update_device(&mut, path: &DevicePath, settings: DeviceSettings) -> ();
        delete_device(&mut, path: &DevicePath) -> ();
        add_config(&mut, path: &DevicePath, payload: &[u8], at: Timestamp) -> u64;
        configs(&, path: &DevicePath) -> Vec<ConfigVersion>;
        acknowledge_config(&mut, path: &DevicePath, version: u64, at: Timestamp) -> ();
        add_state(&mut, path: &DevicePath, payload: &[u8], at: Timestamp) -> ();
        states(&, path: &DevicePath) -> Vec<State>;
        record_error(&mut, path: &DevicePath, error: DeviceError) -> ();
        record_activity(&mut, path: &DevicePath, what: Activity, at: Timestamp) -> ();
        bind(&mut, gateway: &DevicePath, device: &DevicePath) -> ();
        unbind(&mut, gateway: &DevicePath, device: &DevicePath) -> ();
        is_bound(&, gateway: &DevicePath, device: &DevicePath) -> bool;
    }
}

#[test]
fn a_registry_that_fails_ends_connections_and_says_why() {
    let broken = Arc::new(AtomicBool::new(false));
    let memory = MemoryRegistry::new(Limits::default());
    let registry = Box::new(Fragile { memory, broken: Arc::clone(&broken) });
    let settings = Settings::google(Timestamp::from_unix(START));
    let emulator = Emulator::with_registry(settings, registry).unwrap();
    let (key, now) = (Key::generate(), Duration::ZERO);
    let path = DevicePath::new("mkr-gcp-tutorial", "us-central1", "registry", "device").unwrap();
    emulator.create_registry(path.registry(), RegistrySettings::default()).unwrap();
    emulator.create_device_with_pem(&path, &key.pem(), now).unwrap();
    assert_eq!(emulator.devices(path.registry()).unwrap().len(), 1);

    let connect = || {
        let mut client = Client::new(emulator.accept_plain(now));
        client.connect(&path.to_string(), &key.token(START), 60, now);
        client
    };
    let mut client = connect();
    assert_eq!(client.connack(), 0);
    client.publish("/devices/device/state", b"stored", Some(1), now);
    broken.store(true, Ordering::Relaxed);
    client.next();
    client.publish("/devices/device/state", b"lost", Some(2), now);
    assert!(client.is_closed() && client.nothing(), "what is not stored is not acknowledged");

    let mut client = connect();
    assert_eq!(client.connack(), 3);
    assert!(emulator.set_config(&path, b"x", now).is_err());
    let events: Vec<Event> = emulator.journal().into_iter().map(|record| record.event).collect();
    assert!(events.contains(&Event::Closed { reason: CloseReason::Registry("storage: disk full".into()) }));
    assert!(events.contains(&Event::Refused { code: 3, reason: Refusal::Unavailable }));

    broken.store(false, Ordering::Relaxed);
    assert_eq!(emulator.states(&path).unwrap().len(), 1);
}

#[test]
fn a_device_that_is_unbound_cannot_be_attached() {
    let world = World::new();
    let device = world.path.registry().device("behind").unwrap();
    world.emulator.create_device(&device, DeviceSettings::default(), world.now).unwrap();
    let mut settings = world.emulator.device(&world.path).unwrap().settings;
    settings.gateway = Some(iot_core_emulator::GatewayAuth::AssociationOnly);
    world.emulator.update_device(&world.path, settings, world.now).unwrap();
    world.emulator.bind_device(&world.path, &device).unwrap();
    world.emulator.unbind_device(&world.path, &device).unwrap();
    let mut client = world.connect();
    client.publish("/devices/behind/attach", b"{}", Some(1), world.now);
    assert!(client.is_closed());
}
