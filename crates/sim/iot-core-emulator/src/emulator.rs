//! The emulator: accepts connections, and is administered.

use core::time::Duration;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rustls::ServerConnection;
use rustls::server::ServerConfig;

use crate::authority::{self, RootCertificate, SetupError, VirtualTime};
use crate::bridge::Bridge;
use crate::cloud::Cloud;
use crate::connection::Connection;
use crate::journal::{Record, Summary};
use crate::{Faults, MemoryRegistry, Registry, Settings, Telemetry};

mod admin;
mod orders;

pub use admin::CommandError;
pub(crate) use orders::Orders;

/// Cloud IoT Core: an MQTT bridge and a device registry.
///
/// A clone is another handle to the same emulator; handles and connections may live on several threads.
#[derive(Clone, Debug)]
pub struct Emulator {
    bridge: Arc<Mutex<Bridge>>,
    tls: Arc<ServerConfig>,
    time: Arc<VirtualTime>,
    root: Arc<RootCertificate>,
}

impl Emulator {
    /// Starts an emulator with a registry in memory.
    ///
    /// # Errors
    /// Says why the certificate authority could not be made.
    pub fn new(settings: Settings) -> Result<Self, SetupError> {
        let registry = MemoryRegistry::new(settings.limits.clone());
        Self::with_registry(settings, Box::new(registry))
    }

    /// Starts an emulator with a registry of the caller's.
    ///
    /// # Errors
    /// Says why the certificate authority could not be made.
    pub fn with_registry(settings: Settings, registry: Box<dyn Registry>) -> Result<Self, SetupError> {
        let time = Arc::new(VirtualTime::new(settings.start));
        let (root, tls) = authority::set_up(&settings, Arc::clone(&time))?;
        let bridge = Arc::new(Mutex::new(Bridge::new(Cloud::new(settings, registry))));
        Ok(Self { bridge, tls, time, root: Arc::new(root) })
    }

    /// The root certificate that clients must trust.
    #[must_use]
    pub fn root_certificate(&self) -> &RootCertificate {
        &self.root
    }

    /// Accepts a connection with TLS, as on port 8883.
    ///
    /// # Panics
    /// Does not: the configuration was taken by rustls when the emulator started.
    #[must_use]
    pub fn accept_tls(&self, now: Duration) -> Connection {
        self.time.advance(now);
        let session = ServerConnection::new(Arc::clone(&self.tls)).expect("the configuration is complete");
        Connection::tls(Arc::clone(&self.bridge), Box::new(session), Arc::clone(&self.time), now)
    }

    /// Accepts a connection without TLS. The service has none; tests and foreign clients on loopback do.
    #[must_use]
    pub fn accept_plain(&self, now: Duration) -> Connection {
        Connection::plain(Arc::clone(&self.bridge), now)
    }

    /// What happened so far, as far as it is kept.
    #[must_use]
    pub fn journal(&self) -> Vec<Record> {
        lock(&self.bridge).cloud.journal.records().iter().cloned().collect()
    }

    /// Takes what happened since the last time out of the journal.
    #[must_use]
    pub fn drain_journal(&self) -> Vec<Record> {
        lock(&self.bridge).cloud.journal.drain()
    }

    /// Transports that are accepted and not dropped, closed ones included.
    #[must_use]
    pub fn transports(&self) -> usize {
        lock(&self.bridge).transports()
    }

    /// Counts of what happened.
    #[must_use]
    pub fn summary(&self) -> Summary {
        lock(&self.bridge).cloud.journal.summary()
    }

    /// Messages in Pub/Sub, oldest first, as far as they are kept.
    #[must_use]
    pub fn telemetry(&self) -> Vec<Telemetry> {
        lock(&self.bridge).cloud.telemetry.iter().cloned().collect()
    }

    /// Takes the messages out of Pub/Sub.
    #[must_use]
    pub fn drain_telemetry(&self) -> Vec<Telemetry> {
        lock(&self.bridge).cloud.telemetry.drain(..).collect()
    }

    /// Changes what is wrong with the service. `change` must not call the emulator.
    pub fn with_faults<T>(&self, change: impl FnOnce(&mut Faults) -> T) -> T {
        change(&mut lock(&self.bridge).cloud.faults)
    }

    /// Restarts the service: every connection is dropped without a word, and for `outage` none is accepted.
    ///
    /// The registry survives, and so do devices, configurations and states.
    pub fn restart(&self, now: Duration, outage: Duration) {
        let mut bridge = lock(&self.bridge);
        bridge.advance(now);
        bridge.drop_all(now);
        bridge.cloud.faults.down_until = Some(now + outage);
    }
}

/// A panic in another thread leaves nothing half done that a later call could not live with.
pub(crate) fn lock(bridge: &Mutex<Bridge>) -> MutexGuard<'_, Bridge> {
    bridge.lock().unwrap_or_else(PoisonError::into_inner)
}
