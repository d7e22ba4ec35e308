//! Interrupt handlers that only those programs link which start the part.

use core::cell::Cell;

use atsamd_hal::pac::interrupt;
use critical_section::Mutex;

use crate::timer;

/// What an interrupt calls; nothing, until its part is started.
pub(crate) struct Handler(Mutex<Cell<Option<fn()>>>);

/// The handler of the modem's port.
pub(crate) static GSM: Handler = Handler::new();
/// What follows every interrupt: tasks are woken.
#[cfg(feature = "async")]
pub(crate) static EVENT: Handler = Handler::new();
/// The handler of the USB device.
pub(crate) static USB_DEVICE: Handler = Handler::new();

impl Handler {
    const fn new() -> Self {
        Self(Mutex::new(Cell::new(None)))
    }

    pub(crate) fn set(&self, handler: fn()) {
        critical_section::with(|section| self.0.borrow(section).set(Some(handler)));
    }

    pub(crate) fn call(&self) {
        if let Some(handler) = critical_section::with(|section| self.0.borrow(section).get()) {
            handler();
        }
    }
}

#[interrupt]
fn SERCOM4() {
    GSM.call();
    timer::happened();
}

#[interrupt]
fn USB() {
    USB_DEVICE.call();
    timer::happened();
}
