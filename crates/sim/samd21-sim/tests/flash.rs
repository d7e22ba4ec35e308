//! The core stands still while the flash it runs from is busy, and runs on from RAM.

use samd21_sim::Time;
use samd21_sim::armv6m::Unobserved;
use samd21_sim::bus::Bus as _;
use samd21_sim::chip::Chip;
use samd21_sim::machine::Machine;
use samd21_sim::peripherals;

/// NVMCTRL.ADDR.
const ADDR: u32 = 0x4100_401C;
/// NVMCTRL.CTRLA.
const CTRLA: u32 = 0x4100_4000;
/// Erase row, with its key.
const ERASE_ROW: u16 = 0xA502;
/// STRH R1, [R0]; ADDS R2, #1; B to the addition.
const CODE: [u16; 3] = [0x8001, 0x3201, 0xE7FD];

/// Erases a row with code at `base`; counts the loops of the next 100 µs.
fn loops_during_an_erase(base: u32) -> u32 {
    let mut chip = Chip::bare();
    peripherals::attach(&mut chip);
    let mut machine = Machine::new(chip);
    let _ = machine.cpu.take_fault();
    for (address, halfword) in (base..).step_by(2).zip(CODE) {
        machine.chip.fabric.nvm.flash.write16(address, halfword);
        machine.chip.fabric.ram.write16(address, halfword);
    }
    let mut cycles = machine.cpu.cycles;
    machine.chip.write32(ADDR, 0x2_0000 / 2, &mut cycles).unwrap();
    machine.cpu.set_register(0, CTRLA);
    machine.cpu.set_register(1, ERASE_ROW.into());
    machine.cpu.set_register(2, 0);
    machine.cpu.set_register(15, base);
    machine.run_until(machine.now() + Time::from_micros(100), &mut Unobserved);
    machine.cpu.register(2)
}

#[test]
fn code_in_flash_waits_for_the_flash_and_code_in_ram_does_not() {
    assert!(loops_during_an_erase(0x100) <= 1);
    assert!(loops_during_an_erase(0x2000_0100) > 20, "1 MHz, three cycles a loop");
}
