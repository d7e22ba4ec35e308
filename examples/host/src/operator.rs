//! The person at the cloud's console: registers the device, watches its states, sends to it.

use core::fmt::Write as _;
use core::time::Duration;

use iot_core_emulator::{DevicePath, Emulator, Event, RegistryError, RegistrySettings};

use crate::Terminal;

/// What the person does, once the device has reported its first state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// The configuration to be set.
    pub config: String,
    /// The command to be sent, when the configuration is acknowledged.
    pub command: String,
}

impl Default for Plan {
    /// As in the tutorial.
    fn default() -> Self {
        Self { config: "interval=5".into(), command: "Hello There!".into() }
    }
}

/// Acts on the cloud's side while the device runs, and notes what was really seen there.
#[derive(Debug)]
pub struct Operator {
    emulator: Emulator,
    device: DevicePath,
    plan: Plan,
    console: Terminal,
    config_version: Option<u64>,
    config_acknowledged: bool,
    command_sent: Option<Duration>,
}

impl Operator {
    /// Registers the device with its public key, as the tutorial does in Google's console.
    ///
    /// # Errors
    /// What the registry says of the names or the key.
    pub fn register(
        emulator: &Emulator,
        device: &gcp_iot_core::DevicePath<'_>,
        public_key_pem: &str,
        now: Duration,
        plan: Plan,
        mut console: Terminal,
    ) -> Result<Self, RegistryError> {
        let path = DevicePath::new(device.project(), device.region(), device.registry(), device.device())
            .map_err(RegistryError::Path)?;
        match emulator.create_registry(path.registry(), RegistrySettings::with_event_topic("telemetry")) {
            Ok(()) | Err(RegistryError::AlreadyExists) => {}
            Err(error) => return Err(error),
        }
        emulator.create_device_with_pem(&path, public_key_pem, now)?;
        // The console shows what it can; a closed terminal loses nothing else.
        let _ = writeln!(console, "Registered {device} with key format ES256");
        Ok(Self {
            emulator: emulator.clone(),
            device: path,
            plan,
            console,
            config_version: None,
            config_acknowledged: false,
            command_sent: None,
        })
    }

    /// Looks at what has happened, and acts.
    pub fn act(&mut self, now: Duration) {
        for record in self.emulator.drain_journal() {
            self.note(&record.event);
        }
        if self.config_version.is_none() && self.states_received() > 0 {
            self.set_config(now);
        }
        if self.config_acknowledged && self.command_sent.is_none() {
            self.send_command(now);
        }
    }

    /// Counts the states that have arrived.
    #[must_use]
    pub fn states_received(&self) -> u64 {
        self.emulator.summary().states_received
    }

    /// Tells whether the device has acknowledged the configuration that was set.
    #[must_use]
    pub const fn config_acknowledged(&self) -> bool {
        self.config_acknowledged
    }

    /// Tells when the command was sent.
    #[must_use]
    pub const fn command_sent(&self) -> Option<Duration> {
        self.command_sent
    }

    /// What the person does.
    #[must_use]
    pub const fn plan(&self) -> &Plan {
        &self.plan
    }

    fn note(&mut self, event: &Event) {
        let _ = match event {
            Event::TokenVerified { issued, expires } => {
                let lifetime = expires.unix() - issued.unix();
                writeln!(self.console, "Token verified: issued at {}, good for {lifetime} s", issued.unix())
            }
            Event::Refused { code, reason } => {
                writeln!(self.console, "Login refused with CONNACK {code}: {reason}")
            }
            Event::ConfigAcknowledged { version } => {
                self.config_acknowledged |= self.config_version == Some(*version);
                writeln!(self.console, "Configuration version {version} acknowledged")
            }
            Event::StateReceived { .. } => self.show_newest_state(),
            Event::Closed { reason } => writeln!(self.console, "Connection closed: {reason}"),
            _ => Ok(()),
        };
    }

    fn show_newest_state(&mut self) -> core::fmt::Result {
        let Some(state) =
            self.emulator.states(&self.device).ok().and_then(|states| states.into_iter().next())
        else {
            return Ok(());
        };
        writeln!(
            self.console,
            "State received: {} (base64), {:?} (text)",
            state.base64(),
            state.text().unwrap_or("not text")
        )
    }

    fn set_config(&mut self, now: Duration) {
        let outcome = self.emulator.set_config(&self.device, self.plan.config.as_bytes(), now);
        let _ = match outcome {
            Ok(version) => {
                self.config_version = Some(version);
                writeln!(self.console, "Configuration version {version} sent: {}", self.plan.config)
            }
            Err(error) => writeln!(self.console, "Configuration not sent: {error}"),
        };
    }

    fn send_command(&mut self, now: Duration) {
        // Nothing is kept for a device that does not listen: the next look tries again.
        if self.emulator.send_command(&self.device, "", self.plan.command.as_bytes(), now).is_ok() {
            self.command_sent = Some(now);
            let _ = writeln!(self.console, "Command sent: {}", self.plan.command);
        }
    }
}
