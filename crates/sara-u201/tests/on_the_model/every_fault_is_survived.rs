//! F1 to F26 of the model's catalogue; `SARA_FAULT_SEEDS` sets how many seeds each gets (3 at first).

use crate::support::sweep::{BOUND, live};

#[test]
fn every_fault_ends_within_its_bound_and_corrupts_nothing() {
    let seeds = std::env::var("SARA_FAULT_SEEDS").ok().and_then(|seeds| seeds.parse().ok()).unwrap_or(3);
    let mut bad = Vec::new();
    for number in 1..=26 {
        for seed in 0..seeds {
            let life = live(number, seed);
            // Noise on a line without checksums can change a byte into another; F4 is about the rest.
            let corrupted = life.corrupted && number != 4;
            if corrupted || life.longest > BOUND || life.aborts > 0 || life.pins_rejected > 1 {
                bad.push(format!("F{number} seed {seed}: {life:?}"));
            }
            // What a card without PIN, or a dead name service, leaves can not be repaired from here.
            let lasting = matches!(number, 4 | 10 | 12 | 15 | 16 | 23);
            if life.survived_at.is_none() && !lasting {
                bad.push(format!("F{number} seed {seed} never came through: {life:?}"));
            }
        }
    }
    assert!(bad.is_empty(), "{}", bad.join("\n"));
}
