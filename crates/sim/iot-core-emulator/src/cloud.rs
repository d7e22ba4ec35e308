//! What all connections share: registry, journal, Pub/Sub, and who is connected where.

use core::time::Duration;
use std::collections::{BTreeMap, VecDeque};

use serde::Serialize;

use crate::emulator::Orders;
use crate::journal::{CommandId, ConnectionId, Event, Journal};
use crate::{
    CloseReason, Device, DeviceError, DevicePath, Faults, Registry, RegistryError, Settings, Timestamp,
};

/// A message in Pub/Sub, with the attributes that the bridge sets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Telemetry {
    /// When Pub/Sub took it.
    pub at: Timestamp,
    /// The Pub/Sub topic.
    pub topic: String,
    /// The device; its parts are the attributes `deviceId`, `deviceRegistryId`, `deviceRegistryLocation`
    /// and `projectId`.
    pub device: DevicePath,
    /// Attribute `deviceNumId`.
    pub number: u64,
    /// Attribute `subFolder`; empty where the topic has none.
    pub subfolder: String,
    /// The message.
    #[serde(skip)]
    pub payload: Vec<u8>,
}

#[derive(Debug)]
pub(crate) struct Cloud {
    pub(crate) settings: Settings,
    pub(crate) registry: Box<dyn Registry>,
    pub(crate) journal: Journal,
    pub(crate) faults: Faults,
    pub(crate) telemetry: VecDeque<Telemetry>,
    /// The connection that speaks for a device: its own, or its gateway's.
    pub(crate) routes: BTreeMap<DevicePath, ConnectionId>,
    /// Devices that have just moved to another connection, with the one they left.
    pub(crate) displaced: Vec<(ConnectionId, DevicePath)>,
    /// What the admin face has sent to each device within the current second.
    pub(crate) orders: BTreeMap<DevicePath, Orders>,
    /// Configurations sent with QoS 1 and not acknowledged.
    pub(crate) unacknowledged: BTreeMap<DevicePath, u64>,
    commands: u64,
}

/// Canonical codes (`google.rpc.Code`) of a device's last error.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Code {
    InvalidArgument = 3,
    NotFound = 5,
    PermissionDenied = 7,
    ResourceExhausted = 8,
    FailedPrecondition = 9,
    Unauthenticated = 16,
}

impl Cloud {
    pub(crate) fn new(settings: Settings, registry: Box<dyn Registry>) -> Self {
        Self {
            journal: Journal::new(settings.kept),
            settings,
            registry,
            faults: Faults::default(),
            telemetry: VecDeque::new(),
            routes: BTreeMap::new(),
            displaced: Vec::new(),
            orders: BTreeMap::new(),
            unacknowledged: BTreeMap::new(),
            commands: 0,
        }
    }

    pub(crate) const fn next_command(&mut self) -> CommandId {
        self.commands += 1;
        CommandId(self.commands)
    }

    /// Makes `connection` speak for `device` from now on.
    pub(crate) fn route(&mut self, device: &DevicePath, connection: ConnectionId) {
        match self.routes.insert(device.clone(), connection) {
            Some(before) if before != connection => self.displaced.push((before, device.clone())),
            _ => {}
        }
    }

    /// Ends that `connection` speaks for `device`, unless another does already.
    pub(crate) fn unroute(&mut self, device: &DevicePath, connection: ConnectionId) {
        if self.routes.get(device) == Some(&connection) {
            self.routes.remove(device);
        }
    }

    pub(crate) fn publish(&mut self, telemetry: Telemetry) {
        if self.telemetry.len() >= self.settings.kept {
            self.telemetry.pop_front();
        }
        if self.settings.kept > 0 {
            self.telemetry.push_back(telemetry);
        }
    }
}

/// The cloud as one connection meets it at one moment.
#[derive(Debug)]
pub(crate) struct Context<'a> {
    pub(crate) cloud: &'a mut Cloud,
    pub(crate) output: &'a mut Vec<u8>,
    pub(crate) connection: ConnectionId,
    pub(crate) now: Duration,
}

impl Context<'_> {
    pub(crate) fn record(&mut self, device: Option<&str>, event: Event) {
        self.cloud.journal.record(self.now, Some(self.connection), device, event);
    }

    pub(crate) fn timestamp(&self) -> Timestamp {
        self.cloud.settings.timestamp(self.now)
    }

    pub(crate) fn device(&self, path: &DevicePath) -> Result<Device, CloseReason> {
        self.cloud.registry.device(path).map_err(storage)
    }

    /// Notes a device's last error, where there is such a device.
    pub(crate) fn record_error(&mut self, path: &DevicePath, code: Code, message: impl ToString) {
        let error = DeviceError { at: self.timestamp(), code: code as u32, message: message.to_string() };
        // An error of a device that is gone has nowhere to be noted; the journal has it all the same.
        let _ = self.cloud.registry.record_error(path, error);
    }
}

/// An error of the registry in the middle of a connection ends the connection.
pub(crate) fn storage(error: RegistryError) -> CloseReason {
    match error {
        RegistryError::NoDevice | RegistryError::NoRegistry => CloseReason::DeviceGone,
        other => CloseReason::Registry(other.to_string()),
    }
}
