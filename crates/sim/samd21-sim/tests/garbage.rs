//! Images of random bytes, and random accesses to everything: the emulator neither crashes nor hangs, and the same
//! image gives the same run.

use core::time::Duration;
use std::time::Instant;

use samd21_sim::Time;
use samd21_sim::bus::Bus as _;
use samd21_sim::chip::Chip;
use samd21_sim::image::Image;
use samd21_sim::machine::Machine;
use samd21_sim::peripherals;
use samd21_sim::run::{Entry, Run};

struct Random(u64);

impl Random {
    fn word(&mut self) -> u32 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 32) as u32
    }
}

fn machine() -> Machine {
    let mut chip = Chip::bare();
    peripherals::attach(&mut chip);
    Machine::new(chip)
}

/// LDR R0, [SP, #24]; ADDS R0, #2; STR R0, [SP, #24]; BX LR: goes on behind what faulted.
const HANDLER: [u32; 2] = [0x3002_9806, 0x4770_9006];

/// An image with a proper vector table, a handler that steps over what faults, and garbage behind it.
fn garbage(seed: u64) -> Vec<u8> {
    let mut random = Random(seed * 2 + 1);
    let mut words = vec![0x2000_7FF8, 0x2101];
    words.resize(48, 0x20C1);
    words.extend(HANDLER);
    words.resize(64, 0x20C1);
    let mut image: Vec<u8> = words.iter().flat_map(|word: &u32| word.to_le_bytes()).collect();
    while image.len() < 16 * 1024 {
        let word = match random.word() % 4 {
            // Addresses of registers, so that loads and stores find them.
            0 => {
                [0x4000_0000, 0x4100_0000, 0x4200_0000, 0xE000_E000][(random.word() % 4) as usize]
                    | random.word() & 0x7FFC
            }
            // Literal loads, stores and loads through registers.
            1 => 0x4800_6000 | random.word() & 0x07FF_1FFF,
            _ => random.word(),
        };
        image.extend(word.to_le_bytes());
    }
    image
}

/// Runs an image for some virtual milliseconds; faults are its handler's, which is garbage too.
fn run(seed: u64) -> (u64, u64, Vec<u32>) {
    let image = Image::parse(&garbage(seed), None).unwrap();
    let mut run =
        Run::new(machine(), image, if seed.is_multiple_of(2) { Entry::Image } else { Entry::Loader });
    run.watch.strict = false;
    let end = run.machine.now() + Time::from_millis(3);
    let _ = run.run_until(end);
    let cpu = &run.machine.cpu;
    (cpu.cycles, cpu.instructions(), (0..16).map(|number| cpu.register(number)).collect())
}

#[test]
fn images_of_garbage_neither_crash_nor_hang_and_run_the_same_twice() {
    let began = Instant::now();
    let mut instructions = 0;
    for seed in 0..300 {
        let first = run(seed);
        instructions += first.1;
        assert_eq!(first, run(seed), "image {seed}");
    }
    assert!(instructions > 300_000, "{instructions}: some of them run on");
    assert!(began.elapsed() < Duration::from_secs(120), "{:?}", began.elapsed());
}

#[test]
fn random_accesses_to_every_block_neither_crash_nor_hang() {
    let mut random = Random(0xBAD);
    for _ in 0..20 {
        let mut machine = machine();
        let chip = &mut machine.chip;
        let mut cycles = machine.cpu.cycles;
        for bridge in [0x4000_041C_u32, 0x4000_0418, 0x4000_0420] {
            chip.write32(bridge, u32::MAX, &mut cycles).unwrap();
        }
        for _ in 0..20_000 {
            let base = [0x4000_0000, 0x4100_0000, 0x4200_0000, 0x6000_0000][(random.word() % 4) as usize];
            let address = base | random.word() & 0x7FFC;
            let value =
                if random.word().is_multiple_of(2) { random.word() } else { 1 << (random.word() % 32) };
            let _ = match random.word() % 6 {
                0 => chip.read8(address | 1, &mut cycles).map(|_| ()),
                1 => chip.read16(address, &mut cycles).map(|_| ()),
                2 => chip.read32(address, &mut cycles).map(|_| ()),
                3 => chip.write8(address | 1, value.to_le_bytes()[0], &mut cycles),
                4 => chip.write16(address, (value & 0xFFFF) as u16, &mut cycles),
                _ => chip.write32(address, value, &mut cycles),
            };
            cycles += u64::from(random.word() % 64);
            chip.fabric.reset = None;
        }
    }
}

#[test]
fn files_of_garbage_are_refused_with_a_reason() {
    let mut random = Random(0xE1F);
    for length in 0..600 {
        let mut bytes: Vec<u8> = (0..length).map(|_| (random.word() & 0xFF) as u8).collect();
        let _ = Image::parse(&bytes, Some(0x3_FF00)).map_err(|error| error.to_string());
        if length >= 4 {
            bytes[..4].copy_from_slice(b"\x7FELF");
            assert!(Image::parse(&bytes, None).is_err());
        }
    }
    assert!(Image::parse(&[], None).is_err());
}
