//! Every fault of the model's catalogue, `SARA_FAULT_SEEDS` (100) seeds each: does the payload come through,
//! is a byte ever wrong, how long is the longest try? Virtual time throughout.
//! `--json` prints one object as the last line; the table then goes to stderr.

#[path = "../tests/on_the_model/support/mod.rs"]
#[allow(dead_code, reason = "the tests use the rest")]
mod support;

use support::sweep::{BOUND, live};

const NAMES: [&str; 26] = [
    "lost +UUSORD",
    "lost +UUSOCL, +UUPSDD",
    "URC inside an exchange",
    "noise on the line",
    "late answers",
    "fragmented answers",
    "adversarial payload",
    "registration lost",
    "PSD lost in an exchange",
    "SIM absent, busy, locked",
    "silent reboot",
    "small receive buffer",
    "prompt never comes",
    "partial writes",
    "connection refused",
    "name service fails",
    "clock unset",
    "left at another baud rate",
    "asleep",
    "stale sockets",
    "late close of a number used again",
    "character during an abortable command",
    "certificate store faults",
    "messages with OK lines",
    "CTS held off",
    "flood of URCs",
];

fn main() {
    let json = std::env::args().any(|argument| argument == "--json");
    let seeds = std::env::var("SARA_FAULT_SEEDS").ok().and_then(|seeds| seeds.parse().ok()).unwrap_or(100u64);
    let mut rows = Vec::new();
    eprintln!("{:<42}{:>10}{:>12}{:>10}{:>12}", "fault", "through", "first try", "corrupt", "longest");
    for (number, name) in (1u32..).zip(NAMES) {
        let (mut through, mut first, mut wrong, mut longest) = (0, 0, 0, core::time::Duration::ZERO);
        for seed in 0..seeds {
            let life = live(number, seed);
            through += u64::from(life.survived_at.is_some());
            first += u64::from(life.survived_at == Some(1));
            wrong += u64::from(life.corrupted || life.aborts > 0 || life.pins_rejected > 1);
            longest = longest.max(life.longest);
        }
        let label = format!("F{number} {name}");
        eprintln!(
            "{label:<42}{:>10}{:>12}{wrong:>10}{:>10.1} s",
            format!("{through}/{seeds}"),
            format!("{first}/{seeds}"),
            longest.as_secs_f64()
        );
        rows.push(format!(
            "{{\"name\":\"{label}: through\",\"value\":{through},\"unit\":\"of {seeds}\",\"floor\":null,\
             \"original\":null,\"goal\":null,\"met\":null}}"
        ));
        rows.push(format!(
            "{{\"name\":\"{label}: corrupted, aborted or PIN wasted\",\"value\":{wrong},\"unit\":\"of {seeds}\",\
             \"floor\":0,\"original\":null,\"goal\":0,\"met\":{}}}",
            wrong == 0
        ));
        rows.push(format!(
            "{{\"name\":\"{label}: longest try\",\"value\":{:.1},\"unit\":\"s\",\"floor\":null,\"original\":null,\
             \"goal\":{},\"met\":{}}}",
            longest.as_secs_f64(),
            BOUND.as_secs(),
            longest <= BOUND
        ));
    }
    if json {
        println!("{{\"rows\":[{}]}}", rows.join(","));
    }
}
