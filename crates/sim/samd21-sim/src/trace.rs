//! Traces of the wires: every plug is wrapped in one that tells standard error what passes.

use crate::fabric::Plugs;
use crate::plug::{Frame, I2cTarget, SerialPeer};
use crate::time::Time;

/// Traces every I2C bus.
pub fn i2c(plugs: &mut Plugs) {
    for line in &mut plugs.i2c {
        for target in core::mem::take(&mut line.targets) {
            line.targets.push(Box::new(TracedTarget { target, transfer: None }));
        }
    }
}

/// Traces every serial line.
pub fn serial(plugs: &mut Plugs) {
    for line in core::mem::take(&mut plugs.serial) {
        let peer = Box::new(TracedPeer { peer: line.peer, sent: Vec::new(), given: Vec::new() });
        plugs.serial.push(crate::fabric::SerialLine { peer, ..line });
    }
}

struct TracedTarget {
    target: Box<dyn I2cTarget>,
    transfer: Option<(Time, String)>,
}

impl TracedTarget {
    fn note(&mut self, text: &str) {
        if let Some((_, transfer)) = &mut self.transfer {
            transfer.push_str(text);
        }
    }

    fn end(&mut self) {
        if let Some((at, transfer)) = self.transfer.take() {
            eprintln!("{at} i2c {transfer}");
        }
    }
}

impl I2cTarget for TracedTarget {
    fn clocked_at(&mut self, hz: u32, now: Time) {
        self.target.clocked_at(hz, now);
    }

    fn start(&mut self, address: u8, read: bool, now: Time) -> bool {
        let acknowledged = self.target.start(address, read, now);
        // Who does not acknowledge is silent: the others of the bus would tell the same again.
        if acknowledged {
            self.end();
            self.transfer = Some((now, format!("{address:02X} {}", if read { "<" } else { ">" })));
        }
        acknowledged
    }

    fn write(&mut self, byte: u8, now: Time) -> bool {
        let acknowledged = self.target.write(byte, now);
        self.note(&format!(" {byte:02X}{}", if acknowledged { "" } else { " NACK" }));
        acknowledged
    }

    fn read(&mut self, now: Time) -> u8 {
        let byte = self.target.read(now);
        self.note(&format!(" {byte:02X}"));
        byte
    }

    fn acknowledged(&mut self, more: bool, now: Time) {
        self.target.acknowledged(more, now);
    }

    fn stop(&mut self, now: Time) {
        self.target.stop(now);
        self.end();
    }
}

struct TracedPeer {
    peer: Box<dyn SerialPeer>,
    sent: Vec<u8>,
    given: Vec<u8>,
}

/// Collects a line, and tells it when it is over.
fn collect(line: &mut Vec<u8>, frame: Frame, direction: char, now: Time) {
    line.push(frame.data.to_le_bytes()[0]);
    if matches!(frame.data, 0x0A | 0x0D) || line.len() >= 64 {
        eprintln!("{now} uart {direction} {:?} at {} baud", String::from_utf8_lossy(line), frame.baud);
        line.clear();
    }
}

impl SerialPeer for TracedPeer {
    fn take(&mut self, frame: Frame, now: Time) {
        collect(&mut self.sent, frame, '>', now);
        self.peer.take(frame, now);
    }

    fn give(&mut self, ready: bool, now: Time) -> Option<Frame> {
        let frame = self.peer.give(ready, now)?;
        collect(&mut self.given, frame, '<', now);
        Some(frame)
    }

    fn next_event(&self) -> Time {
        self.peer.next_event()
    }

    fn clear_to_send(&self) -> bool {
        self.peer.clear_to_send()
    }

    fn listened_at(&mut self, baud: u32, now: Time) {
        self.peer.listened_at(baud, now);
    }
}
