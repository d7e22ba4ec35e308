//! USART with internal clock: true bit times, two characters of buffer, hardware flow control.

use std::collections::VecDeque;

use super::pads::pin_of;
use super::waveform::{Character, Format, receive};
use super::{Setup, register};
use crate::fabric::pins::Pin;
use crate::fabric::{Fabric, SerialLine};
use crate::peripherals::registers::Interrupts;
use crate::plug::Frame;
use crate::time::Time;

/// CTRLB.TXEN.
const TXEN: u32 = 1 << 16;
/// CTRLB.RXEN.
const RXEN: u32 = 1 << 17;
/// CTRLB.SBMODE: two stop bits.
const SBMODE: u32 = 1 << 6;
/// CTRLB.PMODE: odd parity.
const PMODE: u32 = 1 << 13;
/// CTRLA.DORD: least significant bit first.
const DORD: u32 = 1 << 30;

/// INTFLAG's bits.
mod flag {
    pub(super) const DRE: u32 = 1 << 0;
    pub(super) const TXC: u32 = 1 << 1;
    pub(super) const RXC: u32 = 1 << 2;
    pub(super) const RXS: u32 = 1 << 3;
    pub(super) const CTSIC: u32 = 1 << 4;
    pub(super) const ERROR: u32 = 1 << 7;
}

/// STATUS's bits.
mod status {
    pub(super) const PERR: u32 = 1 << 0;
    pub(super) const FERR: u32 = 1 << 1;
    pub(super) const BUFOVF: u32 = 1 << 2;
    pub(super) const CTS: u32 = 1 << 3;
}

/// Characters that the receive buffer holds; one more waits in the shift register.
const BUFFER: usize = 2;

/// The state of the mode.
#[derive(Debug, Default)]
pub(super) struct Usart {
    enabled_interrupts: u32,
    /// TXC, RXS, CTSIC, ERROR: the flags that stay until they are cleared.
    sticky: u32,
    status: u32,
    received: VecDeque<Character>,
    buffer: Option<u16>,
    /// The frame on the wire and the end of it.
    shifting: Option<(u16, Time)>,
    /// Level of CTS as seen last: false lets the chip send.
    cts: bool,
    wires: Wires,
}

/// Where the pads lead, as the multiplexers stand.
#[derive(Clone, Copy, Debug, Default)]
struct Wires {
    /// The line, by its number among the plugs, that the sender is on.
    sending: Option<usize>,
    /// The line that the receiver is on.
    receiving: Option<usize>,
    /// Pad 2, when TXPO is 2.
    rts: Option<Pin>,
    /// Pad 3, when TXPO is 2.
    cts: Option<Pin>,
}

impl Wires {
    fn follow(setup: &Setup, fabric: &Fabric) -> Self {
        let pad = |number| pin_of(&fabric.pins, setup.number, number);
        let line = |pin: Option<Pin>, of: fn(&SerialLine) -> Pin| {
            fabric.plugs.serial.iter().position(|line| Some(of(line)) == pin)
        };
        let txpo = setup.ctrla >> 16 & 3;
        let flow = |number| if txpo == 2 { pad(number) } else { None };
        Self {
            sending: line(pad(if txpo == 1 { 2 } else { 0 }), |line| line.tx),
            receiving: line(pad((setup.ctrla >> 20).to_le_bytes()[0] & 3), |line| line.rx),
            rts: flow(2),
            cts: flow(3),
        }
    }
}

impl Usart {
    /// ENABLE has changed.
    pub(super) fn enabled(&mut self, setup: &Setup, fabric: &mut Fabric) {
        *self = Self { enabled_interrupts: self.enabled_interrupts, ..Self::default() };
        self.pins_changed(setup, fabric);
    }

    pub(super) fn pins_changed(&mut self, setup: &Setup, fabric: &mut Fabric) {
        let before = self.wires.receiving;
        self.wires = if setup.enabled() { Wires::follow(setup, fabric) } else { Wires::default() };
        if let Some(index) = self.wires.receiving.filter(|_| before != self.wires.receiving) {
            // What came while nobody listened is gone.
            let (now, baud) = (fabric.now, baud(setup, fabric));
            let peer = &mut fabric.plugs.serial[index].peer;
            peer.listened_at(baud, now);
            while peer.give(true, now).is_some() {}
        }
        self.drive_rts(setup, fabric);
        let level = self.wires.cts.is_some_and(|pin| fabric.pins.level(pin));
        if setup.enabled() && level != self.cts {
            self.sticky |= flag::CTSIC;
        }
        self.cts = level;
        self.transmit(setup, fabric);
    }

