//! The system control space, 0xE000_E000 to 0xE000_EFFF (chapters B3.2 to B3.4), and what else is on the private
//! peripheral bus.

use super::exception::Exception;
use super::{Cpu, Fault, Trap};
use crate::bus::Width;

const CPUID_CORTEX_M0_PLUS: u32 = 0x410C_C601;

const SYST_CSR: u32 = 0xE000_E010;
const SYST_CALIB: u32 = 0xE000_E01C;
const NVIC_ISER: u32 = 0xE000_E100;
const NVIC_ICER: u32 = 0xE000_E180;
const NVIC_ISPR: u32 = 0xE000_E200;
const NVIC_ICPR: u32 = 0xE000_E280;
const NVIC_IPR: u32 = 0xE000_E400;
const NVIC_IPR_LAST: u32 = 0xE000_E41C;
const CPUID: u32 = 0xE000_ED00;
const ICSR: u32 = 0xE000_ED04;
const VTOR: u32 = 0xE000_ED08;
const AIRCR: u32 = 0xE000_ED0C;
const SCR: u32 = 0xE000_ED10;
const CCR: u32 = 0xE000_ED14;
const SHPR2: u32 = 0xE000_ED1C;
const SHPR3: u32 = 0xE000_ED20;
/// STKALIGN and UNALIGN_TRP are always one.
const CCR_VALUE: u32 = 0x208;

const NMIPENDSET: u32 = 1 << 31;
const PENDSVSET: u32 = 1 << 28;
const PENDSVCLR: u32 = 1 << 27;
const PENDSTSET: u32 = 1 << 26;
const PENDSTCLR: u32 = 1 << 25;
const ISRPENDING: u32 = 1 << 22;

const VECTKEY: u32 = 0x05FA;
const SYSRESETREQ: u32 = 1 << 2;

const SLEEPONEXIT: u32 = 1 << 1;
const SLEEPDEEP: u32 = 1 << 2;
const SEVONPEND: u32 = 1 << 4;

/// VTOR keeps bits 31 to 7.
const VTOR_MASK: u32 = !0x7F;

/// Registers that are plain state.
#[derive(Clone, Debug, Default)]
pub(super) struct SystemControl {
    vtor: u32,
    scr: u32,
}

impl SystemControl {
    pub(super) const fn vector_table(&self) -> u32 {
        self.vtor
    }

    pub(super) const fn sleep_on_exit(&self) -> bool {
        self.scr & SLEEPONEXIT != 0
    }

    pub(super) const fn sleep_deep(&self) -> bool {
        self.scr & SLEEPDEEP != 0
    }

    pub(super) const fn send_event_on_pend(&self) -> bool {
        self.scr & SEVONPEND != 0
    }
}

impl Cpu {
    /// Sets VTOR, as a loader does before it jumps.
    pub const fn set_vector_table(&mut self, address: u32) {
        self.system.vtor = address & VTOR_MASK;
    }

    /// Tells VTOR.
    #[must_use]
    pub const fn vector_table(&self) -> u32 {
        self.system.vtor
    }

    /// Tells the cycle at which the system timer wants to be looked after.
    #[must_use]
    pub const fn next_tick(&self) -> u64 {
        self.systick.next()
    }

    /// Lets the system timer count up to the present.
    pub fn advance_timer(&mut self) {
        if self.systick.advance(self.cycles) {
            self.nvic.pend(Exception::SYS_TICK);
        }
    }

    /// Lets `cycles` pass in which the system timer has no clock.
    pub const fn pause_timer(&mut self, cycles: u64) {
        self.systick.pause(cycles);
    }

    /// Starts the system timer as software would with CSR, RVR and a counter of zero.
    pub fn preset_timer(&mut self, control: u32, reload: u32) {
        self.systick.write(0x4, reload, self.cycles);
        self.systick.write(0x8, 0, self.cycles);
        self.systick.write(0x0, control, self.cycles);
    }

    /// Reads from the private peripheral bus after the chip's buses had nothing there.
    #[cold]
    #[inline(never)]
    pub(super) fn private_read(&mut self, address: u32, width: Width) -> Result<u32, Trap> {
        let word = match address >> 12 {
            0xE000E => self.read_system(address & !3),
            // Breakpoint unit, watchpoint unit and ROM table: a debugger's, they read zero.
            0xE0001 | 0xE0002 | 0xE00FF => 0,
            _ => return Err(Trap::Fault(Fault::Bus { address })),
        };
        Ok(word >> ((address & 3) * 8) & width.mask())
    }

