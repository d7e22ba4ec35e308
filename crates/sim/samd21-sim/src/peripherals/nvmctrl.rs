//! NVMCTRL: pages are written, rows erased; bits only go from one to zero in between.

use crate::fabric::Fabric;
use crate::fabric::nvm::{FLASH_BYTES, PAGE_WORDS, ROW_WORDS, USER_ROW};
use crate::peripheral::Peripheral;
use crate::peripherals::registers::{Entry, Interrupts, Registers, by_registers, merge};
use crate::time::Time;

const CTRLA: u32 = 0x00;
const CTRLB: u32 = 0x04;
const PARAM: u32 = 0x08;
const INTENCLR: u32 = 0x0C;
const INTENSET: u32 = 0x10;
const INTFLAG: u32 = 0x14;
const STATUS: u32 = 0x18;
const ADDR: u32 = 0x1C;
const LOCK: u32 = 0x20;

/// CTRLA.CMDEX: the key without which no command runs.
const KEY: u32 = 0xA5;
/// CTRLB.MANW.
const MANW: u32 = 1 << 7;
/// INTFLAG.READY.
const READY: u32 = 1 << 0;
/// INTFLAG.ERROR.
const ERROR: u32 = 1 << 1;
/// STATUS.PRM.
const POWER_REDUCED: u32 = 1 << 0;
/// STATUS.LOAD.
const LOADED: u32 = 1 << 1;
/// STATUS.PROGE.
const BAD_COMMAND: u32 = 1 << 2;
/// STATUS.LOCKE.
const LOCK_ERROR: u32 = 1 << 3;
/// STATUS.NVME.
const NVM_ERROR: u32 = 1 << 4;
/// 4096 pages of 64 bytes.
const PARAMETERS: u32 = 0x0003_1000;
/// Flash in a lock region: sixteen of them.
const REGION: u32 = FLASH_BYTES / 16;
/// Bytes of a page.
const PAGE: u32 = 64;
/// Bytes of a row.
const ROW: u32 = 256;
/// NVMCTRL's interrupt line.
const LINE: u32 = 5;
/// Greatest time to write a page and to erase a row (electrical characteristics, "NVM").
const PAGE_WRITE: Time = Time::from_micros(2_500);
const ROW_ERASE: Time = Time::from_millis(6);

/// The controller of the flash.
#[derive(Debug, Default)]
pub struct Nvmctrl {
    ctrlb: u32,
    status: u32,
    address: u32,
    lock: u32,
    enabled: u32,
    error: bool,
    /// READY as it was told last: the flag rises at the end of a command.
    busy: bool,
}

impl Nvmctrl {
    /// Makes the block.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// CTRLA.CMD (data sheet, "Control A").
    fn command(&mut self, command: u32, fabric: &mut Fabric) {
        let address = self.address * 2;
        match command {
            0x02 => self.erase_row(address & !(ROW - 1), fabric),
            0x04 => self.write_page(address & !(PAGE - 1), fabric),
            0x05 | 0x06 if (USER_ROW..USER_ROW + ROW).contains(&address) => {
                if command == 0x05 {
                    fabric.nvm.user_row = [u32::MAX; ROW_WORDS];
                    self.work(ROW_ERASE, fabric);
                } else {
                    self.write_user_page(address, fabric);
                }
            }
            0x40 => self.lock &= !self.region(),
            0x41 => self.lock |= self.region(),
            0x42 => self.status |= POWER_REDUCED,
            0x43 => self.status &= !POWER_REDUCED,
            0x44 => self.clear_page(fabric),
            0x46 => {}
            0x45 => fabric.warn_once(format_args!("NVMCTRL: the security bit is not modelled")),
            _ => self.fail(BAD_COMMAND),
        }
    }

    const fn region(&self) -> u32 {
        1 << ((self.address * 2 / REGION) & 0xF)
    }

    const fn fail(&mut self, why: u32) {
        self.status |= why;
        self.error = true;
    }

    fn work(&mut self, time: Time, fabric: &mut Fabric) {
        fabric.nvm.busy_until = fabric.now + time;
        self.busy = true;
    }

    fn may_change(&mut self, address: u32, fabric: &Fabric) -> bool {
        // User row bits 2:0: 7 protects nothing, 6 protects 512 bytes, each further step twice as much.
        let boot = match fabric.nvm.user_row[0] & 7 {
            7 => 0,
            code => 512 << (6 - code),
        };
        if address >= FLASH_BYTES {
            self.fail(BAD_COMMAND);
            return false;
        }
        if address < boot || self.lock & 1 << ((address / REGION) & 0xF) == 0 {
            self.fail(LOCK_ERROR);
            return false;
        }
        true
    }

