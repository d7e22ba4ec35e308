//! The core in lock-step with an independent one (rp2040-emu): every halfword as an instruction, on random states,
//! and random programs.

use rp2040_emu::bus::Bus as PeerBus;
use rp2040_emu::core::CortexM0Plus;
use samd21_sim::armv6m::{Cpu, Fault, Instruction, Op, Special, Unobserved};
use samd21_sim::chip::Chip;

const RAM: u32 = 0x2000_0000;
const CODE: u32 = RAM + 0x4000;
const WINDOW: u32 = 0x8000;
/// Both cores' exception handlers: a branch to itself.
const HANDLER: u32 = RAM + 0x100;
const LOOP: u32 = 0xE7FE_E7FE;

/// xorshift64*: the same states in every run.
struct Random(u64);

impl Random {
    fn word(&mut self) -> u32 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 32) as u32
    }

    fn below(&mut self, limit: u32) -> u32 {
        self.word() % limit
    }

    /// A value for arithmetic: edges are as likely as anything.
    fn value(&mut self) -> u32 {
        match self.below(6) {
            0 => [0, 1, u32::MAX, 1 << 31, i32::MAX.cast_unsigned(), 31, 32, 33][self.below(8) as usize],
            1 => self.below(256),
            _ => self.word(),
        }
    }

    /// A value for an address: mostly in RAM, mostly aligned, sometimes where neither chip has anything.
    fn address(&mut self) -> u32 {
        match self.below(10) {
            0 => 0x3000_0000 + self.below(0x1000),
            1 => RAM + 0x1000 + self.below(0x2000),
            _ => RAM + 0x1000 + self.below(0x800) * 4,
        }
    }
}

struct Pair {
    ours: Cpu,
    chip: Chip,
    peer: CortexM0Plus,
    peer_bus: PeerBus,
}

impl Pair {
    fn new() -> Self {
        let mut pair = Self {
            ours: Cpu::new(),
            chip: Chip::bare(),
            peer: CortexM0Plus::new(),
            peer_bus: PeerBus::new(),
        };
        // Below the RAM the peer has a ROM full of zeros.
        pair.chip.fabric.nvm.flash.words_mut().fill(0);
        pair.poke(RAM, RAM + 0x3000);
        for vector in 1..48 {
            pair.poke(RAM + vector * 4, HANDLER | 1);
        }
        pair.poke(HANDLER, LOOP);
        pair.ours.set_vector_table(RAM);
        pair.peer_bus.ppb_mut_vtor(RAM);
        pair
    }

    fn poke(&mut self, address: u32, word: u32) {
        self.chip.fabric.ram.write32(address, word);
        self.peer_bus.write32(address, word);
        self.peer.invalidate_decode_cache_entries(&[address, address + 2]);
    }

    /// Gives both cores the same state: Thread mode, main stack.
    fn set(&mut self, registers: [u32; 15], flags: u32, pc: u32) {
        self.ours = Cpu::new();
        self.ours.set_vector_table(RAM);
        self.peer.regs.xpsr = flags << 28 | 1 << 24;
        self.peer.regs.primask = 0;
        self.peer.regs.control = 0;
        for number in 0..15 {
            self.ours.set_register(number, registers[usize::from(number)]);
            self.peer.set_reg(number.into(), registers[usize::from(number)]);
        }
        self.peer.regs.msp = registers[13];
        self.peer.regs.psp = 0;
        self.ours.set_special(Special::Xpsr, flags << 28);
        self.ours.set_register(15, pc);
        self.peer.set_reg(15, pc);
    }

    /// Executes one instruction on both.
    fn step(&mut self) {
        self.chip.advance(self.ours.cycles);
        self.chip.set_limit(self.ours.cycles + 1);
        self.ours.run(&mut self.chip, &mut Unobserved);
        self.peer.step(&mut self.peer_bus);
    }

    /// Makes the frames of a fault equal: the peer overwrites the destination of a load that faults.
    fn copy_frame(&mut self) {
        let sp = self.ours.register(13);
        for address in (sp.wrapping_sub(16)..sp.wrapping_add(48)).step_by(4) {
            if (RAM..RAM + WINDOW).contains(&address) {
                let word = self.chip.fabric.ram.read32(address);
                self.peer_bus.write32(address, word);
            }
        }
    }

