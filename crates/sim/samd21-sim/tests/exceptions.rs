//! Exceptions, priorities, sleep and the system control space, by small programs in RAM.

use samd21_sim::armv6m::{Cpu, Exception, Fault, Special, Stop, Unobserved};
use samd21_sim::chip::Chip;

const RAM: u32 = 0x2000_0000;
const CODE: u32 = RAM + 0x1000;
const STACK: u32 = RAM + 0x4000;
const NOP: u16 = 0xBF00;
const WFI: u16 = 0xBF30;
const WFE: u16 = 0xBF20;
const SEV: u16 = 0xBF40;
const CPSID: u16 = 0xB672;
const CPSIE: u16 = 0xB662;
const BX_LR: u16 = 0x4770;
const SVC: u16 = 0xDF05;
const UNDEFINED: u16 = 0xDE00;
/// STR R1, [R0] and LDR R1, [R0].
const STR: u16 = 0x6001;
const LDR: u16 = 0x6801;
const ISER: u32 = 0xE000_E100;
const ISPR: u32 = 0xE000_E200;
const ICPR: u32 = 0xE000_E280;
const IPR0: u32 = 0xE000_E400;
const ICSR: u32 = 0xE000_ED04;
const AIRCR: u32 = 0xE000_ED0C;
const SCR: u32 = 0xE000_ED10;
const SHPR2: u32 = 0xE000_ED1C;
const SHPR3: u32 = 0xE000_ED20;

struct Bench {
    cpu: Cpu,
    chip: Chip,
}

/// Address of the handler of an exception: 32 bytes each.
const fn handler(exception: Exception) -> u32 {
    RAM + 0x200 + exception.0 as u32 * 32
}

const fn line(number: u8) -> Exception {
    Exception(16 + number)
}

impl Bench {
    /// A core in Thread mode at `code`, with handlers that return at once.
    fn new(code: &[u16]) -> Self {
        let mut bench = Self { cpu: Cpu::new(), chip: Chip::bare() };
        for number in 0..48 {
            let at = handler(Exception(number));
            bench.chip.fabric.ram.write32(RAM + u32::from(number) * 4, at | 1);
            bench.write(at, &[NOP, BX_LR]);
        }
        bench.write(CODE, code);
        bench.cpu.set_vector_table(RAM);
        bench.cpu.set_register(13, STACK);
        bench.cpu.set_register(15, CODE);
        bench
    }

    fn write(&mut self, address: u32, code: &[u16]) {
        for (address, halfword) in (address..).step_by(2).zip(code) {
            self.chip.fabric.ram.write16(address, *halfword);
        }
    }

    /// Executes one instruction, or takes one exception.
    fn step(&mut self) -> Stop {
        self.cpu.advance_timer();
        self.chip.advance(self.cpu.cycles);
        self.chip.set_limit(self.cpu.cycles + 1);
        self.cpu.run(&mut self.chip, &mut Unobserved)
    }

    fn steps(&mut self, count: usize) {
        for _ in 0..count {
            self.step();
        }
    }

    fn pc(&self) -> u32 {
        self.cpu.register(15)
    }

    fn word(&self, address: u32) -> u32 {
        self.chip.fabric.ram.read32(address)
    }

    /// Writes a register of the system control space, by an instruction like any software.
    fn store(&mut self, address: u32, value: u32) -> Stop {
        self.access(address, value, STR)
    }

    fn load(&mut self, address: u32) -> u32 {
        let saved = self.cpu.register(1);
        self.access(address, 0, LDR);
        let value = self.cpu.register(1);
        self.cpu.set_register(1, saved);
        value
    }

    fn access(&mut self, address: u32, value: u32, instruction: u16) -> Stop {
        let saved = [self.cpu.register(0), self.cpu.register(1), self.pc()];
        let scratch = RAM + 0x5000;
        self.write(scratch, &[instruction]);
        self.cpu.set_register(0, address);
        self.cpu.set_register(1, value);
        self.cpu.set_register(15, scratch);
        let stop = self.step();
        let [r0, r1, pc] = saved;
        self.cpu.set_register(0, r0);
        if instruction == STR {
            self.cpu.set_register(1, r1);
        }
        self.cpu.set_register(15, pc);
        stop
    }
}