    pub(super) fn next_event(&self, fabric: &Fabric) -> Time {
        let sent = self.shifting.map_or(Time::NEVER, |(_, end)| end);
        let line = self.wires.receiving.or(self.wires.sending);
        let peer = line.and_then(|index| fabric.plugs.serial.get(index));
        sent.min(peer.map_or(Time::NEVER, |line| line.peer.next_event()))
    }

    pub(super) fn advance(&mut self, setup: &Setup, fabric: &mut Fabric) {
        let now = fabric.now;
        if let Some((data, end)) = self.shifting.filter(|(_, end)| *end <= now) {
            self.shifting = None;
            if let Some(index) = self.wires.sending {
                let baud = baud(setup, fabric);
                fabric.plugs.serial[index].peer.take(Frame { data: wire_order(data, setup), baud }, end);
            }
            self.transmit(setup, fabric);
            if self.shifting.is_none() {
                self.sticky |= flag::TXC;
            }
        }
        if setup.enabled() {
            self.receive(setup, fabric);
            self.follow_peer(fabric);
        }
    }

    fn receive(&mut self, setup: &Setup, fabric: &mut Fabric) {
        let now = fabric.now;
        while let Some(index) = self.wires.receiving {
            let line = &mut fabric.plugs.serial[index];
            let ready = line.rts.is_none_or(|pin| !fabric.pins.level(pin));
            let Some(frame) = line.peer.give(ready, now) else { break };
            if setup.ctrlb & RXEN == 0 {
                continue;
            }
            for character in receive(frame, format(setup, fabric)) {
                if self.received.len() > BUFFER {
                    // The one in the shift register is lost to the next start bit.
                    self.received.pop_back();
                    self.status |= status::BUFOVF;
                    self.sticky |= flag::ERROR;
                }
                if character.framing_error || character.parity_error {
                    self.sticky |= flag::ERROR;
                }
                self.received.push_back(character);
            }
            self.drive_rts(setup, fabric);
        }
    }

    /// The peer's side of flow control shows on the chip's CTS pin.
    fn follow_peer(&self, fabric: &mut Fabric) {
        let Some(index) = self.wires.sending.or(self.wires.receiving) else { return };
        let SerialLine { cts: Some(cts), peer, .. } = &fabric.plugs.serial[index] else { return };
        let (pin, level) = (*cts, !peer.clear_to_send());
        if fabric.pins.level(pin) != level {
            fabric.pins.drive(pin, Some(level));
        }
    }

    /// RTS of TXPO 2 is low while the receiver can take a character.
    fn drive_rts(&self, setup: &Setup, fabric: &mut Fabric) {
        if let Some(pin) = self.wires.rts {
            let ready = setup.enabled() && setup.ctrlb & RXEN != 0 && self.received.len() < BUFFER;
            fabric.pins.drive_from_peripheral(pin, Some(!ready));
        }
    }

    /// Moves the next character to the wire if it may go.
    fn transmit(&mut self, setup: &Setup, fabric: &Fabric) {
        let held = self.wires.cts.is_some() && self.cts;
        if self.shifting.is_some() || held || !setup.enabled() || setup.ctrlb & TXEN == 0 {
            return;
        }
        if let Some(data) = self.buffer.take() {
            let bits = u64::from(frame_bits(setup));
            self.shifting = Some((data, fabric.now + Time::of_ticks(bits, baud(setup, fabric))));
        }
    }

    pub(super) fn interrupts(&self, setup: &Setup) -> Interrupts {
        let mut flags = self.sticky;
        if setup.enabled() && setup.ctrlb & TXEN != 0 && self.buffer.is_none() {
            flags |= flag::DRE;
        }
        if !self.received.is_empty() {
            flags |= flag::RXC;
        }
        Interrupts { enabled: self.enabled_interrupts, flags }
    }

    pub(super) fn dma_requests(&self, setup: &Setup) -> (bool, bool) {
        let flags = self.interrupts(setup).flags;
        (flags & flag::RXC != 0, flags & flag::DRE != 0)
    }

