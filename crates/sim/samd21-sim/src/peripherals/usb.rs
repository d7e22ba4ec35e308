//! USB in device mode, transaction by transaction, with its descriptors and buffers in RAM.

use crate::fabric::Fabric;
use crate::peripheral::Peripheral;
use crate::peripherals::registers::{Entry, Interrupts, Registers, by_registers, merge};
use crate::plug::{UsbAction, UsbHandshake, UsbTransaction};
use crate::time::Time;

mod endpoint;

use endpoint::Endpoint;

const CTRLA: u32 = 0x00;
const SYNCBUSY: u32 = 0x02;
const QOSCTRL: u32 = 0x03;
const CTRLB: u32 = 0x08;
const DADD: u32 = 0x0A;
const STATUS: u32 = 0x0C;
const FSMSTATUS: u32 = 0x0D;
const FNUM: u32 = 0x10;
const INTENCLR: u32 = 0x14;
const INTENSET: u32 = 0x18;
const INTFLAG: u32 = 0x1C;
const EPINTSMRY: u32 = 0x20;
const DESCADD: u32 = 0x24;
const PADCAL: u32 = 0x28;
/// First endpoint's registers, and from one endpoint to the next.
const ENDPOINTS: u32 = 0x100;
const STRIDE: u32 = 0x20;

/// CTRLA.SWRST.
const SWRST: u32 = 1;
/// CTRLA.ENABLE.
const ENABLE: u32 = 1 << 1;
/// CTRLA.MODE: host.
const HOST_MODE: u32 = 1 << 7;
/// CTRLB.DETACH.
const DETACH: u32 = 1 << 0;
/// DADD.ADDEN.
const ADDRESS_ENABLE: u32 = 1 << 7;
/// INTFLAG.SOF.
const START_OF_FRAME: u32 = 1 << 2;
/// INTFLAG.EORST.
const END_OF_RESET: u32 = 1 << 3;
/// FSMSTATUS: on.
const FSM_ON: u32 = 2;
/// GCLK channel.
const CHANNEL: usize = 6;
/// USB's interrupt line.
const LINE: u32 = 7;
/// A full-speed device's clock may be wrong by a quarter of a percent (USB 2.0, section 7.1.11).
const HZ: core::ops::RangeInclusive<u32> = 47_880_000..=48_120_000;

/// The registers outside the endpoints, then eight times those of an endpoint.
const MAP: [Entry; 14 + 8 * 7] = {
    let common = [
        (CTRLA, 1),
        (SYNCBUSY, 1),
        (QOSCTRL, 1),
        (CTRLB, 2),
        (DADD, 1),
        (STATUS, 1),
        (FSMSTATUS, 1),
        (FNUM, 2),
        (INTENCLR, 2),
        (INTENSET, 2),
        (INTFLAG, 2),
        (EPINTSMRY, 2),
        (DESCADD, 4),
        (PADCAL, 2),
    ];
    let mut map = [(0, 0); 14 + 8 * 7];
    let mut at = 0;
    while at < 14 {
        map[at] = common[at];
        at += 1;
    }
    let (offsets, mut base) = ([0, 4, 5, 6, 7, 8, 9], ENDPOINTS);
    while at < map.len() {
        let mut register = 0;
        while register < offsets.len() {
            map[at] = (base + offsets[register], 1);
            (at, register) = (at + 1, register + 1);
        }
        base += STRIDE;
    }
    map
};

/// The USB device.
#[derive(Debug)]
pub struct Usb {
    ctrla: u32,
    qosctrl: u32,
    ctrlb: u32,
    dadd: u32,
    descriptors: u32,
    padcal: u32,
    interrupts: Interrupts,
    endpoints: [Endpoint; 8],
    attached: bool,
    /// Frames are counted from here once the host has reset the bus.
    frames_from: Option<Time>,
    /// Frames up to this one have had their flag.
    frame: u64,
}

impl Usb {
    /// Makes the block.
    #[must_use]
    pub fn new() -> Self {
        Self {
            ctrla: 0,
            qosctrl: 5,
            ctrlb: DETACH,
            dadd: 0,
            descriptors: 0,
            padcal: 0,
            interrupts: Interrupts::default(),
            endpoints: core::array::from_fn(|_| Endpoint::default()),
            attached: false,
            frames_from: None,
            frame: 0,
        }
    }

    /// Tells the host when the pull-up comes or goes.
    fn connect(&mut self, fabric: &mut Fabric) {
        let wanted = self.ctrla & ENABLE != 0 && self.ctrla & HOST_MODE == 0 && self.ctrlb & DETACH == 0;
        let hz = fabric.clocks.channels[CHANNEL];
        let attached = wanted && HZ.contains(&hz);
        if wanted && !attached {
            fabric.warn_once(format_args!(
                "USB: GCLK_USB is {hz} Hz, not 48 MHz: the host would not understand it"
            ));
        }
        if attached != self.attached {
            self.attached = attached;
            self.frames_from = None;
            let now = fabric.now;
            if let Some(host) = &mut fabric.plugs.usb {
                host.attached(attached, now);
            }
        }
    }

    /// A bus reset ends: the address is 0 again, and every endpoint but the default one is disabled (data sheet,
    /// "USB Reset"); the default one keeps its type.
    fn bus_reset(&mut self, now: Time) {
        self.dadd = 0;
        for (number, endpoint) in self.endpoints.iter_mut().enumerate() {
            endpoint.bus_reset(number == 0);
        }
        self.interrupts.flags |= END_OF_RESET;
        self.frames_from = Some(now);
        self.frame = 0;
    }

