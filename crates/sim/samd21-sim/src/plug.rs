//! What can be plugged into the chip's pins: traits for models of the board.

use crate::fabric::pins::Pins;
use crate::time::Time;

/// A device on an I2C bus, byte by byte as the wire has it.
///
/// Every device of the bus sees every START and STOP; only those that acknowledged see the bytes.
pub trait I2cTarget {
    /// The bus clock in Hz and the time of the next call: models that listen to the length of a low wire need it.
    fn clocked_at(&mut self, hz: u32, now: Time) {
        let _ = (hz, now);
    }

    /// A START (or repeated START) and an address have gone over the wire. True acknowledges.
    fn start(&mut self, address: u8, read: bool, now: Time) -> bool;

    /// A byte from the controller. True acknowledges.
    fn write(&mut self, byte: u8, now: Time) -> bool;

    /// The next byte for the controller, which will acknowledge it or not with [`I2cTarget::acknowledged`].
    fn read(&mut self, now: Time) -> u8;

    /// The controller's answer to the byte read last: false ends the read.
    fn acknowledged(&mut self, more: bool, now: Time) {
        let _ = (more, now);
    }

    /// A STOP.
    fn stop(&mut self, now: Time);
}

/// One character on a serial line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame {
    /// The data bits.
    pub data: u16,
    /// Rate at which it was sent, in bits a second.
    pub baud: u32,
}

/// The device at the other end of a serial line.
pub trait SerialPeer {
    /// A character of the chip has arrived completely at `now`.
    fn take(&mut self, frame: Frame, now: Time);

    /// Gives the character that has arrived completely at the chip by `now`, if one has. `ready` is the state of
    /// the chip's RTS: while it is false, a peer with flow control begins no further character.
    fn give(&mut self, ready: bool, now: Time) -> Option<Frame>;

    /// Tells when [`SerialPeer::give`] has something next.
    fn next_event(&self) -> Time;

    /// Tells whether the chip's CTS input is asserted: the chip may send.
    fn clear_to_send(&self) -> bool {
        true
    }

    /// The chip's side listens at `baud` from now on.
    fn listened_at(&mut self, baud: u32, now: Time) {
        let _ = (baud, now);
    }
}

/// Something that watches or drives pins: a reset line, an LED, a button.
pub trait PinWatcher {
    /// Some pin has changed. Levels that the watcher drives itself are set with [`Pins::drive`].
    fn pins_changed(&mut self, pins: &mut Pins, now: Time);
}

/// A transaction on the USB, from the host's side.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UsbTransaction {
    /// SETUP with its eight bytes.
    Setup([u8; 8]),
    /// OUT with data; the flag is the data toggle.
    Out(Vec<u8>, bool),
    /// IN.
    In,
}

/// What the device answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UsbHandshake {
    /// It took the data.
    Ack,
    /// It sent data; the flag is the data toggle.
    Data(Vec<u8>, bool),
    /// Not now.
    Nak,
    /// Not at all.
    Stall,
    /// Nobody answers.
    Silence,
}

/// What a host does next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UsbAction {
    /// It holds the bus in reset, and lets it go now.
    Reset,
    /// A transaction with an endpoint of the device at an address.
    Transaction {
        /// Device address.
        address: u8,
        /// Endpoint number.
        endpoint: u8,
        /// What.
        transaction: UsbTransaction,
    },
}

/// The host at the other end of the USB cable.
pub trait UsbHost {
    /// The device has pulled D+ up, or let it go.
    fn attached(&mut self, attached: bool, now: Time);

    /// Something has changed in the device: who was not ready may be.
    fn stirred(&mut self, now: Time);

    /// Tells when the host acts next.
    fn next_event(&self) -> Time;

    /// What the host does now, if it does anything.
    fn act(&mut self, now: Time) -> Option<UsbAction>;

    /// The device's answer to the transaction of the last [`UsbHost::act`].
    fn answered(&mut self, handshake: UsbHandshake, now: Time);
}
