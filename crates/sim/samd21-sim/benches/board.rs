//! `cargo xtask bench board`: the emulator's speed beside an independent core's, on the same instructions in one run.
//!
//! `--json` prints one object as the last line; the table then goes to stderr.

use core::time::Duration;
use std::time::Instant;

use rp2040_emu::bus::Bus as PeerBus;
use rp2040_emu::core::CortexM0Plus;
use samd21_sim::Time;
use samd21_sim::armv6m::{Observer, Unobserved};
use samd21_sim::chip::Chip;
use samd21_sim::machine::Machine;
use samd21_sim::peripherals;
use samd21_sim::symbols::Symbols;
use samd21_sim::watch::Watch;

const CODE: u32 = 0x2000_0000;
const DATA: u32 = 0x2000_1000;
const STACK: u32 = 0x2000_3000;
/// How many instructions are executed on each side in one round.
const INSTRUCTIONS: u64 = 20_000_000;
const ROUNDS: usize = 5;

/// A loop of arithmetic, loads and stores of all sizes, a call, a stack frame, branches taken and not:
///
/// ```text
///       ldr  r7, =DATA;  movs r6, #0
/// outer: movs r0, #64;    movs r1, r7;      movs r2, #17
/// loop:  ldr  r3, [r1];   adds r3, r3, r2;  lsls r4, r3, #5;  eors r3, r4;  lsrs r4, r3, #7;  eors r3, r4
///        str  r3, [r1];   ldrb r5, [r1, #1]; adds r2, r2, r5; muls r5, r3;  uxth r5, r5;  strh r5, [r1, #2]
///        adds r1, #4;     push {r0-r2, lr}; bl leaf;  pop {r0-r2};  pop {r3};  mov lr, r3
///        subs r0, #1;     bne loop;         adds r6, #1;      b outer
/// leaf:  cmp  r5, #128;   bcc 1f;           subs r5, #128
/// 1:     ldr  r4, =0x12345678;  adcs r4, r5;  sbcs r4, r2;  rev r4, r4;  bx lr
/// ```
const MIX: [u32; 20] = [
    0x2600_4F11,
    0x0039_2040,
    0x680B_2211,
    0x015C_189B,
    0x09DC_4063,
    0x600B_4063,
    0x1952_784D,
    0xB2AD_435D,
    0x3104_804D,
    0xF000_B507,
    0xBC07_F807,
    0x469E_BC08,
    0xD1EA_3801,
    0xE7E5_3601,
    0xD300_2D80,
    0x4C03_3D80,
    0x4194_416C,
    0x4770_BA24,
    DATA,
    0x1234_5678,
];

struct Row {
    name: &'static str,
    value: f64,
    unit: &'static str,
    goal: Option<f64>,
}

fn ours<O: Observer>(observer: &mut O) -> (Duration, Machine) {
    let mut chip = Chip::bare();
    peripherals::attach(&mut chip);
    let mut machine = Machine::new(chip);
    for (address, word) in (CODE..).step_by(4).zip(MIX) {
        machine.chip.fabric.ram.write32(address, word);
    }
    let _ = machine.cpu.take_fault();
    machine.cpu.set_special(samd21_sim::armv6m::Special::Primask, 1);
    machine.cpu.set_register(13, STACK);
    machine.cpu.set_register(15, CODE);
    let first = machine.cpu.instructions();
    let began = Instant::now();
    while machine.cpu.instructions() - first < INSTRUCTIONS {
        machine.run_until(machine.now() + Time::from_millis(100), observer);
    }
    (began.elapsed(), machine)
}

fn peer(instructions: u64) -> (Duration, CortexM0Plus) {
    let (mut core, mut bus) = (CortexM0Plus::new(), PeerBus::new());
    for (address, word) in (CODE..).step_by(4).zip(MIX) {
        bus.write32(address, word);
    }
    core.regs.xpsr = 1 << 24;
    core.regs.msp = STACK;
    core.set_reg(13, STACK);
    core.set_reg(15, CODE);
    let began = Instant::now();
    for _ in 0..instructions {
        core.step(&mut bus);
    }
    (began.elapsed(), core)
}

/// Runs both sides in turns; the fastest round of each counts.
fn measure() -> Vec<Row> {
    let (mut best_ours, mut best_watched, mut best_peer) = (f64::MAX, f64::MAX, f64::MAX);
    let mut cycles_per_second = 0.0_f64;
    for _ in 0..ROUNDS {
        let (time, machine) = ours(&mut Unobserved);
        let instructions = machine.cpu.instructions();
        let (peer_time, core) = peer(instructions);
        for number in 0..8 {
            let (one, other) = (machine.cpu.register(number), core.reg(number.into()));
            assert_eq!(one, other, "both have executed the same: R{number}");
        }
        let (watched, watched_machine) = ours(&mut Watch::new(&Symbols::none(), 0));
        best_ours = best_ours.min(time.as_secs_f64() / instructions as f64);
        best_peer = best_peer.min(peer_time.as_secs_f64() / instructions as f64);
        best_watched = best_watched.min(watched.as_secs_f64() / watched_machine.cpu.instructions() as f64);
        cycles_per_second = cycles_per_second.max(machine.cpu.cycles as f64 / time.as_secs_f64());
    }
    let row = |name, value, unit, goal| Row { name, value, unit, goal };
    vec![
        row("speed, of rp2040-emu's core", best_peer / best_ours, "x", Some(1.5)),
        row("speed with profile and watch, of rp2040-emu's core", best_peer / best_watched, "x", None),
        row("guest cycles in a second of this machine", cycles_per_second / 1e6, "million", None),
    ]
}

fn main() {
    let json = std::env::args().any(|argument| argument == "--json");
    let mut objects = Vec::new();
    for Row { name, value, unit, goal } in measure() {
        let met = goal.map(|goal| value >= goal);
        let verdict = match met {
            Some(true) => "met",
            Some(false) => "NOT met",
            None => "",
        };
        let goal_text = goal.map_or_else(|| "-".to_owned(), |goal| format!("{goal}"));
        let line = format!("{name:52} {value:8.2} {unit:8} goal {goal_text:4} {verdict}");
        if json {
            eprintln!("{line}");
        } else {
            println!("{line}");
        }
        let goal = goal.map_or_else(|| "null".to_owned(), |goal| goal.to_string());
        let met = met.map_or_else(|| "null".to_owned(), |met| met.to_string());
        objects.push(format!(
            "{{\"name\":\"{name}\",\"value\":{value:.3},\"unit\":\"{unit}\",\"floor\":null,\"original\":null,\
             \"goal\":{goal},\"met\":{met}}}"
        ));
    }
    if json {
        println!("{{\"rows\":[{}]}}", objects.join(","));
    }
}