    fn transact(
        &mut self,
        address: u8,
        number: u8,
        transaction: UsbTransaction,
        fabric: &mut Fabric,
    ) -> UsbHandshake {
        let own = if self.dadd & ADDRESS_ENABLE != 0 { self.dadd & 0x7F } else { 0 };
        if own != u32::from(address) {
            return UsbHandshake::Silence;
        }
        let descriptor = self.descriptors + u32::from(number) * 0x20;
        match self.endpoints.get_mut(usize::from(number)) {
            Some(endpoint) => endpoint.transact(transaction, descriptor, fabric),
            None => UsbHandshake::Silence,
        }
    }

    const fn frame_at(&self, now: Time) -> u64 {
        match self.frames_from {
            Some(from) => now.since(from).as_picos() / (Time::SECOND / 1_000),
            None => 0,
        }
    }

    fn count_frames(&mut self, now: Time) {
        let frame = self.frame_at(now);
        if frame > self.frame {
            self.frame = frame;
            self.interrupts.flags |= START_OF_FRAME;
        }
    }

    fn summary(&self) -> u32 {
        let pending =
            |(number, endpoint): (usize, &Endpoint)| u32::from(endpoint.interrupts.pending()) << number;
        self.endpoints.iter().enumerate().map(pending).sum()
    }

    fn stir(fabric: &mut Fabric) {
        let now = fabric.now;
        if let Some(host) = &mut fabric.plugs.usb {
            host.stirred(now);
        }
    }
}

impl Default for Usb {
    fn default() -> Self {
        Self::new()
    }
}

impl Peripheral for Usb {
    fn name(&self) -> &'static str {
        "USB"
    }

    by_registers!();

    fn reset(&mut self, fabric: &mut Fabric) {
        self.ctrla = 0;
        self.connect(fabric);
        *self = Self::new();
    }

    fn next_event(&self, fabric: &Fabric) -> Time {
        let host = fabric.plugs.usb.as_ref().map_or(Time::NEVER, |host| host.next_event());
        let frame = match self.frames_from {
            Some(from) if self.interrupts.enabled & START_OF_FRAME != 0 => {
                from + Time::from_millis(self.frame_at(fabric.now) + 1)
            }
            _ => Time::NEVER,
        };
        host.min(frame)
    }

    fn advance(&mut self, fabric: &mut Fabric) {
        let now = fabric.now;
        self.count_frames(now);
        let Some(mut host) = fabric.plugs.usb.take() else { return };
        while host.next_event() <= now {
            match host.act(now) {
                Some(UsbAction::Reset) => self.bus_reset(now),
                Some(UsbAction::Transaction { address, endpoint, transaction }) => {
                    let handshake = if self.attached {
                        self.transact(address, endpoint, transaction, fabric)
                    } else {
                        UsbHandshake::Silence
                    };
                    host.answered(handshake, now);
                }
                None => break,
            }
        }
        fabric.plugs.usb = Some(host);
    }

    fn interrupts(&self) -> u32 {
        u32::from(self.interrupts.pending() || self.summary() != 0) << LINE
    }

    fn clocks_changed(&mut self, fabric: &mut Fabric) {
        self.connect(fabric);
    }
}

impl Registers for Usb {
    fn map(&self) -> &'static [Entry] {
        &MAP
    }

    fn get(&mut self, register: u32, fabric: &mut Fabric) -> u32 {
        self.count_frames(fabric.now);
        match register {
            CTRLA => self.ctrla,
            QOSCTRL => self.qosctrl,
            CTRLB => self.ctrlb,
            DADD => self.dadd,
            // LINESTATE: J while attached and idle.
            STATUS => 0x40,
            FSMSTATUS => FSM_ON,
            FNUM => u32::try_from(self.frame & 0x7FF).unwrap_or(0) << 3,
            INTENCLR | INTENSET => self.interrupts.enabled,
            INTFLAG => self.interrupts.flags,
            EPINTSMRY => self.summary(),
            DESCADD => self.descriptors,
            PADCAL => self.padcal,
            ENDPOINTS.. => {
                let (number, at) = place(register);
                self.endpoints[number].get(at)
            }
            _ => 0,
        }
    }

    fn put(&mut self, register: u32, value: u32, mask: u32, fabric: &mut Fabric) {
        match register {
            CTRLA if value & SWRST != 0 => self.reset(fabric),
            CTRLA => {
                self.ctrla = value & 0x86;
                if value & HOST_MODE != 0 {
                    fabric.warn_once(format_args!("USB: host mode is not modelled"));
                }
                self.connect(fabric);
            }
            QOSCTRL => self.qosctrl = value,
            CTRLB => {
                merge(&mut self.ctrlb, value, mask);
                self.connect(fabric);
            }
            DADD => self.dadd = value,
            INTENCLR => self.interrupts.enabled &= !value,
            INTENSET => self.interrupts.enabled |= value & 0x03FD,
            INTFLAG => self.interrupts.flags &= !value,
            DESCADD => merge(&mut self.descriptors, value, mask & !3),
            PADCAL => merge(&mut self.padcal, value, mask),
            ENDPOINTS.. => {
                let (number, at) = place(register);
                self.endpoints[number].put(at, value);
                Self::stir(fabric);
            }
            _ => {}
        }
    }
}

const fn place(register: u32) -> (usize, u32) {
    (((register - ENDPOINTS) / STRIDE % 8) as usize, (register - ENDPOINTS) % STRIDE)
}