    fn erase_row(&mut self, row: u32, fabric: &mut Fabric) {
        if self.may_change(row, fabric) {
            for address in (row..row + ROW).step_by(4) {
                fabric.nvm.flash.write32(address, u32::MAX);
            }
            self.work(ROW_ERASE, fabric);
        }
    }

    fn write_page(&mut self, page: u32, fabric: &mut Fabric) {
        if self.may_change(page, fabric) {
            for (address, word) in (page..).step_by(4).zip(fabric.nvm.page) {
                let old = fabric.nvm.flash.read32(address);
                if word & !old != 0 {
                    fabric.warn_once(format_args!(
                        "NVMCTRL: page 0x{page:05X} is written over without an erase"
                    ));
                }
                fabric.nvm.flash.write32(address, old & word);
            }
            self.work(PAGE_WRITE, fabric);
        }
        self.clear_page(fabric);
    }

    fn write_user_page(&mut self, address: u32, fabric: &mut Fabric) {
        let first = ((address - USER_ROW) / PAGE) as usize * PAGE_WORDS;
        for (old, word) in fabric.nvm.user_row.iter_mut().skip(first).zip(fabric.nvm.page) {
            *old &= word;
        }
        self.work(PAGE_WRITE, fabric);
        self.clear_page(fabric);
    }

    const fn clear_page(&mut self, fabric: &mut Fabric) {
        fabric.nvm.page = [u32::MAX; PAGE_WORDS];
        fabric.nvm.written = None;
        self.status &= !LOADED;
    }

    fn flags(&self, fabric: &Fabric) -> Interrupts {
        let ready = if fabric.nvm.busy_until <= fabric.now { READY } else { 0 };
        Interrupts { enabled: self.enabled, flags: ready | if self.error { ERROR } else { 0 } }
    }

    /// A write to the array has filled the page buffer: its address is latched, and without MANW the last word
    /// of a page has it written.
    fn look_at_page_buffer(&mut self, fabric: &mut Fabric) {
        if let Some(at) = fabric.nvm.written.take() {
            self.address = at / 2;
            self.status |= LOADED;
            if self.ctrlb & MANW == 0 && at % PAGE >= PAGE - 4 {
                self.command(if at < FLASH_BYTES { 0x04 } else { 0x06 }, fabric);
            }
        }
    }
}

impl Peripheral for Nvmctrl {
    fn name(&self) -> &'static str {
        "NVMCTRL"
    }

    by_registers!();

    fn reset(&mut self, fabric: &mut Fabric) {
        *self = Self { lock: fabric.nvm.user_row[1] >> 16, ..Self::default() };
        self.clear_page(fabric);
        fabric.nvm.busy_until = Time::ZERO;
        fabric.nvm.wait_states = 0;
        fabric.nvm.cache = true;
    }

    fn next_event(&self, fabric: &Fabric) -> Time {
        if fabric.nvm.written.is_some() {
            fabric.now
        } else if self.busy {
            fabric.nvm.busy_until
        } else {
            Time::NEVER
        }
    }

    fn advance(&mut self, fabric: &mut Fabric) {
        self.look_at_page_buffer(fabric);
        self.busy = fabric.nvm.busy_until > fabric.now;
    }

    fn interrupts(&self) -> u32 {
        let flags = if self.busy { 0 } else { READY } | if self.error { ERROR } else { 0 };
        u32::from(flags & self.enabled != 0) << LINE
    }
}