    /// Writes to the private peripheral bus. Only words: what other sizes do is unpredictable, so they fault.
    #[cold]
    #[inline(never)]
    pub(super) fn private_write(&mut self, address: u32, width: Width, value: u32) -> Result<(), Trap> {
        match address >> 12 {
            0xE000E if width == Width::Word => self.write_system(address, value),
            0xE0001 | 0xE0002 => Ok(()),
            _ => Err(Trap::Fault(Fault::Bus { address })),
        }
    }

    fn read_system(&mut self, address: u32) -> u32 {
        match address {
            SYST_CSR..=SYST_CALIB => {
                self.advance_timer();
                self.systick.read(address - SYST_CSR, self.cycles)
            }
            NVIC_ISER | NVIC_ICER => self.nvic.enabled_lines(),
            NVIC_ISPR | NVIC_ICPR => self.nvic.pending_lines(),
            NVIC_IPR..=NVIC_IPR_LAST => self.read_priorities(line_of(address)),
            CPUID => CPUID_CORTEX_M0_PLUS,
            ICSR => self.read_icsr(),
            VTOR => self.system.vtor,
            AIRCR => 0xFA05_0000,
            SCR => self.system.scr,
            CCR => CCR_VALUE,
            SHPR2 => self.read_priorities(8),
            SHPR3 => self.read_priorities(12),
            _ => 0,
        }
    }

    fn read_icsr(&self) -> u32 {
        let pending = self.nvic.highest(self.nvic.ready()).map_or(0, |(_, exception)| u32::from(exception.0));
        let bit = |exception, bit| if self.nvic.is_pending(exception) { bit } else { 0 };
        let interrupts = if self.nvic.pending_lines() != 0 { ISRPENDING } else { 0 };
        u32::from(self.ipsr)
            | pending << 12
            | interrupts
            | bit(Exception::SYS_TICK, PENDSTSET)
            | bit(Exception::PEND_SV, PENDSVSET)
            | bit(Exception::NMI, NMIPENDSET)
    }

    /// Reads the priorities of four exceptions from number `first`.
    fn read_priorities(&self, first: u8) -> u32 {
        let priority = |number: u8| {
            let fixed = number < 16 && !matches!(number, 11 | 14 | 15);
            if fixed { 0 } else { self.nvic.priority(Exception(number)).to_le_bytes()[0] }
        };
        u32::from_le_bytes([first, first + 1, first + 2, first + 3].map(priority))
    }

    fn write_priorities(&mut self, first: u8, value: u32) {
        for (number, priority) in (first..).zip(value.to_le_bytes()) {
            if number >= 16 || matches!(number, 11 | 14 | 15) {
                self.nvic.set_priority(Exception(number), priority);
            }
        }
    }

    fn write_system(&mut self, address: u32, value: u32) -> Result<(), Trap> {
        match address {
            SYST_CSR..SYST_CALIB => {
                self.advance_timer();
                self.systick.write(address - SYST_CSR, value, self.cycles);
            }
            NVIC_ISER => self.nvic.enable_lines(value),
            NVIC_ICER => self.nvic.disable_lines(value),
            NVIC_ISPR => self.nvic.pend_lines(value),
            NVIC_ICPR => self.nvic.unpend_lines(value),
            NVIC_IPR..=NVIC_IPR_LAST => self.write_priorities(line_of(address), value),
            ICSR => self.write_icsr(value),
            VTOR => self.system.vtor = value & VTOR_MASK,
            // VECTCLRACTIVE is a debugger's: without halting it is unpredictable, here nothing.
            AIRCR if value >> 16 == VECTKEY && value & SYSRESETREQ != 0 => return Err(Trap::Reset),
            SCR => self.system.scr = value & (SLEEPONEXIT | SLEEPDEEP | SEVONPEND),
            SHPR2 => self.write_priorities(8, value),
            SHPR3 => self.write_priorities(12, value),
            // ACTLR has nothing on this core; the rest is reserved or a debugger's.
            _ => {}
        }
        Err(Trap::Look)
    }

    const fn write_icsr(&mut self, value: u32) {
        if value & NMIPENDSET != 0 {
            self.nvic.pend(Exception::NMI);
        }
        if value & PENDSVSET != 0 {
            self.nvic.pend(Exception::PEND_SV);
        }
        if value & PENDSVCLR != 0 {
            self.nvic.unpend(Exception::PEND_SV);
        }
        if value & PENDSTSET != 0 {
            self.nvic.pend(Exception::SYS_TICK);
        }
        if value & PENDSTCLR != 0 {
            self.nvic.unpend(Exception::SYS_TICK);
        }
    }
}

/// Tells the exception number whose priority is the lowest byte of the priority register at `address`.
const fn line_of(address: u32) -> u8 {
    16 + ((address - NVIC_IPR) & 0x1F) as u8
}
