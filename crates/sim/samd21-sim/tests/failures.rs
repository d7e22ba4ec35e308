//! What ends a run, and what the report says of it.

use samd21_sim::Time;
use samd21_sim::armv6m::Fault;
use samd21_sim::chip::Chip;
use samd21_sim::image::{Image, ImageError};
use samd21_sim::loader::{DOUBLE_TAP, DOUBLE_TAP_MAGIC};
use samd21_sim::machine::Machine;
use samd21_sim::peripherals;
use samd21_sim::report::report;
use samd21_sim::run::{Entry, Failure, Pause, Run};
use samd21_sim::symbols::{Symbol, Symbols};
use samd21_sim::watch::Watch;

const BASE: u32 = 0x2000;
/// First instruction, behind 48 vectors.
const CODE: u32 = BASE + 0xC0;
const UNDEFINED: u16 = 0xDE00;
const STAY: u16 = 0xE7FE;
const BX_LR: u16 = 0x4770;
/// BL over the next instruction.
const CALL: [u16; 2] = [0xF000, 0xF801];

/// An image whose vectors all point at its first instruction but HardFault's, which stays where it is.
fn image(code: &[u16]) -> Image {
    let mut words = vec![0x2000_7FF8, CODE | 1];
    words.resize(48, CODE | 1);
    words[3] = (CODE + 0x100) | 1;
    let mut bytes: Vec<u8> = words.iter().flat_map(|word: &u32| word.to_le_bytes()).collect();
    bytes.extend(code.iter().flat_map(|halfword| halfword.to_le_bytes()));
    bytes.resize(0xC0 + 0x100, 0);
    bytes.extend(STAY.to_le_bytes());
    Image::parse(&bytes, Some(BASE)).unwrap()
}

fn run_of(code: &[u16], entry: Entry) -> Run {
    let mut chip = Chip::bare();
    peripherals::attach(&mut chip);
    Run::new(Machine::new(chip), image(code), entry)
}

#[test]
fn a_fault_ends_the_run_with_its_place_and_who_called() {
    let mut run = run_of(&[CALL[0], CALL[1], STAY, UNDEFINED], Entry::Image);
    let Pause::Failed(Failure::Fault(record)) = run.run_until(Time::from_millis(1)) else {
        panic!("{:?}", run.failure());
    };
    assert_eq!((record.fault, record.pc), (Fault::Undefined, CODE + 6));
    let places: Vec<u32> = run.backtrace().iter().map(|place| place.address).collect();
    assert_eq!(places, [CODE + 6, CODE + 4]);
    let report = report(&run, 0.0);
    assert_eq!(report["failure"], "HardFault: Undefined at 0x000020C6");
    assert_eq!(report["backtrace"][1], "0x000020C4");
    assert!(
        matches!(run.run_until(Time::from_millis(9)), Pause::Failed(Failure::Fault(_))),
        "it stays failed"
    );
}

#[test]
fn a_function_that_panics_ends_the_run() {
    let mut run = run_of(&[CALL[0], CALL[1], STAY, STAY], Entry::Image);
    let unwind = Symbol { address: CODE + 6, size: 2, name: "__rustc::rust_begin_unwind".to_owned() };
    run.watch = Watch::new(&Symbols::new(vec![unwind]), 0);
    assert_eq!(run.run_until(Time::from_millis(1)), Pause::Failed(Failure::Panic));
    assert_eq!(run.backtrace().len(), 2);
}

#[test]
fn a_stack_below_its_limit_ends_the_run() {
    // PUSH {R0-R7}; B back.
    let mut run = run_of(&[0xB4FF, 0xE7FD], Entry::Image);
    run.watch = Watch::new(&Symbols::none(), 0x2000_7000);
    let Pause::Failed(Failure::StackOverflow { sp, .. }) = run.run_until(Time::from_millis(10)) else {
        panic!("{:?}", run.failure());
    };
    assert_eq!(sp, 0x2000_6FF8, "the first push below the limit");
}

