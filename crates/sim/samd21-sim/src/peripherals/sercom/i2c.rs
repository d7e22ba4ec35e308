//! I2C controller: byte by byte, with the times of the wire, the bus states, and the clock held after each byte.

use super::pads::pin_of;
use super::{Setup, register};
use crate::fabric::Fabric;
use crate::peripherals::registers::Interrupts;
use crate::time::Time;

/// CTRLB.SMEN: reading DATA acknowledges and goes on.
const SMEN: u32 = 1 << 8;
/// CTRLB.ACKACT: the answer to a byte read is NACK.
const ACKACT: u32 = 1 << 18;
/// ADDR.LENEN.
const LENEN: u32 = 1 << 13;
/// ADDR.TENBITEN.
const TENBITEN: u32 = 1 << 15;

/// INTFLAG's bits.
mod flag {
    pub(super) const MB: u32 = 1 << 0;
    pub(super) const SB: u32 = 1 << 1;
    pub(super) const ERROR: u32 = 1 << 7;
}

/// STATUS's bits.
mod status {
    pub(super) const BUSERR: u32 = 1 << 0;
    pub(super) const ARBLOST: u32 = 1 << 1;
    pub(super) const RXNACK: u32 = 1 << 2;
    pub(super) const CLKHOLD: u32 = 1 << 7;
    /// What a write of one clears.
    pub(super) const CLEARED: u32 = 0x0743;
}

/// STATUS.BUSSTATE.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum BusState {
    #[default]
    Unknown,
    Idle,
    Owner,
}

/// What goes over the wire now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Transfer {
    Address { address: u8, read: bool },
    Write(u8),
    Read,
    Stop,
}

/// The state of the mode.
#[derive(Debug, Default)]
pub(super) struct I2cController {
    enabled_interrupts: u32,
    flags: u32,
    status: u32,
    bus: BusState,
    address: u32,
    data: u8,
    /// The direction of the transaction.
    reading: bool,
    /// Bytes to come before the last one, when ADDR.LENEN is set.
    remaining: Option<u32>,
    transfer: Option<(Transfer, Time)>,
    /// An unknown bus becomes idle then, when CTRLA.INACTOUT says so.
    idle_at: Option<Time>,
    /// A START that waits for an idle bus.
    waiting: bool,
    /// Targets that acknowledged the address.
    selected: u64,
}

impl I2cController {
    /// ENABLE has changed.
    pub(super) fn enabled(&mut self, setup: &Setup, fabric: &mut Fabric) {
        if self.bus == BusState::Owner {
            self.stop_targets(setup, fabric);
        }
        *self = Self { enabled_interrupts: self.enabled_interrupts, ..Self::default() };
        // INACTOUT: 55, 105 or 205 us.
        let inactive = [0, 55, 105, 205][(setup.ctrla >> 28 & 3) as usize];
        if setup.enabled() && inactive != 0 {
            self.idle_at = Some(fabric.now + Time::from_micros(inactive));
        }
    }

    pub(super) fn next_event(&self) -> Time {
        let transfer = self.transfer.map_or(Time::NEVER, |(_, end)| end);
        transfer.min(self.idle_at.unwrap_or(Time::NEVER))
    }

    pub(super) fn advance(&mut self, setup: &Setup, fabric: &mut Fabric) {
        if self.idle_at.is_some_and(|at| at <= fabric.now) {
            self.idle_at = None;
            self.become_idle(setup, fabric);
        }
        let now = fabric.now;
        if let Some((transfer, _)) = self.transfer.filter(|(_, end)| *end <= now) {
            self.transfer = None;
            match transfer {
                Transfer::Address { address, read } => self.addressed(address, read, setup, fabric),
                Transfer::Write(byte) => self.written(byte, setup, fabric),
                Transfer::Read => self.byte_read(setup, fabric),
                Transfer::Stop => {
                    self.stop_targets(setup, fabric);
                    self.become_idle(setup, fabric);
                }
            }
        }
    }

    fn become_idle(&mut self, setup: &Setup, fabric: &mut Fabric) {
        self.bus = BusState::Idle;
        if self.waiting {
            self.waiting = false;
            self.start(setup, fabric);
        }
    }

