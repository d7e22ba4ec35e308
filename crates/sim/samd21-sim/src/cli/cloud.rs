//! `--cloud local`: the cloud's emulator as a server in the modem's network in memory.

use core::error::Error;
use std::path::Path;

use eccx08_sim::Sim;
use iot_core_emulator::{
    DevicePath, Emulator, PublicKey, RegistryError, RegistrySettings, Settings, Timestamp,
};
use samd21_sim::Time;
use samd21_sim::board::bridge::serve_cloud;
use sara_u201_sim::MemoryNetwork;

/// The device of the tutorial.
const DEVICE: [&str; 4] = ["mkr-gcp-tutorial", "us-central1", "MKR_GCP_Tutorial", "MyMKRGSM1400"];
/// What is in front of the two coordinates of a P-256 point in a SubjectPublicKeyInfo (RFC 5480).
const SPKI_HEAD: [u8; 27] = [
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x02, 0x01, 0x06, 0x08, 0x2A, 0x86,
    0x48, 0xCE, 0x3D, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00, 0x04,
];
/// The slot of the device's key.
const SLOT: u8 = 0;

/// The cloud of one run: it registers the element's key as soon as there is one.
#[derive(Debug)]
pub(super) struct LocalCloud {
    emulator: Emulator,
    device: DevicePath,
    registered: Option<[u8; 64]>,
    /// When the element is asked next: deriving its public key takes this machine a while.
    ask_at: Time,
}

/// Virtual time between two looks at the element's key.
const LOOK: Time = Time::from_millis(1000);

impl LocalCloud {
    /// Lets a cloud that begins at `unix_time` listen at `host` and `port`. `authority` is the private key of
    /// its certificate authority, so that an image can know the root beforehand; without it there is a new one.
    pub(super) fn serve(
        network: &MemoryNetwork,
        (host, port): (&str, u16),
        unix_time: u64,
        authority: Option<&Path>,
    ) -> Result<Self, Box<dyn Error>> {
        let mut settings = Settings::google(Timestamp::from_unix(unix_time));
        settings.authority_key = authority.map(std::fs::read_to_string).transpose()?;
        let emulator = Emulator::new(settings)?;
        serve_cloud(network, &emulator, host, port);
        let [project, region, registry, device] = DEVICE;
        let device = DevicePath::new(project, region, registry, device)?;
        emulator.create_registry(device.registry(), RegistrySettings::with_event_topic("telemetry"))?;
        Ok(Self { emulator, device, registered: None, ask_at: Time::ZERO })
    }

    /// Registers a new key of the element, and tells what the cloud has seen.
    pub(super) fn look(&mut self, element: &Sim, now: Time) -> Result<(), Box<dyn Error>> {
        if now >= self.ask_at {
            self.ask_at = now + LOOK;
            if let Some(key) = element.public_key(SLOT).filter(|key| self.registered != Some(*key)) {
                self.register(key, now)?;
            }
        }
        for record in self.emulator.drain_journal() {
            eprintln!("cloud: {record}");
        }
        Ok(())
    }

    fn register(&mut self, key: [u8; 64], now: Time) -> Result<(), Box<dyn Error>> {
        self.registered = Some(key);
        let pem = PublicKey::from_der(&[SPKI_HEAD.as_slice(), &key].concat())?.to_pem();
        match self.emulator.create_device_with_pem(&self.device, &pem, now.as_duration()) {
            Ok(_) | Err(RegistryError::AlreadyExists) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}
