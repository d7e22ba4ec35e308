//! What the loader sees at each address.

use crate::nvm::{Nvm, Outcome, PAGE};
use crate::profile::Profile;

/// Bytes of flash, from address 0 on.
pub const FLASH_SIZE: u32 = 0x4_0000;
/// Bytes of flash that are the loader's own.
pub const LOADER_SIZE: u32 = 0x2000;
/// Where the RAM begins.
pub const RAM_START: u32 = 0x2000_0000;
/// Bytes of RAM.
pub const RAM_SIZE: u32 = 0x8000;

/// The loader's variables end below this address.
const LOADER_DATA_END: u32 = RAM_START + 0x400;
/// The loader's stack lies here (its size is assumed).
const LOADER_STACK: core::ops::Range<u32> = RAM_START + 0x7C00..RAM_START + 0x7FFC;

/// The fuses and the calibration area.
const FUSES: core::ops::Range<u32> = 0x0080_0000..0x0081_0000;
const PERIPHERALS: core::ops::Range<u32> = 0x4000_0000..0x4300_0000;
const SYSTEM: core::ops::Range<u32> = 0xE000_E000..0xE000_F000;

/// DSU: device identification.
const DSU_DID: u32 = 0x4100_2018;
/// NVMCTRL: control A, parameters, interrupt flags, address.
const NVM_CTRLA: u32 = 0x4100_4000;
const NVM_PARAM: u32 = 0x4100_4008;
const NVM_INTFLAG: u32 = 0x4100_4014;
const NVM_ADDR: u32 = 0x4100_401C;
/// The key that a command in CTRLA needs.
const NVM_KEY: u32 = 0xA5 << 8;
/// 4096 pages of 64 bytes.
const NVM_PARAMETERS: u32 = 3 << 16 | 4096;
/// System control block.
const CPUID: u32 = 0xE000_ED00;
const CORTEX_M0_PLUS: u32 = 0x410C_C601;
const AIRCR: u32 = 0xE000_ED0C;
/// The key and the bit of a reset request.
const AIRCR_RESET: u32 = 0x05FA_0004;

/// What a store led to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Effect {
    /// Nothing but itself.
    None,
    /// The part resets.
    Reset,
    /// A row was erased.
    RowErased(Outcome),
    /// A page was written.
    PageWritten(Outcome),
    /// The loader's own variables or stack are gone.
    LoaderOverwritten,
}

/// An address where nothing is: the processor faults.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct BusFault;

/// Flash, RAM and the few registers that a flashing tool looks at.
#[derive(Debug, Clone)]
pub(crate) struct Memory {
    pub(crate) nvm: Nvm,
    ram: Vec<u8>,
    device_id: u32,
}

impl Memory {
    pub(crate) fn new(profile: &Profile) -> Self {
        Self {
            nvm: Nvm::new(profile.loader_protected, profile.faults.stuck_bit),
            ram: vec![0; RAM_SIZE as usize],
            device_id: profile.device_id,
        }
    }

    /// Reads one byte.
    pub(crate) fn read(&self, address: u32) -> Result<u8, BusFault> {
        if let Some(byte) = self.nvm.bytes().get(address as usize) {
            return Ok(*byte);
        }
        if let Some(byte) = address.checked_sub(RAM_START).and_then(|offset| self.ram.get(offset as usize)) {
            return Ok(*byte);
        }
        if FUSES.contains(&address) {
            return Ok(0xFF);
        }
        if !PERIPHERALS.contains(&address) && !SYSTEM.contains(&address) {
            return Err(BusFault);
        }
        let register = match address & !3 {
            DSU_DID => self.device_id,
            NVM_PARAM => NVM_PARAMETERS,
            // READY: the flash is never busy between two commands.
            NVM_INTFLAG => 1,
            CPUID => CORTEX_M0_PLUS,
            _ => 0,
        };
        Ok(register.to_le_bytes()[(address & 3) as usize])
    }

    /// Stores 1, 2 or 4 bytes.
    pub(crate) fn store(&mut self, address: u32, bytes: &[u8]) -> Result<Effect, BusFault> {
        let mut word = [0; 4];
        word[..bytes.len()].copy_from_slice(bytes);
        let value = u32::from_le_bytes(word);
        match address {
            AIRCR if value == AIRCR_RESET => return Ok(Effect::Reset),
            NVM_CTRLA => return Ok(self.command(value)),
            NVM_ADDR => self.nvm.point(value.wrapping_mul(2)),
            _ if address < FLASH_SIZE => self.nvm.store(address, bytes),
            _ if PERIPHERALS.contains(&address) || SYSTEM.contains(&address) => (),
            _ => return self.store_ram(address, bytes),
        }
        Ok(Effect::None)
    }

    /// Copies bytes to RAM, or to the page buffer where the address is one of flash.
    pub(crate) fn copy(&mut self, address: u32, bytes: &[u8]) -> Result<Effect, BusFault> {
        if address < FLASH_SIZE {
            self.nvm.store(address, bytes);
            return Ok(Effect::None);
        }
        self.store_ram(address, bytes)
    }

    /// Erases the row that holds `address`.
    pub(crate) fn erase_row(&mut self, address: u32) -> Outcome {
        self.nvm.point(address);
        self.nvm.erase_row()
    }

    /// Programs whole words from `source` to the flash at `target`, page by page as the loader does.
    pub(crate) fn program(
        &mut self,
        source: u32,
        target: u32,
        length: u32,
    ) -> Result<Vec<Outcome>, BusFault> {
        let mut outcomes = Vec::new();
        let words = length / 4;
        let mut done = 0;
        while done < words {
            self.nvm.clear_buffer();
            let count = (words - done).min(PAGE / 4);
            for offset in (done..done + count).map(|word| word * 4) {
                let mut word = [0; 4];
                for (index, byte) in (0..).zip(&mut word) {
                    *byte = self.read(source.wrapping_add(offset + index))?;
                }
                let address = target.wrapping_add(offset);
                if address >= FLASH_SIZE {
                    return Err(BusFault);
                }
                self.nvm.store(address, &word);
            }
            outcomes.push(self.nvm.write_page());
            done += count;
        }
        Ok(outcomes)
    }

    fn command(&mut self, value: u32) -> Effect {
        const ERASE_ROW: u32 = NVM_KEY | 0x02;
        const WRITE_PAGE: u32 = NVM_KEY | 0x04;
        const CLEAR_BUFFER: u32 = NVM_KEY | 0x44;
        match value & 0xFFFF {
            ERASE_ROW => Effect::RowErased(self.nvm.erase_row()),
            WRITE_PAGE => Effect::PageWritten(self.nvm.write_page()),
            CLEAR_BUFFER => {
                self.nvm.clear_buffer();
                Effect::None
            }
            _ => Effect::None,
        }
    }

    fn store_ram(&mut self, address: u32, bytes: &[u8]) -> Result<Effect, BusFault> {
        let mut effect = Effect::None;
        for (address, byte) in (u64::from(address)..).zip(bytes) {
            let address = u32::try_from(address).map_err(|_| BusFault)?;
            let offset = address.checked_sub(RAM_START).ok_or(BusFault)?;
            *self.ram.get_mut(offset as usize).ok_or(BusFault)? = *byte;
            if address < LOADER_DATA_END || LOADER_STACK.contains(&address) {
                effect = Effect::LoaderOverwritten;
            }
        }
        Ok(effect)
    }
}