#[test]
fn an_interrupt_pushes_its_frame_and_its_return_pops_it() {
    let mut bench = Bench::new(&[NOP, NOP, NOP]);
    for number in 0..13 {
        bench.cpu.set_register(number, 0x100 + u32::from(number));
    }
    bench.cpu.set_register(14, 0xABCD);
    bench.cpu.set_special(Special::Xpsr, 0xA000_0000);
    bench.store(ISER, 1 << 4);
    let before = bench.cpu.cycles;
    bench.cpu.set_lines(1 << 4, false);
    bench.step();
    assert_eq!(bench.cpu.cycles - before, 15, "section 3.6 of the core's manual");
    assert_eq!(bench.pc(), handler(line(4)));
    assert_eq!(bench.cpu.handling(), Some(line(4)));
    assert_eq!((bench.cpu.register(13), bench.cpu.register(14)), (STACK - 32, 0xFFFF_FFF9));
    let frame: Vec<u32> = (0..8).map(|word| bench.word(STACK - 32 + word * 4)).collect();
    assert_eq!(frame, [0x100, 0x101, 0x102, 0x103, 0x10C, 0xABCD, CODE, 0xA100_0000]);
    bench.cpu.set_lines(0, false);
    bench.cpu.set_register(0, 7);
    bench.steps(2);
    assert_eq!((bench.pc(), bench.cpu.register(13), bench.cpu.register(0)), (CODE, STACK, 0x100));
    assert_eq!(bench.cpu.special(Special::Xpsr), 0xA100_0000);
    assert_eq!(bench.cpu.handling(), None);
}

#[test]
fn the_stack_is_aligned_to_eight_bytes_and_back() {
    let mut bench = Bench::new(&[NOP, NOP]);
    bench.cpu.set_register(13, STACK - 4);
    bench.store(ISPR, 1);
    bench.store(ISER, 1);
    bench.step();
    assert_eq!(bench.cpu.register(13), STACK - 40);
    assert_eq!(bench.word(STACK - 40 + 28) & 1 << 9, 1 << 9, "the frame says so");
    bench.steps(2);
    assert_eq!(bench.cpu.register(13), STACK - 4);
}

#[test]
fn a_higher_priority_preempts_and_an_equal_one_waits() {
    let mut bench = Bench::new(&[NOP, NOP]);
    bench.store(IPR0, 0xC0C0_4080);
    assert_eq!(bench.load(IPR0), 0xC0C0_4080);
    bench.store(IPR0, 0xFFFF_4080);
    assert_eq!(bench.load(IPR0), 0xC0C0_4080, "two bits of priority");
    bench.store(ISER, 0xF);
    bench.store(ISPR, 1 << 2);
    bench.step();
    assert_eq!(bench.cpu.handling(), Some(line(2)));
    bench.store(ISPR, 1 << 3);
    assert_eq!(bench.cpu.handling(), Some(line(2)), "equal priority");
    bench.store(ISPR, 1 << 0);
    bench.step();
    assert_eq!(bench.cpu.handling(), Some(line(0)), "0x80 before 0xC0");
    assert_eq!(bench.cpu.register(14), 0xFFFF_FFF1);
    bench.store(ISPR, 1 << 1);
    bench.step();
    assert_eq!(bench.cpu.handling(), Some(line(1)), "0x40 before 0x80");
    let depth = STACK - bench.cpu.register(13);
    assert_eq!(depth, 3 * 32);
    let mut left = vec![];
    for _ in 0..10 {
        bench.step();
        left.push(bench.cpu.handling());
    }
    left.dedup();
    assert_eq!(left, [Some(line(1)), Some(line(0)), Some(line(2)), Some(line(3)), None]);
    assert_eq!((bench.cpu.register(13), bench.pc() >= CODE), (STACK, true));
}

#[test]
fn the_next_handler_follows_without_unstacking() {
    let mut bench = Bench::new(&[NOP, NOP]);
    bench.store(ISER, 3);
    bench.cpu.set_special(Special::Primask, 1);
    bench.store(ISPR, 3);
    bench.cpu.set_special(Special::Primask, 0);
    bench.step();
    assert_eq!(bench.cpu.handling(), Some(line(0)), "the lower number first");
    bench.chip.fabric.ram.write32(STACK - 32, 0xFEED);
    bench.steps(2);
    assert_eq!(bench.cpu.handling(), Some(line(1)));
    assert_eq!((bench.cpu.register(13), bench.cpu.register(14)), (STACK - 32, 0xFFFF_FFF9));
    bench.steps(2);
    assert_eq!((bench.cpu.handling(), bench.cpu.register(0)), (None, 0xFEED), "one frame for both");
}

