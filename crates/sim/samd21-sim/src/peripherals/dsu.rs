//! DSU: the device's identification and its CRC-32 engine.

use crate::fabric::nvm::FLASH_BYTES;
use crate::fabric::{Fabric, RAM_BASE, RAM_BYTES};
use crate::peripheral::Peripheral;
use crate::peripherals::registers::{Entry, Registers, by_registers, merge};

const CTRL: u32 = 0x00;
const STATUSA: u32 = 0x01;
const STATUSB: u32 = 0x02;
const ADDR: u32 = 0x04;
const LENGTH: u32 = 0x08;
const DATA: u32 = 0x0C;
const DID: u32 = 0x18;

/// CTRL.CRC.
const CRC: u32 = 1 << 2;
/// STATUSA.DONE.
const DONE: u32 = 1 << 0;
/// STATUSA.BERR.
const BUS_ERROR: u32 = 1 << 2;
/// STATUSB: the device is not protected, no debugger is there, hot-plugging is on.
const STATUSB_VALUE: u32 = 0x10;
/// A SAMD21G18A of revision D.
const SAMD21G18A: u32 = 0x1001_0305;

/// The device service unit.
#[derive(Debug, Default)]
pub struct Dsu {
    status: u32,
    address: u32,
    length: u32,
    data: u32,
}

impl Dsu {
    /// Makes the block.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// CRC-32 over memory (data sheet, "32-bit Cyclic Redundancy Check"): the reflected IEEE polynomial, DATA as
    /// the value to begin with, no inversion at the end.
    fn checksum(&mut self, fabric: &Fabric) {
        self.status |= DONE;
        let mut crc = self.data;
        for address in (self.address..self.address.saturating_add(self.length)).step_by(4) {
            let word = match address {
                at if at < FLASH_BYTES => fabric.nvm.flash.read32(at),
                at if (RAM_BASE..RAM_BASE + RAM_BYTES).contains(&at) => fabric.ram.read32(at),
                _ => {
                    self.status |= BUS_ERROR;
                    break;
                }
            };
            crc ^= word;
            for _ in 0..32 {
                crc = if crc & 1 == 0 { crc >> 1 } else { crc >> 1 ^ 0xEDB8_8320 };
            }
        }
        self.data = crc;
    }
}

impl Peripheral for Dsu {
    fn name(&self) -> &'static str {
        "DSU"
    }

    by_registers!();

    fn reset(&mut self, _fabric: &mut Fabric) {
        *self = Self::default();
    }
}

impl Registers for Dsu {
    fn map(&self) -> &'static [Entry] {
        &[(CTRL, 1), (STATUSA, 1), (STATUSB, 1), (ADDR, 4), (LENGTH, 4), (DATA, 4), (DID, 4)]
    }

    fn get(&mut self, register: u32, _fabric: &mut Fabric) -> u32 {
        match register {
            STATUSA => self.status,
            STATUSB => STATUSB_VALUE,
            ADDR => self.address,
            LENGTH => self.length,
            DATA => self.data,
            DID => SAMD21G18A,
            _ => 0,
        }
    }

    fn put(&mut self, register: u32, value: u32, mask: u32, fabric: &mut Fabric) {
        match register {
            CTRL if value & CRC != 0 => self.checksum(fabric),
            CTRL if value == 1 => self.reset(fabric),
            CTRL if value != 0 => {
                fabric.warn_once(format_args!("DSU: command 0x{value:02X} is not modelled"))
            }
            STATUSA => self.status &= !value,
            ADDR => merge(&mut self.address, value, mask & !3),
            LENGTH => merge(&mut self.length, value, mask & !3),
            DATA => merge(&mut self.data, value, mask),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bus::Width;

    #[test]
    fn the_checksum_is_the_one_of_ieee_before_its_inversion() {
        let (mut dsu, mut fabric) = (Dsu::new(), Fabric::new());
        for (at, word) in [(0x100, 0x3433_3231), (0x104, 0x3837_3635)] {
            fabric.nvm.flash.write32(at, word);
        }
        for (register, value) in [(DATA, u32::MAX), (ADDR, 0x100), (LENGTH, 8)] {
            dsu.write(register, Width::Word, value, &mut fabric);
        }
        dsu.write(CTRL, Width::Byte, CRC, &mut fabric);
        // CRC-32 of "12345678" is 0x9AE0DAAF.
        assert_eq!(!dsu.read(DATA, Width::Word, &mut fabric), 0x9AE0_DAAF);
        assert_eq!(dsu.read(STATUSA, Width::Byte, &mut fabric), DONE);
        assert_eq!(dsu.read(DID, Width::Word, &mut fabric) & 0xFFFF_00FF, 0x1001_0005);
    }
}
