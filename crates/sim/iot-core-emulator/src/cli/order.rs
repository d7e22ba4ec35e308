//! Orders on standard input.

use core::time::Duration;

use iot_core_emulator::{DevicePath, Emulator, RegistryError, RegistrySettings};

/// What a line of standard input asks for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Order {
    Create { device: String, key: String },
    Delete { device: String },
    Config { device: String, text: String },
    Command { device: String, subfolder: String, text: String },
    States { device: String },
    Configs { device: String },
    Block { device: String, blocked: bool },
    LastError { device: String },
    Drop,
    Restart { outage: Duration },
    Unavailable { span: Duration },
    Silence { span: Duration },
}

impl Order {
    pub(crate) fn parse(line: &str) -> Result<Self, String> {
        let mut words = line.trim_start().splitn(3, ' ');
        let (verb, object) = (words.next().unwrap_or_default(), words.next().unwrap_or_default().trim());
        let text = words.next().unwrap_or_default().to_owned();
        let device = object.to_owned();
        if object.is_empty() && verb != "drop" {
            return Err(format!("{line:?}: see the orders in --help"));
        }
        match verb.split_once('/').unwrap_or((verb, "")) {
            ("command", subfolder) => Ok(Self::Command { device, subfolder: subfolder.into(), text }),
            ("create", "") => Ok(Self::Create { device, key: text }),
            ("delete", "") => Ok(Self::Delete { device }),
            ("config", "") => Ok(Self::Config { device, text }),
            ("states", "") => Ok(Self::States { device }),
            ("configs", "") => Ok(Self::Configs { device }),
            ("block", "") => Ok(Self::Block { device, blocked: true }),
            ("unblock", "") => Ok(Self::Block { device, blocked: false }),
            ("error", "") => Ok(Self::LastError { device }),
            ("drop", "") => Ok(Self::Drop),
            ("restart", "") => Ok(Self::Restart { outage: seconds(object)? }),
            ("unavailable", "") => Ok(Self::Unavailable { span: seconds(object)? }),
            ("silence", "") => Ok(Self::Silence { span: seconds(object)? }),
            _ => Err(format!("{line:?}: see the orders in --help")),
        }
    }

    pub(crate) fn obey(
        &self,
        emulator: &Emulator,
        now: Duration,
    ) -> Result<String, Box<dyn core::error::Error>> {
        let path = |device: &str| -> Result<DevicePath, Box<dyn core::error::Error>> {
            match emulator.find_device(device)? {
                Some(path) => Ok(path),
                None => Ok(device.parse::<DevicePath>()?),
            }
        };
        Ok(match self {
            Self::Create { device, key } => {
                let path = device.parse::<DevicePath>()?;
                match emulator.create_registry(path.registry(), RegistrySettings::with_event_topic("events"))
                {
                    Ok(()) | Err(RegistryError::AlreadyExists) => {}
                    Err(error) => return Err(error.into()),
                }
                let pem = std::fs::read_to_string(key).map_err(|error| format!("{key}: {error}"))?;
                format!("created, number {}", emulator.create_device_with_pem(&path, &pem, now)?)
            }
            Self::Delete { device } => {
                emulator.delete_device(&path(device)?, now)?;
                "deleted".into()
            }
            Self::Config { device, text } => {
                format!("version {}", emulator.set_config(&path(device)?, text.as_bytes(), now)?)
            }
            Self::Command { device, subfolder, text } => {
                emulator.send_command(&path(device)?, subfolder, text.as_bytes(), now)?;
                "sent".into()
            }
            Self::States { device } => {
                let states = emulator.states(&path(device)?)?;
                let line = |state: &iot_core_emulator::State| {
                    format!("{} {} {:?}", state.at, state.base64(), state.text().unwrap_or("(no text)"))
                };
                states.iter().map(line).collect::<Vec<_>>().join("\n")
            }
            Self::Configs { device } => {
                let configs = emulator.configs(&path(device)?)?;
                let line = |config: &iot_core_emulator::ConfigVersion| {
                    let acknowledged =
                        config.acknowledged.map_or("not acknowledged".into(), |at| at.to_string());
                    format!("{} {} {} {acknowledged}", config.version, config.updated, config.base64())
                };
                configs.iter().map(line).collect::<Vec<_>>().join("\n")
            }
            Self::Block { device, blocked } => {
                emulator.set_blocked(&path(device)?, *blocked, now)?;
                if *blocked { "blocked".into() } else { "unblocked".into() }
            }
            Self::LastError { device } => match emulator.device(&path(device)?)?.last_error {
                Some(error) => format!("{} code {}: {}", error.at, error.code, error.message),
                None => "none".into(),
            },
            Self::Drop => {
                emulator.restart(now, Duration::ZERO);
                "dropped".into()
            }
            Self::Unavailable { span } => {
                emulator.with_faults(|faults| faults.unavailable_until = Some(now + *span));
                format!("unavailable for {} s", span.as_secs())
            }
            Self::Silence { span } => {
                emulator.with_faults(|faults| faults.silent_until = Some(now + *span));
                format!("silent for {} s", span.as_secs())
            }
            Self::Restart { outage } => {
                emulator.restart(now, *outage);
                format!("down for {} s", outage.as_secs())
            }
        })
    }
}

fn seconds(text: &str) -> Result<Duration, String> {
    text.parse().map(Duration::from_secs).map_err(|_| format!("{text:?} is no number of seconds"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orders_are_read() {
        let device = || "dev".to_owned();
        for (line, order) in [
            ("config dev {\"a\": 1}", Order::Config { device: device(), text: "{\"a\": 1}".into() }),
            ("config dev", Order::Config { device: device(), text: String::new() }),
            (
                "command dev Hello There!",
                Order::Command { device: device(), subfolder: String::new(), text: "Hello There!".into() },
            ),
            (
                "command/a/b dev x",
                Order::Command { device: device(), subfolder: "a/b".into(), text: "x".into() },
            ),
            ("create p/dev key.pem", Order::Create { device: "p/dev".into(), key: "key.pem".into() }),
            ("delete dev", Order::Delete { device: device() }),
            ("states dev", Order::States { device: device() }),
            ("block dev", Order::Block { device: device(), blocked: true }),
            ("drop", Order::Drop),
            ("restart 5", Order::Restart { outage: Duration::from_secs(5) }),
            ("unavailable 6", Order::Unavailable { span: Duration::from_secs(6) }),
            ("silence 7", Order::Silence { span: Duration::from_secs(7) }),
        ] {
            assert_eq!(Order::parse(line), Ok(order));
        }
        for bad in ["", "config", "state dev", "restart x", "config/x dev y"] {
            assert!(Order::parse(bad).is_err(), "{bad}");
        }
    }
}