#[test]
fn a_line_that_stays_high_is_taken_again_and_a_pulse_is_kept() {
    let mut bench = Bench::new(&[NOP; 8]);
    bench.store(ISER, 1);
    bench.cpu.set_lines(1, false);
    bench.steps(3);
    assert_eq!(bench.cpu.handling(), Some(line(0)), "again");
    bench.cpu.set_lines(0, false);
    bench.cpu.set_lines(1, false);
    bench.cpu.set_lines(0, false);
    bench.steps(2);
    assert_eq!(bench.cpu.handling(), Some(line(0)), "the pulse during the handler");
    bench.steps(3);
    assert_eq!(bench.cpu.handling(), None);
    bench.cpu.set_lines(1, false);
    bench.store(ICPR, 1);
    assert_eq!(bench.load(ISPR) & 1, 0, "it was taken before the load");
}

#[test]
fn primask_holds_interrupts_back_but_not_a_wake_up() {
    let mut bench = Bench::new(&[CPSID, WFI, NOP, CPSIE, NOP]);
    bench.store(ISER, 1);
    bench.step();
    assert_eq!(bench.step(), Stop::Sleep);
    assert!(!bench.cpu.wake());
    bench.cpu.set_lines(2, false);
    assert!(!bench.cpu.wake(), "a line that is not enabled");
    bench.cpu.set_lines(1, false);
    assert!(bench.cpu.wake());
    bench.step();
    assert_eq!((bench.pc(), bench.cpu.handling()), (CODE + 6, None));
    bench.steps(2);
    assert_eq!(bench.cpu.handling(), Some(line(0)));
}

#[test]
fn wfe_waits_for_events() {
    let mut bench = Bench::new(&[SEV, WFE, WFE, NOP]);
    bench.step();
    assert_eq!(bench.step(), Stop::Deadline, "the event of SEV is there");
    assert_eq!(bench.step(), Stop::Sleep);
    bench.cpu.set_lines(1, false);
    assert!(!bench.cpu.wake(), "a line that is not enabled is no event");
    bench.cpu.set_lines(0, false);
    bench.store(ICPR, u32::MAX);
    let mut bench = Bench::new(&[WFE, NOP]);
    bench.store(ISER, 1);
    bench.store(SCR, 1 << 4);
    bench.cpu.set_special(Special::Primask, 1);
    assert_eq!(bench.step(), Stop::Sleep);
    bench.cpu.set_lines(1, false);
    assert!(bench.cpu.wake(), "SEVONPEND");
}

#[test]
fn supervisor_calls_are_taken_or_escalate() {
    let mut bench = Bench::new(&[SVC, NOP]);
    bench.step();
    assert_eq!(bench.cpu.handling(), Some(Exception::SV_CALL));
    assert_eq!(bench.word(STACK - 8), CODE + 2, "it returns behind the call");
    let mut bench = Bench::new(&[CPSID, SVC]);
    bench.steps(2);
    assert_eq!(bench.cpu.handling(), Some(Exception::HARD_FAULT));
    assert_eq!(bench.word(STACK - 8), CODE + 2, "and here at the call");
    assert_eq!(bench.cpu.last_fault().map(|record| record.fault), Some(Fault::SupervisorCall));
    let mut bench = Bench::new(&[NOP]);
    bench.store(SHPR2, 0x4000_0000);
    bench.store(ISER, 1);
    bench.write(handler(line(0)), &[SVC]);
    bench.store(ISPR, 1);
    bench.step();
    bench.step();
    assert_eq!(bench.cpu.handling(), Some(Exception::HARD_FAULT), "below the handler's priority");
}

#[test]
fn faults_are_hard_and_a_fault_in_their_handler_locks_up() {
    let cases: [(&[u16], u32, Fault); 6] = [
        (&[LDR], 0x3000_0000, Fault::Bus { address: 0x3000_0000 }),
        (&[LDR], RAM + 2, Fault::Unaligned { address: RAM + 2 }),
        (&[STR], 0x2000_8000, Fault::Bus { address: 0x2000_8000 }),
        (&[UNDEFINED], 0, Fault::Undefined),
        (&[0xBE00], 0, Fault::Breakpoint),
        (&[0x4700], CODE, Fault::InvalidState),
    ];
    for (code, r0, fault) in cases {
        let mut bench = Bench::new(code);
        bench.cpu.set_register(0, r0);
        bench.step();
        assert_eq!(bench.cpu.handling(), Some(Exception::HARD_FAULT), "{fault:?}");
        let record = bench.cpu.last_fault().unwrap();
        assert_eq!((record.fault, record.pc), (fault, CODE));
        assert_eq!(bench.word(STACK - 8), CODE);
    }
    let mut bench = Bench::new(&[UNDEFINED]);
    bench.write(handler(Exception::HARD_FAULT), &[UNDEFINED]);
    bench.step();
    assert_eq!(bench.step(), Stop::Lockup);
    let mut bench = Bench::new(&[0xBE07]);
    bench.cpu.halt_on_breakpoint = true;
    assert_eq!(bench.step(), Stop::Breakpoint(7));
    assert_eq!(bench.pc(), CODE);
}

