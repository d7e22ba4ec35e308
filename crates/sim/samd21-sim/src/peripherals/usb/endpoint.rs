//! An endpoint: bank 0 takes OUT and SETUP, bank 1 gives IN.

use crate::fabric::{Fabric, RAM_BASE, RAM_BYTES};
use crate::peripherals::registers::Interrupts;
use crate::plug::{UsbHandshake, UsbTransaction};

const EPCFG: u32 = 0x0;
const EPSTATUSCLR: u32 = 0x4;
const EPSTATUSSET: u32 = 0x5;
const EPSTATUS: u32 = 0x6;
const EPINTFLAG: u32 = 0x7;
const EPINTENCLR: u32 = 0x8;
const EPINTENSET: u32 = 0x9;

/// EPSTATUS's bits.
mod status {
    pub(super) const TOGGLE_OUT: u32 = 1 << 0;
    pub(super) const TOGGLE_IN: u32 = 1 << 1;
    pub(super) const STALL_OUT: u32 = 1 << 4;
    pub(super) const STALL_IN: u32 = 1 << 5;
    pub(super) const BANK_0: u32 = 1 << 6;
    pub(super) const BANK_1: u32 = 1 << 7;
}

/// EPINTFLAG's bits.
mod flag {
    pub(super) const COMPLETE_OUT: u32 = 1 << 0;
    pub(super) const COMPLETE_IN: u32 = 1 << 1;
    pub(super) const FAIL_OUT: u32 = 1 << 2;
    pub(super) const SETUP: u32 = 1 << 4;
    pub(super) const STALL_OUT: u32 = 1 << 5;
    pub(super) const STALL_IN: u32 = 1 << 6;
}

/// EPCFG.EPTYPE: control.
const CONTROL: u32 = 1;
/// EPCFG.EPTYPE: the other direction's second bank.
const DUAL_BANK: u32 = 5;
/// PCKSIZE.AUTO_ZLP.
const AUTO_ZLP: u32 = 1 << 31;
/// From bank 0's descriptor to bank 1's.
const BANK_1: u32 = 0x10;

/// Registers of an endpoint.
#[derive(Clone, Debug, Default)]
pub(super) struct Endpoint {
    config: u32,
    status: u32,
    pub(super) interrupts: Interrupts,
    /// All data of an IN transfer are sent, and an empty packet has to end it.
    zero_length_due: bool,
}

/// The bank's part of the endpoint's descriptor in RAM.
struct Bank {
    at: u32,
    address: u32,
    packet_size: u32,
}

impl Bank {
    fn load(at: u32, fabric: &Fabric) -> Self {
        Self { at, address: fabric.ram.read32(at), packet_size: fabric.ram.read32(at + 4) }
    }

    const fn byte_count(&self) -> u32 {
        self.packet_size & 0x3FFF
    }

    const fn multi_packet_size(&self) -> u32 {
        self.packet_size >> 14 & 0x3FFF
    }

    /// PCKSIZE.SIZE.
    const fn size(&self) -> u32 {
        match self.packet_size >> 28 & 7 {
            7 => 1_023,
            code => 8 << code,
        }
    }

    fn store_counts(&mut self, byte_count: u32, multi_packet_size: u32, fabric: &mut Fabric) {
        self.packet_size =
            self.packet_size & 0xF000_0000 | byte_count & 0x3FFF | (multi_packet_size & 0x3FFF) << 14;
        fabric.ram.write32(self.at + 4, self.packet_size);
    }
}

impl Endpoint {
    pub(super) fn bus_reset(&mut self, keep_type: bool) {
        *self = Self { config: if keep_type { self.config } else { 0 }, ..Self::default() };
    }

    pub(super) const fn get(&self, register: u32) -> u32 {
        match register {
            EPCFG => self.config,
            EPSTATUS => self.status,
            EPINTFLAG => self.interrupts.flags,
            EPINTENCLR | EPINTENSET => self.interrupts.enabled,
            _ => 0,
        }
    }

    pub(super) const fn put(&mut self, register: u32, value: u32) {
        match register {
            EPCFG => self.config = value & 0x77,
            EPSTATUSCLR => self.status &= !value,
            EPSTATUSSET => self.status |= value & 0xF7,
            EPINTFLAG => self.interrupts.flags &= !value,
            EPINTENCLR => self.interrupts.enabled &= !value,
            EPINTENSET => self.interrupts.enabled |= value & 0x7F,
            _ => {}
        }
    }