    /// ADDR has been written: a START or a repeated one.
    fn start(&mut self, setup: &Setup, fabric: &mut Fabric) {
        self.flags &= !(flag::MB | flag::SB);
        if !matches!(self.bus, BusState::Idle | BusState::Owner) {
            fabric.warn_once(format_args!(
                "SERCOM{}: a START waits, since the state of the bus is not idle",
                setup.number
            ));
            self.waiting = true;
            return;
        }
        if self.address & TENBITEN != 0 {
            fabric.warn_once(format_args!("SERCOM{}: ten-bit addresses are not modelled", setup.number));
        }
        let byte = self.address.to_le_bytes()[0];
        self.bus = BusState::Owner;
        self.status &= !(status::BUSERR | status::ARBLOST);
        self.remaining = (self.address & LENEN != 0).then_some(self.address >> 16 & 0xFF);
        self.put_on_wire(Transfer::Address { address: byte >> 1, read: byte & 1 != 0 }, 10, setup, fabric);
    }

    fn put_on_wire(&mut self, transfer: Transfer, bits: u64, setup: &Setup, fabric: &Fabric) {
        self.transfer = Some((transfer, fabric.now + Time::of_ticks(bits, clock(setup, fabric))));
    }

    fn addressed(&mut self, address: u8, read: bool, setup: &Setup, fabric: &mut Fabric) {
        self.reading = read;
        self.selected = 0;
        let (hz, now) = (clock(setup, fabric), fabric.now);
        let mut selected = 0;
        for_targets(setup, fabric, u64::MAX, |number, target| {
            target.clocked_at(hz, now);
            if target.start(address, read, now) {
                selected |= 1 << number;
            }
        });
        self.selected = selected;
        self.acknowledge(selected != 0);
        if read && selected != 0 {
            self.put_on_wire(Transfer::Read, 8, setup, fabric);
        } else {
            self.flags |= flag::MB;
        }
    }

    fn acknowledge(&mut self, yes: bool) {
        self.status = if yes { self.status & !status::RXNACK } else { self.status | status::RXNACK };
    }

    fn written(&mut self, byte: u8, setup: &Setup, fabric: &mut Fabric) {
        let now = fabric.now;
        let mut acknowledged = false;
        for_targets(setup, fabric, self.selected, |_, target| acknowledged |= target.write(byte, now));
        self.acknowledge(acknowledged);
        self.flags |= flag::MB;
        if let Some(remaining) = &mut self.remaining {
            *remaining = remaining.saturating_sub(1);
            if *remaining == 0 || !acknowledged {
                self.remaining = None;
                self.stop(setup, fabric);
            }
        }
    }

    fn byte_read(&mut self, setup: &Setup, fabric: &mut Fabric) {
        let now = fabric.now;
        // An open-drain bus: whoever pulls low wins.
        let mut byte = 0xFF;
        for_targets(setup, fabric, self.selected, |_, target| byte &= target.read(now));
        self.data = byte;
        self.flags |= flag::SB;
    }

    /// Answers the byte read last, and goes on with the next one or not.
    fn answer(&mut self, more: bool, setup: &Setup, fabric: &mut Fabric) {
        let now = fabric.now;
        for_targets(setup, fabric, self.selected, |_, target| target.acknowledged(more, now));
    }

    fn read_on(&mut self, setup: &Setup, fabric: &mut Fabric) {
        let more = setup.ctrlb & ACKACT == 0;
        self.flags &= !(flag::MB | flag::SB);
        self.answer(more, setup, fabric);
        // A target that has seen NACK lets the wire go: the next byte is all ones.
        if !more {
            self.selected = 0;
        }
        self.put_on_wire(Transfer::Read, 9, setup, fabric);
    }

    fn stop(&mut self, setup: &Setup, fabric: &mut Fabric) {
        if self.bus != BusState::Owner {
            return;
        }
        let answered = self.flags & flag::SB != 0;
        if answered {
            self.answer(setup.ctrlb & ACKACT == 0, setup, fabric);
        }
        self.flags &= !(flag::MB | flag::SB);
        self.put_on_wire(Transfer::Stop, if answered { 2 } else { 1 }, setup, fabric);
    }

    fn stop_targets(&mut self, setup: &Setup, fabric: &mut Fabric) {
        let now = fabric.now;
        self.selected = 0;
        for_targets(setup, fabric, u64::MAX, |_, target| target.stop(now));
    }

    /// CTRLB.CMD.
    fn command(&mut self, command: u32, setup: &Setup, fabric: &mut Fabric) {
        match command {
            1 => {
                if self.flags & flag::SB != 0 {
                    self.answer(setup.ctrlb & ACKACT == 0, setup, fabric);
                }
                self.start(setup, fabric);
            }
            2 if self.reading && self.flags & flag::SB != 0 => self.read_on(setup, fabric),
            3 => self.stop(setup, fabric),
            _ => {}
        }
    }