#[test]
fn the_watchdog_ends_the_run() {
    // LDR R0, =WDT.CTRL; MOVS R1, #0; STRB R1, [R0, #1] (CONFIG: 8 cycles); MOVS R1, #2; STRB R1, [R0]; B .
    let code = [0x4802, 0x2100, 0x7041, 0x2102, 0x7001, STAY, 0x1000, 0x4000];
    let mut run = run_of(&code, Entry::Image);
    // GCLK.CLKCTRL: WDT from generator 2, which runs from OSCULP32K after a reset.
    let mut cycles = run.machine.cpu.cycles;
    samd21_sim::bus::Bus::write16(&mut run.machine.chip, 0x4000_0C02, 0x4203, &mut cycles).unwrap();
    assert_eq!(run.run_until(Time::from_millis(100)), Pause::Failed(Failure::Watchdog));
    assert_eq!(run.backtrace()[0].address, CODE + 10, "where it hung");
}

#[test]
fn a_double_tap_and_an_empty_flash_stay_in_the_loader() {
    // A reset request at once: LDR R0, =AIRCR; LDR R1, =key; STR R1, [R0]; B .
    let code = [0x4801, 0x4902, 0x6001, STAY, 0xED0C, 0xE000, 0x0004, 0x05FA];
    let mut run = run_of(&code, Entry::Loader);
    run.machine.chip.fabric.ram.write32(DOUBLE_TAP, DOUBLE_TAP_MAGIC);
    let end = run.machine.now() + Time::from_millis(1);
    assert_eq!(run.run_until(end), Pause::Failed(Failure::StaysInLoader));
    assert_eq!(run.resets().len(), 1);
    let mut run = run_of(&code, Entry::Loader);
    let end = run.machine.now() + Time::from_millis(1);
    assert_eq!(run.run_until(end), Pause::TimeUp, "without the magic the application is started again");
    assert!(run.machine.now() > end + Time::from_millis(400), "after the loader's half second");
}

#[test]
fn the_loader_hands_over_at_48_mhz_with_its_tick_running() {
    let mut run = run_of(&[STAY], Entry::Loader);
    let cpu = &run.machine.cpu;
    assert_eq!((cpu.register(15), cpu.register(13), cpu.vector_table()), (CODE, 0x2000_7FF8, BASE));
    assert_eq!(cpu.next_tick() - cpu.cycles, 1000);
    assert!((47_800_000..48_200_000).contains(&run.machine.chip.fabric.clocks.cpu_hz()));
    assert_eq!(run.machine.chip.fabric.warnings.iter().count(), 0, "{:?}", run.machine.chip.fabric.warnings);
    // All vectors but HardFault's lead to the endless loop: the tick is taken and never returns.
    let end = run.machine.now() + Time::from_micros(30);
    assert_eq!(run.run_until(end), Pause::TimeUp);
    assert_eq!(run.machine.cpu.handling().map(|exception| exception.to_string()), Some("SysTick".to_owned()));
}

#[test]
fn images_that_cannot_be_run_are_refused_with_a_reason() {
    let too_long = vec![0; 256 * 1024];
    assert!(matches!(Image::parse(&too_long, Some(0x2000)), Err(ImageError::OutsideFlash { .. })));
    assert!(matches!(Image::parse(&[], None), Err(ImageError::Empty)));
    let image = Image::parse(&[0; 64], None).unwrap();
    let mut chip = Chip::bare();
    image.program(&mut chip.fabric.nvm);
    let refused = image.check_vectors(&chip.fabric.nvm).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "no vector table at 0x2000: the first word is no stack in RAM, or the second no code"
    );
}

#[test]
fn the_profile_counts_every_cycle_that_the_core_was_awake() {
    let mut run = run_of(&[CALL[0], CALL[1], 0xE7FC, BX_LR], Entry::Image);
    let named = |address, name: &str| Symbol { address, size: 6, name: name.to_owned() };
    let symbols = Symbols::new(vec![named(CODE, "caller"), named(CODE + 6, "leaf")]);
    run.watch = Watch::new(&symbols, 0);
    let before = run.machine.cpu.cycles;
    run.run_until(Time::from_millis(1));
    let profile = run.watch.profile(&symbols);
    let sum: u64 = profile.iter().map(|(_, cycles)| cycles).sum();
    assert_eq!(sum, run.machine.cpu.cycles - before);
    let share = |name| profile.iter().find(|(of, _)| *of == Some(name)).unwrap().1;
    // BL 3 and B 2 against BX 2.
    assert!((2.4..2.6).contains(&(share("caller") as f64 / share("leaf") as f64)), "{profile:?}");
}