    pub(super) fn transact(
        &mut self,
        transaction: UsbTransaction,
        descriptor: u32,
        fabric: &mut Fabric,
    ) -> UsbHandshake {
        if !in_ram(descriptor, 0x20) {
            fabric.warn_once(format_args!("USB: DESCADD 0x{descriptor:08X} is not in RAM"));
            return UsbHandshake::Silence;
        }
        let (out, into) = (self.config & 7, self.config >> 4 & 7);
        if out == DUAL_BANK || into == DUAL_BANK {
            fabric.warn_once(format_args!("USB: dual-bank endpoints are not modelled"));
        }
        match transaction {
            UsbTransaction::Setup(data) if out == CONTROL => self.setup(data, descriptor, fabric),
            UsbTransaction::Out(data, toggle) if out != 0 => self.out(&data, toggle, descriptor, fabric),
            UsbTransaction::In if into != 0 => self.give(descriptor + BANK_1, fabric),
            _ => UsbHandshake::Silence,
        }
    }

    /// SETUP is taken whatever the banks hold; it ends a stall and both directions go on with DATA1.
    fn setup(&mut self, data: [u8; 8], descriptor: u32, fabric: &mut Fabric) -> UsbHandshake {
        let mut bank = Bank::load(descriptor, fabric);
        if !store(bank.address, &data, fabric) {
            return UsbHandshake::Silence;
        }
        bank.store_counts(8, 0, fabric);
        self.zero_length_due = false;
        self.status &= !(status::STALL_OUT | status::STALL_IN | status::BANK_1);
        self.status |= status::BANK_0 | status::TOGGLE_OUT | status::TOGGLE_IN;
        self.interrupts.flags |= flag::SETUP;
        UsbHandshake::Ack
    }

    fn out(&mut self, data: &[u8], toggle: bool, descriptor: u32, fabric: &mut Fabric) -> UsbHandshake {
        if self.status & status::STALL_OUT != 0 {
            self.interrupts.flags |= flag::STALL_OUT;
            return UsbHandshake::Stall;
        }
        if self.status & status::BANK_0 != 0 {
            return UsbHandshake::Nak;
        }
        if toggle != (self.status & status::TOGGLE_OUT != 0) {
            // The host repeats what it thinks was lost: acknowledged and dropped.
            return UsbHandshake::Ack;
        }
        let mut bank = Bank::load(descriptor, fabric);
        let length = u32::try_from(data.len()).unwrap_or(u32::MAX);
        if length > bank.size() {
            self.interrupts.flags |= flag::FAIL_OUT;
            return UsbHandshake::Silence;
        }
        let (total, whole) = (bank.multi_packet_size(), bank.byte_count());
        let before = if total == 0 { 0 } else { whole };
        if !store(bank.address + before, data, fabric) {
            return UsbHandshake::Silence;
        }
        let count = before + length;
        bank.store_counts(count, total, fabric);
        self.status ^= status::TOGGLE_OUT;
        if length < bank.size() || count >= total {
            self.status |= status::BANK_0;
            self.interrupts.flags |= flag::COMPLETE_OUT;
        }
        UsbHandshake::Ack
    }

    /// BYTE_COUNT is what is to be sent, MULTI_PACKET_SIZE what has been sent of it.
    fn give(&mut self, descriptor: u32, fabric: &mut Fabric) -> UsbHandshake {
        if self.status & status::STALL_IN != 0 {
            self.interrupts.flags |= flag::STALL_IN;
            return UsbHandshake::Stall;
        }
        if self.status & status::BANK_1 == 0 {
            return UsbHandshake::Nak;
        }
        let mut bank = Bank::load(descriptor, fabric);
        let (total, sent) = (bank.byte_count(), bank.multi_packet_size());
        let length = total.saturating_sub(sent).min(bank.size());
        if !in_ram(bank.address + sent, length) {
            fabric.warn_once(format_args!("USB: a buffer at 0x{:08X} is not in RAM", bank.address));
            return UsbHandshake::Silence;
        }
        let data = (bank.address + sent..).take(length as usize).map(|at| fabric.ram.read8(at)).collect();
        bank.store_counts(total, sent + length, fabric);
        let toggle = self.status & status::TOGGLE_IN != 0;
        self.status ^= status::TOGGLE_IN;

        let all = sent + length >= total;
        let full = length == bank.size();
        if all && full && bank.packet_size & AUTO_ZLP != 0 && !self.zero_length_due {
            self.zero_length_due = true;
        } else if all {
            self.zero_length_due = false;
            self.status &= !status::BANK_1;
            self.interrupts.flags |= flag::COMPLETE_IN;
        }
        UsbHandshake::Data(data, toggle)
    }
}

fn in_ram(address: u32, bytes: u32) -> bool {
    let end = RAM_BASE + RAM_BYTES;
    (RAM_BASE..=end).contains(&address) && bytes <= end - address
}

