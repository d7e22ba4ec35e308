//! The cloud emulator in the same virtual time as the device.
#![allow(dead_code, reason = "each test file uses a part of it")]

#[cfg(feature = "async")]
pub(crate) mod asynch;
#[cfg(feature = "flash")]
pub(crate) mod flash;

use core::cell::{Cell, RefCell};
use core::time::Duration;
use std::collections::VecDeque;
use std::rc::Rc;

use embedded_io::{ErrorKind, ErrorType, Read, ReadReady, Write};
use gcp_iot_core::{DevicePath, Endpoint, MqttLite, Session};
use iot_core_emulator as cloud;
use jwt_signer::{Es256Signer, SoftwareSigner};
use monoclock::{Clock, Instant, ManualClock};
use p256::ecdsa::SigningKey;

/// 14 March 2019: the tutorial's time.
pub(crate) const EPOCH: u64 = 1_552_600_000;

pub(crate) const DEVICE: DevicePath<'static> =
    match DevicePath::new("mkr-gcp-tutorial", "us-central1", "MKR_GCP_Tutorial", "MyMKRGSM1400") {
        Ok(path) => path,
        Err(_) => panic!("malformed"),
    };

/// The cloud, the clock, and the wire between them.
pub(crate) struct World {
    pub(crate) clock: Rc<ManualClock>,
    pub(crate) cloud: cloud::Emulator,
    pub(crate) device: cloud::DevicePath,
    pub(crate) signer: Signer,
    /// Writes of the device, one entry per call.
    pub(crate) writes: RefCell<Vec<Vec<u8>>>,
    /// From then on every stream fails.
    pub(crate) cut: Cell<bool>,
    deadline: Cell<Option<Duration>>,
}

impl World {
    pub(crate) fn new() -> Self {
        Self::with(cloud::Settings::google(cloud::Timestamp::from_unix(EPOCH)))
    }

    pub(crate) fn with(settings: cloud::Settings) -> Self {
        let signer = signer(7);
        let emulator = cloud::Emulator::new(settings).unwrap();
        let device =
            cloud::DevicePath::new(DEVICE.project(), DEVICE.region(), DEVICE.registry(), DEVICE.device());
        let device = device.unwrap();
        let registry =
            cloud::RegistryPath::new(DEVICE.project(), DEVICE.region(), DEVICE.registry()).unwrap();
        let topics = cloud::RegistrySettings::with_event_topic("telemetry");
        emulator.create_registry(&registry, topics).unwrap();
        let pem = signer.0.public_key().to_pem();
        emulator.create_device_with_pem(&device, pem.as_str(), Duration::ZERO).unwrap();
        Self {
            clock: Rc::new(ManualClock::new()),
            cloud: emulator,
            device,
            signer,
            writes: RefCell::default(),
            cut: Cell::new(false),
            deadline: Cell::new(None),
        }
    }

    pub(crate) fn session<'a>(
        &'a self,
        buffers: &'a mut [[u8; 512]; 2],
    ) -> Session<'a, MqttLite<'a>, &'a Self> {
        let [receive, transmit] = buffers;
        Session::new(DEVICE, Endpoint::GOOGLE, MqttLite::new(receive, transmit), self)
    }

    /// Opens a stream to the cloud.
    pub(crate) fn open(&self) -> Wire<'_> {
        Wire { world: self, connection: self.cloud.accept_plain(self.now()), received: VecDeque::new() }
    }

    pub(crate) fn now(&self) -> Duration {
        self.clock.elapsed()
    }

    /// When something may happen next, at most `until`.
    fn next_step(&self, until: Instant) -> Duration {
        let until = self.clock.time_of(until);
        let step = self.deadline.get().map_or(until, |deadline| deadline.min(until));
        step.max(self.now() + Duration::from_millis(1)).min(until)
    }

    pub(crate) fn unix_now(&self) -> u64 {
        EPOCH + self.now().as_secs()
    }

    pub(crate) fn states(&self) -> Vec<String> {
        let states = self.cloud.states(&self.device).unwrap();
        states.iter().rev().map(|state| state.text().unwrap().to_owned()).collect()
    }
}

impl Clock for World {
    fn now(&self) -> Instant {
        self.clock.now()
    }

    /// Moves the time to the cloud's next deadline, at most to `until`.
    fn wait(&self, until: Instant) {
        self.clock.advance_to(self.next_step(until));
    }
}

impl core::fmt::Debug for World {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("World").field("now", &self.now()).finish_non_exhaustive()
    }
}

/// A stream between device and cloud.
#[derive(Debug)]
pub(crate) struct Wire<'w> {
    world: &'w World,
    connection: cloud::Connection,
    received: VecDeque<u8>,
}

impl Wire<'_> {
    fn pump(&mut self) -> Result<(), ErrorKind> {
        if self.world.cut.get() {
            return Err(ErrorKind::ConnectionReset);
        }
        self.received.extend(self.connection.transmit(self.world.now()));
        self.world.deadline.set(self.connection.deadline());
        Ok(())
    }
}

impl ErrorType for Wire<'_> {
    type Error = ErrorKind;
}

impl Read for Wire<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, ErrorKind> {
        self.pump()?;
        assert!(!self.received.is_empty() || self.connection.is_closed(), "read() would have blocked");
        let count = buffer.len().min(self.received.len());
        for (to, from) in buffer.iter_mut().zip(self.received.drain(..count)) {
            *to = from;
        }
        Ok(count)
    }
}

impl ReadReady for Wire<'_> {
    fn read_ready(&mut self) -> Result<bool, ErrorKind> {
        self.pump()?;
        Ok(!self.received.is_empty() || self.connection.is_closed())
    }
}

impl Write for Wire<'_> {
    fn write(&mut self, bytes: &[u8]) -> Result<usize, ErrorKind> {
        self.pump()?;
        self.world.writes.borrow_mut().push(bytes.to_vec());
        self.connection.receive(bytes, self.world.now());
        Ok(bytes.len())
    }

    fn flush(&mut self) -> Result<(), ErrorKind> {
        self.pump()
    }
}

impl Drop for Wire<'_> {
    fn drop(&mut self) {
        self.connection.close(self.world.now());
    }
}

/// A key in software, with an error that compares.
#[derive(Clone)]
pub(crate) struct Signer(pub(crate) SoftwareSigner);

#[derive(Debug, PartialEq)]
pub(crate) struct Unsigned;

impl Es256Signer for Signer {
    type Error = Unsigned;

    fn sign_digest(&mut self, digest: &[u8; 32]) -> Result<[u8; 64], Unsigned> {
        self.0.sign_digest(digest).map_err(|_| Unsigned)
    }
}

impl core::fmt::Display for Unsigned {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("not signed")
    }
}

impl core::error::Error for Unsigned {}

pub(crate) fn signer(seed: u8) -> Signer {
    Signer(SoftwareSigner::new(SigningKey::from_slice(&[seed; 32]).unwrap()))
}

/// Reads the payload of an event as a number.
pub(crate) fn number(event: &cloud::Telemetry) -> u32 {
    String::from_utf8(event.payload.clone()).unwrap().parse().unwrap()
}
