//! F1 to F26 of the model's catalogue, each seed with another set of its quirks; `SARA_FAULT_SEEDS` sets how many
//! seeds each gets (3 at first).

use sara_u201_sim::Quirks;

use crate::support::quirks::pairwise;
use crate::support::sweep::{live, live_originally};

#[test]
fn every_fault_ends_well_or_with_its_reason() {
    let seeds = std::env::var("SARA_FAULT_SEEDS").ok().and_then(|seeds| seeds.parse().ok()).unwrap_or(3);
    let (sets, _) = pairwise();
    let mut bad = Vec::new();
    for number in 1..=26 {
        let mut struck = 0;
        for seed in 0..seeds {
            let set = usize::try_from(u64::from(number) * 3 + seed).unwrap() % sets.len();
            let life = live(number, seed, sets[set].clone());
            struck += u64::from(life.struck);
            if !life.right {
                bad.push(format!("F{number} seed {seed} set {set}, {:?}: {life:?}", life.faults));
            }
        }
        assert_eq!(struck, seeds, "F{number} did not strike");
    }
    assert!(bad.is_empty(), "{} of {}:\n{}", bad.len(), 26 * seeds, bad.join("\n"));
}

#[test]
fn every_two_quirks_are_met_and_change_nothing() {
    let (sets, (covered, pairs)) = pairwise();
    assert_eq!(covered, pairs);
    for (number, quirks) in sets.into_iter().enumerate() {
        for seed in 0..3 {
            let life = live(7, seed, quirks.clone());
            assert!(life.right && life.at_once, "set {number} seed {seed}: {life:?} {quirks:?}");
        }
    }
}

#[test]
fn without_a_fault_the_original_rules_work_too() {
    // Else the comparison would say nothing.
    assert_eq!(live_originally(22, 0, Quirks::default()), (true, false));
}