fn store(address: u32, data: &[u8], fabric: &mut Fabric) -> bool {
    if !in_ram(address, u32::try_from(data.len()).unwrap_or(u32::MAX)) {
        fabric.warn_once(format_args!("USB: a buffer at 0x{address:08X} is not in RAM"));
        return false;
    }
    for (at, byte) in (address..).zip(data) {
        fabric.ram.write8(at, *byte);
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    const DESCRIPTOR: u32 = RAM_BASE + 0x100;
    const BUFFER: u32 = RAM_BASE + 0x200;

    fn endpoint(config: u32, bank: u32, packet_size: u32) -> (Endpoint, Fabric) {
        let (mut endpoint, mut fabric) = (Endpoint::default(), Fabric::new());
        endpoint.put(EPCFG, config);
        fabric.ram.write32(DESCRIPTOR + bank, BUFFER);
        fabric.ram.write32(DESCRIPTOR + bank + 4, packet_size);
        (endpoint, fabric)
    }

    fn out(endpoint: &mut Endpoint, fabric: &mut Fabric, data: &[u8], toggle: bool) -> UsbHandshake {
        endpoint.transact(UsbTransaction::Out(data.to_vec(), toggle), DESCRIPTOR, fabric)
    }

    #[test]
    fn out_fills_bank_0_until_firmware_frees_it() {
        let (mut endpoint, mut fabric) = endpoint(3, 0, 3 << 28);
        assert_eq!(out(&mut endpoint, &mut fabric, b"one", false), UsbHandshake::Ack);
        assert_eq!(fabric.ram.read8(BUFFER), b'o');
        assert_eq!(fabric.ram.read32(DESCRIPTOR + 4) & 0x3FFF, 3);
        assert_eq!(out(&mut endpoint, &mut fabric, b"two", true), UsbHandshake::Nak);
        endpoint.put(EPSTATUSCLR, status::BANK_0);
        // The host did not hear the first acknowledgement: the repetition changes nothing.
        assert_eq!(out(&mut endpoint, &mut fabric, b"one", false), UsbHandshake::Ack);
        assert_eq!(endpoint.get(EPSTATUS) & status::BANK_0, 0);
        assert_eq!(out(&mut endpoint, &mut fabric, b"two", true), UsbHandshake::Ack);
        assert_eq!(endpoint.get(EPINTFLAG), flag::COMPLETE_OUT);
    }

    #[test]
    fn in_sends_a_long_transfer_packet_by_packet_and_ends_it() {
        let (mut endpoint, mut fabric) = endpoint(3 << 4, BANK_1, AUTO_ZLP | 128);
        // Packets of 8 bytes: 128 bytes are sixteen of them, and an empty one.
        for packet in 0..17 {
            assert_eq!(endpoint.get(EPINTFLAG), 0);
            endpoint.put(EPSTATUSSET, status::BANK_1);
            let handshake = endpoint.transact(UsbTransaction::In, DESCRIPTOR, &mut fabric);
            let length = if packet < 16 { 8 } else { 0 };
            assert_eq!(handshake, UsbHandshake::Data(vec![0; length], packet % 2 == 1));
        }
        assert_eq!(endpoint.get(EPINTFLAG), flag::COMPLETE_IN);
        assert_eq!(endpoint.transact(UsbTransaction::In, DESCRIPTOR, &mut fabric), UsbHandshake::Nak);
    }

    #[test]
    fn setup_ends_a_stall() {
        let (mut endpoint, mut fabric) = endpoint(0x11, 0, 3 << 28);
        endpoint.put(EPSTATUSSET, status::STALL_OUT | status::STALL_IN);
        assert_eq!(endpoint.transact(UsbTransaction::In, DESCRIPTOR, &mut fabric), UsbHandshake::Stall);
        let setup = UsbTransaction::Setup([0x80, 6, 0, 1, 0, 0, 18, 0]);
        assert_eq!(endpoint.transact(setup, DESCRIPTOR, &mut fabric), UsbHandshake::Ack);
        assert_eq!(endpoint.transact(UsbTransaction::In, DESCRIPTOR, &mut fabric), UsbHandshake::Nak);
        assert_eq!(endpoint.get(EPINTFLAG), flag::SETUP | flag::STALL_IN);
    }

    #[test]
    fn a_buffer_outside_the_ram_is_warned_of() {
        let (mut endpoint, mut fabric) = endpoint(3, 0, 3 << 28);
        fabric.ram.write32(DESCRIPTOR, 0x2000_7FFF);
        assert_eq!(out(&mut endpoint, &mut fabric, b"two", false), UsbHandshake::Silence);
        assert_eq!(fabric.warnings.len(), 1);
    }
}
