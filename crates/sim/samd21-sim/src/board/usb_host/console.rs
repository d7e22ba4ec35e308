//! The serial port that the host has of the device.

use core::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;

use crate::time::Time;

/// The serial port that the host has of the device, shared with whoever uses it.
#[derive(Clone, Debug, Default)]
pub struct Console(pub(super) Rc<RefCell<Shared>>);

#[derive(Debug, Default)]
pub(super) struct Shared {
    pub(super) output: VecDeque<u8>,
    pub(super) input: VecDeque<u8>,
    pub(super) wanted: Line,
    pub(super) identity: Option<Identity>,
    pub(super) failure: Option<String>,
    pub(super) configured_at: Option<Time>,
}

/// How the port is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line {
    /// The rate of SET_LINE_CODING.
    pub baud: u32,
    /// DTR of SET_CONTROL_LINE_STATE: a program has the port open.
    pub open: bool,
}

impl Default for Line {
    fn default() -> Self {
        Self { baud: 115_200, open: true }
    }
}

/// What the device says that it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Identity {
    /// idVendor.
    pub vendor: u16,
    /// idProduct.
    pub product: u16,
    /// bcdDevice.
    pub version: u16,
    /// iManufacturer, iProduct and iSerialNumber, as far as they are there.
    pub strings: [Option<String>; 3],
}

impl Console {
    /// Takes what the device has sent.
    #[must_use]
    pub fn take_output(&self) -> Vec<u8> {
        self.0.borrow_mut().output.drain(..).collect()
    }

    /// Types into the port.
    pub fn type_in(&self, bytes: &[u8]) {
        self.0.borrow_mut().input.extend(bytes);
    }

    /// Opens, closes or sets the rate of the port.
    pub fn set_line(&self, line: Line) {
        self.0.borrow_mut().wanted = line;
    }

    /// Tells what the device is, once it is configured.
    #[must_use]
    pub fn identity(&self) -> Option<Identity> {
        self.0.borrow().identity.clone()
    }

    /// Tells when the device was configured last.
    #[must_use]
    pub fn configured_at(&self) -> Option<Time> {
        self.0.borrow().configured_at
    }

    /// Tells why the host gave the device up, if it did.
    #[must_use]
    pub fn failure(&self) -> Option<String> {
        self.0.borrow().failure.clone()
    }
}
