//! Every fault of the model's catalogue, `SARA_FAULT_SEEDS` (100) seeds each, and each seed with another set of the
//! model's quirks: how often was the result right? Right is delivered, or reported with the error that says why;
//! nothing hung, nothing lost, no byte wrong. Beside it the original library's rules on the same faults, with the
//! same tries, on the model without quirks. Virtual time throughout. `--json` prints one object as the last line; the table then goes to stderr.

#[path = "../tests/on_the_model/support/mod.rs"]
#[allow(dead_code, reason = "the tests use the rest")]
mod support;

use sara_u201_sim::Quirks;
use support::quirks::pairwise;
use support::sweep::{BOUND, live, live_originally};

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

#[derive(Default)]
struct Rows(Vec<String>);

impl Rows {
    fn add(
        &mut self,
        name: &str,
        (value, floor, original): (f64, &str, &str),
        unit: &str,
        goal: f64,
        met: bool,
    ) {
        self.0.push(format!(
            "{{\"name\":\"{name}\",\"value\":{value:.1},\"unit\":\"{unit}\",\"floor\":{floor},\
             \"original\":{original},\"goal\":{goal:.1},\"met\":{met}}}"
        ));
    }
}

/// The model as it is kindest to the original: it begins at 115200 baud after every reset, so the modem must too.
fn original_quirks() -> Quirks {
    Quirks { rate_survives_reset: false, ..Quirks::default() }
}

fn main() {
    let json = std::env::args().any(|argument| argument == "--json");
    let seeds = std::env::var("SARA_FAULT_SEEDS").ok().and_then(|seeds| seeds.parse().ok()).unwrap_or(100u32);
    let (sets, (covered, pairs)) = pairwise();
    let mut rows = Rows::default();
    eprintln!("{} sets of quirks, {covered} of {pairs} pairs of values", sets.len());
    rows.add(
        "pairs of quirks' values covered",
        (f64::from(u32::try_from(covered).unwrap_or(0)), "null", "null"),
        &format!("of {pairs}, in {} sets", sets.len()),
        f64::from(u32::try_from(pairs).unwrap_or(0)),
        covered == pairs,
    );
    eprintln!(
        "{:<42}{:>10}{:>10}{:>10}{:>11}{:>12}{:>11}",
        "fault", "right", "at once", "struck", "longest", "original", "it hangs"
    );
    let mut totals = [0; 3];
    for (number, name) in (1u32..).zip(NAMES) {
        let (mut right, mut at_once, mut struck, mut theirs, mut hangs) = (0, 0, 0, 0, 0);
        let mut longest = core::time::Duration::ZERO;
        for seed in 0..seeds {
            let set = usize::try_from(number * 3 + seed).unwrap_or(0) % sets.len();
            let life = live(number, seed.into(), sets[set].clone());
            if !life.right {
                eprintln!("wrong: F{number} seed {seed} set {set}: {life:?}");
            }
            right += u32::from(life.right);
            at_once += u32::from(life.right && life.at_once && life.errors.is_empty());
            struck += u32::from(life.struck);
            longest = longest.max(life.longest);
            let (good, hung) = live_originally(number, seed.into(), original_quirks());
            theirs += u32::from(good);
            hangs += u32::from(hung);
        }
        totals = [totals[0] + right, totals[1] + theirs, totals[2] + hangs];
        let label = format!("F{number} {name}");
        let of = |count: u32| format!("{count}/{seeds}");
        eprintln!(
            "{label:<42}{:>10}{:>10}{:>10}{:>9.1} s{:>12}{:>11}",
            of(right),
            of(at_once),
            of(struck),
            longest.as_secs_f64(),
            of(theirs),
            of(hangs)
        );
        let unit = format!("of {seeds}");
        let share = (f64::from(right), "null", theirs.to_string());
        rows.add(
            &format!("{label}: right"),
            (share.0, share.1, &share.2),
            &unit,
            seeds.into(),
            right == seeds,
        );
        let hung = (f64::from(u32::from(longest > BOUND)), "0", hangs.to_string());
        rows.add(&format!("{label}: hangs"), (hung.0, hung.1, &hung.2), &unit, 0.0, longest <= BOUND);
    }
    let all = 26 * seeds;
    eprintln!("right: {} of {all}; by the original's rules {}, and {} hang", totals[0], totals[1], totals[2]);
    rows.add(
        "all faults: right",
        (f64::from(totals[0]), "null", &totals[1].to_string()),
        &format!("of {all}"),
        all.into(),
        totals[0] == all,
    );
    if json {
        println!("{{\"rows\":[{}]}}", rows.0.join(","));
    }
}
