//! The report of a run as JSON.

use serde_json::{Value, json};

use crate::run::Run;

/// Functions that the profile lists.
const FUNCTIONS: usize = 40;

/// Puts the report together. `wall` is the time that the run took here, in seconds.
#[must_use]
pub fn report(run: &Run, wall: f64) -> Value {
    let machine = &run.machine;
    let (cpu, chip) = (&machine.cpu, &machine.chip);
    let seconds = machine.now().as_duration().as_secs_f64();
    let (cycles, asleep) = (cpu.cycles, machine.asleep_cycles());
    let share = if cycles == 0 { 0.0 } else { asleep as f64 / cycles as f64 };
    let top = crate::fabric::RAM_BASE + crate::fabric::RAM_BYTES;
    let profile: Vec<Value> = run
        .watch
        .profile(run.image().symbols())
        .into_iter()
        .take(FUNCTIONS)
        .map(|(name, cycles)| json!({ "symbol": name.unwrap_or("?"), "cycles": cycles }))
        .collect();
    let warnings: Vec<Value> = chip
        .fabric
        .warnings
        .iter()
        .map(|(at, text)| json!({ "at": at.as_duration().as_secs_f64(), "text": text }))
        .collect();
    let resets: Vec<Value> = run
        .resets()
        .iter()
        .map(|(at, cause)| json!({ "at": at.as_duration().as_secs_f64(), "cause": format!("{cause:?}") }))
        .collect();
    let backtrace: Vec<String> = run.backtrace().iter().map(ToString::to_string).collect();
    json!({
        "image_sha256": hex(&run.image().hash()),
        "image_bytes": run.image().length(),
        "base": run.image().base(),
        "virtual_seconds": seconds,
        "wall_seconds": wall,
        "instructions": cpu.instructions(),
        "cycles": cycles,
        "cycles_asleep": asleep,
        "cycles_awake": cycles - asleep,
        "share_asleep": share,
        "stack_high_water": top.saturating_sub(cpu.lowest_sp()),
        "stack_lowest": cpu.lowest_sp(),
        "static_ram": run.image().statics_end() - crate::fabric::RAM_BASE,
        "ram_touched": chip.touched_bytes(),
        "resets": resets,
        "failure": run.failure().map(ToString::to_string),
        "backtrace": backtrace,
        "profile": profile,
        "warnings": warnings,
        "warnings_suppressed": chip.fabric.warnings.suppressed(),
    })
}

/// Writes bytes as hexadecimal digits.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
