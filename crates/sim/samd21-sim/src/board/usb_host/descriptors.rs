//! Descriptors: what the device is, and where its serial port is (USB 2.0, section 9.6; CDC 1.2).

use super::Identity;

/// bDescriptorType.
const DEVICE: u8 = 1;
const CONFIGURATION: u8 = 2;
const STRING: u8 = 3;
const INTERFACE: u8 = 4;
const ENDPOINT: u8 = 5;
/// bInterfaceClass: communication, and the data interface that belongs to it.
const COMMUNICATIONS: u8 = 2;
const CDC_DATA: u8 = 10;

/// Endpoints of a serial port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Function {
    pub(super) control_interface: u8,
    pub(super) notify: Option<u8>,
    pub(super) bulk_in: u8,
    pub(super) bulk_out: u8,
}

/// wTotalLength of a configuration descriptor.
pub(super) fn total_length(configuration: &[u8]) -> Option<u16> {
    match configuration {
        [_, CONFIGURATION, low, high, ..] => Some(u16::from_le_bytes([*low, *high])),
        _ => None,
    }
}

pub(super) fn identity(device: &[u8]) -> Option<Identity> {
    match device {
        [18, DEVICE, _, _, _, _, _, _, v0, v1, p0, p1, d0, d1, _, _, _, _] => Some(Identity {
            vendor: u16::from_le_bytes([*v0, *v1]),
            product: u16::from_le_bytes([*p0, *p1]),
            version: u16::from_le_bytes([*d0, *d1]),
            strings: [None, None, None],
        }),
        _ => None,
    }
}

/// The text of a string descriptor.
pub(super) fn text(descriptor: &[u8]) -> Option<String> {
    let [_, STRING, text @ ..] = descriptor else { return None };
    let units = text.chunks_exact(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]]));
    Some(char::decode_utf16(units).map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER)).collect())
}

/// Finds the first CDC ACM function.
pub(super) fn function(configuration: &[u8]) -> Option<Function> {
    let (mut control, mut notify, mut bulk_in, mut bulk_out) = (None, None, None, None);
    let mut class = 0;
    let mut rest = configuration;
    while let [length, kind, ..] = *rest {
        if length < 2 {
            break;
        }
        let Some((descriptor, after)) = rest.split_at_checked(length.into()) else { break };
        rest = after;
        match (kind, descriptor) {
            (INTERFACE, [_, _, number, _, _, interface_class, ..]) => {
                class = *interface_class;
                if class == COMMUNICATIONS {
                    control = control.or(Some(*number));
                }
            }
            (ENDPOINT, [_, _, address, attributes, ..]) => {
                let place = match (class, attributes & 3, address & 0x80 != 0) {
                    (COMMUNICATIONS, 3, true) => &mut notify,
                    (CDC_DATA, 2, true) => &mut bulk_in,
                    (CDC_DATA, 2, false) => &mut bulk_out,
                    _ => continue,
                };
                *place = place.or(Some(address & 0x0F));
            }
            _ => {}
        }
    }
    Some(Function { control_interface: control?, notify, bulk_in: bulk_in?, bulk_out: bulk_out? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_serial_port_is_found_among_the_interfaces() {
        let configuration = [
            9, 2, 46, 0, 2, 1, 0, 0x80, 250, // configuration
            9, 4, 0, 0, 1, 2, 2, 0, 0, // communication
            7, 5, 0x82, 3, 8, 0, 16, // notification
            9, 4, 1, 0, 2, 10, 0, 0, 0, // data
            7, 5, 0x81, 2, 64, 0, 0, // in
            7, 5, 0x03, 2, 64, 0, 0, // out
        ];
        assert_eq!(
            function(&configuration),
            Some(Function { control_interface: 0, notify: Some(2), bulk_in: 1, bulk_out: 3 })
        );
        assert_eq!(total_length(&configuration), Some(46));
        for cut in 0..configuration.len() - 1 {
            assert_eq!(function(&configuration[..cut]), None);
        }
    }

    #[test]
    fn texts_are_utf_16() {
        assert_eq!(text(&[8, 3, b'M', 0, b'K', 0, b'R', 0]).as_deref(), Some("MKR"));
        assert_eq!(text(&[4, 1, b'M', 0]), None);
    }
}