    /// Tells what differs.
    fn difference(&self) -> Option<String> {
        for number in 0..16 {
            let (ours, peer) = (self.ours.register(number), self.peer.reg(number.into()));
            if ours != peer {
                return Some(format!("R{number}: {ours:08X}, peer {peer:08X}"));
            }
        }
        let (ours, peer) = (self.ours.special(Special::Xpsr), self.peer.regs.xpsr);
        if ours != peer {
            return Some(format!("XPSR: {ours:08X}, peer {peer:08X}"));
        }
        if self.ours.special(Special::Primask) != self.peer.regs.primask & 1 {
            return Some("PRIMASK".to_owned());
        }
        None
    }

    fn memory_difference(&self) -> Option<String> {
        (RAM..RAM + WINDOW).step_by(4).find_map(|address| {
            let (ours, peer) = (self.chip.fabric.ram.read32(address), self.peer_bus.peek32(address));
            (ours != peer).then(|| format!("[{address:08X}]: {ours:08X}, peer {peer:08X}"))
        })
    }
}

trait Vectors {
    fn ppb_mut_vtor(&mut self, address: u32);
}

impl Vectors for PeerBus {
    fn ppb_mut_vtor(&mut self, address: u32) {
        self.write32(0xE000_ED08, address);
    }
}

/// Tells whether the manual leaves an encoding unpredictable, or it depends on the chip around the core.
fn is_unpredictable(opcode: u16) -> bool {
    let instruction = Instruction::decode(opcode);
    let high = |number: u8| number == 15 || number == 13;
    match instruction.op {
        Op::Push | Op::Pop | Op::Stm | Op::Ldm if instruction.imm == 0 => true,
        Op::Stm => {
            let below = instruction.imm & ((1 << instruction.n) - 1);
            instruction.imm >> instruction.n & 1 != 0 && below != 0
        }
        Op::CmpHigh => instruction.n < 8 && instruction.m < 8 || instruction.n == 15 || instruction.m == 15,
        Op::Bx | Op::Blx => opcode & 7 != 0 || instruction.m == 15,
        // The stack pointer's two low bits do not exist on ours; the peer keeps them.
        Op::AddHigh | Op::MovHigh => instruction.d == 13 || high(instruction.d) && instruction.m == 15,
        Op::AddPc => instruction.m == 15,
        // The peer takes what is not CPS in its space for a hint.
        Op::Undefined if opcode >> 8 == 0xB6 => true,
        Op::Wfi | Op::Wfe | Op::Bkpt => true,
        _ => false,
    }
}

fn is_transfer(op: Op) -> bool {
    let name = format!("{op:?}");
    name.starts_with("Ldr")
        || name.starts_with("Str")
        || matches!(op, Op::Ldm | Op::Stm | Op::Push)
        || matches!(op, Op::Pop | Op::PopPc | Op::Bx | Op::Blx | Op::MovPc | Op::AddPc)
}

fn registers(random: &mut Random, op: Op) -> [u32; 15] {
    let transfer = is_transfer(op);
    let mut registers = [0; 15];
    for register in &mut registers {
        *register = if transfer { random.address() } else { random.value() };
    }
    if transfer && random.below(2) == 0 {
        // An index beside a base.
        for register in registers.iter_mut().step_by(2) {
            *register = random.below(64) * 4;
        }
    }
    registers[13] = RAM + 0x2000 + random.below(256) * 4;
    registers
}

#[test]
fn every_halfword_does_the_same_on_both_cores() {
    let mut pair = Pair::new();
    let mut random = Random(0x5EED);
    let (mut tried, mut faults, mut skipped) = (0_u32, 0_u32, 0_u32);
    let mut differences = Vec::new();
    for opcode in 0..=u16::MAX {
        let op = Instruction::decode(opcode).op;
        if is_unpredictable(opcode) || op == Op::Wide {
            skipped += 1;
            continue;
        }
        for _ in 0..12 {
            let registers = registers(&mut random, op);
            let second = random.word() << 16;
            pair.poke(CODE, u32::from(opcode) | second);
            pair.set(registers, random.below(16), CODE);
            pair.step();
            tried += 1;
            if leaves_the_ram(&pair) {
                pair.copy_frame();
                continue;
            }
            let difference = if let Some(record) = pair.ours.last_fault() {
                faults += 1;
                pair.copy_frame();
                (!pair.peer.is_in_hardfault()).then(|| format!("only we fault: {record:?}"))
            } else {
                pair.difference()
            };
            differences.extend(difference.map(|difference| format!("{opcode:04X} {op:?}: {difference}")));
        }
    }
    println!("{tried} instructions of {} encodings, {faults} faults; {skipped} skipped", 65536 - skipped);
    assert!(
        differences.is_empty(),
        "{} differences, {:#?}",
        differences.len(),
        differences.iter().step_by(differences.len() / 40 + 1).collect::<Vec<_>>()
    );
    assert_eq!(pair.memory_difference(), None);
}

