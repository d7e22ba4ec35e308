//! The command line, the file of devices, and the orders on standard input.

use core::net::{Ipv4Addr, SocketAddr};
use core::time::Duration;
use std::path::PathBuf;

use clap::{Parser, ValueEnum};
use iot_core_emulator::{
    DeviceSettings, Emulator, EventTopic, GatewayAuth, RateRule, RegistryError, RegistryPath,
    RegistrySettings, Settings, Timestamp,
};
use serde::Deserialize;

mod order;

pub(crate) use order::Order;

const EXAMPLES: &str = "\
Examples:
  The tutorial's device, its key as the provisioning tool printed it, TLS on port 8883:
    iot-core-emulator --listen-tls 8883 --write-root root.pem \\
        --project mkr-gcp-tutorial --registry MKR_GCP_Tutorial --device MyMKRGSM1400 --key device.pem

  Any MQTT client can then connect, here without TLS:
    iot-core-emulator --listen-plain 1883 --devices devices.json &
    mosquitto_pub -V mqttv311 -h 127.0.0.1 -p 1883 -i projects/P/locations/us-central1/registries/REG/devices/DEV \\
        -u unused -P \"$TOKEN\" -q 1 -t /devices/DEV/state -m hello

  Several devices in a file (paths of keys are relative to the current directory):
    [{\"project\": \"p\", \"registry\": \"reg\", \"device\": \"dev\", \"key\": \"dev.pem\"},
     {\"project\": \"p\", \"registry\": \"reg\", \"device\": \"gateway\", \"key\": \"gw.pem\",
      \"gateway\": \"association-only\", \"bound\": [\"dev\"]}]

Orders on standard input:
  create PATH FILE            make a device, with the public key in FILE, and its registry where there is none
  delete DEVICE               delete it
  config DEVICE TEXT          give the device a configuration
  command DEVICE TEXT         send it a command
  command/FOLDER DEVICE TEXT  the same with a subfolder
  states DEVICE               list its states, newest first
  configs DEVICE              list its configurations with their acknowledge times
  block DEVICE | unblock DEVICE
  error DEVICE                show its last error
  drop                        drop every connection
  restart SECONDS             drop every connection and accept none for so long
  unavailable SECONDS         answer every CONNECT with 3 for so long
  silence SECONDS             hear and say nothing for so long, then catch up
DEVICE is a device id, or a whole path where ids are not unique.";

/// Cloud IoT Core's MQTT bridge and device registry on this machine.
#[derive(Debug, Parser)]
#[command(version, after_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// Listen with TLS: a port on 127.0.0.1, or ADDRESS:PORT
    #[arg(long, value_name = "PORT", value_parser = address, required_unless_present = "listen_plain")]
    pub(crate) listen_tls: Option<SocketAddr>,
    /// Listen without TLS: a port on 127.0.0.1, or ADDRESS:PORT
    #[arg(long, value_name = "PORT", value_parser = address)]
    pub(crate) listen_plain: Option<SocketAddr>,
    /// Write the root certificate, in PEM, to this file
    #[arg(long, value_name = "FILE")]
    pub(crate) write_root: Option<PathBuf>,
    /// One more name or address in the server's certificate
    #[arg(long, value_name = "NAME")]
    host_name: Vec<String>,
    /// Whose service to be
    #[arg(long, value_enum, default_value_t = ProfileName::Google)]
    profile: ProfileName,
    /// Speak MQTT 5 too, and take a device id alone as a client id
    #[arg(long)]
    mqtt5: bool,

    /// Project of the device
    #[arg(long, requires = "device")]
    project: Option<String>,
    /// Region of the device's registry
    #[arg(long, default_value = "us-central1")]
    region: String,
    /// Registry of the device
    #[arg(long, requires = "device")]
    registry: Option<String>,
    /// A device to create; repeat it, each with a --key
    #[arg(long, requires_all = ["project", "registry", "key"])]
    device: Vec<String>,
    /// The device's public key in PEM
    #[arg(long, value_name = "FILE", requires = "device")]
    key: Vec<PathBuf>,
    /// Pub/Sub topic for events; without one, an event closes the connection
    #[arg(long, value_name = "TOPIC", default_value = "events")]
    event_topic: String,
    /// No Pub/Sub topic for events, as in the tutorial
    #[arg(long)]
    no_event_topic: bool,
    /// Devices to create, as JSON
    #[arg(long, value_name = "FILE")]
    devices: Option<PathBuf>,

    /// Unix time at the start, instead of the host's
    #[arg(long, value_name = "SECONDS")]
    pub(crate) start: Option<u64>,
    /// Let time pass so many times faster; the clients' clocks must do so too
    #[arg(long, value_name = "FACTOR", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) time_scale: u32,
    /// Cut a connection so long after its token expired
    #[arg(long, value_name = "SECONDS", default_value_t = 600)]
    clock_skew: u64,
    /// Close a connection that sends nothing for so long
    #[arg(long, value_name = "SECONDS", default_value_t = 1200)]
    idle_limit: u64,
    /// What a rate that is exceeded leads to
    #[arg(long, value_enum, default_value_t = RateRuleName::Record)]
    rates: RateRuleName,
    /// Print the journal as JSON, one object per line
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum ProfileName {
    Google,
    Clearblade,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum RateRuleName {
    Ignore,
    Record,
    Close,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum GatewayAuthName {
    AssociationOnly,
    DeviceAuthTokenOnly,
    AssociationAndDeviceAuthToken,
}

/// A device to be created.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewDevice {
    project: String,
    #[serde(default = "first_region")]
    region: String,
    registry: String,
    device: String,
    key: Option<PathBuf>,
    event_topic: Option<String>,
    gateway: Option<GatewayAuthName>,
    #[serde(default)]
    bound: Vec<String>,
}

fn first_region() -> String {
    "us-central1".into()
}

fn address(text: &str) -> Result<SocketAddr, String> {
    let port = text.parse::<u16>().map(|port| SocketAddr::from((Ipv4Addr::LOCALHOST, port)));
    port.or_else(|_| text.parse::<SocketAddr>()).map_err(|_| "neither PORT nor ADDRESS:PORT".into())
}

impl Arguments {
    pub(crate) fn settings(&self, start: Timestamp) -> Settings {
        let mut settings = match self.profile {
            ProfileName::Google => Settings::google(start),
            ProfileName::Clearblade => Settings::clearblade(start),
        };
        settings.host_names.extend(self.host_name.iter().cloned());
        settings.limits.clock_skew = Duration::from_secs(self.clock_skew);
        settings.limits.idle = Duration::from_secs(self.idle_limit);
        settings.rules.mqtt5 = self.mqtt5;
        let rule = match self.rates {
            RateRuleName::Ignore => RateRule::Ignore,
            RateRuleName::Record => RateRule::Record,
            RateRuleName::Close => RateRule::Close,
        };
        settings.rules.state_rate = rule;
        settings.rules.config_rate = rule;
        settings.rules.command_rate = rule;
        settings.rules.message_rate = rule;
        settings.rules.byte_rate = rule;
        settings
    }

    pub(crate) fn devices(&self) -> Result<Vec<NewDevice>, Box<dyn core::error::Error>> {
        let mut devices: Vec<NewDevice> = match &self.devices {
            Some(path) => serde_json::from_slice(&std::fs::read(path)?)?,
            None => Vec::new(),
        };
        if self.device.len() != self.key.len() {
            return Err("each --device needs a --key".into());
        }
        for (device, key) in self.device.iter().zip(&self.key) {
            devices.push(NewDevice {
                project: self.project.clone().unwrap_or_default(),
                region: self.region.clone(),
                registry: self.registry.clone().unwrap_or_default(),
                device: device.clone(),
                key: Some(key.clone()),
                event_topic: None,
                gateway: None,
                bound: Vec::new(),
            });
        }
        if !self.no_event_topic {
            for device in &mut devices {
                device.event_topic.get_or_insert_with(|| self.event_topic.clone());
            }
        }
        // Gateways come last, when the devices that they bind are there.
        devices.sort_by_key(|device| device.gateway.is_some());
        Ok(devices)
    }
}

impl NewDevice {
    pub(crate) fn create_in(
        &self,
        emulator: &Emulator,
        now: Duration,
    ) -> Result<(), Box<dyn core::error::Error>> {
        let registry = RegistryPath::new(&self.project, &self.region, &self.registry)?;
        let event_topics = self
            .event_topic
            .iter()
            .map(|topic| EventTopic { subfolder: None, topic: topic.clone() })
            .collect();
        match emulator.create_registry(&registry, RegistrySettings { event_topics }) {
            Ok(()) | Err(RegistryError::AlreadyExists) => {}
            Err(error) => return Err(error.into()),
        }
        let mut settings = match &self.key {
            Some(path) => {
                let pem =
                    std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
                DeviceSettings::with_pem(&pem)?
            }
            None => DeviceSettings::default(),
        };
        settings.gateway = self.gateway.map(|gateway| match gateway {
            GatewayAuthName::AssociationOnly => GatewayAuth::AssociationOnly,
            GatewayAuthName::DeviceAuthTokenOnly => GatewayAuth::DeviceAuthTokenOnly,
            GatewayAuthName::AssociationAndDeviceAuthToken => GatewayAuth::AssociationAndDeviceAuthToken,
        });
        let path = registry.device(&self.device)?;
        emulator.create_device(&path, settings, now)?;
        for device in &self.bound {
            emulator.bind_device(&path, &registry.device(device)?)?;
        }
        eprintln!("created {path}");
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    #[test]
    fn the_command_line_is_consistent() {
        Arguments::command().debug_assert();
        assert!(Arguments::try_parse_from(["emulator"]).is_err(), "something to listen on is needed");
        let parsed = Arguments::try_parse_from(["emulator", "--listen-plain", "1883"]).unwrap();
        assert_eq!(parsed.listen_plain, Some(SocketAddr::from((Ipv4Addr::LOCALHOST, 1883))));
        assert!(Arguments::try_parse_from(["emulator", "--listen-plain", "1", "--device", "d"]).is_err());
    }

    #[test]
    fn a_file_of_devices_is_read() {
        let text = r#"[{"project": "p", "registry": "reg", "device": "gw", "gateway": "association-only",
                        "bound": ["dev"]},
                       {"project": "p", "registry": "reg", "device": "dev", "region": "asia-east1"}]"#;
        let devices: Vec<NewDevice> = serde_json::from_str(text).unwrap();
        assert_eq!((devices[0].region.as_str(), devices[1].region.as_str()), ("us-central1", "asia-east1"));
        assert!(serde_json::from_str::<Vec<NewDevice>>(r#"[{"name": "x"}]"#).is_err());
    }
}
