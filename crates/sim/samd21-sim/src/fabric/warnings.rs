//! Warnings, each of them once.

use core::fmt;
use std::collections::BTreeSet;

use crate::time::Time;

/// Greatest number of different warnings that are kept: garbage run as code touches everything.
const LIMIT: usize = 200;

/// What firmware did that is not modelled, or that hardware does not like.
#[derive(Clone, Debug, Default)]
pub struct Warnings {
    seen: BTreeSet<String>,
    list: Vec<(Time, String)>,
    suppressed: u64,
}

impl Warnings {
    /// Adds a warning unless it is there already.
    pub fn add(&mut self, now: Time, message: fmt::Arguments<'_>) {
        let message = message.to_string();
        if self.seen.contains(&message) {
            return;
        }
        if self.list.len() >= LIMIT {
            self.suppressed += 1;
            return;
        }
        self.seen.insert(message.clone());
        self.list.push((now, message));
    }

    /// Lists the warnings in the order in which they came.
    pub fn iter(&self) -> impl Iterator<Item = (Time, &str)> {
        self.list.iter().map(|(time, message)| (*time, message.as_str()))
    }

    /// Counts the warnings.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.list.len()
    }

    /// Tells whether there are none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Counts the warnings beyond the limit, repetitions included.
    #[must_use]
    pub const fn suppressed(&self) -> u64 {
        self.suppressed
    }
}