/// The two chips have different memories below the RAM: what went there cannot be compared.
fn leaves_the_ram(pair: &Pair) -> bool {
    matches!(pair.ours.last_fault(), Some(record) if matches!(record.fault, Fault::Bus { address } if !(0x3000_0000..0x3000_4000).contains(&address)))
}

/// A random instruction of a program: no transfers that leave the RAM, no branches that leave the program.
fn instruction(random: &mut Random, left: u32) -> Vec<u16> {
    let half = |word: u32| (word & 0xFFFF) as u16;
    match random.below(16) {
        // A branch forward, conditional or not, over at most a few instructions.
        0 if left > 12 => vec![half(0xD000 | random.below(14) << 8 | random.below(6))],
        1 if left > 12 => vec![half(0xE000 | random.below(6))],
        // BL over at most a few instructions.
        2 if left > 16 => vec![0xF000, half(0xF800 | random.below(6))],
        // MRS (the peer has no IAPSR) and MSR of the flags.
        3 => vec![
            0xF3EF,
            half(0x8000 | random.below(8) << 8 | [0, 3, 5, 8, 9, 16, 20][random.below(7) as usize]),
        ],
        4 => vec![half(0xF380 | random.below(8)), 0x8800],
        5 => vec![[0xB672, 0xB662][random.below(2) as usize]],
        6 => vec![0xF3BF, [0x8F4F, 0x8F5F, 0x8F6F][random.below(3) as usize]],
        // PUSH and POP of something, loads and stores by the stack pointer.
        7 => vec![half(0xB400 | 1 << random.below(8) | random.below(256))],
        8 => vec![half(0xBC00 | 1 << random.below(8) | random.below(256))],
        9 => vec![half(0x9000 | random.below(16) << 8 & 0x0F00 | random.below(32))],
        // ADD and SUB of the stack pointer, ADR, MOV between high registers.
        10 => vec![half(0xB000 | random.below(2) << 7 | random.below(8))],
        11 => vec![half(0xA000 | random.below(16) << 8 | random.below(64))],
        12 => vec![half(0x4600 | random.below(8) | random.below(13) << 3)],
        // Arithmetic.
        13 => vec![half(0x4000 | random.below(1024))],
        _ => vec![half(random.below(0x4000))],
    }
}

#[test]
fn random_programs_do_the_same_on_both_cores() {
    let mut pair = Pair::new();
    let mut random = Random(0xC0FFEE);
    let (mut executed, mut cut) = (0_u32, 0_u32);
    for program in 0..6000 {
        let mut code = Vec::new();
        while code.len() < 120 {
            let left = 120 - u32::try_from(code.len()).unwrap();
            code.extend(instruction(&mut random, left));
        }
        // A NOP sled at the end takes what branches over the last instruction.
        code.resize(160, 0xBF00);
        for (address, word) in (CODE..).step_by(4).zip(code.chunks(2)) {
            pair.poke(address, u32::from(word[0]) | u32::from(word[1]) << 16);
        }
        let mut registers = registers(&mut random, Op::Mul);
        registers[13] = RAM + 0x2000;
        pair.set(registers, random.below(16), CODE);
        while pair.ours.register(15) < CODE + 300 {
            let pc = pair.ours.register(15);
            if matches!(pair.chip.fabric.ram.read16(pc) >> 11, 0x10 | 0x11 | 0x1F) {
                // A branch into the second half of a wide instruction: a transfer with any address, or nothing.
                cut += 1;
                break;
            }
            pair.step();
            executed += 1;
            assert_eq!(pair.ours.last_fault(), None, "program {program}, {pc:08X}");
            assert_eq!(pair.difference(), None, "program {program}, {pc:08X}: {code:04X?}");
        }
        assert_eq!(pair.memory_difference(), None, "program {program}");
    }
    println!("{executed} instructions of 6000 programs, {cut} of them cut short");
    assert!(executed > 100_000);
}
