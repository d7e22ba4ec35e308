//! The serial ports of this machine, and which of them are boards.

use std::path::Path;

use serde_json::{Value, json};
use serialport::{SerialPortInfo, SerialPortType};

use super::stop::{Kind, Stop};

/// Arduino's vendor id, and its product ids for this board.
const ARDUINO: u16 = 0x2341;
const PROGRAM: u16 = 0x8052;
const LOADER: u16 = 0x0052;

/// A serial port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Device {
    /// Its name, to be opened.
    pub(crate) port: String,
    /// What is behind it.
    pub(crate) role: Role,
    /// Vendor and product, where it is a USB device.
    pub(crate) ids: Option<(u16, u16)>,
    /// Where it is plugged in, such as `1-2.3`. The loader has no serial number; this tells boards apart.
    pub(crate) location: Option<String>,
    /// What it calls itself.
    pub(crate) product: Option<String>,
}

/// What is behind a port.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// The board's program.
    Program,
    /// The board's loader.
    Loader,
    /// Something else.
    Other,
}

impl Role {
    pub(crate) fn shown(self) -> &'static str {
        match self {
            Self::Program => "program",
            Self::Loader => "loader",
            Self::Other => "no MKR GSM 1400",
        }
    }
}

impl Device {
    pub(crate) fn json(&self) -> Value {
        json!({
            "port": self.port,
            "role": match self.role {
                Role::Program => "program",
                Role::Loader => "loader",
                Role::Other => "other",
            },
            "ids": self.ids.map(|(vendor, product)| format!("{vendor:04x}:{product:04x}")),
            "location": self.location,
            "product": self.product,
        })
    }
}

/// Lists this machine's serial ports; opens none.
pub(crate) fn list() -> Result<Vec<Device>, Stop> {
    if cfg!(target_os = "linux") && !Path::new("/sys/class/tty").is_dir() {
        return Ok(Vec::new());
    }
    let ports = serialport::available_ports();
    let ports = ports.map_err(|error| {
        Stop::new(Kind::NoDevice, anyhow::Error::new(error).context("cannot list the serial ports"))
    })?;
    let mut devices: Vec<Device> = ports.into_iter().map(Device::from).collect();
    devices.sort_by(|one, other| one.port.cmp(&other.port));
    Ok(devices)
}

/// Shows ports for people, one a line.
pub(crate) fn shown(devices: &[Device]) -> String {
    let line = |device: &Device| {
        let Device { port, role, ids, location, product } = device;
        let ids = ids.map_or_else(|| "-".to_owned(), |(vendor, id)| format!("{vendor:04x}:{id:04x}"));
        let location = location.as_deref().unwrap_or("-");
        let product = product.as_deref().unwrap_or_default();
        format!("{port:<14} {ids:<10} {location:<8} {:<16} {product}", role.shown()).trim_end().to_owned()
    };
    devices.iter().map(line).collect::<Vec<_>>().join("\n")
}

impl From<SerialPortInfo> for Device {
    fn from(info: SerialPortInfo) -> Self {
        let SerialPortType::UsbPort(usb) = info.port_type else {
            return Self {
                port: info.port_name,
                role: Role::Other,
                ids: None,
                location: None,
                product: None,
            };
        };
        let role = match (usb.vid, usb.pid) {
            (ARDUINO, PROGRAM) => Role::Program,
            (ARDUINO, LOADER) => Role::Loader,
            _ => Role::Other,
        };
        Self {
            port: info.port_name,
            role,
            ids: Some((usb.vid, usb.pid)),
            location: usb.location.map(|location| location.to_string()),
            product: usb.product,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serialport::{Location, UsbPortInfo};

    fn usb(vid: u16, pid: u16) -> Device {
        Device::from(SerialPortInfo {
            port_name: "/dev/ttyACM0".into(),
            port_type: SerialPortType::UsbPort(UsbPortInfo {
                vid,
                pid,
                serial_number: None,
                manufacturer: None,
                product: Some("Arduino MKR GSM 1400".into()),
                location: Some(Location::new("1".into(), vec![2, 3])),
            }),
        })
    }

    #[test]
    fn program_and_loader_are_told_apart_by_their_ids() {
        assert_eq!(usb(0x2341, 0x8052).role, Role::Program);
        assert_eq!(usb(0x2341, 0x0052).role, Role::Loader);
        assert_eq!(usb(0x2341, 0x0043).role, Role::Other);
        assert_eq!(usb(0x239A, 0x8052).role, Role::Other);
    }

    #[test]
    fn a_line_has_what_the_options_take() {
        let device = usb(0x2341, 0x0052);
        let line = shown(core::slice::from_ref(&device));
        assert_eq!(line, "/dev/ttyACM0   2341:0052  1-2.3    loader           Arduino MKR GSM 1400");
        assert_eq!(device.json()["location"], "1-2.3");
        assert_eq!(device.json()["ids"], "2341:0052");
    }

    #[test]
    fn a_port_that_is_no_usb_device_is_listed_too() {
        let info = SerialPortInfo { port_name: "/dev/ttyS0".into(), port_type: SerialPortType::PciPort };
        assert_eq!(Device::from(info).role, Role::Other);
    }
}