impl Registers for Nvmctrl {
    fn map(&self) -> &'static [Entry] {
        &[
            (CTRLA, 2),
            (CTRLB, 4),
            (PARAM, 4),
            (INTENCLR, 1),
            (INTENSET, 1),
            (INTFLAG, 1),
            (STATUS, 2),
            (ADDR, 4),
            (LOCK, 2),
        ]
    }

    fn get(&mut self, register: u32, fabric: &mut Fabric) -> u32 {
        self.look_at_page_buffer(fabric);
        match register {
            CTRLB => self.ctrlb,
            PARAM => PARAMETERS,
            INTENCLR | INTENSET => self.enabled,
            INTFLAG => self.flags(fabric).flags,
            STATUS => self.status,
            ADDR => self.address,
            LOCK => self.lock & 0xFFFF,
            _ => 0,
        }
    }

    fn put(&mut self, register: u32, value: u32, mask: u32, fabric: &mut Fabric) {
        self.look_at_page_buffer(fabric);
        match register {
            CTRLA if value == 0 => {}
            CTRLA if value >> 8 != KEY => self.fail(BAD_COMMAND),
            CTRLA if fabric.nvm.busy_until > fabric.now => {
                fabric.warn_once(format_args!("NVMCTRL: a command while INTFLAG.READY is 0, refused"));
                self.fail(BAD_COMMAND);
            }
            CTRLA => self.command(value & 0x7F, fabric),
            CTRLB => {
                merge(&mut self.ctrlb, value, mask & 0x0007_039E);
                fabric.nvm.wait_states = (self.ctrlb >> 1).to_le_bytes()[0] & 0xF;
                fabric.nvm.cache = self.ctrlb >> 18 & 1 == 0;
            }
            INTENCLR => self.enabled &= !value,
            INTENSET => self.enabled |= value & (READY | ERROR),
            INTFLAG if value & ERROR != 0 => self.error = false,
            STATUS => self.status &= !(value & (BAD_COMMAND | LOCK_ERROR | NVM_ERROR)),
            ADDR => merge(&mut self.address, value, mask & 0x003F_FFFF),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bus::Width;

    fn fresh() -> (Nvmctrl, Fabric) {
        let (mut nvmctrl, mut fabric) = (Nvmctrl::new(), Fabric::new());
        nvmctrl.reset(&mut fabric);
        (nvmctrl, fabric)
    }

    fn command(nvmctrl: &mut Nvmctrl, fabric: &mut Fabric, address: u32, command: u32) {
        nvmctrl.write(ADDR, Width::Word, address / 2, fabric);
        nvmctrl.write(CTRLA, Width::Half, KEY << 8 | command, fabric);
    }

    fn wait(nvmctrl: &mut Nvmctrl, fabric: &mut Fabric) {
        fabric.now = nvmctrl.next_event(fabric);
        nvmctrl.advance(fabric);
    }

    #[test]
    fn a_page_only_clears_bits_and_a_row_sets_them_again() {
        let (mut nvmctrl, mut fabric) = fresh();
        nvmctrl.write(CTRLB, Width::Word, MANW, &mut fabric);
        for word in [0x0F0F_0F0F, 0x00FF_00FF] {
            fabric.nvm.page[1] = word;
            command(&mut nvmctrl, &mut fabric, 0x3_FF00, 0x04);
            assert_eq!(nvmctrl.read(INTFLAG, Width::Byte, &mut fabric) & READY, 0);
            wait(&mut nvmctrl, &mut fabric);
            assert_eq!(nvmctrl.read(INTFLAG, Width::Byte, &mut fabric) & READY, READY);
        }
        assert_eq!(fabric.nvm.flash.read32(0x3_FF04), 0x000F_000F);
        assert_eq!(fabric.warnings.len(), 1);
        command(&mut nvmctrl, &mut fabric, 0x3_FF40, 0x02);
        wait(&mut nvmctrl, &mut fabric);
        assert_eq!(fabric.nvm.flash.read32(0x3_FF04), u32::MAX);
    }

    #[test]
    fn the_last_word_of_a_page_writes_it_unless_manual_writing_is_on() {
        let (mut nvmctrl, mut fabric) = fresh();
        fabric.nvm.page[15] = 0;
        fabric.nvm.written = Some(0x2_003C);
        nvmctrl.advance(&mut fabric);
        assert_eq!(fabric.nvm.flash.read32(0x2_003C), 0);
        nvmctrl.write(CTRLB, Width::Word, MANW, &mut fabric);
        fabric.nvm.page[15] = 0;
        fabric.nvm.written = Some(0x2_007C);
        nvmctrl.advance(&mut fabric);
        assert_eq!(fabric.nvm.flash.read32(0x2_007C), u32::MAX);
    }

    #[test]
    fn no_command_without_its_key_in_a_locked_region_or_while_another_runs() {
        let (mut nvmctrl, mut fabric) = fresh();
        nvmctrl.write(CTRLA, Width::Half, 0x5A02, &mut fabric);
        assert_eq!(nvmctrl.read(STATUS, Width::Half, &mut fabric), BAD_COMMAND);
        nvmctrl.write(STATUS, Width::Half, BAD_COMMAND, &mut fabric);
        command(&mut nvmctrl, &mut fabric, 0x4000, 0x40);
        command(&mut nvmctrl, &mut fabric, 0x4000, 0x02);
        assert_eq!(nvmctrl.read(STATUS, Width::Half, &mut fabric), LOCK_ERROR);
        command(&mut nvmctrl, &mut fabric, 0x4000, 0x41);
        command(&mut nvmctrl, &mut fabric, 0x4000, 0x02);
        command(&mut nvmctrl, &mut fabric, 0x4000, 0x02);
        assert_eq!(nvmctrl.read(STATUS, Width::Half, &mut fabric), LOCK_ERROR | BAD_COMMAND);
        assert_eq!(nvmctrl.read(INTFLAG, Width::Byte, &mut fabric), ERROR);
    }
}