#[test]
fn a_stack_outside_the_memory_locks_up_only_in_the_end() {
    let mut bench = Bench::new(&[UNDEFINED]);
    bench.cpu.set_register(13, 0x3000_0000);
    assert_eq!(bench.step(), Stop::Lockup, "not even HardFault has a stack");
}

#[test]
fn the_process_stack_is_used_in_thread_mode_only() {
    // MSR PSP, R0; MSR CONTROL, R1; ISB.
    let mut bench = Bench::new(&[0xF380, 0x8809, 0xF381, 0x8814, 0xF3BF, 0x8F6F, SVC, NOP]);
    bench.cpu.set_register(0, RAM + 0x3000);
    bench.cpu.set_register(1, 2);
    bench.steps(3);
    assert_eq!((bench.cpu.register(13), bench.cpu.special(Special::Control)), (RAM + 0x3000, 2));
    bench.step();
    assert_eq!(bench.cpu.register(14), 0xFFFF_FFFD);
    assert_eq!(bench.cpu.register(13), STACK);
    assert_eq!(bench.cpu.special(Special::Psp), RAM + 0x3000 - 32);
    assert_eq!(bench.cpu.special(Special::Control), 0);
    bench.steps(2);
    assert_eq!((bench.cpu.register(13), bench.pc()), (RAM + 0x3000, CODE + 14));
    assert_eq!(bench.cpu.special(Special::Msp), STACK);
}

#[test]
fn the_system_timer_interrupts_every_period() {
    let mut bench = Bench::new(&[0xE7FE]);
    bench.store(SHPR3, 0xC000_0000);
    bench.cpu.preset_timer(7, 99);
    let mut entries = vec![];
    let mut in_handler = false;
    while entries.len() < 4 {
        bench.step();
        let now = bench.cpu.handling() == Some(Exception::SYS_TICK);
        if now && !in_handler {
            entries.push(bench.cpu.cycles);
        }
        in_handler = now;
    }
    for pair in entries.windows(2) {
        assert!((98..=102).contains(&(pair[1] - pair[0])), "{entries:?}");
    }
}

#[test]
fn pend_sv_and_nmi_are_set_by_software() {
    let mut bench = Bench::new(&[CPSID, NOP, CPSIE, NOP]);
    bench.step();
    bench.store(ICSR, 1 << 28);
    assert_eq!(bench.load(ICSR), 1 << 28 | 14 << 12, "pending, and which");
    bench.store(ICSR, 1 << 31);
    bench.step();
    assert_eq!(bench.cpu.handling(), Some(Exception::NMI), "PRIMASK does not hold it back");
    assert_eq!(bench.load(ICSR) & 0x1FF, 2);
    bench.steps(5);
    assert_eq!(bench.cpu.handling(), Some(Exception::PEND_SV));
}

#[test]
fn a_reset_is_asked_for_with_the_key_only() {
    let mut bench = Bench::new(&[NOP]);
    assert_eq!(bench.store(AIRCR, 4), Stop::Deadline);
    assert_eq!(bench.store(AIRCR, 0x05FA_0004), Stop::ResetRequest);
}

#[test]
fn returns_that_the_state_does_not_allow_fault() {
    let mut bench = Bench::new(&[SVC]);
    bench.step();
    bench.cpu.set_register(14, 0xFFFF_FFF1);
    bench.steps(2);
    let record = bench.cpu.last_fault().unwrap();
    assert_eq!(record.fault, Fault::InvalidReturn);
    assert_eq!(bench.cpu.handling(), Some(Exception::HARD_FAULT));
}

#[test]
fn interrupts_return_into_sleep_with_sleep_on_exit() {
    let mut bench = Bench::new(&[NOP, NOP]);
    bench.store(SCR, 2);
    bench.store(ISER, 1);
    bench.store(ISPR, 1);
    bench.steps(2);
    assert_eq!(bench.step(), Stop::Sleep);
    assert!(!bench.cpu.wake());
    bench.cpu.set_lines(1, false);
    assert!(bench.cpu.wake());
}