    pub(super) fn get(&mut self, register: u32, setup: &Setup, fabric: &mut Fabric) -> u32 {
        match register {
            register::INTENCLR | register::INTENSET => self.enabled_interrupts,
            register::INTFLAG => self.interrupts(setup).flags,
            register::STATUS => {
                let front = self.received.front();
                self.status
                    | if front.is_some_and(|character| character.parity_error) { status::PERR } else { 0 }
                    | if front.is_some_and(|character| character.framing_error) { status::FERR } else { 0 }
                    | if self.cts { status::CTS } else { 0 }
            }
            register::DATA => {
                let character = self.received.pop_front();
                self.drive_rts(setup, fabric);
                character.map_or(0, |character| u32::from(character.data))
            }
            _ => 0,
        }
    }

    pub(super) fn put(&mut self, register: u32, value: u32, setup: &Setup, fabric: &mut Fabric) {
        match register {
            register::CTRLB => {
                if setup.ctrlb & RXEN == 0 {
                    self.received.clear();
                    self.status = 0;
                } else if let Some(index) = self.wires.receiving {
                    let (now, baud) = (fabric.now, baud(setup, fabric));
                    fabric.plugs.serial[index].peer.listened_at(baud, now);
                }
                self.drive_rts(setup, fabric);
                self.transmit(setup, fabric);
            }
            register::INTENCLR => self.enabled_interrupts &= !value,
            register::INTENSET => self.enabled_interrupts |= value & 0xBF,
            register::INTFLAG => {
                self.sticky &= !(value & (flag::TXC | flag::RXS | flag::CTSIC | flag::ERROR));
            }
            register::STATUS => self.status &= !value,
            register::DATA if setup.enabled() => {
                self.sticky &= !flag::TXC;
                if self.buffer.replace(low_half(value & 0x1FF)).is_some() {
                    fabric.warn_once(format_args!(
                        "SERCOM{}: DATA is written while INTFLAG.DRE is 0",
                        setup.number
                    ));
                }
                self.transmit(setup, fabric);
            }
            _ => {}
        }
    }
}

/// The peers take the first bit of the wire as the least significant one.
const fn wire_order(data: u16, setup: &Setup) -> u16 {
    if setup.ctrla & DORD != 0 { data } else { data.reverse_bits() >> (16 - data_bits(setup)) }
}

fn low_half(value: u32) -> u16 {
    let bytes = value.to_le_bytes();
    u16::from_le_bytes([bytes[0], bytes[1]])
}

/// CTRLA.SAMPR and BAUD (data sheet, "Baud Rate Equations").
fn baud(setup: &Setup, fabric: &Fabric) -> u32 {
    let hz = u64::from(setup.hz(fabric));
    let value = u64::from(setup.baud & 0xFFFF);
    let arithmetic = |samples: u64| hz * (65_536 - value) / (65_536 * samples);
    let fractional = |samples: u64| hz * 8 / (samples * ((value & 0x1FFF) * 8 + (value >> 13)).max(1));
    let rate = match setup.ctrla >> 13 & 7 {
        0 => arithmetic(16),
        1 => fractional(16),
        2 => arithmetic(8),
        3 => fractional(8),
        _ => arithmetic(3),
    };
    u32::try_from(rate).unwrap_or(u32::MAX)
}

fn format(setup: &Setup, fabric: &Fabric) -> Format {
    Format {
        baud: baud(setup, fabric),
        data_bits: data_bits(setup),
        parity: parity(setup).then_some(setup.ctrlb & PMODE != 0),
        most_significant_first: setup.ctrla & DORD == 0,
    }
}

/// CTRLB.CHSIZE.
const fn data_bits(setup: &Setup) -> u32 {
    match setup.ctrlb & 7 {
        1 => 9,
        5 => 5,
        6 => 6,
        7 => 7,
        _ => 8,
    }
}

/// CTRLA.FORM: frames with parity are 1 and 5.
const fn parity(setup: &Setup) -> bool {
    matches!(setup.ctrla >> 24 & 0xF, 1 | 5)
}

const fn frame_bits(setup: &Setup) -> u32 {
    1 + data_bits(setup) + parity(setup) as u32 + if setup.ctrlb & SBMODE != 0 { 2 } else { 1 }
}