    pub(super) const fn interrupts(&self) -> Interrupts {
        Interrupts { enabled: self.enabled_interrupts, flags: self.flags }
    }

    pub(super) const fn dma_requests(&self) -> (bool, bool) {
        (self.flags & flag::SB != 0, self.flags & flag::MB != 0)
    }

    pub(super) fn get(&mut self, register: u32, setup: &Setup, fabric: &mut Fabric) -> u32 {
        match register {
            register::INTENCLR | register::INTENSET => self.enabled_interrupts,
            register::INTFLAG => self.flags,
            register::STATUS => {
                let held = if self.flags & (flag::MB | flag::SB) == 0 { 0 } else { status::CLKHOLD };
                self.status | (self.bus as u32) << 4 | held
            }
            register::ADDR => self.address,
            register::DATA => {
                let data = u32::from(self.data);
                if self.flags & flag::SB != 0 && setup.ctrlb & SMEN != 0 {
                    self.smart_read(setup, fabric);
                }
                data
            }
            _ => 0,
        }
    }

    /// Smart mode: the read of DATA is the answer. With ADDR.LENEN the block counts, and ends by itself.
    fn smart_read(&mut self, setup: &Setup, fabric: &mut Fabric) {
        match &mut self.remaining {
            Some(remaining) if *remaining <= 1 => {
                self.remaining = None;
                let last = Setup { ctrlb: setup.ctrlb | ACKACT, ..*setup };
                self.stop(&last, fabric);
            }
            Some(remaining) => {
                *remaining -= 1;
                self.read_on(setup, fabric);
            }
            None if setup.ctrlb & ACKACT == 0 => self.read_on(setup, fabric),
            // NACK is only sent with the command that follows.
            None => {}
        }
    }

    pub(super) fn put(&mut self, register: u32, value: u32, mask: u32, setup: &Setup, fabric: &mut Fabric) {
        match register {
            register::CTRLB if mask >> 16 & 3 != 0 => self.command(value >> 16 & 3, setup, fabric),
            register::INTENCLR => self.enabled_interrupts &= !value,
            register::INTENSET => self.enabled_interrupts |= value & 0x83,
            register::INTFLAG => self.flags &= !(value & (flag::MB | flag::SB | flag::ERROR)),
            register::STATUS => {
                self.status &= !(value & status::CLEARED);
                if value >> 4 & 3 == 1 && setup.enabled() {
                    self.idle_at = None;
                    self.become_idle(setup, fabric);
                }
            }
            register::ADDR => {
                self.address = self.address & !mask | value;
                if setup.enabled() && mask & 0xFF != 0 {
                    self.start(setup, fabric);
                }
            }
            register::DATA if setup.enabled() && self.bus == BusState::Owner && !self.reading => {
                self.flags &= !(flag::MB | flag::SB);
                self.put_on_wire(Transfer::Write(value.to_le_bytes()[0]), 9, setup, fabric);
            }
            _ => {}
        }
    }
}

/// Calls the targets of the bus that the pads lead to; bit n of `which` is target n.
fn for_targets(
    setup: &Setup,
    fabric: &mut Fabric,
    which: u64,
    mut call: impl FnMut(usize, &mut dyn crate::plug::I2cTarget),
) {
    let (sda, scl) = (pin_of(&fabric.pins, setup.number, 0), pin_of(&fabric.pins, setup.number, 1));
    let (Some(sda), Some(scl)) = (sda, scl) else {
        fabric.warn_once(format_args!("SERCOM{}: no pins are multiplexed to the I2C bus", setup.number));
        return;
    };
    let Some(line) = fabric.plugs.i2c.iter_mut().find(|line| line.sda == sda && line.scl == scl) else {
        return;
    };
    for (number, target) in line.targets.iter_mut().enumerate().take(64) {
        if which >> number & 1 != 0 {
            call(number, target.as_mut());
        }
    }
}

/// The wire's clock in Hz (data sheet, "I2C Master Clock Generation"); the rise time is taken as nothing.
fn clock(setup: &Setup, fabric: &Fabric) -> u32 {
    let (low, high) = match (setup.baud & 0xFF, setup.baud >> 8 & 0xFF) {
        (baud, 0) => (baud, baud),
        (baud, baud_low) => (baud_low, baud),
    };
    setup.hz(fabric) / (10 + low + high)
}
